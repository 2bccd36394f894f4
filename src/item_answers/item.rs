//! An item and its values, as DynamoDB writes them.

use std::{borrow::Cow, cell::Cell, collections::HashMap, fmt};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};

/// What the SDK has an item as.
pub(super) type Item = HashMap<String, AttributeValue>;

/// An item.
pub(super) struct Row(pub(super) Item);

thread_local! {
    /// How many attributes the last item had. Items of one table have about as many, so a map is
    /// made for that many.
    static BEFORE: Cell<usize> = const { Cell::new(0) };
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Row, M::Error> {
                let mut item = Item::with_capacity(BEFORE.get());
                while let Some((name, Told(value))) = map.next_entry::<String, Told>()? {
                    item.insert(name, value);
                }
                BEFORE.set(item.len());
                Ok(Row(item))
            }
        }
        deserializer.deserialize_map(Rows)
    }
}

/// A value, as `{"S": "text"}`.
struct Told(AttributeValue);

impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Told;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its type")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Told, M::Error> {
                let Some(kind) = map.next_key::<Cow<'de, str>>()? else {
                    return Err(M::Error::custom("a value without a type"));
                };
                let value = match &*kind {
                    "S" => AttributeValue::S(map.next_value()?),
                    "N" => AttributeValue::N(map.next_value()?),
                    "BOOL" => AttributeValue::Bool(map.next_value()?),
                    "NULL" => AttributeValue::Null(map.next_value()?),
                    "B" => AttributeValue::B(map.next_value::<Bytes>()?.0),
                    "SS" => AttributeValue::Ss(map.next_value()?),
                    "NS" => AttributeValue::Ns(map.next_value()?),
                    "BS" => {
                        let blobs: Vec<Bytes> = map.next_value()?;
                        AttributeValue::Bs(blobs.into_iter().map(|Bytes(blob)| blob).collect())
                    }
                    "L" => {
                        let list: Vec<Told> = map.next_value()?;
                        AttributeValue::L(list.into_iter().map(|Told(value)| value).collect())
                    }
                    "M" => AttributeValue::M(map.next_value::<Row>()?.0),
                    _ => return Err(M::Error::custom("a value of an unknown type")),
                };
                match map.next_key::<IgnoredAny>()? {
                    None => Ok(Told(value)),
                    Some(_) => Err(M::Error::custom("a value of two types")),
                }
            }
        }
        deserializer.deserialize_map(Values)
    }
}

/// Bytes, as base64.
struct Bytes(Blob);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = BASE64_STANDARD.decode(&*text).map_err(D::Error::custom)?;
        Ok(Self(Blob::new(bytes)))
    }
}
