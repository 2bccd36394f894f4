//! Changes that may do harm.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of change that may do harm. Each has a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// People are deactivated.
    Deactivations,
    /// Profiles change, or people are reactivated.
    Updates,
    /// People are taken out of groups.
    MembershipRemovals,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Deactivations, Self::Updates, Self::MembershipRemovals];

    /// What a share allows even in a small directory.
    #[must_use]
    pub fn at_least(self) -> u64 {
        match self {
            Self::Deactivations => 5,
            Self::Updates => 100,
            Self::MembershipRemovals => 20,
        }
    }

    /// The variable that sets its limit.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Deactivations => "MAX_DEACTIVATIONS",
            Self::Updates => "MAX_UPDATES",
            Self::MembershipRemovals => "MAX_MEMBERSHIP_REMOVALS",
        }
    }
}

/// Its name in reports.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deactivations => "deactivations",
            Self::Updates => "updates",
            Self::MembershipRemovals => "membershipRemovals",
        })
    }
}
