//! `lookup`: a value's counterpart in one of the mapping's tables.

use std::{collections::BTreeMap, sync::Arc};

use minijinja::{
    Environment, Error, Value,
    value::{Rest, ValueOrKwargs},
};

use super::{
    nearest::nearest,
    nothing::{doubt, is_nothing, keywords, string_of},
};

/// A mapping's tables, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::mapping) struct Tables(BTreeMap<String, BTreeMap<String, String>>);

impl From<BTreeMap<String, BTreeMap<String, String>>> for Tables {
    fn from(tables: BTreeMap<String, BTreeMap<String, String>>) -> Self {
        Self(tables)
    }
}

impl Tables {
    /// What is wrong with looking something up in a table of this name.
    pub(super) fn complaint(&self, name: &str) -> Option<String> {
        if self.0.contains_key(name) {
            return None;
        }
        Some(match nearest(name, self.0.keys().map(String::as_str)) {
            Some(known) => format!("the mapping has no table {name}; did you mean {known}?"),
            None => format!("the mapping has no table {name}: add it to \"tables\""),
        })
    }
}

/// `lookup(table, default)`: without a default, a value that the table does not have rejects the
/// record.
pub(super) fn add(environment: &mut Environment<'static>, tables: &Arc<Tables>) {
    let tables = Arc::clone(tables);
    environment.add_filter("lookup", move |value: &Value, args: Rest<ValueOrKwargs>| {
        let (args, keywords) = keywords(args.into_values());
        let default = match (args.get(1), &keywords) {
            (Some(value), _) => Some(value.clone()),
            (None, Some(keywords)) if keywords.has("default") => {
                Some(keywords.get::<Value>("default")?)
            }
            _ => None,
        };
        if let Some(keywords) = &keywords {
            keywords.assert_all_used()?;
        }
        if is_nothing(value) {
            return Ok(Value::UNDEFINED);
        }
        let name = args.first().and_then(Value::as_str).unwrap_or_default();
        let Some(table) = tables.0.get(name) else {
            return Err(doubt(tables.complaint(name).unwrap_or_default()));
        };
        match (table.get(&*string_of(value)?), default) {
            (Some(found), _) => Ok::<_, Error>(Value::from(found.as_str())),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(doubt(format!(
                "the table {name} does not have the value that is looked up in it; add it, or give \
                 lookup a default"
            ))),
        }
    });
}
