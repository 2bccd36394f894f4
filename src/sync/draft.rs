//! What a planner found: values that can be looked at and tested.

use super::{
    Reject, Rejects, Upsert,
    plan::{Leaver, Why},
};
use crate::{ledger::IdHash, mapping::ExternalId, users::RecordKey};

/// What the planner found, before anybody has looked twice.
#[derive(Debug, Default)]
pub struct Draft {
    /// Records, by what the mapping made of them.
    pub counts: Counts,
    /// Records that could not be sent.
    pub rejected: Rejects,
    /// Of these, how many do not even say whom they are about.
    pub unidentified: u64,
    /// Upserts, as many as one session carries.
    pub upserts: Vec<Upsert>,
    /// All upserts.
    pub upserts_found: u64,
    /// Users whose record says that they leave, as many as one session carries.
    pub(super) leavers: Vec<Leaver>,
    /// All of them.
    pub leavers_found: u64,
    /// Users who came by push and now have a record that changes nothing else.
    pub adopted: Vec<(IdHash, RecordKey)>,
    /// Users who may be active in Okta and whom no record is about, as many as one session carries.
    pub gone: Vec<IdHash>,
    /// All of them.
    pub gone_found: u64,
    /// Users whom more than one record is about: none of these records is sent.
    pub(super) duplicates: Vec<Duplicate>,
}

/// A user whom more than one record is about.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Duplicate {
    external_id: ExternalId,
    records: u64,
    /// Whether the first record was rejected, and counted, for another reason.
    first_is_counted: bool,
    keys: Vec<String>,
}

/// Records, by what the mapping made of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub scanned: u64,
    /// Users to be active.
    pub active: u64,
    /// Users to be inactive.
    pub inactive: u64,
    /// Not of this identity source.
    pub out_of_scope: u64,
    /// Users whose first day is yet to come.
    pub upcoming: u64,
    /// Known to Okta as they are.
    pub unchanged: u64,
}

/// What the first record about a user came to; enough to take it back if there is a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Not,
    Unchanged,
    UnchangedInactive,
    Upsert,
    Leaves(Why),
    Upcoming,
    /// A record that the mapping leaves out says that they stay as they are.
    Kept,
    Rejected,
    Duplicate,
}

impl Draft {
    pub(super) fn count(&mut self, seen: Seen, by: i64) {
        let add = |count: &mut u64| *count = count.saturating_add_signed(by);
        match seen {
            Seen::Unchanged => {
                add(&mut self.counts.active);
                add(&mut self.counts.unchanged);
            }
            Seen::UnchangedInactive => {
                add(&mut self.counts.inactive);
                add(&mut self.counts.unchanged);
            }
            Seen::Upsert => {
                add(&mut self.counts.active);
                add(&mut self.upserts_found);
            }
            Seen::Leaves(_) => {
                add(&mut self.leavers_found);
                add(&mut self.counts.inactive);
            }
            Seen::Upcoming => add(&mut self.counts.upcoming),
            Seen::Not | Seen::Kept | Seen::Rejected | Seen::Duplicate => {}
        }
    }

    /// The first of the users with a record that is not named: one that changed nothing was not
    /// kept.
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
}

impl Duplicate {
    /// How many records are named.
    const NAMED: usize = 4;

    /// A user about whom there was a first record, and now is a second.
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
