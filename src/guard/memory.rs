//! What the guard remembers from one invocation to the next.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Approval, Budget, Digest, Kind};
use crate::{
    ledger::Hour,
    mutation::{self, Mutation},
};

/// How long a list can be approved once a run has kept it.
pub(crate) const LIST_LASTS: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
/// Lists of one kind that can be approved at a time.
const LISTS: usize = 8;
/// Approvals that are remembered.
pub(super) const APPROVALS: usize = 20;

/// What the guard remembers. It stays small, however many people there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Memory {
    /// What was charged.
    pub budget: Budget,
    /// How many people were told active, at most, by the hour. The last of them stays.
    told_active: BTreeMap<Hour, u64>,
    /// The same for memberships: how many group memberships people were told, all together.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    memberships: BTreeMap<Hour, u64>,
    /// The latches, and what waits behind them.
    kinds: BTreeMap<Kind, Waiting>,
    /// Since when full looks hold everybody who seems to be gone.
    pub held_since: Option<Timestamp>,
    /// Since when full looks find nobody in scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_since: Option<Timestamp>,
    /// What was approved.
    pub approvals: Vec<Approval>,
}

/// What waits of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Waiting {
    /// Since when everything that would have to be charged waits. `None` if nothing does.
    latched: Option<Timestamp>,
    /// Since when there is somebody to approve.
    since: Option<Timestamp>,
    /// How many waited at the last full look.
    count: u64,
    /// The lists that can be approved, newest last.
    lists: Vec<ListKept>,
}

/// A list that can be approved.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListKept {
    pub(super) digest: Digest,
    pub(super) people: u64,
    pub(super) items: u64,
    pub(super) expires: Timestamp,
}

/// The people of one kind that a look found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Charged {
    /// How many would have to be charged.
    pub found: u64,
    /// How many of them no limit lets through: somebody must approve them.
    pub unapproved: u64,
}

impl From<u64> for Charged {
    fn from(found: u64) -> Self {
        Self {
            found,
            unapproved: 0,
        }
    }
}

/// What the guard makes of the people of one kind that a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Since when what must be charged waits. `None` if it may go.
    pub latched: Option<Timestamp>,
    /// How many people the limit allows.
    pub limit: u64,
    /// How many of them are spent.
    pub spent: u64,
    /// How many people told active that is a share of.
    pub base: u64,
}

impl Memory {
    /// What a share is taken of: the largest number of people told active within 24 hours, or
    /// `found` if no full look ever said. For memberships: the largest number of memberships.
    #[must_use]
    pub fn base(&self, kind: Kind, found: u64, now: Timestamp) -> u64 {
        let told = match kind {
            Kind::Deactivations | Kind::Updates => &self.told_active,
            Kind::MembershipRemovals => &self.memberships,
        };
        let last = told.last_key_value().map(|(_, people)| *people);
        if mutation::on(Mutation::BaseShrinks) {
            return last.unwrap_or(found);
        }
        let counted = told.iter().filter(|(hour, _)| hour.counts(now));
        let largest = counted.map(|(_, people)| *people).max();
        largest.or(last).unwrap_or(found)
    }

    /// Whether a full look, or an earlier release, has said how many people are told active.
    #[must_use]
    pub fn knows_base(&self) -> bool {
        !self.told_active.is_empty()
    }

    /// A full look found this many people told active.
    pub fn told_active(&mut self, people: u64, now: Timestamp) {
        largest(&mut self.told_active, people, now);
    }

    /// A full look found this many memberships that Okta was told.
    pub fn memberships(&mut self, memberships: u64, now: Timestamp) {
        if memberships > 0 || !self.memberships.is_empty() {
            largest(&mut self.memberships, memberships, now);
        }
    }

    /// Judges what a look found: people who would have to be charged. A full look (`whole`) opens
    /// the latch if all of them fit. Any look closes it if they do not. People who need an approval
    /// never fit.
    pub fn judge(
        &mut self,
        kind: Kind,
        Charged { found, unapproved }: Charged,
        (limit, base): (u64, u64),
        whole: bool,
        now: Timestamp,
    ) -> Judged {
        let spent = self.budget.spent(kind, now);
        let fits = found <= limit.saturating_sub(spent) && unapproved == 0;
        let waiting = self.kinds.entry(kind).or_default();
        if whole {
            waiting.count = if fits { 0 } else { found };
        }
        if !fits {
            waiting.latched.get_or_insert(now);
        } else if whole && waiting.latched.take().is_some() {
            // What could be approved until now is used up.
            waiting.since = None;
            waiting.lists.clear();
        }
        Judged {
            latched: waiting.latched,
            limit,
            spent,
            base,
        }
    }

