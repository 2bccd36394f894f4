//! What a mapping makes of a record, in a word.

use serde::Serialize;

use crate::mapping::{ExternalId, Mapped};

/// What a mapping makes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// A user who must be active.
    Active,
    /// A user who must be inactive.
    Inactive,
    /// The mapping leaves the record out, and its user leaves.
    OutOfScope,
    /// The mapping leaves the record out, and its user stays as they are.
    Kept,
    /// A user whose first day is still ahead.
    Upcoming,
    /// The record cannot be sent.
    Rejected,
}

impl State {
    pub(super) fn of(mapped: &Mapped) -> Self {
        match mapped {
            Mapped::Active(..) => Self::Active,
            Mapped::Inactive(_) => Self::Inactive,
            Mapped::OutOfScope { keep: false, .. } => Self::OutOfScope,
            Mapped::OutOfScope { keep: true, .. } => Self::Kept,
            Mapped::Upcoming(_) => Self::Upcoming,
            Mapped::Rejected(..) | Mapped::Unidentified(_) | Mapped::Impossible(_) => {
                Self::Rejected
            }
        }
    }

    /// Whether a user that Okta has active leaves.
    pub(super) fn is_away(self) -> bool {
        matches!(self, Self::Inactive | Self::OutOfScope)
    }
}

/// The person that a record is about, or would be about if it were in scope.
pub(super) fn who(mapped: &Mapped) -> Option<&ExternalId> {
    match mapped {
        Mapped::Active(id, _)
        | Mapped::Inactive(id)
        | Mapped::Upcoming(id)
        | Mapped::Rejected(id, _) => Some(id),
        Mapped::OutOfScope { who, .. } => who.as_ref(),
        Mapped::Unidentified(_) | Mapped::Impossible(_) => None,
    }
}
