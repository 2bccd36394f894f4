//! What records look like, and what a mapping is to make of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    history::{Flaw, Layout, Row},
    model::{Model, PEOPLE},
    teams::{TEAMS, Teams, is_in},
};

impl Model {
    pub fn key(&self, slot: u8) -> String {
        match self.layout {
            Layout::Key => id(slot),
            Layout::Attribute => format!("k{slot}"),
            Layout::Folded if slot < PEOPLE => id(slot),
            Layout::Folded => id(slot - PEOPLE).to_uppercase(),
        }
    }

    pub fn mapping(&self, teams: Option<Teams>) -> String {
        let external_id = match self.layout {
            Layout::Key => "{{ id }}",
            Layout::Attribute => "{{ person }}",
            Layout::Folded => "{{ id | lower }}",
        };
        let mut mapping = json!({
            "externalId": external_id, "active": "active", "include": "scope != 'out'",
            "activeFrom": "{{ starts }}", "activeUntil": "{{ ends }}",
            "profile": {"userName": "{{ email }}", "email": "{{ email }}",
                "firstName": "{{ name }}", "lastName": "Okafor", "title": "{{ title }}"},
        });
        if let Some(teams) = teams {
            mapping["groups"] = json!([{"each": "teams", "externalId": "t{{ item }}",
                "displayName": "Team {{ item }}", "description": "{{ item }}"}]);
            mapping["deleteEmptyGroups"] = json!(teams.deletes);
        }
        mapping.to_string()
    }

    /// The record as plain JSON.
    pub fn record(&self, slot: u8, row: &Row) -> Value {
        let (starts, ends) = row.period.written(row.version);
        let mut record = json!({
            "id": self.key(slot), "person": id(row.person), "active": row.active,
            "scope": if row.in_scope { "in" } else { "out" },
            "name": name(row), "email": email(row), "starts": starts, "ends": ends,
        });
        let teams: Vec<_> = (0..TEAMS).filter(|team| is_in(row.teams, *team)).collect();
        if !teams.is_empty() {
            record["teams"] = json!(teams);
        }
        // A title that is NULL, or that is not there, is cleared.
        match row.version % 3 {
            0 => record["title"] = json!(TITLE),
            1 => record["title"] = Value::Null,
            _ => {}
        }
        match row.flaw {
            // None, NULL, a list, another kind of thing: whatever it is, it is no address.
            Flaw::Content => match row.version {
                0 => drop(record.as_object_mut().unwrap().remove("email")),
                1 => record["email"] = Value::Null,
                _ => record["email"] = json!([email(row), {"of": row.person}]),
            },
            Flaw::Nobody if self.layout == Layout::Attribute => {
                record.as_object_mut().unwrap().remove("person");
            }
            _ => {}
        }
        record
    }
}

const TITLE: &str = "Engineer";

pub fn id(person: u8) -> String {
    format!("p{person}")
}

/// Whom an external id names.
pub fn person(id: &str) -> u8 {
    id[1..].parse().unwrap()
}

fn name(row: &Row) -> String {
    format!("Ada{}", row.version)
}

fn email(row: &Row) -> String {
    address(row.person)
}

/// What somebody signs in with.
pub fn address(person: u8) -> String {
    format!("p{person}@example.com")
}

pub fn profile(row: &Row) -> BTreeMap<String, String> {
    let title = row
        .version
        .is_multiple_of(3)
        .then(|| ("title", TITLE.to_owned()));
    let rest = [
        ("userName", email(row)),
        ("email", email(row)),
        ("firstName", name(row)),
        ("lastName", "Okafor".to_owned()),
    ];
    let all = rest.into_iter().chain(title);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}
