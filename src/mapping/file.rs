//! The mapping file's shape.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The mapping that is used where none is given: that of the sample people table.
pub const DEFAULT_MAPPING: &str = include_str!("default.json");

/// A mapping as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MappingFile {
    /// A template that gives the user's id in the identity source.
    pub external_id: String,
    /// An expression: is this user to be active?
    #[serde(default = "active")]
    pub active: String,
    /// An expression: is this record about a user of this identity source at all?
    #[serde(default = "everyone")]
    pub include: String,
    /// What becomes of an attribute that renders empty.
    #[serde(default)]
    pub when_empty: WhenEmpty,
    /// A template for each attribute of the profile.
    pub profile: BTreeMap<String, String>,
}

/// What becomes of an attribute that renders empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WhenEmpty {
    /// It is not sent: Okta keeps what it has.
    #[default]
    Omit,
    /// It is sent as `null`: Okta clears what it has.
    Null,
}

fn active() -> String {
    "active".to_owned()
}

fn everyone() -> String {
    "true".to_owned()
}
