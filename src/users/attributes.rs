//! Which attributes of the users table are read.

use std::collections::{HashMap, HashSet};

use super::KeySchema;

/// Which attributes a read brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attributes {
    /// All of them.
    All,
    /// The key and these.
    Named(HashSet<String>),
}

impl Attributes {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Named(these), Self::Named(those)) => {
                Self::Named(these.into_iter().chain(those).collect())
            }
            _ => Self::All,
        }
    }
}

/// The part of each item that a read asks for.
pub(super) struct Projection {
    pub(super) expression: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
}

impl Projection {
    pub(super) fn new(schema: &KeySchema, attributes: &Attributes) -> Self {
        let Attributes::Named(named) = attributes else {
            return Self {
                expression: None,
                names: None,
            };
        };
        // Placeholders throughout: any name may be one of DynamoDB's reserved words.
        let mut wanted: Vec<_> = named
            .iter()
            .map(String::as_str)
            .chain(schema.names())
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let names: HashMap<_, _> = wanted
            .iter()
            .enumerate()
            .map(|(i, name)| (format!("#a{i}"), (*name).to_owned()))
            .collect();
        let expression = (0..wanted.len())
            .map(|i| format!("#a{i}"))
            .collect::<Vec<_>>()
            .join(",");
        Self {
            expression: Some(expression),
            names: Some(names),
        }
    }
}
