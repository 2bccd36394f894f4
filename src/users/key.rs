//! The key of a record in the users table.

use std::{collections::HashMap, fmt};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// The names of the users table's key attributes: partition key, then sort key if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySchema(Vec<String>);

impl KeySchema {
    /// A schema of these attribute names, in the table's order.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// The attribute names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a key has these attributes and no others.
    #[must_use]
    pub fn is_of(&self, key: &RecordKey) -> bool {
        key.0.len() == self.0.len() && key.0.iter().all(|(name, _)| self.0.contains(name))
    }

    /// The key of an item; `None` if a key attribute is not among its attributes.
    #[must_use]
    pub fn key_of(&self, item: &HashMap<String, AttributeValue>) -> Option<RecordKey> {
        self.0
            .iter()
            .map(|name| Some((name.clone(), item.get(name)?.clone())))
            .collect::<Option<Vec<_>>>()
            .map(RecordKey)
    }
}

/// A record's key: one or two attributes, each a string, a number or binary.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordKey(Vec<(String, AttributeValue)>);

impl RecordKey {
    /// The key as DynamoDB takes it.
    #[must_use]
    pub fn to_item(&self) -> HashMap<String, AttributeValue> {
        self.0.iter().cloned().collect()
    }

    /// A key from the map that [`RecordKey::to_item`] gave, whatever the order of its attributes.
    #[must_use]
    pub fn from_item(item: &HashMap<String, AttributeValue>) -> Self {
        let mut attributes: Vec<_> = item
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        attributes.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self(attributes)
    }

    /// The one text that stands for this key, the same whatever order its attributes came in:
    /// what keys are compared and hashed by.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut parts: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| (name, typed(value)))
            .collect();
        parts.sort();
        serde_json::json!(parts).to_string()
    }
}

fn typed(value: &AttributeValue) -> (&'static str, String) {
    match value {
        AttributeValue::S(text) => ("S", text.clone()),
        AttributeValue::N(number) => ("N", number.clone()),
        AttributeValue::B(bytes) => ("B", BASE64_STANDARD.encode(bytes)),
        // DynamoDB has no keys of other types.
        other => ("?", format!("{other:?}")),
    }
}

/// `id=alice`, or `tenant=7, id=alice`.
impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(f, "{separator}{name}={}", typed(value).1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(pairs: &[(&str, AttributeValue)]) -> HashMap<String, AttributeValue> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn a_key_survives_the_way_through_an_item() {
        let schema = KeySchema::new(vec!["tenant".into(), "id".into()]);
        let record = item(&[
            ("id", AttributeValue::S("alice".into())),
            ("tenant", AttributeValue::N("7".into())),
            ("title", AttributeValue::S("Smith".into())),
        ]);

        let key = schema.key_of(&record).unwrap();

        assert_eq!(key.to_string(), "tenant=7, id=alice");
        assert_eq!(
            RecordKey::from_item(&key.to_item()).canonical(),
            key.canonical()
        );
    }

    #[test]
    fn a_string_and_a_number_of_the_same_digits_are_two_keys() {
        let text = RecordKey::from_item(&item(&[("id", AttributeValue::S("7".into()))]));
        let number = RecordKey::from_item(&item(&[("id", AttributeValue::N("7".into()))]));

        assert_ne!(text.canonical(), number.canonical());
    }
}
