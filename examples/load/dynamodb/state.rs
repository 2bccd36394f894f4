//! The state table: the ledger's entries in pages, and its small items.
//!
//! The function is alone here, so that every condition of its writes holds.

use std::collections::HashMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dynamodb_identity_source::mapping::{DEFAULT_MAPPING, Mapped, Mapping};
use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{Answer, HISTORY, Known, PAGE_BYTES, STATE, page_of, read_units, update};
use crate::Trouble;

/// What an entry takes in the table, about: its names and values.
pub const ENTRY_BYTES: usize = 200;
/// The same of somebody who was told to be in eight groups, with some room.
const ENTRY_BYTES_IN_GROUPS: usize = 320;
/// The session that has told Okta everybody who is known.
const SESSION: &str = "apsbeforehand000000";
const NUMBER: u32 = 1;
/// What a scan of the ledger shows of an entry.
const SHOWN: [&str; 20] = [
    "pk",
    "print",
    "session",
    "origin",
    "n",
    "behind",
    "doubtful",
    "at",
    "chargedDeactivation",
    "chargedUpdate",
    "toLeave",
    "stranger",
    "gp",
    "gn",
    "gd",
    "g",
    "gt",
    "gs",
    "gl",
    "gr",
];

/// The table.
#[derive(Debug, Default)]
pub(super) struct StateTable {
    pages: Vec<Page>,
    /// How many entries a page has.
    per_page: usize,
    /// Where entries are: page and row.
    places: HashMap<String, (usize, usize)>,
    /// What is no entry.
    items: HashMap<String, Value>,
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
    /// What it takes in the table.
    bytes: usize,
}

impl StateTable {
    pub(super) fn of(users: u32, known: Known) -> Result<Self, Trouble> {
        let entry = match known {
            Known::InTeams { .. } => ENTRY_BYTES_IN_GROUPS,
            _ => ENTRY_BYTES,
        };
        let mut table = Self {
            per_page: PAGE_BYTES / entry,
            ..Self::default()
        };
        if known == Known::Nobody {
            return Ok(table);
        }
        let mapping = Mapping::from_json(DEFAULT_MAPPING)?;
        for n in 0..users as usize {
            // What Okta was told, everybody was active then.
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
                "toldAt": {"S": "2026-05-13T05:52:24.007123456Z"},
                "print": {"B": BASE64_STANDARD.encode(print)},
                "sessionId": {"S": SESSION},
                "n": {"N": NUMBER.to_string()},
            }));
        }
        // The one session that there was has landed.
        let log = json!({"last": NUMBER}).to_string();
        table.place(json!({
            "pk": {"S": "log"},
            "version": {"N": "1"},
            "mark": {"S": "0123456789abcdef"},
            "value": {"S": log},
        }));
        Ok(table)
    }

    fn place(&mut self, item: Value) {
        let pk = item["pk"]["S"].as_str().unwrap_or_default().to_owned();
        if !pk.starts_with("user#") && !pk.starts_with("group#") {
            self.items.insert(pk, item);
            return;
        }
        if let Some((page, row)) = self.places.get(&pk) {
            let page = &mut self.pages[*page];
            page.entries[*row] = Entry::of(&item);
            page.shown = None;
            return;
        }
        if self
            .pages
            .last()
            .is_none_or(|page| page.entries.len() == self.per_page)
        {
            self.pages.push(Page::default());
        }
        let last = self.pages.len() - 1;
        let page = &mut self.pages[last];
        self.places.insert(pk, (last, page.entries.len()));
        page.entries.push(Entry::of(&item));
        page.shown = None;
    }

    fn item(&self, pk: &str) -> Option<Value> {
        match self.places.get(pk) {
            Some((page, row)) => serde_json::from_str(&self.pages[*page].entries[*row].whole).ok(),
            None => self.items.get(pk).cloned(),
        }
    }

    pub(super) fn scan(&mut self, request: &Value) -> Answer {
        let (at, segments) = page_of(request, "pk");
        let next = Some(at + segments).filter(|next| *next < self.pages.len());
        let Some(page) = self.pages.get_mut(at) else {
            return Answer::page(Bytes::new(), STATE, "pk", None, 0);
        };
        let stored = page.stored();
        let items = page
            .shown
            .get_or_insert_with(|| shown(&page.entries))
            .clone();
        Answer::page(items, STATE, "pk", next, stored)
    }

    /// What one scan consumes.
    pub(super) fn scan_units(&self) -> f64 {
        let pages = self.pages.iter();
        pages.map(|page| read_units(page.stored())).sum()
    }

    pub(super) fn read(&self, request: &Value) -> Option<Answer> {
        let keys = request["RequestItems"][STATE]["Keys"].as_array()?;
        let mut found = Vec::with_capacity(keys.len());
        let mut units = 0.0;
        for key in keys {
            let item = self.item(key["pk"]["S"].as_str()?);
            units += read_units(item.as_ref().map_or(1, bytes));
            found.extend(item);
        }
        let answer = json!({
            "Responses": {STATE: found},
            "UnprocessedKeys": {},
            "ConsumedCapacity": [consumed(units)],
        });
        Some(Answer::of(&answer, units, 0.0))
    }

    pub(super) fn write(&mut self, request: &Value) -> Option<Answer> {
        let writes = request["RequestItems"][STATE].as_array()?;
        let mut units = 0.0;
        for write in writes {
            let item = &write["PutRequest"]["Item"];
            units += write_units(bytes(item));
            self.place(item.clone());
        }
        let answer = json!({"UnprocessedItems": {}, "ConsumedCapacity": [consumed(units)]});
        Some(Answer::of(&answer, 0.0, units))
    }

    pub(super) fn put(&mut self, request: &Value) -> Option<Answer> {
        let item = request.get("Item")?;
        self.place(item.clone());
        Some(a_write(bytes(item)))
    }

    pub(super) fn update(&mut self, request: &Value) -> Option<Answer> {
        let pk = request["Key"]["pk"]["S"].as_str()?;
        let mut item = self.item(pk).unwrap_or_else(|| json!({"pk": {"S": pk}}));
        let before = bytes(&item);
        update::apply(request, &mut item)?;
        let after = bytes(&item);
        self.place(item);
        Some(a_write(before.max(after)))
    }

    pub(super) fn delete(&mut self, request: &Value) -> Option<Answer> {
        let item = self.items.remove(request["Key"]["pk"]["S"].as_str()?);
        Some(a_write(item.as_ref().map_or(1, bytes)))
    }
}

