//! What the function answers about one person.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::sync::{GroupSays, OldAndNew};

/// What is known about one person, and what the next full run will do about them. It is the runs'
/// own decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The person's external id. Null if the record does not give one.
    pub external_id: Option<String>,
    /// What the users table and the mapping say.
    pub record: RecordSays,
    /// What Okta was last told. Null if it was told nothing.
    pub ledger: Option<LedgerSays>,
    /// What Okta has. Null if it could not be asked.
    pub okta: Option<OktaHas>,
    /// The person's groups: those that their record gives, and those that Okta was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupSays>>,
    /// What the next full run will do about the person.
    pub next: Next,
    /// Why, as a text for people.
    pub because: String,
    /// The digest of the list on which the person can be approved. Null if nothing of theirs is
    /// withheld, or no approval lets it through.
    pub digest: Option<String>,
}

/// What the users table and the mapping say about somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordSays {
    /// How the person must be.
    pub state: RecordState,
    /// Why their record is rejected. Empty if it is not.
    pub reasons: Vec<String>,
}

/// How somebody must be, by their record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordState {
    /// Active.
    Active,
    /// Inactive.
    Inactive,
    /// The mapping's `include` leaves the record out.
    OutOfScope,
    /// Active from a day that is still ahead.
    Upcoming,
    /// Nobody can say: the record cannot be sent, or there are several.
    Rejected,
    /// The person has no record.
    Missing,
}

/// What Okta was last told about somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerSays {
    /// `active` or `inactive`.
    pub told: &'static str,
    /// Whether nobody knows that it arrived.
    pub doubtful: bool,
    /// Okta's id of the import session that told it. Null if a single-user call told it and no
    /// session has confirmed it yet.
    pub session: Option<String>,
    /// When it was told.
    pub at: Timestamp,
    /// When a single-user call told it. Null if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub called: Option<Timestamp>,
}

/// What Okta has of somebody.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OktaHas {
    /// Okta's status of the user, if it may be seen (`okta.users.read`). `NOT_FOUND` if the
    /// identity source does not have the user, or not any more. Null if it is not known.
    pub status: Option<String>,
    /// The attributes in which Okta differs from the record. Null if that is not known.
    pub differs: Option<Vec<String>>,
    /// Their values at Okta and by the record. Only if the configuration allows it (`PLAN_VALUES`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, OldAndNew>>,
}

/// What the next full run does about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Next {
    /// Nothing.
    Nothing,
    /// Okta is told about the person for the first time.
    Create,
    /// Okta is told about a change.
    Update,
    /// Okta is told to have the person active again.
    Reactivate,
    /// Okta is told to deactivate the person.
    Deactivate,
    /// Okta is told the same again.
    Retell,
    /// The person waits for the end of an import that may still carry them.
    Waits,
    /// The guard keeps the change back.
    Withheld,
    /// The record cannot be sent.
    Rejected,
    /// Okta refuses the user.
    Refused,
    /// The person is inactive by the record and unknown to the ledger. Okta is not told.
    Stranger,
}
