//! Groups and memberships, which the mapping derives from the users' records.
//!
//! They are told by full runs, in the same sessions as users: `survey` says what is to be told and
//! asks the guard, `load` carries it in a session, `record` writes what the session tells before its
//! import is started. A membership is told once both its user and its group have landed, so that
//! nothing depends on the order in which Okta imports what a session holds.

mod ask;
mod changes;
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

use serde::Serialize;

pub(super) use changes::GroupChanges;
pub use changes::{GroupChange, GroupChangeKind, Members};
pub(super) use explain::explain;
pub use explain::{GroupNext, GroupSays};
pub(super) use load::{GroupLoads, Loading};
pub(super) use survey::Survey;

use super::{Report, look::MemberSuspect};
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

/// What a run told of groups, or would tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupsReport {
    /// Groups to be made or changed.
    pub upserts: u64,
    /// Groups to be deleted.
    pub deletions: u64,
    /// Memberships.
    pub memberships: MembershipsReport,
    /// Memberships that wait until the user, or the group, has landed.
    pub waiting: u64,
    /// Groups with an id of ours that we did not make: they are never touched.
    pub foreign: GroupExamples,
    /// Groups and memberships that Okta turned away.
    pub refused: GroupExamples,
    /// Why nothing was told of groups, where Okta would not answer about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Groups that two records or rules call by different names: the first record's counts.
    pub ambiguous: GroupExamples,
}

impl GroupsReport {
    /// How many groups and memberships Okta turned away; one where it would not answer at all.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.refused.count + u64::from(self.skipped.is_some())
    }
}

/// How many memberships.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MembershipsReport {
    /// Told to be added.
    pub added: u64,
    /// Told to be taken away.
    pub removed: u64,
}

/// Some groups, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GroupExamples {
    /// How many.
    pub count: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<GroupExample>,
}

/// A group, and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupExample {
    /// Its external id.
    pub external_id: String,
    /// What there is to say, and what to do.
    pub reason: String,
}

impl GroupExamples {
    const NAMED: usize = 20;

    pub(super) fn add(&mut self, group: &str, reason: impl Into<String>) {
        self.count += 1;
        if self.examples.len() < Self::NAMED {
            self.examples.push(GroupExample {
                external_id: group.to_owned(),
                reason: reason.into(),
            });
        }
    }
}

/// How many members leave which group.
type Leaves = BTreeMap<GroupId, u64>;
