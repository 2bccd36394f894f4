//! DynamoDB Streams: what a batch says, which is only where to look.
//!
//! A stream record's images may be older than the table, come twice, or in another order than they
//! were written. Its key does not age: what is under it now is read again. So only its key is taken
//! from a record.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{KeySchema, RecordKey};

/// A batch of stream records: the keys they are about, and how to ask for the batch again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamBatch {
    /// The keys, each once.
    keys: Vec<RecordKey>,
    /// The lowest sequence number. `None` in an empty batch.
    pub first: Option<String>,
    /// When the oldest change was made, by the stream's clock.
    pub oldest: Option<Timestamp>,
    /// When the newest change was made.
    pub newest: Option<Timestamp>,
    /// Records without a readable key.
    pub malformed: u64,
}

#[derive(Deserialize)]
struct StreamRecord {
    dynamodb: Change,
}

/// Any view type has these two. Images are not even looked at.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    keys: serde_dynamo::Item,
}

impl StreamBatch {
    /// Reads the `Records` of a DynamoDB Streams event, one by one: a record that cannot be read
    /// stops none of the others.
    #[must_use]
    pub fn read(records: &[Value]) -> Self {
        let mut batch = Self::default();
        let mut seen = std::collections::HashSet::new();
        for record in records {
            if let Some(number) = record
                .pointer("/dynamodb/SequenceNumber")
                .and_then(Value::as_str)
                && batch
                    .first
                    .as_deref()
                    .is_none_or(|first| precedes(number, first))
            {
                batch.first = Some(number.to_owned());
            }
            let made_at = made_at(record);
            batch.oldest = batch.oldest.into_iter().chain(made_at).min();
            batch.newest = batch.newest.into_iter().chain(made_at).max();
            match StreamRecord::deserialize(record) {
                Ok(StreamRecord {
                    dynamodb: Change { keys },
                }) => {
                    let item: HashMap<String, AttributeValue> = keys.into();
                    let key = RecordKey::from_item(&item);
                    crate::mutation::keep_image(|| key.canonical(), record);
                    if seen.insert(key.canonical()) {
                        batch.keys.push(key);
                    }
                }
                Err(_) => batch.malformed += 1,
            }
        }
        batch
    }

    /// The keys that a table of this schema has, and how many are of another table.
    #[must_use]
    pub fn keys_of(&self, schema: &KeySchema) -> (Vec<RecordKey>, u64) {
        let (ours, others): (Vec<_>, Vec<_>) =
            self.keys.iter().cloned().partition(|key| schema.is_of(key));
        (ours, others.len() as u64)
    }
}

/// Lambda's events have `ApproximateCreationDateTime` in seconds since 1970, whole ones or not.
fn made_at(record: &Value) -> Option<Timestamp> {
    let seconds = record
        .pointer("/dynamodb/ApproximateCreationDateTime")?
        .as_f64()?;
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    Timestamp::try_from(SystemTime::UNIX_EPOCH.checked_add(since)?).ok()
}

/// Sequence numbers are decimal, of any length (Amazon DynamoDB's API reference: 21 to 40 digits).
fn precedes(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    (one.len(), one) < (other.len(), other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::users::KeyKind;

    fn record(id: &str, number: &str) -> Value {
        json!({"eventName": "MODIFY", "dynamodb": {
            "Keys": {"id": {"S": id}}, "SequenceNumber": number, "StreamViewType": "KEYS_ONLY"}})
    }

    #[test]
    fn many_records_of_one_key_are_one_key() {
        let records: Vec<_> = (0..10)
            .map(|n| record("alice", &format!("10{n}")))
            .collect();

        let batch = StreamBatch::read(&records);

        assert_eq!(batch.keys.len(), 1);
        assert_eq!(batch.first.as_deref(), Some("100"));
    }

    #[test]
    fn the_lowest_number_is_the_first_however_the_records_are_ordered_and_long() {
        let batch = StreamBatch::read(&[
            record("a", "1000"),
            record("b", "999"),
            record("c", "0001001"),
        ]);

        assert_eq!(batch.first.as_deref(), Some("999"));
    }

    #[test]
    fn the_oldest_change_is_the_oldest_whatever_its_place() {
        let at = |seconds: Value| json!({"dynamodb": {"ApproximateCreationDateTime": seconds}});

        let batch = StreamBatch::read(&[
            at(json!(1_700_000_060)),
            at(json!(1_700_000_000.5)),
            at(json!("yesterday")),
            at(json!(-1)),
            at(json!(1e300)),
        ]);

        assert_eq!(batch.oldest.unwrap().to_string(), "2023-11-14T22:13:20.5Z");
    }

    #[test]
    fn a_record_without_a_key_stops_none_of_the_others() {
        let records = [
            json!({"dynamodb": {"SequenceNumber": "1"}}),
            json!(7),
            record("alice", "2"),
        ];

        let batch = StreamBatch::read(&records);

        assert_eq!((batch.keys.len(), batch.malformed), (1, 2));
    }

    #[test]
    fn keys_of_another_table_are_left_out() {
        let batch = StreamBatch::read(&[record("alice", "1")]);

        let schema = |names: &[&str]| {
            let names = names.iter();
            KeySchema::new(
                names
                    .map(|name| ((*name).to_owned(), KeyKind::Text))
                    .collect(),
            )
        };
        assert_eq!(batch.keys_of(&schema(&["id"])).1, 0);
        assert_eq!(batch.keys_of(&schema(&["tenant", "id"])), (vec![], 1));
    }
}
