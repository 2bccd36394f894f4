//! What becomes of a record.

use jiff::Timestamp;

use super::{ExternalId, Profile};

/// What the mapping makes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// A user who is to be active, with this profile.
    Active(ExternalId, Profile),
    /// A user who is to be inactive.
    Inactive(ExternalId),
    /// A user whose first day is yet to come: not sent if Okta does not know them, left as they
    /// are if it does.
    Upcoming(ExternalId),
    /// A record that this identity source is not about. It takes part in nothing, and is no second
    /// record of anybody.
    OutOfScope {
        /// Whom it would be about, if it says so: the user to look for in other records.
        whom: Option<ExternalId>,
        /// Whether they stay as Okta has them if no other record is about them.
        keep: bool,
    },
    /// A record that cannot be sent: its owner stays as Okta has them.
    Rejected(ExternalId, Vec<String>),
    /// A record that does not even say whom it is about: it may be anybody.
    Unidentified(Vec<String>),
    /// A record of somebody whom Okta cannot have: it is nobody whom Okta has.
    Impossible(Vec<String>),
}

/// What the mapping makes of a record at a moment, and until when that holds if nothing else
/// changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What it makes of it.
    pub mapped: Mapped,
    /// When the record crosses its next date, if it has one ahead.
    pub next: Option<Timestamp>,
}

/// What two mappings make of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What the one makes of it.
    pub before: Mapped,
    /// What the other makes of it.
    pub after: Mapped,
    /// The attributes in which the profiles differ, where both have the same user active.
    pub attributes: Vec<String>,
}

impl Comparison {
    /// Whether both make the same of it.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.before == self.after
    }
}
