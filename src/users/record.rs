//! One record of the users table, as the mapping's templates see it.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::types::AttributeValue;
use minijinja::value::{Enumerator, Object, Value};

use super::{number, value::to_template_value};

/// An item of the users table.
///
/// To a template it is the context: each attribute is a variable, converted when it is looked up.
/// Attributes whose names are not identifiers are reached through `record`: `{{
/// record["first-name"] }}`.
#[derive(Debug, Clone, Default)]
pub struct Record(pub(super) HashMap<String, AttributeValue>);

impl Record {
    /// The name under which a template reaches the whole record.
    pub const WHOLE: &'static str = "record";

    /// The same record with only these attributes.
    #[must_use]
    pub fn only(mut self, names: &std::collections::HashSet<String>) -> Self {
        self.0.retain(|name, _| names.contains(name));
        self
    }

    /// The record's attributes.
    #[must_use]
    pub fn attributes(&self) -> &HashMap<String, AttributeValue> {
        &self.0
    }
}

impl Record {
    /// A record from plain JSON, in the users table's shape.
    ///
    /// # Errors
    /// When it is not a JSON object, or has a number that DynamoDB does not hold.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, String> {
        let object = value.as_object().ok_or("is not a JSON object")?;
        let attributes = object.iter().map(|(name, value)| {
            let attribute = from_json(value).ok_or_else(|| {
                format!(
                    "{name}: has a number that DynamoDB does not hold: more than 38 digits, or too \
                     large or small"
                )
            })?;
            Ok((name.clone(), attribute))
        });
        attributes.collect::<Result<_, String>>().map(Self)
    }
}

/// `None` for a number that DynamoDB does not hold.
fn from_json(value: &serde_json::Value) -> Option<AttributeValue> {
    use serde_json::Value;

    Some(match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(flag) => AttributeValue::Bool(*flag),
        Value::Number(number) => {
            AttributeValue::N(number::canonical(&number.to_string())?.into_owned())
        }
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(list) => AttributeValue::L(list.iter().map(from_json).collect::<Option<_>>()?),
        Value::Object(map) => {
            let members = map
                .iter()
                .map(|(name, value)| Some((name.clone(), from_json(value)?)));
            AttributeValue::M(members.collect::<Option<_>>()?)
        }
    })
}

impl From<HashMap<String, AttributeValue>> for Record {
    fn from(item: HashMap<String, AttributeValue>) -> Self {
        Self(item)
    }
}

impl Object for Record {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match self.0.get(key) {
            Some(attribute) => Some(to_template_value(attribute)),
            None if key == Self::WHOLE => Some(Value::from_dyn_object(Arc::clone(self))),
            None => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut names: Vec<_> = self
            .0
            .keys()
            .map(|name| Value::from(name.as_str()))
            .collect();
        names.sort();
        Enumerator::Values(names)
    }
}
