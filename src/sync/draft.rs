//! What a planner found: values that can be looked at and tested.

use super::{
    Rejects, Upsert,
    plan::{Leaver, Why},
};
use crate::{ledger::IdHash, users::RecordKey};

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
    OutOfScope,
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
            Seen::Leaves(why) => {
                add(&mut self.leavers_found);
                add(if why == Why::OutOfScope {
                    &mut self.counts.out_of_scope
                } else {
                    &mut self.counts.inactive
                });
            }
            Seen::OutOfScope => add(&mut self.counts.out_of_scope),
            Seen::Not | Seen::Rejected | Seen::Duplicate => {}
        }
    }
}
