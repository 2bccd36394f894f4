//! What the users table says, and since when: a model that knows nothing of the product.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value, json};

use super::history::{Flaw, Layout, Row};

/// The most people that a history is about.
pub const PEOPLE: u8 = 24;

/// The users table as it is, and how everybody stood at any time.
#[derive(Debug)]
pub struct Model {
    pub layout: Layout,
    pub rows: BTreeMap<u8, Row>,
    past: Vec<(Duration, Vec<Standing>)>,
    /// What pushes said, and when they were made.
    pub pushed: BTreeMap<u8, Vec<(Duration, Row)>>,
    /// Who was perhaps unknown when a push said that they are inactive, which an older one then
    /// could not know.
    pub overtaken: BTreeSet<u8>,
    /// Who has ever had a record.
    pub had_record: BTreeSet<u8>,
    /// Whose record got another key, and when.
    pub moves: Vec<(Duration, u8)>,
    /// Of whom nobody can say what Okta is to have.
    pub unsettled: BTreeSet<u8>,
    /// Whether inactive people may be strangers, as the ledger was bound to something else.
    pub rebound: bool,
    /// Whether the state table was lost: whom Okta has active without a record, nobody knows any more.
    pub lost: bool,
    /// Whether verifications repair in the end, which settle those whose record says that they left.
    pub repaired: bool,
}

