//! A group as the directory shows it, and what can happen to one.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

/// A group from the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupView {
    /// Okta's id of the group, `00g…`.
    pub id: String,
    /// The source's id of the group.
    pub external_id: String,
    /// Its name.
    pub display_name: String,
    /// Its purpose.
    pub description: Option<String>,
    /// The externalIds of the users in it.
    pub members: BTreeSet<String>,
}

/// A change requested for one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "do", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum GroupChange {
    /// Create it, or change what is given.
    Put {
        /// The displayName, if one was sent.
        display_name: Option<String>,
        /// The description, if one was sent; null clears it.
        description: Option<Option<String>>,
    },
    /// Delete it.
    Delete,
    /// Add a user.
    Join {
        /// The user's externalId.
        member: String,
    },
    /// Remove a user.
    Leave {
        /// The user's externalId.
        member: String,
    },
}

impl fmt::Display for GroupChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { .. } => f.write_str("upsert"),
            Self::Delete => f.write_str("delete"),
            Self::Join { member } => write!(f, "add {member}"),
            Self::Leave { member } => write!(f, "remove {member}"),
        }
    }
}

/// A change, and the group it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupWork {
    /// The group's externalId.
    pub(crate) group: String,
    pub(crate) change: GroupChange,
}

/// What an import did with one change of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupHappened {
    /// The group is new.
    Created,
    /// Its name or description changed.
    Updated,
    /// It already was this way.
    Unchanged,
    /// The group is gone.
    Deleted,
    /// The user is in it now.
    Joined,
    /// The user is no longer in it.
    Left,
    /// There was nothing to do, because the group or user is not known.
    Ignored,
    /// Okta refused the group.
    Failed,
}

impl fmt::Display for GroupHappened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        })
    }
}

/// What an import did with one change of a group, and why, if that needs
/// saying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupOutcome {
    /// What happened.
    pub happened: GroupHappened,
    /// The reason, in a sentence.
    pub why: Option<String>,
}

impl GroupOutcome {
    pub(super) fn of(happened: GroupHappened) -> Self {
        Self {
            happened,
            why: None,
        }
    }

    pub(super) fn because(happened: GroupHappened, why: &str) -> Self {
        Self {
            happened,
            why: Some(why.to_owned()),
        }
    }

    pub(super) fn unknown_group() -> Self {
        Self::because(GroupHappened::Ignored, "Okta does not know this group")
    }

    pub(super) fn unknown_member() -> Self {
        Self::because(GroupHappened::Ignored, "Okta does not know this member")
    }
}
