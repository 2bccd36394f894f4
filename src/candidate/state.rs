//! What a mapping says of a record, in a word.

use serde::Serialize;

use crate::mapping::{ExternalId, Mapped};

/// What a mapping says of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// A user who is to be active.
    Active,
    /// A user who is to be inactive.
    Inactive,
    /// Of no concern to this identity source: whom it was about leaves.
    OutOfScope,
    /// Of no concern to this identity source: whom it was about stays as they are.
    Kept,
    /// A user whose first day is yet to come.
    Upcoming,
    /// It cannot be sent.
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

    /// Whether whomever Okta has active leaves.
    pub(super) fn is_away(self) -> bool {
        matches!(self, Self::Inactive | Self::OutOfScope)
    }
}

/// Whom a record is about, or would be if it were of this identity source.
pub(super) fn whom(mapped: &Mapped) -> Option<&ExternalId> {
    match mapped {
        Mapped::Active(id, _)
        | Mapped::Inactive(id)
        | Mapped::Upcoming(id)
        | Mapped::Rejected(id, _) => Some(id),
        Mapped::OutOfScope { whom, .. } => whom.as_ref(),
        Mapped::Unidentified(_) | Mapped::Impossible(_) => None,
    }
}
