//! The state table: the ledger's entries in pages, and its small items. Other clients may have
//! tables of their own, in which every item is an entry.
//!
//! Each client has its table to itself, so the conditions of its writes always hold.

use std::collections::HashMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dynamodb_identity_source::mapping::{DEFAULT_MAPPING, Mapped, Mapping};
use hyper::body::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    Answer, HISTORY, Known, PAGE_BYTES, STATE,
    entry::{
        ENTRY_BYTES, ENTRY_BYTES_IN_GROUPS, Entry, PLAIN_ENTRY_BYTES, Page, bytes, shown,
        write_units,
    },
    page_of, read_units, update,
};
use crate::Trouble;

/// The session that told Okta everybody who is known.
const SESSION: &str = "apsbeforehand000000";
const NUMBER: u32 = 1;

/// The table.
#[derive(Debug, Default)]
pub(super) struct StateTable {
    name: String,
    /// Whether it is another client's table, and not a ledger.
    is_plain: bool,
    pages: Vec<Page>,
    /// The number of entries per page.
    per_page: usize,
    /// Where each entry is: page and row.
    places: HashMap<String, (usize, usize)>,
    /// The items that are not entries.
    items: HashMap<String, Value>,
}

impl StateTable {
    pub(super) fn of(users: u32, known: Known) -> Result<Self, Trouble> {
        let entry = match known {
            Known::InTeams { .. } => ENTRY_BYTES_IN_GROUPS,
            _ => ENTRY_BYTES,
        };
        let mut table = Self {
            name: STATE.to_owned(),
            per_page: PAGE_BYTES / entry,
            ..Self::default()
        };
        if known == Known::Nobody {
            return Ok(table);
        }
        let mapping = Mapping::from_json(DEFAULT_MAPPING)?;
        for n in 0..users as usize {
            // When Okta was told, everybody was active.
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
        // The only session so far has landed.
        let log = json!({"last": NUMBER}).to_string();
        table.place(json!({
            "pk": {"S": "log"},
            "version": {"N": "1"},
            "mark": {"S": "0123456789abcdef"},
            "value": {"S": log},
        }));
        Ok(table)
    }

    /// Another client's table, which is empty.
    pub(super) fn plain(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_plain: true,
            per_page: PAGE_BYTES / PLAIN_ENTRY_BYTES,
            ..Self::default()
        }
    }

    /// Answers a request, if it is a known one.
    pub(super) fn answer(&mut self, operation: &str, request: &Value) -> Option<Answer> {
        match operation {
            "Scan" => Some(self.scan(request)),
            "BatchGetItem" => self.read(request),
            "BatchWriteItem" => self.write(request),
            "PutItem" => self.put(request),
            "UpdateItem" => self.update(request),
            "DeleteItem" => self.delete(request),
            _ => None,
        }
    }

    fn is_entry(&self, pk: &str) -> bool {
        self.is_plain || pk.starts_with("user#") || pk.starts_with("group#")
    }

    fn entry(&self, item: &Value) -> Entry {
        if self.is_plain {
            Entry::plain(item)
        } else {
            Entry::of(item)
        }
    }

    fn place(&mut self, item: Value) {
        let pk = item["pk"]["S"].as_str().unwrap_or_default().to_owned();
        if !self.is_entry(&pk) {
            self.items.insert(pk, item);
            return;
        }
        let entry = self.entry(&item);
        if let Some((page, row)) = self.places.get(&pk) {
            let page = &mut self.pages[*page];
            page.entries[*row] = entry;
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
        page.entries.push(entry);
        page.shown = None;
    }

    fn item(&self, pk: &str) -> Option<Value> {
        match self.places.get(pk) {
            Some((page, row)) => serde_json::from_str(&self.pages[*page].entries[*row].whole).ok(),
            None => self.items.get(pk).cloned(),
        }
    }

    fn scan(&mut self, request: &Value) -> Answer {
        let (at, segments) = page_of(request, "pk");
        let next = Some(at + segments).filter(|next| *next < self.pages.len());
        let Some(page) = self.pages.get_mut(at) else {
            return Answer::page(Bytes::new(), &self.name, "pk", None, 0);
        };
        let stored = page.stored();
        let items = page
            .shown
            .get_or_insert_with(|| shown(&page.entries))
            .clone();
        Answer::page(items, &self.name, "pk", next, stored)
    }

    /// The capacity that one scan consumes.
    pub(super) fn scan_units(&self) -> f64 {
        let pages = self.pages.iter();
        pages.map(|page| read_units(page.stored())).sum()
    }

    fn read(&self, request: &Value) -> Option<Answer> {
        let keys = request["RequestItems"][&self.name]["Keys"].as_array()?;
        let mut found = Vec::with_capacity(keys.len());
        let mut units = 0.0;
        for key in keys {
            let item = self.item(key["pk"]["S"].as_str()?);
            units += read_units(item.as_ref().map_or(1, bytes));
            found.extend(item);
        }
        let answer = json!({
            "Responses": {self.name.as_str(): found},
            "UnprocessedKeys": {},
            "ConsumedCapacity": [self.consumed(units)],
        });
        Some(Answer::of(&answer, units, 0.0))
    }

    fn write(&mut self, request: &Value) -> Option<Answer> {
        let writes = request["RequestItems"][&self.name].as_array()?;
        let mut units = 0.0;
        for write in writes {
            let item = &write["PutRequest"]["Item"];
            units += write_units(bytes(item));
            self.place(item.clone());
        }
        let answer = json!({"UnprocessedItems": {}, "ConsumedCapacity": [self.consumed(units)]});
        Some(Answer::of(&answer, 0.0, units))
    }

    fn put(&mut self, request: &Value) -> Option<Answer> {
        let item = request.get("Item")?;
        self.place(item.clone());
        Some(self.a_write(bytes(item)))
    }

    fn update(&mut self, request: &Value) -> Option<Answer> {
        let pk = request["Key"]["pk"]["S"].as_str()?;
        let mut item = self.item(pk).unwrap_or_else(|| json!({"pk": {"S": pk}}));
        let before = bytes(&item);
        update::apply(request, &mut item)?;
        let after = bytes(&item);
        self.place(item);
        Some(self.a_write(before.max(after)))
    }

    fn delete(&mut self, request: &Value) -> Option<Answer> {
        let item = self.items.remove(request["Key"]["pk"]["S"].as_str()?);
        Some(self.a_write(item.as_ref().map_or(1, bytes)))
    }

    fn a_write(&self, bytes: usize) -> Answer {
        let units = write_units(bytes);
        let answer = json!({ "ConsumedCapacity": self.consumed(units) });
        Answer::of(&answer, 0.0, units)
    }

    fn consumed(&self, units: f64) -> Value {
        json!({"TableName": self.name, "CapacityUnits": units})
    }
}

/// One write to the history table, which nobody reads here.
pub(super) fn a_write_of_history(request: &Value) -> Answer {
    let units = write_units(request.get("Item").map_or(1, bytes));
    let consumed = json!({"TableName": HISTORY, "CapacityUnits": units});
    Answer::of(&json!({ "ConsumedCapacity": consumed }), 0.0, units)
}
