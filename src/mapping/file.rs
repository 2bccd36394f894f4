//! The mapping file's shape.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// The default mapping: that of the sample people table.
pub const DEFAULT_MAPPING: &str = include_str!("default.json");

/// The members of a mapping, to suggest one for a misspelled name.
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
    /// A template that gives the user's id in the identity source, 1 to 512 characters. It must be
    /// unique and never change: another id is another person to Okta. If it takes anything from
    /// nothing, the record is rejected.
    pub external_id: String,
    /// An expression that gives true or false: is this user active? False means: deactivate.
    /// Default `active`, the attribute of that name.
    #[serde(default = "active")]
    pub active: String,
    /// A template that gives the first day or moment of somebody's access. Nothing means no limit.
    /// Default: none.
    #[serde(default)]
    pub active_from: Option<String>,
    /// A template that gives the last day, or the moment when their access ends. Nothing means no
    /// limit. Default: none.
    #[serde(default)]
    pub active_until: Option<String>,
    /// The time zone in which days begin and end, as an IANA name. Default `UTC`.
    #[serde(default = "utc")]
    pub timezone: String,
    /// How many days before `activeFrom` Okta is already told about somebody. Default 0.
    #[serde(default)]
    pub lead_days: u16,
    /// An expression that gives true or false, asked first: is this record about a user of this
    /// identity source at all? False means that it takes part in nothing, and may lack an external
    /// id. Default `true`.
    #[serde(default = "everyone")]
    pub include: String,
    /// What becomes of users whose record is no longer included: `deactivate` (the default) or
    /// `keep`.
    #[serde(default)]
    pub out_of_scope: OutOfScope,
    /// What becomes of an attribute that comes out empty: `null` (the default) clears it at Okta,
    /// `omit` leaves it as Okta has it. `userName` and `email` reject the record when they are
    /// empty, and `secondEmail` is left out, because Okta clears none of them.
    #[serde(default)]
    pub when_empty: WhenEmpty,
    /// The attributes to read in addition to those that templates name, if that cannot be known, as
    /// with `record[name]`. Without it, whole records are read then.
    #[serde(default)]
    pub reads: Option<Vec<String>>,
    /// Tables for the filter `lookup`, by name, such as `{"departments": {"100": "Engineering"}}`.
    #[serde(default)]
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
    /// A template for each attribute of the app's profile, or an object with `value`, `whenEmpty`
    /// and `asIs`. `userName` is required.
    pub profile: BTreeMap<String, ProfileAttribute>,
    /// Rules for the groups that a record puts its user into. Default: none.
    #[serde(default)]
    pub groups: Vec<GroupRule>,
    /// Whether a group that this function made is deleted once no record gives it any more and Okta
    /// has nobody in it. Default `false`.
    #[serde(default)]
    pub delete_empty_groups: bool,
}

/// A rule that gives groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupRule {
    /// An expression that gives a value or a list of values. Each value is a group. Nothing gives
    /// none.
    pub each: String,
    /// An expression over record and `item`: does this value give a group? Default: it does.
    #[serde(default)]
    pub when: Option<String>,
    /// A template over record and `item` that gives the group's id in the identity source, 1 to 255
    /// characters.
    pub external_id: String,
    /// A template over record and `item` that gives the group's name, 1 to 255 characters.
    pub display_name: String,
    /// A template over record and `item` that says what the group is for, up to 1,024 characters.
    /// Default: none.
    #[serde(default)]
    pub description: Option<String>,
}

/// What becomes of an attribute that comes out empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WhenEmpty {
    /// It is sent as `null`: Okta clears its value.
    #[default]
    Null,
    /// It is not sent: Okta keeps its value.
    Omit,
}

/// What becomes of users whose record is no longer included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutOfScope {
    /// They are deactivated.
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
    /// What becomes of it if it comes out empty. Default: the mapping's `whenEmpty`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_empty: Option<WhenEmpty>,
    /// Whether it is sent exactly as it renders, neither trimmed nor normalised. Default `false`.
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
