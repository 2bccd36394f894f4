//! The mapping file's shape.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// The mapping that is used where none is given: that of the sample people table.
pub const DEFAULT_MAPPING: &str = include_str!("default.json");

/// The members of a mapping, for those who misspell one.
pub(super) const MEMBERS: [&str; 20] = [
    "activeFrom",
    "activeUntil",
    "active",
    "asIs",
    "deleteEmptyGroups",
    "description",
    "displayName",
    "each",
    "externalId",
    "groups",
    "include",
    "leadDays",
    "outOfScope",
    "profile",
    "reads",
    "tables",
    "timezone",
    "value",
    "when",
    "whenEmpty",
];

/// A mapping as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MappingFile {
    /// A template that gives the user's id in the identity source.
    pub external_id: String,
    /// An expression: is this user to be active?
    #[serde(default = "active")]
    pub active: String,
    /// A template that gives the first day or moment of somebody's access.
    #[serde(default)]
    pub active_from: Option<String>,
    /// A template that gives the last day, or the moment that their access ends.
    #[serde(default)]
    pub active_until: Option<String>,
    /// The time zone that days begin and end in, as IANA calls it.
    #[serde(default = "utc")]
    pub timezone: String,
    /// How many days before `active_from` somebody is already told to Okta.
    #[serde(default)]
    pub lead_days: u16,
    /// An expression: is this record about a user of this identity source at all?
    #[serde(default = "everyone")]
    pub include: String,
    /// What becomes of users whose record is not included any more.
    #[serde(default)]
    pub out_of_scope: OutOfScope,
    /// What becomes of an attribute that renders empty.
    #[serde(default)]
    pub when_empty: WhenEmpty,
    /// The attributes to read beside those that templates name, where that cannot be known.
    #[serde(default)]
    pub reads: Option<Vec<String>>,
    /// Tables for the filter `lookup`, by name.
    #[serde(default)]
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
    /// A template for each attribute of the profile.
    pub profile: BTreeMap<String, ProfileAttribute>,
    /// Rules for the groups that a record puts its user into.
    #[serde(default)]
    pub groups: Vec<GroupRule>,
    /// Whether a group that we made is deleted once it is empty and no rule gives it any more.
    #[serde(default)]
    pub delete_empty_groups: bool,
}

/// A rule that gives groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupRule {
    /// An expression that gives a value or a list of them, each of which is a group; nothing gives
    /// none.
    pub each: String,
    /// An expression over record and `item`: does this value give a group?
    #[serde(default)]
    pub when: Option<String>,
    /// A template over record and `item` that gives the group's id in the identity source.
    pub external_id: String,
    /// A template over record and `item` that gives the group's name.
    pub display_name: String,
    /// A template over record and `item` that says what the group is for.
    #[serde(default)]
    pub description: Option<String>,
}

/// What becomes of an attribute that renders empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WhenEmpty {
    /// It is sent as `null`: Okta clears what it has.
    #[default]
    Null,
    /// It is not sent: Okta keeps what it has.
    Omit,
}

/// What becomes of users whose record is not included any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutOfScope {
    /// They leave.
    #[default]
    Deactivate,
    /// They stay as Okta has them.
    Keep,
}

/// An attribute of the profile: a template, or one with its own rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileAttribute {
    /// The template.
    pub value: String,
    /// What becomes of it if it renders empty; the mapping's rule unless it has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_empty: Option<WhenEmpty>,
    /// Whether it is sent just as it renders, neither trimmed nor normalised.
    pub as_is: bool,
}

impl From<&str> for ProfileAttribute {
    fn from(template: &str) -> Self {
        Self {
            value: template.to_owned(),
            when_empty: None,
            as_is: false,
        }
    }
}

impl<'de> Deserialize<'de> for ProfileAttribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = ProfileAttribute;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a template, or {\"value\":…,\"whenEmpty\":…}")
    }

    fn visit_str<E>(self, template: &str) -> Result<ProfileAttribute, E> {
        Ok(template.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProfileAttribute, A::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Members {
            value: String,
            #[serde(default)]
            when_empty: Option<WhenEmpty>,
            #[serde(default)]
            as_is: bool,
        }
        let Members {
            value,
            when_empty,
            as_is,
        } = Members::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ProfileAttribute {
            value,
            when_empty,
            as_is,
        })
    }
}

fn active() -> String {
    "active".to_owned()
}

fn everyone() -> String {
    "true".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}
