//! The users table: invented people, in pages that are prepared in advance.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::{Answer, PAGE_BYTES, USERS, page_of, read_units};
use crate::{invented, teams};

/// What Okta was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nobody.
    Nobody,
    /// Everybody, as they are.
    Everybody,
    /// Everybody, but one in so many differently. One in ten of these is inactive now.
    OneOtherwiseIn(usize),
    /// Everybody, as they are, but nobody's groups, which their records name.
    InTeams {
        /// Whether the reorganisation has happened.
        moved: bool,
    },
}

impl Known {
    /// Whether the ledger knows this person differently than they are.
    pub(super) fn otherwise(self, n: usize) -> bool {
        matches!(self, Self::OneOtherwiseIn(many) if n.is_multiple_of(many))
    }

    fn has_left(self, n: usize) -> bool {
        matches!(self, Self::OneOtherwiseIn(many) if n.is_multiple_of(10 * many))
    }

    /// A person's record in the table.
    pub(super) fn record(self, n: usize) -> HashMap<String, AttributeValue> {
        let mut record = invented::person(n);
        if self.has_left(n) {
            record.insert("active".to_owned(), AttributeValue::Bool(false));
        }
        if let Self::InTeams { moved } = self {
            record.insert(teams::ATTRIBUTE.to_owned(), teams::attribute(n, moved));
        }
        record
    }
}

/// The table, as a scan shows it.
#[derive(Debug)]
pub(super) struct UsersTable {
    pages: Vec<Bytes>,
    known: Known,
    users: usize,
    record_bytes: usize,
}

impl UsersTable {
    pub(super) fn of(users: u32, known: Known, record_bytes: usize) -> Self {
        let users = users as usize;
        let people: Vec<usize> = (0..users).collect();
        let pages = people.chunks((PAGE_BYTES / record_bytes).max(1));
        let pages = pages.map(|people| {
            let items: Vec<_> = people
                .iter()
                .map(|n| item(&known.record(*n)).to_string())
                .collect();
            Bytes::from(items.join(","))
        });
        Self {
            pages: pages.collect(),
            known,
            users,
            record_bytes,
        }
    }

    pub(super) fn describe(&self) -> Answer {
        let table = json!({"Table": {
            "TableName": USERS,
            "TableStatus": "ACTIVE",
            "ItemCount": self.users,
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        }});
        Answer::of(&table, 0.0, 0.0)
    }

    pub(super) fn scan(&self, request: &Value) -> Answer {
        let (page, segments) = page_of(request, "id");
        let next = Some(page + segments).filter(|next| *next < self.pages.len());
        let a_page = PAGE_BYTES / self.record_bytes;
        let people = self.users.saturating_sub(page * a_page).min(a_page);
        let items = self.pages.get(page).cloned().unwrap_or_default();
        Answer::page(items, USERS, "id", next, people * self.record_bytes)
    }

    pub(super) fn read(&self, request: &Value) -> Option<Answer> {
        let keys = request["RequestItems"][USERS]["Keys"].as_array()?;
        let wanted: HashSet<&str> = keys
            .iter()
            .filter_map(|key| key["id"]["S"].as_str())
            .collect();
        let found = wanted.iter().filter_map(|id| {
            let n = id.strip_prefix("user")?.split('@').next()?.parse().ok()?;
            (n < self.users).then(|| item(&self.known.record(n)))
        });
        let found: Vec<Value> = found.collect();
        let units = read_units(self.record_bytes) * keys.len() as f64;
        let answer = json!({
            "Responses": {USERS: found},
            "UnprocessedKeys": {},
            "ConsumedCapacity": [{"TableName": USERS, "CapacityUnits": units}],
        });
        Some(Answer::of(&answer, units, 0.0))
    }
}

/// An item in DynamoDB's JSON.
fn item(record: &HashMap<String, AttributeValue>) -> Value {
    let attributes = record.iter();
    let attributes = attributes.map(|(name, value)| (name.clone(), attribute(value)));
    Value::Object(attributes.collect())
}

/// Invented people consist of strings, booleans and lists.
fn attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::L(list) => {
            json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() })
        }
        other => panic!("an invented person has {other:?}"),
    }
}
