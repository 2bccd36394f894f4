//! What records came to, one by one.

/// What the first record about a user came to: enough to take it back if there is a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Not,
    Unchanged,
    UnchangedInactive,
    Waits,
    Upsert {
        charged: bool,
    },
    Leaves {
        charged: bool,
    },
    Upcoming,
    Stranger,
    Rejected,
    Refused,
    Duplicate,
    /// Taken out of everything, because another active record has the same login.
    Shares,
}

impl Seen {
    /// Whether they must be active, unless somebody else has their login.
    pub(super) fn is_active(self) -> bool {
        matches!(
            self,
            Self::Unchanged | Self::Waits | Self::Upsert { .. } | Self::Refused
        )
    }
}
