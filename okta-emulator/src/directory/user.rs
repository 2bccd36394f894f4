//! A user as the directory shows it, and what can happen to one.

use std::{collections::BTreeMap, fmt, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::clock::serialize_iso;

/// Whether a user can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UserStatus {
    /// Can sign in.
    Active,
    /// Deactivated. Okta keeps the user: it never deletes users.
    Deprovisioned,
}

/// A user in Okta's directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryUser {
    /// Okta's id of the user, `00u…`.
    pub id: String,
    /// The source's id of the user.
    pub external_id: String,
    /// Active or deactivated.
    pub status: UserStatus,
    /// Whether the user has the app. An admin can take it away. The source then
    /// has no such user until it sends the user again.
    pub assigned: bool,
    /// The attributes with a value. A cleared one is absent.
    pub profile: BTreeMap<String, String>,
    /// When the user was created.
    #[serde(serialize_with = "serialize_iso")]
    pub created: SystemTime,
    /// When the user last changed.
    #[serde(serialize_with = "serialize_iso")]
    pub last_updated: SystemTime,
}

/// What an import did to one loaded user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Happened {
    /// The user is new.
    Created,
    /// At least one attribute changed.
    Updated,
    /// Everything sent was already there.
    Unchanged,
    /// The user was active and is deactivated now.
    Deactivated,
    /// The user was deactivated and is active again.
    Reactivated,
    /// There was nothing to do for this user.
    Ignored,
    /// Okta refused the user.
    Failed,
}

/// What an import did to one loaded user, and why, if that needs saying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// What happened.
    pub happened: Happened,
    /// The reason, in a sentence.
    pub why: Option<String>,
    /// What Okta's log says about a refused user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

impl Outcome {
    pub(super) fn new(happened: Happened, why: Option<String>) -> Self {
        Self {
            happened,
            why,
            refused: None,
        }
    }

    pub(super) fn because(happened: Happened, why: impl Into<String>) -> Self {
        Self::new(happened, Some(why.into()))
    }

    pub(crate) fn refused(refused: Refused) -> Self {
        Self {
            happened: Happened::Failed,
            why: Some(refused.to_string()),
            refused: Some(refused),
        }
    }
}

/// Why Okta refused a user, in the terms of its System Log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Refused {
    /// The log's `error_field`: `login`, `lastName`, `email`, …
    pub field: String,
    /// The log's `error_code`: `notUniqueWithinOrg`, `blank`, …
    pub code: String,
    /// The reason, in a sentence.
    pub why: String,
}

impl Refused {
    /// Any other reason.
    pub fn new(field: &str, code: &str, why: &str) -> Self {
        Self {
            field: field.to_owned(),
            code: code.to_owned(),
            why: why.to_owned(),
        }
    }

    /// Somebody else in the org has the login.
    pub fn login_taken() -> Self {
        Self::new(
            "login",
            "notUniqueWithinOrg",
            "An object with this field already exists in the current organization",
        )
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

/// A value that Okta's profile mapping does not accept.
impl Default for Refused {
    fn default() -> Self {
        Self::new("lastName", "pattern", "the value is not accepted")
    }
}
