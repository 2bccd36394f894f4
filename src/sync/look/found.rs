//! What a look found: values that can be looked at and tested.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

use super::{
    GroupsFound, Packed, Suspect,
    login::{LoginHash, OneLogin},
    seen::Seen,
};
use crate::{
    guard::{Kind, Listed},
    ledger::{Entry, IdHash, Number, StuckKey},
    mapping::ExternalId,
    sync::{Reject, Rejects, hand::Noted},
    users::RecordKey,
};

/// What a look found.
#[derive(Debug, Default)]
pub struct Found {
    /// Whether it has seen the whole table and the whole ledger.
    pub whole: bool,
    /// Records, by what they came to.
    pub counts: Counts,
    /// Records that our checks turn away.
    pub rejected: Rejects,
    /// Users that Okta turned away, and that would be told the same.
    pub refused: Rejects,
    /// Of the rejected, how many have no external id.
    pub unidentified: u64,
    /// Leavers, as many as are held at a time.
    pub leavers: Vec<Suspect>,
    /// Joiners and movers, as many as are held at a time.
    pub upserts: Vec<Suspect>,
    /// How many of both are not held.
    pub beyond: u64,
    /// Whether any of them are leavers.
    pub leavers_beyond: bool,
    /// Of those beyond, how many would have to be charged.
    pub beyond_charged: BTreeMap<Kind, u64>,
    /// Joiners and movers among them, in few bytes.
    pub packed: Packed,
    /// How many of both a session may still carry, if the look was at a few people.
    pub behind: u64,
    /// The first people who wait for the end of a session that may carry them.
    pub waiting: Vec<IdHash>,
    /// People who would have to be charged, as many as can be approved at once, and strangers.
    pub charged: Vec<(Kind, Listed)>,
    /// Of leavers and upserts, those that the guard withholds.
    pub withheld: Vec<Suspect>,
    /// Users who came by push and now have a record that changes nothing else.
    pub adopted: Vec<(IdHash, RecordKey)>,
    /// Pushes that say nothing new, and must be remembered all the same.
    pub noted: Vec<Box<Noted>>,
    /// Users who left long ago and have no record.
    pub long_gone: Vec<IdHash>,
    /// Users with more than one record about them: none of these records is sent.
    pub(super) duplicates: Vec<Duplicate>,
    /// People who seem to have one login, and how many more there are than are held.
    pub(super) one_login: BTreeMap<LoginHash, OneLogin>,
    pub(super) one_login_more: u64,
    /// Users told active with one login: Okta has at most one of them.
    pub doubted: Vec<Entry>,
    /// Why people who seem to be gone are held, whatever the limit.
    pub held: Option<Held>,
    /// Who was looked at, if that is not everybody.
    pub looked_at: HashSet<StuckKey>,
    /// The sessions that entries name, where the log says more than that they landed.
    pub named: BTreeSet<Number>,
    /// How many users the ledger has told active.
    pub told_active: u64,
    /// How many users the ledger knows.
    pub known: u64,
    /// When the next record crosses a date.
    pub next_date: Option<Timestamp>,
    /// What was found about groups, where there are any.
    pub groups: Option<GroupsFound>,
}

/// Removals that no limit and no approval lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// How many.
    pub count: u64,
    /// Why, and what to do.
    pub reason: String,
    /// Whether that is because the table has nobody in scope.
    pub table_is_empty: bool,
}

/// Records and users, by what they came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records, all of them.
    pub scanned: u64,
    /// Users who must be active.
    pub active: u64,
    /// Users who must be inactive.
    pub inactive: u64,
    /// Records that are out of scope.
    pub out_of_scope: u64,
    /// Users whose first day is still ahead.
    pub upcoming: u64,
    /// Users that Okta has exactly like this.
    pub unchanged: u64,
    /// Users to create, update or reactivate, or to tell the same again.
    pub upserts: u64,
    /// Of these, updates that cost something.
    pub updates_charged: u64,
    /// Users to deactivate.
    pub deactivations: u64,
    /// Of these, people that no record is about.
    pub gone: u64,
    /// Of the deactivations, those that cost something.
    pub deactivations_charged: u64,
    /// Of these, people whose only reason to leave is another externalId template.
    pub other_ids: u64,
    /// Users who wait for the end of a session that may carry them.
    pub waiting: u64,
    /// Inactive users that the ledger does not know.
    pub strangers: u64,
}

impl Counts {
    /// Counts what somebody's record came to.
    pub(super) fn count(&mut self, seen: Seen) {
        match seen {
            Seen::Unchanged => {
                self.active += 1;
                self.unchanged += 1;
            }
            Seen::UnchangedInactive => {
                self.inactive += 1;
                self.unchanged += 1;
            }
            Seen::Waits => {
                self.active += 1;
                self.waiting += 1;
            }
            Seen::Upsert { charged } => {
                self.active += 1;
                self.upserts += 1;
                self.updates_charged += u64::from(charged);
            }
            Seen::Leaves { charged } => {
                self.deactivations += 1;
                self.deactivations_charged += u64::from(charged);
                self.inactive += 1;
            }
            Seen::Upcoming => self.upcoming += 1,
            Seen::Stranger => {
                self.inactive += 1;
                self.strangers += 1;
            }
            Seen::Refused => self.active += 1,
            Seen::Not | Seen::Rejected | Seen::Duplicate | Seen::Shares => {}
        }
    }
}

