//! The plan's pure half: records in, one after another; changes and counts out.

use std::collections::HashMap;

use super::{Rejects, Upsert, plan::Leaver, plan::Why};
use crate::{
    ledger::{Book, IdHash, Known},
    mapping::{ExternalId, Mapped, Profile},
    okta::{self, Entity},
    users::RecordKey,
};

/// How many users one import session carries at most: what a plan holds of each kind of change.
/// What is beyond it is counted, and found again by the next plan.
pub(super) const HELD: usize = okta::MAX_REQUESTS * okta::MAX_ENTITIES;

/// Compares records with the ledger. It holds a byte for each user and the changes of one
/// session, however large the table.
#[derive(Debug)]
pub struct Planner<'a> {
    book: &'a Book,
    seen: Vec<Seen>,
    newcomers: HashMap<IdHash, Seen>,
    duplicates: HashMap<IdHash, Duplicate>,
    held_bytes: usize,
    draft: Draft,
}

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
enum Seen {
    Not,
    Unchanged,
    UnchangedInactive,
    Upsert,
    Leaves(Why),
    OutOfScope,
    Rejected,
    Duplicate,
}

#[derive(Debug)]
struct Duplicate {
    external_id: ExternalId,
    records: u64,
    keys: Vec<String>,
}

impl<'a> Planner<'a> {
    /// A planner that compares with this ledger.
    #[must_use]
    pub fn new(book: &'a Book) -> Self {
        Self {
            book,
            seen: vec![Seen::Not; book.len()],
            newcomers: HashMap::new(),
            duplicates: HashMap::new(),
            held_bytes: 0,
            draft: Draft::default(),
        }
    }

    /// Takes one record.
    pub fn take(&mut self, key: RecordKey, mapped: Mapped) {
        self.draft.counts.scanned += 1;
        let external_id = match &mapped {
            Mapped::Active(id, _)
            | Mapped::Inactive(id)
            | Mapped::OutOfScope(id)
            | Mapped::Rejected(id, _) => id,
            Mapped::Unidentified(reasons) => {
                self.draft.unidentified += 1;
                return self
                    .draft
                    .rejected
                    .add(None, Some(key.to_string()), reasons.clone());
            }
        };
        let id = IdHash::of(external_id);
        let found = self.book.find(id);
        let before = match found {
            Some((row, _)) => self.seen[row],
            None => self.newcomers.get(&id).copied().unwrap_or(Seen::Not),
        };
        let now = if before == Seen::Not {
            self.first(found.map(|(_, known)| known), key, mapped)
        } else {
            self.again(id, external_id.clone(), before, &key)
        };
        match found {
            Some((row, _)) => self.seen[row] = now,
            None => drop(self.newcomers.insert(id, now)),
        }
    }

    fn first(&mut self, known: Option<Known>, key: RecordKey, mapped: Mapped) -> Seen {
        let seen = match (mapped, known) {
            (Mapped::Active(_, profile), Some(Known::Active(print)))
                if profile.fingerprint() == print =>
            {
                Seen::Unchanged
            }
            (Mapped::Active(id, profile), _) => return self.upsert(id, key, &profile),
            (Mapped::Inactive(_), Some(Known::Inactive)) => Seen::UnchangedInactive,
            (Mapped::Inactive(id), _) => self.leave(id, key, Why::Inactive),
            (Mapped::OutOfScope(_), None | Some(Known::Inactive)) => Seen::OutOfScope,
            (Mapped::OutOfScope(id), Some(_)) => self.leave(id, key, Why::OutOfScope),
            (Mapped::Rejected(id, reasons), _) => {
                self.draft
                    .rejected
                    .add(Some(&id), Some(key.to_string()), reasons);
                Seen::Rejected
            }
            // Taken care of before anybody is looked up.
            (Mapped::Unidentified(_), _) => Seen::Not,
        };
        self.draft.count(seen, 1);
        seen
    }

    fn upsert(&mut self, id: ExternalId, key: RecordKey, profile: &Profile) -> Seen {
        let entity = match Entity::upsert(id.as_str(), profile) {
            Ok(entity) => entity,
            Err(why) => {
                self.draft
                    .rejected
                    .add(Some(&id), Some(key.to_string()), vec![why.to_string()]);
                return Seen::Rejected;
            }
        };
        self.draft.count(Seen::Upsert, 1);
        // By number and by bytes, no more than a session can carry.
        if self.draft.upserts.len() < HELD
            && self.held_bytes < okta::MAX_REQUESTS * okta::MAX_BODY_BYTES
        {
            self.held_bytes += profile.bytes();
            self.draft.upserts.push(Upsert {
                external_id: id,
                key,
                print: profile.fingerprint(),
                entity,
            });
        }
        Seen::Upsert
    }

    fn leave(&mut self, external_id: ExternalId, key: RecordKey, why: Why) -> Seen {
        if self.draft.leavers.len() < HELD {
            self.draft.leavers.push(Leaver { external_id, key });
        }
        Seen::Leaves(why)
    }

    /// A second record about a user: none of them can be believed.
    fn again(
        &mut self,
        id: IdHash,
        external_id: ExternalId,
        before: Seen,
        key: &RecordKey,
    ) -> Seen {
        let duplicate = self.duplicates.entry(id).or_insert_with(|| {
            // The first of them counts no longer as what it was; a rejected one is counted already.
            self.draft.count(before, -1);
            Duplicate {
                external_id,
                records: u64::from(before != Seen::Rejected),
                keys: Vec::new(),
            }
        });
        duplicate.records += 1;
        duplicate.name(key);
        Seen::Duplicate
    }

    /// The draft, once every record has been taken.
    #[must_use]
    pub fn finish(mut self) -> Draft {
        let duplicates = &mut self.duplicates;
        let mut unique =
            |id: &ExternalId, key: &RecordKey| match duplicates.get_mut(&IdHash::of(id)) {
                None => true,
                Some(duplicate) => {
                    duplicate.name(key);
                    false
                }
            };
        self.draft
            .upserts
            .retain(|upsert| unique(&upsert.external_id, &upsert.key));
        self.draft
            .leavers
            .retain(|leaver| unique(&leaver.external_id, &leaver.key));
        for duplicate in self.duplicates.into_values() {
            let reason = format!(
                "externalId: {} records have it, among them {}; none of them is sent",
                duplicate.records,
                duplicate.keys.join(" and ")
            );
            self.draft.rejected.add_many(
                duplicate.records,
                Some(&duplicate.external_id),
                None,
                vec![reason],
            );
        }
        for ((id, known), seen) in self.book.iter().zip(&self.seen) {
            if *seen == Seen::Not && known.may_be_active() {
                self.draft.gone_found += 1;
                if self.draft.gone.len() < HELD {
                    self.draft.gone.push(id);
                }
            }
        }
        self.draft
    }
}

impl Draft {
    fn count(&mut self, seen: Seen, by: i64) {
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

impl Duplicate {
    /// Names a record, one of the few that are named.
    fn name(&mut self, key: &RecordKey) {
        const NAMED: usize = 4;
        if self.keys.len() < NAMED {
            self.keys.push(key.to_string());
        }
    }
}