/// How somebody stands at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// A record has them active and in scope, or may do so: they must not be deactivated.
    pub protected: bool,
    /// A record has them active and in scope: they may be let in.
    pub welcome: bool,
    /// A record is about them.
    pub recorded: bool,
    /// The table has no record in scope.
    pub empty: bool,
    pub wanted: Wanted,
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
            pushed: BTreeMap::new(),
            overtaken: BTreeSet::new(),
            had_record: BTreeSet::new(),
            moves: Vec::new(),
            unsettled: BTreeSet::new(),
            rebound: false,
            lost: false,
            repaired: false,
        };
        model.remember(Duration::ZERO);
        model
    }

    /// A push is made, or made again.
    pub fn push(&mut self, at: Duration, row: Row) {
        let said = self.pushed.entry(row.person).or_default();
        if said.iter().any(|(other, _)| *other > at) {
            self.overtaken.insert(row.person);
        }
        if !said.contains(&(at, row)) {
            said.push((at, row));
        }
    }

    /// To be called after each change.
    pub fn remember(&mut self, now: Duration) {
        let recorded: Vec<_> = self.rows.values().map(|row| row.person).collect();
        self.had_record.extend(recorded);
        let standings = (0..PEOPLE).map(|person| self.standing(person)).collect();
        self.past.push((now, standings));
    }

    fn identifies(&self, row: &Row) -> bool {
        self.layout != Layout::Attribute || row.flaw != Flaw::Nobody
    }

    fn about(&self, person: u8) -> impl Iterator<Item = &Row> {
        let rows = self.rows.values();
        rows.filter(move |row| row.person == person && self.identifies(row))
    }

    fn nobodies(&self) -> bool {
        let is_one = |row: &Row| row.in_scope && !self.identifies(row);
        self.rows.values().any(is_one)
    }

    fn nobody_is_in_scope(&self) -> bool {
        let is_in_scope = |row: &Row| row.in_scope && self.identifies(row);
        !self.rows.values().any(is_in_scope)
    }

    fn standing(&self, person: u8) -> Standing {
        let rows: Vec<_> = self.about(person).collect();
        let let_in = |row: &&Row| row.active && row.in_scope && row.flaw != Flaw::Content;
        Standing {
            protected: rows.iter().any(|row| row.in_scope && row.active)
                || (rows.is_empty() && self.nobodies()),
            welcome: rows.iter().any(let_in),
            recorded: !rows.is_empty(),
            empty: self.nobody_is_in_scope() && rows.is_empty(),
            wanted: self.wanted(person),
        }
    }

    /// Whether this was true of somebody at every moment from one time to another.
    pub fn throughout(
        &self,
        person: u8,
        (from, to): (Duration, Duration),
        is: impl Fn(&Standing) -> bool,
    ) -> bool {
        let before = self.past.iter().rev().find(|(at, _)| *at < from);
        let between = self.past.iter().filter(|(at, _)| (from..=to).contains(at));
        before
            .into_iter()
            .chain(between)
            .all(|(_, all)| is(&all[usize::from(person)]))
    }

    /// The most people who were to be active at any time until then.
    pub fn most_active(&self, until: Duration) -> usize {
        let past = self.past.iter().take_while(|(at, _)| *at <= until);
        let active = |all: &[Standing]| all.iter().filter(|one| one.protected).count();
        past.map(|(_, all)| active(all)).max().unwrap_or(0)
    }

    /// What somebody is to be, and since when.
    pub fn wanted_since(&self, person: u8) -> Option<(&Wanted, Duration)> {
        let person = usize::from(person);
        let (_, last) = self.past.last()?;
        let wanted = &last[person].wanted;
        let mut same = self.past.iter().rev();
        let same = same
            .by_ref()
            .take_while(|(_, all)| all[person].wanted == *wanted);
        let since = same.map(|(at, _)| *at).last()?;
        Some((wanted, since))
    }

    /// What Okta is to have of somebody once all is done.
    pub fn wanted(&self, person: u8) -> Wanted {
        if self.unsettled.contains(&person) {
            return Wanted::Anything;
        }
        // What is out of scope is nobody's record; it says why somebody has none.
        let is_out = self.about(person).any(|row| !row.in_scope);
        let rows: Vec<_> = self.about(person).filter(|row| row.in_scope).collect();
        let held = self.nobody_is_in_scope();
        let wanted = match rows[..] {
            [] if is_out && self.pushed.contains_key(&person) => Wanted::Anything,
            [] if is_out && held => Wanted::Anything,
            [] if is_out && self.nobodies() => Wanted::Anything,
            [] if is_out => Wanted::NotActive,
            [] if self.pushed.contains_key(&person) => self.pushed_last(person),
            [] if self.nobodies() || held => Wanted::Anything,
            [] => Wanted::NotActive,
            [row] if !row.active => Wanted::NotActive,
            [row] if row.flaw == Flaw::Content => Wanted::Anything,
            [row] => Wanted::Active(profile(row)),
            _ => Wanted::Anything,
        };
        match wanted {
            Wanted::NotActive if self.rebound => Wanted::Anything,
            Wanted::NotActive if self.lost && !(self.repaired && rows.len() == 1) => {
                Wanted::Anything
            }
            wanted => wanted,
        }
    }

    /// What the newest push says of somebody whom only pushes are about.
    fn pushed_last(&self, person: u8) -> Wanted {
        if self.had_record.contains(&person) {
            return Wanted::Anything;
        }
        let pushes = self.pushed[&person].iter();
        let usable = pushes
            .clone()
            .filter(|(_, row)| row.flaw == Flaw::None || !row.active || !row.in_scope);
        let newest = usable.map(|(at, _)| *at).max();
        // Of several records of one push, one that cannot be sent discredits the others, too.
        let newest: Vec<_> = pushes.filter(|(at, _)| Some(*at) == newest).collect();
        match newest[..] {
            [] => Wanted::NotActive,
            [(_, row)] if !row.in_scope => Wanted::Anything,
            [(_, row)] if !row.active && self.overtaken.contains(&person) => Wanted::Anything,
            [(_, row)] if !row.active => Wanted::NotActive,
            [(_, row)] => Wanted::Active(profile(row)),
            _ => Wanted::Anything,
        }
    }

    pub fn key(&self, slot: u8) -> String {
        match self.layout {
            Layout::Key => id(slot),
            Layout::Attribute => format!("k{slot}"),
            Layout::Folded if slot < PEOPLE => id(slot),
            Layout::Folded => id(slot - PEOPLE).to_uppercase(),
        }
    }

    pub fn mapping(&self) -> String {
        let external_id = match self.layout {
            Layout::Key => "{{ id }}",
            Layout::Attribute => "{{ person }}",
            Layout::Folded => "{{ id | lower }}",
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
    [
        ("userName", email(row)),
        ("email", email(row)),
        ("firstName", name(row)),
        ("lastName", "Okafor".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