    /// Closes a latch: somebody else spent what this run had counted on.
    pub fn latch(&mut self, kind: Kind, now: Timestamp) {
        let waiting = self.kinds.entry(kind).or_default();
        waiting.latched.get_or_insert(now);
    }

    /// Whether a latch is closed, and since when.
    #[must_use]
    pub fn latched(&self, kind: Kind) -> Option<Timestamp> {
        self.kinds.get(&kind)?.latched
    }

    /// How many people of a kind waited at the last full look.
    #[must_use]
    pub fn waiting(&self, kind: Kind) -> u64 {
        self.kinds.get(&kind).map_or(0, |waiting| waiting.count)
    }

    /// Since when there is somebody of this kind to approve.
    #[must_use]
    pub fn since(&self, kind: Kind) -> Option<Timestamp> {
        self.kinds.get(&kind)?.since
    }

    /// The newest list of a kind that can be approved.
    #[must_use]
    pub fn digest(&self, kind: Kind, now: Timestamp) -> Option<&Digest> {
        let lists = self.kinds.get(&kind)?.lists.iter().rev();
        lists
            .map(|list| (&list.digest, list.expires))
            .find(|(_, expires)| *expires > now)
            .map(|(digest, _)| digest)
    }

    /// Notes that there is somebody of this kind to approve. Gives since when.
    pub(super) fn somebody_waits(&mut self, kind: Kind, now: Timestamp) -> Timestamp {
        let waiting = self.kinds.entry(kind).or_default();
        *waiting.since.get_or_insert(waiting.latched.unwrap_or(now))
    }

    /// Somebody is told what these lists were approved for. From now on the lists are used up, and
    /// what still waits gets another digest.
    pub(super) fn use_approvals(&mut self, used: &[Digest], now: Timestamp) {
        for approval in &mut self.approvals {
            if used.contains(&approval.digest) && !approval.used {
                approval.used = true;
                if let Some(waiting) = self.kinds.get_mut(&approval.kind) {
                    waiting.since = Some(now);
                }
            }
        }
    }

    /// There is nobody of this kind to approve: its lists are used up.
    pub fn nobody_waits(&mut self, kind: Kind) {
        if let Some(waiting) = self.kinds.get_mut(&kind) {
            waiting.since = None;
            waiting.lists.clear();
        }
    }

    /// The list under a digest, and its kind.
    pub(super) fn list(&self, digest: &str, now: Timestamp) -> Option<(Kind, &ListKept)> {
        self.kinds.iter().find_map(|(kind, waiting)| {
            let mut lists = waiting.lists.iter();
            let list = lists.find(|list| list.digest.0 == digest && list.expires > now)?;
            Some((*kind, list))
        })
    }

    pub(super) fn keep_list(&mut self, kind: Kind, list: ListKept) {
        let lists = &mut self.kinds.entry(kind).or_default().lists;
        lists.retain(|kept| kept.digest != list.digest);
        lists.push(list);
        let surplus = lists.len().saturating_sub(LISTS);
        lists.drain(..surplus);
    }

    /// Drops what no longer counts.
    pub fn tidy(&mut self, now: Timestamp) {
        self.budget.tidy(now);
        self.approvals.retain(|approval| approval.expires > now);
        for waiting in self.kinds.values_mut() {
            waiting.lists.retain(|list| list.expires > now);
        }
    }
}

/// Remembers the largest number of each hour that counts, and the last of all.
fn largest(all: &mut BTreeMap<Hour, u64>, number: u64, now: Timestamp) {
    let most = all.entry(Hour::of(now)).or_default();
    *most = number.max(*most);
    let last = all.last_key_value().map(|(hour, _)| *hour);
    all.retain(|hour, _| hour.counts(now) || Some(*hour) == last);
}