/// What an item takes, about: it is JSON here, with names for its types.
fn bytes(item: &Value) -> usize {
    let attributes = item.as_object().into_iter().flatten();
    attributes
        .map(|(name, value)| name.len() + stored(value))
        .sum()
}

fn stored(value: &Value) -> usize {
    match value["L"].as_array() {
        Some(list) => 3 + list.iter().map(|one| 1 + stored(one)).sum::<usize>(),
        None => value.to_string().len().saturating_sub(8),
    }
}

/// What an entry takes: a user's without groups always the same, a group's what it is.
fn bytes_of_entry(item: &Value) -> usize {
    if item.get("g").is_some() {
        return bytes(item);
    }
    let attributes = item.as_object().into_iter().flatten();
    let about_groups = attributes.filter(|(name, _)| name.starts_with('g'));
    let about_groups = about_groups.map(|(name, value)| name.len() + stored(value));
    ENTRY_BYTES + about_groups.sum::<usize>()
}

/// A unit for each KB of an item.
fn write_units(bytes: usize) -> f64 {
    bytes.div_ceil(1024).max(1) as f64
}

fn a_write(bytes: usize) -> Answer {
    let units = write_units(bytes);
    Answer::of(&json!({ "ConsumedCapacity": consumed(units) }), 0.0, units)
}

/// One write to the table of the history, which nobody reads here.
pub(super) fn a_write_of_history(request: &Value) -> Answer {
    let units = write_units(request.get("Item").map_or(1, bytes));
    let consumed = json!({"TableName": HISTORY, "CapacityUnits": units});
    Answer::of(&json!({ "ConsumedCapacity": consumed }), 0.0, units)
}

fn consumed(units: f64) -> Value {
    json!({"TableName": STATE, "CapacityUnits": units})
}

impl Entry {
    fn of(item: &Value) -> Self {
        let present = SHOWN
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), item.get(name)?.clone())));
        let present: Map<_, _> = present.collect();
        Self {
            whole: item.to_string().into(),
            shown: Value::Object(present).to_string().into(),
            bytes: bytes_of_entry(item),
        }
    }
}

impl Page {
    fn stored(&self) -> usize {
        self.entries.iter().map(|entry| entry.bytes).sum()
    }
}

fn shown(entries: &[Entry]) -> Bytes {
    let shown: Vec<&str> = entries.iter().map(|entry| &*entry.shown).collect();
    Bytes::from(shown.join(","))
}
