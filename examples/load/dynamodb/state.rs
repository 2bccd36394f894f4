//! The state table: the ledger's entries in pages, and its two other items.

use std::collections::HashMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dynamodb_identity_source::mapping::{DEFAULT_MAPPING, Mapped, Mapping};
use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{Answer, Known, PAGE_BYTES, STATE, page_of, read_units};
use crate::Trouble;

/// What an entry takes in the table, about: its names and values.
const ENTRY_BYTES: usize = 200;
const ENTRIES_PER_PAGE: usize = PAGE_BYTES / ENTRY_BYTES;
const SESSION: &str = "apsbeforehand";

/// The table.
#[derive(Debug, Default)]
pub(super) struct StateTable {
    pages: Vec<Page>,
    /// Where entries are: page and row.
    places: HashMap<String, (usize, usize)>,
    sessions: Map<String, Value>,
}

#[derive(Debug, Default)]
struct Page {
    entries: Vec<Entry>,
    /// What a scan shows of them, once it was asked for.
    shown: Option<Bytes>,
}

/// An entry as JSON: all of it, and what the ledger's projection shows of it.
#[derive(Debug)]
struct Entry {
    whole: Box<str>,
    shown: Box<str>,
}

impl StateTable {
    pub(super) fn of(users: u32, known: Known) -> Result<Self, Trouble> {
        let mut table = Self::default();
        if known == Known::Nobody {
            return Ok(table);
        }
        let mapping = Mapping::from_json(DEFAULT_MAPPING)?;
        for n in 0..users as usize {
            // What Okta was told of, everybody was active then.
            let record = crate::invented::person(n);
            let Mapped::Active(id, profile) =
                mapping.map(record.clone().into(), jiff::Timestamp::now())
            else {
                return Err(format!("invented person {n} is not active").into());
            };
            let mut print = *profile.fingerprint().as_bytes();
            if known.otherwise(n) {
                print[0] ^= 1;
            }
            let hash = Sha256::digest(id.as_str());
            let hex: String = hash[..16]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            table.place(json!({
                "pk": {"S": format!("user#{hex}")},
                "externalId": {"S": id.as_str()},
                "key": {"M": {"id": {"S": id.as_str()}}},
                "at": {"S": "2026-05-13T05:52:24.007Z"},
                "print": {"B": BASE64_STANDARD.encode(print)},
                "session": {"S": SESSION},
            }));
        }
        table.sessions.insert(
            SESSION.to_owned(),
            json!({"M": {
                "verdict": {"S": "LANDED"},
                "opened": {"S": "2026-05-13T05:52:24Z"},
                "run": {"S": "beforehand"},
            }}),
        );
        table
            .sessions
            .insert("knownActive".to_owned(), json!({"N": users.to_string()}));
        Ok(table)
    }

    fn place(&mut self, item: Value) {
        let pk = item["pk"]["S"].as_str().unwrap_or_default().to_owned();
        if let Some((page, row)) = self.places.get(&pk) {
            let page = &mut self.pages[*page];
            page.entries[*row] = Entry::of(&item);
            page.shown = None;
            return;
        }
        if self
            .pages
            .last()
            .is_none_or(|page| page.entries.len() == ENTRIES_PER_PAGE)
        {
            self.pages.push(Page::default());
        }
        let last = self.pages.len() - 1;
        let page = &mut self.pages[last];
        self.places.insert(pk, (last, page.entries.len()));
        page.entries.push(Entry::of(&item));
        page.shown = None;
    }

    pub(super) fn scan(&mut self, request: &Value) -> Answer {
        let (at, segments) = page_of(request, "pk");
        let next = Some(at + segments).filter(|next| *next < self.pages.len());
        let Some(page) = self.pages.get_mut(at) else {
            return Answer::page(Bytes::new(), STATE, "pk", None, 0);
        };
        let stored = page.entries.len() * ENTRY_BYTES;
        let items = page
            .shown
            .get_or_insert_with(|| shown(&page.entries))
            .clone();
        Answer::page(items, STATE, "pk", next, stored)
    }

