//! What is answered about one person.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::sync::{GroupSays, OldAndNew};

/// What is known of one person, and what the next run will do about them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Who; none if the record does not say so.
    pub external_id: Option<String>,
    /// What the users table and the mapping say.
    pub record: RecordSays,
    /// What Okta was last told; none if it was told nothing.
    pub ledger: Option<LedgerSays>,
    /// What Okta has; none if it could not be asked.
    pub okta: Option<OktaHas>,
    /// Their groups: those that their record gives, and those that Okta was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupSays>>,
    /// What the next full run will do about them.
    pub next: Next,
    /// Why, for people.
    pub because: String,
}

/// What the users table and the mapping say of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordSays {
    /// What they are to be.
    pub state: RecordState,
    /// Why their record is rejected.
    pub reasons: Vec<String>,
}

/// What somebody is to be by their record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordState {
    /// Active.
    Active,
    /// Inactive.
    Inactive,
    /// Nobody of this identity source.
    OutOfScope,
    /// Active from a day on that is yet to come.
    Upcoming,
    /// Nobody can say: the record cannot be sent, or there are several.
    Rejected,
    /// They have no record.
    Missing,
}

/// What Okta was last told of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerSays {
    /// `active` or `inactive`.
    pub told: &'static str,
    /// Whether nobody knows that it arrived.
    pub doubtful: bool,
    /// Okta's id of the import session.
    pub session: Option<String>,
    /// When.
    pub at: Timestamp,
    /// When a single-user call told it, if one did. Without a session, none has confirmed it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub called: Option<Timestamp>,
}

/// What Okta has of somebody.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OktaHas {
    /// Okta's word for the user's status, where it may be seen (`okta.users.read`); `NOT_FOUND` if
    /// the identity source has no such user, or not any more.
    pub status: Option<String>,
    /// The attributes in which Okta differs from the record; none if that is not known.
    pub differs: Option<Vec<String>>,
    /// Their values, where the configuration permits to tell them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, OldAndNew>>,
}

/// What the next full run does about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Next {
    /// Nothing.
    Nothing,
    /// Okta is told to have them, for the first time.
    Create,
    /// Okta is told of a change.
    Update,
    /// Okta is told to have them again.
    Reactivate,
    /// Okta is told to deactivate them.
    Deactivate,
    /// Okta is told the same again.
    Retell,
    /// They wait for an import to end that may carry them.
    Waits,
    /// The guard keeps it back.
    Withheld,
    /// Their record cannot be sent.
    Rejected,
    /// Okta refuses them.
    Refused,
    /// They are to be inactive, and the ledger does not know them.
    Stranger,
}
