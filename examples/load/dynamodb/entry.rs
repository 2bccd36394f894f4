//! Entries of a state table, in pages, and the size of items.

use hyper::body::Bytes;
use serde_json::{Map, Value};

/// The approximate size of an entry in the table: its names and values.
pub const ENTRY_BYTES: usize = 200;
/// The same for another client's entry, which has a key, a hash and a flag.
pub(super) const PLAIN_ENTRY_BYTES: usize = 120;
/// The same for somebody who was told to be in eight groups, with some room.
pub(super) const ENTRY_BYTES_IN_GROUPS: usize = 320;

/// The attributes of an entry that a scan of the ledger shows.
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

/// What a scan shows at once.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    /// What a scan shows of them, once it was requested.
    pub(super) shown: Option<Bytes>,
}

/// An entry as JSON: all of it, and what the ledger's projection shows of it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) whole: Box<str>,
    shown: Box<str>,
    /// Its size in the table.
    bytes: usize,
}

impl Entry {
    /// Another client's entry. A scan shows all of it.
    pub(super) fn plain(item: &Value) -> Self {
        let whole = item.to_string();
        Self {
            shown: whole.as_str().into(),
            whole: whole.into(),
            bytes: PLAIN_ENTRY_BYTES,
        }
    }

    pub(super) fn of(item: &Value) -> Self {
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
    pub(super) fn stored(&self) -> usize {
        self.entries.iter().map(|entry| entry.bytes).sum()
    }
}

pub(super) fn shown(entries: &[Entry]) -> Bytes {
    let shown: Vec<&str> = entries.iter().map(|entry| &*entry.shown).collect();
    Bytes::from(shown.join(","))
}

/// The approximate size of an item. It is JSON here, with names for its types.
pub(super) fn bytes(item: &Value) -> usize {
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

/// The size of an entry: constant for a user without groups, measured for a group.
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
pub(super) fn write_units(bytes: usize) -> f64 {
    bytes.div_ceil(1024).max(1) as f64
}
