//! What the guard keeps back, as a report tells it.

use jiff::Timestamp;
use serde::Serialize;

use crate::guard::{Digest, Kind};

/// What the guard keeps back, of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Withheld {
    /// People who would be deactivated.
    pub deactivations: WithheldKind,
    /// People whose profile would change, or who would be let in again.
    pub updates: WithheldKind,
    /// People who would be taken out of groups.
    pub membership_removals: WithheldKind,
}

/// What the guard keeps back of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WithheldKind {
    /// How many people.
    pub count: u64,
    /// Why, and what to do.
    pub reason: Option<String>,
    /// What stands for these people when they are approved; none where nobody can be approved.
    pub digest: Option<Digest>,
    /// Since when people are kept back.
    pub since: Option<Timestamp>,
}

impl Withheld {
    /// All of them.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.deactivations.count + self.updates.count + self.membership_removals.count
    }

    /// Those of a kind.
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
            Some(other) => format!("{reason}. Besides, {other}"),
        });
        held.since = held.since.into_iter().chain(since).min();
    }
}
