//! Who is in the users table: the sample, or any number of invented people.

use crate::{
    invented,
    rows::{self, Item},
};

const SAMPLE: &str = include_str!("../../events/sample-users.csv");

/// People, each a record of the users table, always in the same order.
pub enum People {
    /// Those of events/sample-users.csv.
    Sample(Vec<Item>),
    /// So many people, made up one by one.
    Generated(usize),
}

impl People {
    /// The sample, or so many.
    pub fn new(users: Option<usize>) -> Result<Self, String> {
        Ok(match users {
            Some(count) => Self::Generated(count),
            None => Self::Sample(
                rows::read(SAMPLE.as_bytes())?
                    .map(|row| Ok(row?.item))
                    .collect::<Result<_, String>>()?,
            ),
        })
    }

    /// Their number.
    pub fn count(&self) -> usize {
        match self {
            Self::Sample(items) => items.len(),
            Self::Generated(count) => *count,
        }
    }

    /// The record of one person.
    pub fn record(&self, n: usize) -> Item {
        match self {
            Self::Sample(items) => items[n].clone(),
            Self::Generated(_) => invented::person(n),
        }
    }
}

/// A text in a record, empty if there is none of this name.
pub fn text(record: &Item, name: &str) -> String {
    record
        .get(name)
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default()
}

/// `Amina Abebe`.
pub fn name(record: &Item) -> String {
    format!(
        "{} {}",
        text(record, "first_name"),
        text(record, "last_name")
    )
}
