//! Groups and memberships, which the mapping derives from the users' records.
//!
//! They are told by full runs, in the same sessions as users: `survey` says what is to be told and
//! asks the guard, `load` carries it in a session, `record` writes what the session tells before its
//! import is started. A membership is told once both its user and its group have landed, so that
//! nothing depends on the order in which Okta imports what a session holds.

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

/// What is to be told of groups and memberships, as far as no session carries it yet.
#[derive(Debug, Default)]
pub(super) struct GroupWork {
    /// What the ledger knows of groups.
    known: HashMap<GroupId, GroupEntry>,
    /// Groups to be made or changed.
    upserts: VecDeque<Group>,
    /// Groups to be deleted.
    deletions: VecDeque<GroupId>,
    /// People whose groups are not as Okta was told.
    members: VecDeque<MemberSuspect>,
    /// How many members may be taken out of each group within 24 hours; none of one of which nothing
    /// is known but that it is ours.
    most: HashMap<GroupId, u64>,
    /// People whom the look has not held.
    beyond: u64,
    /// Memberships that the guard has withheld while they were told.
    withheld: u64,
    /// Whether somebody joins a group once they, or it, have landed.
    joins_later: bool,
    /// Whether this run has told anything that others wait for.
    made_way: bool,
    /// Why no more is told of groups in this run.
    stopped: Option<String>,
    /// Whether something waits that this run's telling makes way for.
    waits: bool,
}

impl GroupWork {
    /// Whether there is nothing to be told now.
    pub(super) fn is_empty(&self) -> bool {
        self.stopped.is_some()
            || self.upserts.is_empty() && self.deletions.is_empty() && self.members.is_empty()
    }

    /// Whether it is worth while to look again soon: for what this run has not held, and for those who
    /// wait until what it has told has landed.
    pub(super) fn has_more(&self) -> bool {
        let waits = self.beyond > 0 || self.waits || self.joins_later;
        !self.is_empty() || self.made_way && waits
    }

    /// Somebody was told who may be waited for.
    pub(super) fn has_made_way(&mut self) {
        self.made_way = true;
    }

    /// Says in the report what was withheld while it was told.
    pub(super) fn report_withheld(&self, report: &mut Report) {
        let kept = report.withheld.of_mut(Kind::MembershipRemovals);
        if self.withheld > kept.count {
            kept.count = self.withheld;
            let why = "the guard's latch closed while they were told";
            kept.reason.get_or_insert_with(|| why.to_owned());
        }
        if let Some(why) = &self.stopped {
            report.groups.skipped.get_or_insert_with(|| why.clone());
        }
    }
}

/// How many members leave which group.
type Leaves = BTreeMap<GroupId, u64>;