impl Found {
    /// Only these leavers.
    pub(in crate::sync) fn leavers(leavers: Vec<Suspect>) -> Self {
        Self {
            leavers,
            ..Self::default()
        }
    }

    /// The next of the joiners and movers that an earlier look found.
    pub(in crate::sync) fn next(upserts: Vec<Suspect>, all: u64, told_active: u64) -> Self {
        let charged = upserts.iter().filter(|one| one.charge.is_some()).count();
        Self {
            counts: Counts {
                upserts: all,
                updates_charged: charged as u64,
                ..Counts::default()
            },
            told_active,
            beyond: all.saturating_sub(upserts.len() as u64),
            looked_at: upserts
                .iter()
                .map(|one| StuckKey::of_user(one.id))
                .collect(),
            upserts,
            ..Self::default()
        }
    }

    /// Whether there is nothing to tell Okta.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leavers.is_empty() && self.upserts.is_empty()
    }

    /// Leaves out people that a session only has to confirm, if there is nobody else. Gives how
    /// many.
    pub fn put_off_confirmations(&mut self) -> u64 {
        let suspects = self.leavers.iter().chain(&self.upserts);
        let mut others = suspects.filter(|suspect| !suspect.confirms || suspect.charge.is_some());
        if others.next().is_some() || self.beyond > 0 {
            return 0;
        }
        let (leavers, upserts) = (self.leavers.len() as u64, self.upserts.len() as u64);
        self.leavers.clear();
        self.upserts.clear();
        self.counts.deactivations = self.counts.deactivations.saturating_sub(leavers);
        self.counts.gone = self.counts.gone.min(self.counts.deactivations);
        self.counts.upserts = self.counts.upserts.saturating_sub(upserts);
        self.counts.unchanged += leavers + upserts;
        leavers + upserts
    }

    /// Leaves out joiners and movers. Gives how many they are.
    pub(in crate::sync) fn leave_upserts(&mut self) -> u64 {
        let people = std::mem::take(&mut self.upserts).len() as u64;
        self.counts.upserts = self.counts.upserts.saturating_sub(people);
        people
    }

    /// How many of a kind would have to be charged.
    #[must_use]
    pub fn charged(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Deactivations => self.counts.deactivations_charged,
            Kind::Updates => self.counts.updates_charged,
            Kind::MembershipRemovals => 0,
        }
    }

    /// Rejects the records of all duplicates.
    pub(super) fn reject_duplicates(&mut self) {
        for duplicate in std::mem::take(&mut self.duplicates) {
            let reason = format!(
                "externalId: {} records have it, among them {}; none of them is sent",
                duplicate.records,
                duplicate.keys.join(" and ")
            );
            self.rejected.add_many(
                duplicate.records - u64::from(duplicate.first_is_counted),
                Reject::of(Some(&duplicate.external_id), None).because(vec![reason]),
            );
        }
    }

    /// The first users with a record that is not named: one that changed nothing was not kept.
    pub(super) fn half_named(&self) -> Vec<IdHash> {
        self.duplicates
            .iter()
            .filter(|duplicate| (duplicate.keys.len() as u64) < duplicate.records)
            .filter(|duplicate| duplicate.keys.len() < Duplicate::NAMED)
            .take(Rejects::EXAMPLES)
            .map(|duplicate| IdHash::of(&duplicate.external_id))
            .collect()
    }

    /// Names another record about one of the duplicates.
    pub(super) fn name(&mut self, external_id: &ExternalId, key: &RecordKey) {
        let mut duplicates = self.duplicates.iter_mut();
        if let Some(duplicate) = duplicates.find(|one| one.external_id == *external_id) {
            duplicate.name(key);
        }
    }
}

/// A user with more than one record.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Duplicate {
    external_id: ExternalId,
    records: u64,
    /// Whether the first record was rejected, and counted, for another reason.
    first_is_counted: bool,
    keys: Vec<String>,
}

impl Duplicate {
    /// How many records are named.
    const NAMED: usize = 4;

    /// A user who had a first record, and now has a second.
    pub(super) fn new(external_id: ExternalId, first_is_counted: bool) -> Self {
        Self {
            external_id,
            records: 1,
            first_is_counted,
            keys: Vec::new(),
        }
    }

    /// Takes another record.
    pub(super) fn take(&mut self, key: &RecordKey) {
        self.records += 1;
        self.name(key);
    }

    /// Names a record, one of the few that are named.
    pub(super) fn name(&mut self, key: &RecordKey) {
        let key = key.to_string();
        if self.keys.len() < Self::NAMED && !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }
}