    pub(super) fn read(&mut self, request: &Value) -> Option<Answer> {
        let keys = request["RequestItems"][STATE]["Keys"].as_array()?;
        let found = keys.iter().filter_map(|key| {
            let (page, row) = self.places.get(key["pk"]["S"].as_str()?)?;
            serde_json::from_str(&self.pages[*page].entries[*row].whole).ok()
        });
        let found: Vec<Value> = found.collect();
        let units = keys.len() as f64;
        let answer = json!({
            "Responses": {STATE: found},
            "UnprocessedKeys": {},
            "ConsumedCapacity": [consumed(units)],
        });
        Some(Answer::of(&answer, units, 0.0))
    }

    pub(super) fn write(&mut self, request: &Value) -> Option<Answer> {
        let writes = request["RequestItems"][STATE].as_array()?;
        for write in writes {
            self.place(write["PutRequest"]["Item"].clone());
        }
        let units = writes.len() as f64;
        let answer = json!({"UnprocessedItems": {}, "ConsumedCapacity": [consumed(units)]});
        Some(Answer::of(&answer, 0.0, units))
    }

    pub(super) fn get(&mut self, request: &Value) -> Option<Answer> {
        let "sessions" = request["Key"]["pk"]["S"].as_str()? else {
            return None;
        };
        let mut item = self.sessions.clone();
        let units = read_units(self.log_bytes());
        item.insert("pk".to_owned(), json!({"S": "sessions"}));
        let answer = json!({"Item": item, "ConsumedCapacity": consumed(units)});
        Some(Answer::of(&answer, units, 0.0))
    }

    /// The lease, which nobody else wants here.
    pub(super) fn put(&mut self, request: &Value) -> Option<Answer> {
        (request["Item"]["pk"]["S"] == "lease").then(|| a_write(100))
    }

    pub(super) fn delete(&mut self, request: &Value) -> Option<Answer> {
        (request["Key"]["pk"]["S"] == "lease").then(|| a_write(100))
    }

    /// `SET #a = :b` or `REMOVE #a,#b` on the log of sessions.
    pub(super) fn update(&mut self, request: &Value) -> Option<Answer> {
        let expression = request["UpdateExpression"].as_str()?;
        let names = &request["ExpressionAttributeNames"];
        if let Some(set) = expression.strip_prefix("SET ") {
            let (name, value) = set.split_once(" = ")?;
            let value = request["ExpressionAttributeValues"][value].clone();
            self.sessions
                .insert(names[name].as_str()?.to_owned(), value);
        } else {
            for name in expression.strip_prefix("REMOVE ")?.split(',') {
                self.sessions.remove(names[name].as_str()?);
            }
        }
        Some(a_write(self.log_bytes()))
    }

    fn log_bytes(&self) -> usize {
        let texts = self
            .sessions
            .iter()
            .map(|(id, session)| id.len() + session.to_string().len());
        texts.sum()
    }
}

/// One item written: a unit for each KB of it.
fn a_write(bytes: usize) -> Answer {
    let units = bytes.div_ceil(1024).max(1) as f64;
    Answer::of(&json!({ "ConsumedCapacity": consumed(units) }), 0.0, units)
}

fn consumed(units: f64) -> Value {
    json!({"TableName": STATE, "CapacityUnits": units})
}

impl Entry {
    fn of(item: &Value) -> Self {
        let wanted = ["pk", "print", "session", "origin"].into_iter();
        let present = wanted.filter_map(|name| Some((name.to_owned(), item.get(name)?.clone())));
        Self {
            whole: item.to_string().into(),
            shown: Value::Object(present.collect()).to_string().into(),
        }
    }
}

fn shown(entries: &[Entry]) -> Bytes {
    let shown: Vec<&str> = entries.iter().map(|entry| &*entry.shown).collect();
    Bytes::from(shown.join(","))
}
