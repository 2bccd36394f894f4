//! A suspect: record and ledger disagree about them, as far as a look can tell. What becomes of
//! them is decided when they are in hand.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    guard::{Kind, Target},
    ledger::{Again, IdHash},
    mapping::Mapped,
    users::RecordKey,
};

/// Somebody on which record and ledger disagree. What to tell is decided when they are in hand: a
/// suspicion does not age.
#[derive(Debug, Clone)]
pub struct Suspect {
    /// Who.
    pub id: IdHash,
    /// The keys of the records about them. None if they seem to have none, so that the ledger leads
    /// to it.
    pub keys: Vec<RecordKey>,
    /// What telling them would be charged as. `None` if it costs nothing.
    pub charge: Option<Kind>,
    /// What they would be told, as the look saw it.
    pub target: Target,
    /// How they are told, if an import failed that they were in.
    pub again: Again,
    /// What a push says about them, which counts if the table has no record about them.
    pub pushed: Option<Arc<Pushed>>,
    /// Where they are on the list that the run works through, if they are on one.
    pub place: Option<u64>,
    /// Whether a session only has to confirm what a single-user call has told.
    pub confirms: bool,
}

/// What a push says about somebody.
#[derive(Debug)]
pub struct Pushed {
    /// The record's key.
    pub key: RecordKey,
    /// What the mapping makes of the record.
    pub mapped: Mapped,
    /// When the push was made, by its sender's clock.
    pub at: Timestamp,
}

/// Somebody who has landed, and whose groups are not those that Okta was told.
#[derive(Debug, Clone)]
pub struct MemberSuspect {
    /// Who.
    pub id: IdHash,
    /// The record's key.
    pub key: RecordKey,
    /// Whether they may have to leave a group.
    pub may_leave: bool,
}
