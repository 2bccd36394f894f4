//! Memberships that go into one session: taken in hand, charged and packed.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::{
    GroupWork, Leaves,
    decide::{Decided, Difference, There, decide},
};
use crate::{
    guard::{Ask, Digest, Kind, Target},
    ledger::{Charge, Entry, GroupEntry, Hour, InGroups, Memberships, Number},
    mapping::GroupId,
    mutation::{self, Mutation},
    okta::{self, GroupBatch, GroupKind, Pairs, pack_memberships},
    sync::{Books, RunError, hand::Member},
};

/// One person whose groups are told, and what it costs.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) entry: Entry,
    pub(super) difference: Difference,
    /// How many of the groups they leave would have to be charged.
    pub(super) fresh: u64,
    /// The hour in which the others were charged.
    pub(super) paid: Option<(Charge, Hour, u64)>,
    /// The list by which somebody has approved them.
    pub(super) approved: Option<Digest>,
}

/// What decides a membership.
pub(super) struct By<'a> {
    pub(super) books: &'a Books,
    pub(super) known: &'a HashMap<GroupId, GroupEntry>,
    pub(super) now: Timestamp,
}

impl By<'_> {
    pub(super) fn there(&self, id: &GroupId) -> There {
        let log = self.books.log();
        match self.known.get(id) {
            Some(entry) if entry.is_there(log) => There::Yes,
            Some(entry) if entry.may_be_there(log) && entry.is_of_another(log) => There::Unknown,
            Some(entry) if entry.may_be_there(log) => There::Perhaps,
            _ => There::No,
        }
    }

    /// What to tell about somebody.
    pub(super) fn decide(&self, member: &Member) -> Decided {
        let before = member.entry.memberships.as_ref();
        let stands = InGroups::of(before, self.books.log());
        decide(&member.groups, before, stands, |id| self.there(id))
    }

    /// What it costs.
    pub(super) fn told(&self, entry: Entry, difference: Difference) -> Told {
        let reading = self.books.reading(self.now);
        let before = entry.memberships.as_ref();
        let charge = before.and_then(|before| before.charge);
        let hour = charge.and_then(|charge| reading.paid.hour(charge, self.now));
        let was_told = |id: &&GroupId| before.is_some_and(|before| before.left.contains(*id));
        let again = match hour {
            Some(_) => difference.leaves.iter().filter(was_told).count() as u64,
            None => 0,
        };
        let fresh = difference.leaves.len() as u64 - again;
        let target = Target::from(difference.given);
        let id = crate::ledger::IdHash::of(&entry.external_id);
        let approved = self.books.guard.approved();
        let approved = match fresh {
            0 => None,
            _ => approved.lets_through(Kind::MembershipRemovals, id, target),
        };
        Told {
            paid: charge.zip(hour).map(|(charge, hour)| (charge, hour, again)),
            fresh,
            approved,
            difference,
            entry,
        }
    }
}

impl Told {
    /// Groups that they are not allowed to leave stay as they are: they are in them, or may be.
    pub(super) fn withhold(&mut self, ids: &[GroupId]) {
        let Difference {
            wants,
            leaves,
            kept,
            certain,
            ..
        } = &mut self.difference;
        leaves.retain(|id| !ids.contains(id));
        for id in ids {
            match certain.contains(id) {
                true => wants.insert(id.clone()),
                false => kept.insert(id.clone()),
            };
        }
    }

    /// The leaves that would have to be charged.
    pub(super) fn fresh_leaves(&self) -> Vec<GroupId> {
        let before = self.entry.memberships.as_ref();
        let was_told = |id: &GroupId| {
            self.paid.is_some() && before.is_some_and(|before| before.left.contains(id))
        };
        let leaves = self.difference.leaves.iter();
        leaves.filter(|id| !was_told(id)).cloned().collect()
    }

    fn is_empty(&self) -> bool {
        self.difference.joins.is_empty() && self.difference.leaves.is_empty()
    }

    /// The ledger's entry once a session carries it. As long as an import that was given up may
    /// still wake (`sleeps`), nothing that they were ever told is forgotten.
    pub(super) fn memberships(&self, session: Number, hour: Hour, sleeps: bool) -> Memberships {
        let leaves = &self.difference.leaves;
        let charge = match (&self.paid, &self.approved) {
            _ if leaves.is_empty() => None,
            (Some((charge, before, _)), None) if self.fresh == 0 => Some(Charge {
                hour,
                by: charge.by,
                approved: charge.approved,
                moved: Some((*before, session)),
            }),
            (_, approved) => Some(Charge {
                hour,
                by: session,
                approved: approved.is_some(),
                moved: None,
            }),
        };
        let before = self.entry.memberships.as_ref();
        let Difference { wants, kept, .. } = &self.difference;
        let ever = before.filter(|_| sleeps).into_iter();
        let ever = ever.flat_map(Memberships::may_be_in);
        let ever = ever.filter(|id| !wants.contains(*id) && !kept.contains(*id));
        Memberships {
            told: wants.clone(),
            left: leaves.iter().chain(ever).cloned().collect(),
            also: kept.clone(),
            session,
            doubtful: false,
            charge: charge.or_else(|| before.and_then(|before| before.charge)),
            repaired: before.and_then(|before| before.repaired),
        }
    }
}

/// People and memberships on their way into a session.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    pub(super) people: Vec<Told>,
    joins: Pairs,
    leaves: Pairs,
    /// How many members leave each group, without those that somebody has approved.
    leaving: Leaves,
    /// Memberships that the guard withholds.
    pub(super) withheld: u64,
    /// The hour in which they are charged.
    pub(super) hour: Option<Hour>,
}

