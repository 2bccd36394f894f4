//! One record of the users table, as the mapping's templates see it.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::types::AttributeValue;
use minijinja::value::{Enumerator, Object, Value};

use super::value::to_template_value;

/// An item of the users table.
///
/// To a template it is the context: each attribute is a variable, converted
/// when it is looked up. Attributes whose names are no identifiers are reached
/// through `record`: `{{ record["first-name"] }}`.
#[derive(Debug, Clone, Default)]
pub struct Record(pub(super) HashMap<String, AttributeValue>);

impl Record {
    /// The name under which a template reaches the whole record.
    pub const WHOLE: &'static str = "record";

    /// The record's attributes.
    #[must_use]
    pub fn attributes(&self) -> &HashMap<String, AttributeValue> {
        &self.0
    }
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
