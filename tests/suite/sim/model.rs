//! What the users table says, and since when: a model that knows nothing of the product.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value, json};

use super::history::{Flaw, Layout, Row};

/// The most people that a history is about.
pub const PEOPLE: u8 = 8;

/// The users table as it is, and how everybody stood at any time.
#[derive(Debug)]
pub struct Model {
    pub layout: Layout,
    pub rows: BTreeMap<u8, Row>,
    past: Vec<(Duration, Vec<Standing>)>,
    /// Who came with a push: that the table does not have them says nothing.
    pub pushed: BTreeSet<u8>,
}

/// How somebody stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// A record has them active and in scope, or may do so: they must not be deactivated.
    pub protected: bool,
    /// A record has them active and in scope: they may be let in.
    pub welcome: bool,
}

/// What Okta is to have in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Active(BTreeMap<String, String>),
    NotActive,
    /// Nobody can say.
    Anything,
}

impl Model {
    pub fn new(layout: Layout) -> Self {
        let mut model = Self {
            layout,
            rows: BTreeMap::new(),
            past: Vec::new(),
            pushed: BTreeSet::new(),
        };
        model.remember(Duration::ZERO);
        model
    }

    /// To be called after each change of the rows.
    pub fn remember(&mut self, now: Duration) {
        let standings = (0..PEOPLE).map(|person| self.standing(person)).collect();
        self.past.push((now, standings));
    }

    fn about(&self, person: u8) -> impl Iterator<Item = &Row> {
        let layout = self.layout;
        self.rows.values().filter(move |row| {
            row.person == person && (layout == Layout::Key || row.flaw != Flaw::Nobody)
        })
    }

    fn nobodies(&self) -> bool {
        self.layout == Layout::Attribute
            && self
                .rows
                .values()
                .any(|row| row.in_scope && row.flaw == Flaw::Nobody)
    }

    fn standing(&self, person: u8) -> Standing {
        let mut about = self.about(person).peekable();
        let absent = about.peek().is_none();
        let rows: Vec<_> = about.collect();
        Standing {
            protected: rows.iter().any(|row| row.in_scope && row.active)
                || (absent && self.nobodies()),
            welcome: rows
                .iter()
                .any(|row| row.active && row.in_scope && row.flaw != Flaw::Content),
        }
    }

    /// Whether this was true of somebody at every moment from one time to another.
    pub fn throughout(
        &self,
        person: u8,
        (from, to): (Duration, Duration),
        is: impl Fn(Standing) -> bool,
    ) -> bool {
        let before = self.past.iter().rev().find(|(at, _)| *at < from);
        let between = self.past.iter().filter(|(at, _)| (from..=to).contains(at));
        before
            .into_iter()
            .chain(between)
            .all(|(_, all)| is(all[usize::from(person)]))
    }

    /// What Okta is to have of somebody once all is done.
    pub fn wanted(&self, person: u8) -> Wanted {
        let mut about = self.about(person).peekable();
        let out = about.peek().is_some();
        // What is out of scope is nobody's record.
        let rows: Vec<_> = about.filter(|row| row.in_scope).collect();
        match rows[..] {
            [] if out && self.nobodies() => Wanted::Anything,
            [] if out => Wanted::NotActive,
            [] if self.nobodies() || self.rows.is_empty() || self.pushed.contains(&person) => {
                Wanted::Anything
            }
            [] => Wanted::NotActive,
            [row] if !row.active => Wanted::NotActive,
            [row] if row.flaw == Flaw::Content => Wanted::Anything,
            [row] => Wanted::Active(profile(row)),
            _ => Wanted::Anything,
        }
    }

    pub fn key(&self, slot: u8) -> String {
        match self.layout {
            Layout::Key => id(slot),
            Layout::Attribute => format!("k{slot}"),
        }
    }

    pub fn mapping(&self) -> String {
        let external_id = match self.layout {
            Layout::Key => "{{ id }}",
            Layout::Attribute => "{{ person }}",
        };
        json!({
            "externalId": external_id, "active": "active", "include": "scope != 'out'",
            "profile": {"userName": "{{ email }}", "email": "{{ email }}",
                "firstName": "{{ name }}", "lastName": "Okafor"},
        })
        .to_string()
    }

    /// The record as plain JSON.
    pub fn record(&self, slot: u8, row: &Row) -> Value {
        let mut record = json!({
            "id": self.key(slot), "person": id(row.person), "active": row.active,
            "scope": if row.in_scope { "in" } else { "out" },
            "name": name(row), "email": email(row),
        });
        match (row.flaw, self.layout) {
            (Flaw::Content, _) => drop(record.as_object_mut().unwrap().remove("email")),
            (Flaw::Nobody, Layout::Attribute) => {
                record.as_object_mut().unwrap().remove("person");
            }
            _ => {}
        }
        record
    }
}

pub fn id(person: u8) -> String {
    format!("p{person}")
}

fn name(row: &Row) -> String {
    format!("Ada{}", row.version)
}

fn email(row: &Row) -> String {
    format!("p{}@example.com", row.person)
}

fn profile(row: &Row) -> BTreeMap<String, String> {
    [
        ("userName", email(row)),
        ("email", email(row)),
        ("firstName", name(row)),
        ("lastName", "Okafor".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
