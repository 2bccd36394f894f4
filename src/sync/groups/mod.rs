//! Groups and memberships, which the mapping derives from the users' records.
//!
//! Full runs tell them, in the same sessions as users: `survey` says what to tell and asks the
//! guard, `load` carries it in a session, `record` writes what the session tells before its import
//! is started. A membership is told once both its user and its group have landed, so that nothing
//! depends on the order in which Okta imports what a session holds.

mod ask;
mod decide;
mod explain;
mod judge;
mod load;
mod members;
mod pairs;
mod record;
mod send;
mod survey;
mod which;

use std::collections::{BTreeMap, HashMap, VecDeque};

pub(super) use explain::explain;
pub use explain::{GroupNext, GroupSays};
pub(super) use load::{GroupLoads, Loading};
pub(super) use survey::Survey;

use super::{Report, suspect::MemberSuspect};
use crate::{
    guard::Kind,
    ledger::GroupEntry,
    mapping::{Group, GroupId},
};

/// What to tell about groups and memberships that no session carries yet.
#[derive(Debug, Default)]
pub(super) struct GroupWork {
    /// What the ledger knows of groups.
    known: HashMap<GroupId, GroupEntry>,
    /// Groups to make or change.
    upserts: VecDeque<Group>,
    /// Groups to delete.
    deletions: VecDeque<GroupId>,
    /// People whose groups are not as Okta was told.
    members: VecDeque<MemberSuspect>,
    /// How many members may be taken out of each group within 24 hours. None for a group about
    /// which only one thing is known: that it is ours.
    most: HashMap<GroupId, u64>,
    /// People that the look has not held.
    beyond: u64,
    /// Memberships that the guard withheld while they were told.
    withheld: u64,
    /// Whether somebody joins a group once they, or it, have landed.
    joins_later: bool,
    /// Whether this run has told anything that others wait for.
    made_way: bool,
    /// Why this run tells no more about groups.
    stopped: Option<String>,
    /// Whether something waits for what this run has told.
    waits: bool,
}

impl GroupWork {
    /// Whether there is nothing to tell now.
    pub(super) fn is_empty(&self) -> bool {
        self.stopped.is_some()
            || self.upserts.is_empty() && self.deletions.is_empty() && self.members.is_empty()
    }

    /// Whether it is worth looking again soon: for what this run has not held, and for people who
    /// wait until what it told has landed.
    pub(super) fn has_more(&self) -> bool {
        let waits = self.beyond > 0 || self.waits || self.joins_later;
        !self.is_empty() || self.made_way && waits
    }

    /// Somebody was told that others may wait for.
    pub(super) fn has_made_way(&mut self) {
        self.made_way = true;
    }

    /// Puts into the report what was withheld while it was told.
    pub(super) fn report_withheld(&self, report: &mut Report) {
        let kept = report.withheld.of_mut(Kind::MembershipRemovals);
        if self.withheld > kept.count {
            kept.count = self.withheld;
            let why = "the guard's latch closed while the run was telling them";
            kept.reason.get_or_insert_with(|| why.to_owned());
        }
        if let Some(why) = &self.stopped {
            report.groups.skipped.get_or_insert_with(|| why.clone());
        }
    }
}

/// How many members leave which group.
type Leaves = BTreeMap<GroupId, u64>;
