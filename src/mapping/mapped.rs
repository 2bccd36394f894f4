//! What becomes of a record.

use jiff::Timestamp;

use super::{ExternalId, Profile};

/// What the mapping makes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// A user who must be active, with this profile.
    Active(ExternalId, Profile),
    /// A user who must be inactive.
    Inactive(ExternalId),
    /// A user whose first day is still ahead: not sent if Okta does not know them, left as they are
    /// if it does.
    Upcoming(ExternalId),
    /// An out-of-scope record. It takes part in nothing, and does not count as a second record
    /// about anybody.
    OutOfScope {
        /// The person it would be about, if it says so: the user to look for in other records.
        who: Option<ExternalId>,
        /// Whether they stay as Okta has them if no other record is about them.
        keep: bool,
    },
    /// A record that cannot be sent: its user stays as Okta has them.
    Rejected(ExternalId, Vec<String>),
    /// A record without an external id: it may be about anybody.
    Unidentified(Vec<String>),
    /// A record about somebody that Okta cannot have: it is about nobody at Okta.
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
    /// What the first one makes of it.
    pub before: Mapped,
    /// What the second one makes of it.
    pub after: Mapped,
    /// The attributes in which the profiles differ, if both have the same user active.
    pub attributes: Vec<String>,
}

impl Comparison {
    /// Whether both make the same of it.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.before == self.after
    }
}
