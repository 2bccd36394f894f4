//! What records came to, one by one.

use super::found::Counts;

/// What the first record about a user came to; enough to take it back if there is a second.
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
    /// Taken out of everything, as another active record has the same login.
    Shares,
}

impl Seen {
    /// Whether they are to be active, as far as nobody else has their login.
    pub(super) fn is_active(self) -> bool {
        matches!(
            self,
            Self::Unchanged | Self::Waits | Self::Upsert { .. } | Self::Refused
        )
    }
}

/// Counts what somebody's record came to.
pub(super) fn count(counts: &mut Counts, seen: Seen) {
    match seen {
        Seen::Unchanged => {
            counts.active += 1;
            counts.unchanged += 1;
        }
        Seen::UnchangedInactive => {
            counts.inactive += 1;
            counts.unchanged += 1;
        }
        Seen::Waits => {
            counts.active += 1;
            counts.waiting += 1;
        }
        Seen::Upsert { charged } => {
            counts.active += 1;
            counts.upserts += 1;
            counts.updates_charged += u64::from(charged);
        }
        Seen::Leaves { charged } => {
            counts.deactivations += 1;
            counts.deactivations_charged += u64::from(charged);
            counts.inactive += 1;
        }
        Seen::Upcoming => counts.upcoming += 1,
        Seen::Stranger => {
            counts.inactive += 1;
            counts.strangers += 1;
        }
        Seen::Refused => counts.active += 1,
        Seen::Not | Seen::Rejected | Seen::Duplicate | Seen::Shares => {}
    }
}
