//! What the guard keeps back, as a report says it.

use jiff::Timestamp;
use serde::Serialize;

use crate::guard::{Digest, Kind};

/// What the guard keeps back, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Withheld {
    /// People who would be deactivated.
    pub deactivations: WithheldKind,
    /// People who would be changed or reactivated.
    pub updates: WithheldKind,
    /// Memberships that would be taken away.
    pub membership_removals: WithheldKind,
}

/// What the guard keeps back of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WithheldKind {
    /// How many people. For `membershipRemovals`: how many memberships.
    pub count: u64,
    /// Why, and what to do. For `membershipRemovals` it also names the groups that would lose too
    /// many members. Null if nothing is withheld.
    pub reason: Option<String>,
    /// The digest to approve exactly these people by. Null if nobody can be approved.
    pub digest: Option<Digest>,
    /// Since when something of this kind is withheld. Null if nothing is.
    pub since: Option<Timestamp>,
}

impl Withheld {
    /// All of them.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.deactivations.count + self.updates.count + self.membership_removals.count
    }

    /// What is withheld of one kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> &WithheldKind {
        match kind {
            Kind::Deactivations => &self.deactivations,
            Kind::Updates => &self.updates,
            Kind::MembershipRemovals => &self.membership_removals,
        }
    }

    pub(super) fn of_mut(&mut self, kind: Kind) -> &mut WithheldKind {
        match kind {
            Kind::Deactivations => &mut self.deactivations,
            Kind::Updates => &mut self.updates,
            Kind::MembershipRemovals => &mut self.membership_removals,
        }
    }

    /// Adds deactivations that no approval lets through.
    pub(super) fn hold(&mut self, count: u64, reason: &str, since: Option<Timestamp>) {
        let held = &mut self.deactivations;
        held.count += count;
        held.reason = Some(match held.reason.take() {
            None => reason.to_owned(),
            Some(other) => format!("{reason}. Also, {other}"),
        });
        held.since = held.since.into_iter().chain(since).min();
    }
}