impl Parcel {
    /// The requests: leaves before joins.
    pub(super) fn batches(&self) -> Vec<GroupBatch> {
        let mut batches = pack_memberships(GroupKind::Leave, &self.leaves);
        batches.extend(pack_memberships(GroupKind::Join, &self.joins));
        batches
    }

    /// Adds people. What is left of them is not told.
    pub(super) fn add(&mut self, people: Vec<Told>) {
        for told in people {
            let member = told.entry.external_id.as_str();
            for (ids, pairs) in [
                (&told.difference.joins, &mut self.joins),
                (&told.difference.leaves, &mut self.leaves),
            ] {
                for id in ids {
                    let members = pairs.entry(id.shared().clone()).or_default();
                    members.push(member.into());
                }
            }
            self.people.push(told);
        }
    }

    /// Charges what people cost to a session. What does not fit is withheld.
    pub(super) async fn charge(
        &mut self,
        mut people: Vec<Told>,
        work: &GroupWork,
        books: &mut Books,
        session: Number,
        now: Timestamp,
    ) -> Result<Vec<Told>, RunError> {
        const KIND: Kind = Kind::MembershipRemovals;
        let is_unguarded = mutation::on(Mutation::RemovalsAreUnguarded);
        let is_latched = books.guard.memory().latched(KIND).is_some();
        for told in people.iter_mut().filter(|_| !is_unguarded) {
            if told.approved.is_some() {
                continue;
            }
            let fresh = told.fresh_leaves();
            let kept: Vec<_> = fresh
                .into_iter()
                .filter(|id| {
                    let most = work.most.get(id).copied().unwrap_or(0);
                    let left = work.known.get(id).map_or(0, |known| known.left(now));
                    let goes = self.leaving.entry(id.clone()).or_default();
                    let is_withheld = is_latched || left + *goes >= most;
                    *goes += u64::from(!is_withheld);
                    is_withheld
                })
                .collect();
            self.withheld += kept.len() as u64;
            told.fresh -= kept.len() as u64;
            told.withhold(&kept);
        }
        let mut ask = Ask {
            kind: KIND,
            fresh: 0,
            moved: BTreeMap::new(),
            approved: false,
        };
        let mut used = Vec::new();
        for told in &people {
            match &told.approved {
                Some(digest) => {
                    ask.approved = true;
                    if !used.contains(digest) {
                        used.push(digest.clone());
                    }
                }
                None => ask.fresh += told.fresh,
            }
            if let Some((charge, hour, again)) = &told.paid
                && told.fresh == 0
                && *again > 0
                && !charge.approved
            {
                *ask.moved.entry(*hour).or_default() += again;
            }
        }
        if !is_unguarded && (ask.fresh > 0 || ask.approved || !ask.moved.is_empty()) {
            match books.guard.charge(&ask, &used, session, now).await? {
                Ok(hour) => self.hour = Some(hour),
                Err(left) => {
                    tracing::warn!(
                        left = left.left,
                        "the guard withholds memberships that would go past its limit"
                    );
                    for told in people.iter_mut().filter(|told| told.approved.is_none()) {
                        let fresh = told.fresh_leaves();
                        self.withheld += fresh.len() as u64;
                        told.fresh = 0;
                        told.withhold(&fresh);
                    }
                    ask.fresh = 0;
                    let charged = books.guard.charge(&ask, &used, session, now).await?;
                    self.hour = charged.ok().or(self.hour);
                }
            }
        }
        people.retain(|told| !told.is_empty());
        Ok(people)
    }
}

/// About how many requests people take: the least that is possible.
#[derive(Debug, Default)]
pub(super) struct Size {
    joins: Takes,
    leaves: Takes,
}

#[derive(Debug, Default)]
struct Takes {
    groups: std::collections::HashSet<GroupId>,
    bytes: usize,
}

impl Takes {
    fn with(&self, ids: &[GroupId], member: &str) -> (usize, usize) {
        let new = ids.iter().filter(|id| !self.groups.contains(*id));
        let (mut groups, mut bytes) = (self.groups.len(), self.bytes);
        for id in new {
            groups += 1;
            bytes += okta::group_bytes(id.shared());
        }
        (groups, bytes + ids.len() * okta::member_bytes(member))
    }
}

fn requests((groups, bytes): (usize, usize)) -> usize {
    let by_items = groups.div_ceil(okta::max_entities());
    by_items.max(bytes.div_ceil(okta::MAX_BODY_BYTES - SLACK))
}

/// What dividing groups between requests may add to each, in bytes.
const SLACK: usize = 2_000;

impl Size {
    pub(super) fn requests(&self) -> usize {
        let of = |takes: &Takes| requests((takes.groups.len(), takes.bytes));
        of(&self.joins) + of(&self.leaves)
    }

    pub(super) fn requests_with(&self, told: &Told) -> usize {
        let member = told.entry.external_id.as_str();
        let joins = self.joins.with(&told.difference.joins, member);
        let leaves = self.leaves.with(&told.difference.leaves, member);
        requests(joins) + requests(leaves)
    }

    pub(super) fn add(&mut self, told: &Told) {
        let member = told.entry.external_id.as_str();
        for (takes, ids) in [
            (&mut self.joins, &told.difference.joins),
            (&mut self.leaves, &told.difference.leaves),
        ] {
            takes.bytes = takes.with(ids, member).1;
            takes.groups.extend(ids.iter().cloned());
        }
    }
}
