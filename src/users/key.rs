//! The key of a record in the users table.

use std::{collections::HashMap, fmt};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::number;

/// The type of a key attribute. DynamoDB has no keys of other types (Amazon DynamoDB's developer
/// guide, *Supported data types*).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `S`.
    Text,
    /// `N`.
    Number,
    /// `B`.
    Binary,
}

impl KeyKind {
    /// The type with this name in DynamoDB.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "S" => Some(Self::Text),
            "N" => Some(Self::Number),
            "B" => Some(Self::Binary),
            _ => None,
        }
    }
}

/// The users table's key attributes and their types: partition key, then sort key if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySchema(Vec<(String, KeyKind)>);

impl KeySchema {
    /// A schema of these attributes, in the table's order.
    #[must_use]
    pub fn new(attributes: Vec<(String, KeyKind)>) -> Self {
        Self(attributes)
    }

    /// The attribute names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The type of this attribute, if it is one of the key's.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<KeyKind> {
        let mut attributes = self.0.iter();
        attributes.find_map(|(known, kind)| (known == name).then_some(*kind))
    }

    /// Whether the table can have a key like this: these attributes and no others, of these types.
    #[must_use]
    pub fn is_of(&self, key: &RecordKey) -> bool {
        key.0.len() == self.0.len()
            && key
                .0
                .iter()
                .all(|(name, value)| self.fitting(name, value).is_some())
    }

    /// The key of an item. `None` if a key attribute is missing, or is one that the table cannot
    /// have.
    #[must_use]
    pub fn key_of(&self, item: &HashMap<String, AttributeValue>) -> Option<RecordKey> {
        self.names()
            .map(|name| Some((name.to_owned(), self.fitting(name, item.get(name)?)?)))
            .collect::<Option<Vec<_>>>()
            .map(RecordKey)
    }

    /// A value in the form of the key attribute of this name.
    fn fitting(&self, name: &str, value: &AttributeValue) -> Option<AttributeValue> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        let most = if at == 0 { PARTITION_BYTES } else { SORT_BYTES };
        match (self.0[at].1, value) {
            (KeyKind::Text, AttributeValue::S(text)) => {
                ((1..=most).contains(&text.len())).then(|| value.clone())
            }
            (KeyKind::Number, AttributeValue::N(written)) => {
                Some(AttributeValue::N(number::canonical(written)?.into_owned()))
            }
            (KeyKind::Binary, AttributeValue::B(bytes)) => {
                ((1..=most).contains(&bytes.as_ref().len())).then(|| value.clone())
            }
            _ => None,
        }
    }
}

/// `id (S)`, or `tenant (N), id (S)`.
impl fmt::Display for KeySchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, kind)) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            let kind = match kind {
                KeyKind::Text => "S",
                KeyKind::Number => "N",
                KeyKind::Binary => "B",
            };
            write!(f, "{separator}{name} ({kind})")?;
        }
        Ok(())
    }
}
/// How long a partition key may be, and a sort key (Amazon DynamoDB's developer guide, *Quotas*).
const PARTITION_BYTES: usize = 2_048;
const SORT_BYTES: usize = 1_024;

/// A record's key: one or two attributes, each a string, a number or binary.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordKey(Vec<(String, AttributeValue)>);

impl RecordKey {
    /// A key of these attributes.
    pub(super) fn of_attributes(attributes: Vec<(String, AttributeValue)>) -> Self {
        Self(attributes)
    }

    /// Its attributes, in order.
    pub(super) fn attributes(&self) -> &[(String, AttributeValue)] {
        &self.0
    }

    /// The key in DynamoDB's form.
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

    /// The one text that stands for this key, whatever the order in which its attributes came: keys
    /// are compared and hashed by it.
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
        AttributeValue::N(written) => (
            "N",
            number::canonical(written).map_or_else(|| written.clone(), Into::into),
        ),
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
        let schema = KeySchema::new(vec![
            ("tenant".into(), KeyKind::Number),
            ("id".into(), KeyKind::Text),
        ]);
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
    #[test]
    fn a_key_of_another_type_or_shape_is_no_key() {
        let schema = KeySchema::new(vec![("id".into(), KeyKind::Text)]);
        for value in [
            AttributeValue::N("7".into()),
            AttributeValue::S(String::new()),
            AttributeValue::S("x".repeat(2_049)),
            AttributeValue::Null(true),
            AttributeValue::M(HashMap::new()),
        ] {
            let item = item(&[("id", value)]);
            assert_eq!(schema.key_of(&item), None, "{item:?}");
            assert!(!schema.is_of(&RecordKey::from_item(&item)), "{item:?}");
        }
        let two = item(&[
            ("id", AttributeValue::S("a".into())),
            ("x", AttributeValue::S("b".into())),
        ]);
        assert!(schema.key_of(&two).is_some());
        assert!(!schema.is_of(&RecordKey::from_item(&two)));
    }

    #[test]
    fn two_spellings_of_a_number_are_one_key() {
        let schema = KeySchema::new(vec![("id".into(), KeyKind::Number)]);
        let key = |number: &str| schema.key_of(&item(&[("id", AttributeValue::N(number.into()))]));

        assert_eq!(key("5e1"), key("50.0"));
        assert_eq!(key("50").unwrap().to_string(), "id=50");
        assert_eq!(key("fifty"), None);
    }
}
