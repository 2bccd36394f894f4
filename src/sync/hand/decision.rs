//! What to do about somebody in hand.

use jiff::Timestamp;

use super::{AtHand, Ready};
use crate::{
    ledger::Entry,
    sync::{Reject, suspect::Suspect},
};

/// Somebody in hand.
#[derive(Debug)]
pub struct InHand {
    /// The suspect.
    pub suspect: Suspect,
    /// What to do about them.
    pub decision: Decision,
    /// What the records about them say, which decided it.
    pub at_hand: AtHand,
    /// The entry that must remember a push which says nothing new, and when the push was made.
    pub noted: Option<Box<Noted>>,
}

/// A push that says nothing new, and the entry that must remember it.
#[derive(Debug)]
pub struct Noted {
    /// The entry as it was read.
    pub entry: Entry,
    /// When the push was made.
    pub at: Timestamp,
    /// Whether it has them active.
    pub stays: bool,
    /// Whether there is no entry yet.
    pub is_new: bool,
}

/// What to do about somebody.
#[derive(Debug)]
pub enum Decision {
    /// They are told.
    Tell(Box<Ready>),
    /// They are told once the sessions that may carry them have ended.
    Wait,
    /// A push says what Okta was told already, by an import that has not ended, or it was overtaken
    /// by another push that is not done: it is not done either.
    UnderWay(Stays),
    /// Nothing: Okta was told, or there is nothing to tell.
    Nothing(Stays),
    /// Our own checks turn their record away.
    Rejected(Reject),
    /// Okta turned them away, and would be told the same.
    Refused(Reject),
    /// Only a look at the whole table can say.
    NextLook,
    /// They must be inactive, and the ledger does not know them.
    Stranger,
}

/// The state of people who stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// Active, as Okta was told.
    Active,
    /// Inactive, as Okta was told.
    Inactive,
    /// Out of scope.
    OutOfScope,
    /// Their first day is still ahead.
    Upcoming,
    /// Nobody can say, or nothing is known about them.
    AsTheyAre,
}
