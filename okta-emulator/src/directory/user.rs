//! A user as the directory shows it, and what can happen to one.

use std::{collections::BTreeMap, time::SystemTime};

use serde::Serialize;

use crate::clock::serialize_iso;

/// Whether a user can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UserStatus {
    /// Can sign in.
    Active,
    /// Deactivated. Okta keeps the user: it deletes nobody.
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
    /// The attributes that have a value; one that was cleared is absent.
    pub profile: BTreeMap<String, String>,
    /// When the user was created.
    #[serde(serialize_with = "serialize_iso")]
    pub created: SystemTime,
    /// When the user last changed.
    #[serde(serialize_with = "serialize_iso")]
    pub last_updated: SystemTime,
}

/// What an import did with one loaded user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Happened {
    /// The user is new.
    Created,
    /// At least one attribute changed.
    Updated,
    /// Everything sent was there already.
    Unchanged,
    /// The user was active and is no longer.
    Deactivated,
    /// The user was deactivated and is active again.
    Reactivated,
    /// Nothing was to be done for this user.
    Ignored,
    /// Okta would not take the user.
    Failed,
}

/// What an import did with one loaded user, and why where that needs saying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// What happened.
    pub happened: Happened,
    /// The reason, in a sentence.
    pub why: Option<String>,
}

impl Outcome {
    pub(super) fn new(happened: Happened, why: Option<String>) -> Self {
        Self { happened, why }
    }

    pub(super) fn because(happened: Happened, why: impl Into<String>) -> Self {
        Self::new(happened, Some(why.into()))
    }
}
