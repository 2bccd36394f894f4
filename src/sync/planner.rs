//! The plan's pure half: records in, one after another; changes and counts out.

use std::collections::HashMap;

use super::{
    Aside, Draft, Reject, Upsert,
    draft::{Duplicate, Seen},
    plan::{Leaver, Why},
};
use crate::{
    ledger::{Book, IdHash, Known, Origin, Told},
    mapping::{ExternalId, Mapped, Profile, Since},
    mutation::{self, Mutation},
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
    records_from: Origin,
    strangers_wait: bool,
    aside: Option<&'a Aside>,
    draft: Draft,
}

impl<'a> Planner<'a> {
    /// A planner that compares records that come from here with this ledger.
    #[must_use]
    pub fn new(book: &'a Book, records_from: Origin) -> Self {
        Self {
            book,
            records_from,
            strangers_wait: false,
            seen: vec![Seen::Not; book.len()],
            newcomers: HashMap::new(),
            duplicates: HashMap::new(),
            held_bytes: 0,
            aside: None,
            draft: Draft::default(),
        }
    }

    /// Deactivates nobody whom the ledger does not know: the records at hand are not all, and
    /// another one may have them active.
    #[must_use]
    pub fn without_strangers(mut self) -> Self {
        self.strangers_wait = true;
        self
    }

    /// The same, and whom Okta refuses is left aside.
    #[must_use]
    pub fn leaving(self, aside: &'a Aside) -> Self {
        Self {
            aside: Some(aside),
            ..self
        }
    }

    /// Takes one record.
    pub fn take(&mut self, key: RecordKey, mapped: Mapped) {
        self.draft.counts.scanned += 1;
        if matches!(mapped, Mapped::Rejected(..)) && mutation::on(Mutation::RejectedIsMissing) {
            return;
        }
        let external_id = match &mapped {
            Mapped::Active(id, _)
            | Mapped::Inactive(id)
            | Mapped::Upcoming(id)
            | Mapped::Rejected(id, _) => id,
            Mapped::OutOfScope { whom, keep } => {
                self.draft.counts.out_of_scope += 1;
                return self.keep(whom.as_ref().filter(|_| *keep));
            }
            Mapped::Impossible(reasons) => {
                let reject = Reject::of(None, Some(key.to_string()));
                return self.draft.rejected.add(reject.because(reasons.clone()));
            }
            Mapped::Unidentified(reasons) => {
                self.draft.unidentified += 1;
                let reject = Reject::of(None, Some(key.to_string()));
                return self.draft.rejected.add(reject.because(reasons.clone()));
            }
        };
        let id = IdHash::of(external_id);
        let found = self.book.find(id);
        let before = match found {
            Some((row, _)) => self.seen[row],
            None => self.newcomers.get(&id).copied().unwrap_or(Seen::Not),
        };
        let now = if matches!(before, Seen::Not | Seen::Kept) {
            self.first(id, found, key, mapped)
        } else {
            self.again(id, external_id.clone(), before, &key)
        };
        match found {
            Some((row, _)) => self.seen[row] = now,
            None => drop(self.newcomers.insert(id, now)),
        }
    }

    /// Whoever has a record that the mapping leaves out, and no other, stays as they are.
    fn keep(&mut self, whom: Option<&ExternalId>) {
        let row = whom.and_then(|id| self.book.find(IdHash::of(id)));
        if let Some((row, _)) = row
            && self.seen[row] == Seen::Not
        {
            self.seen[row] = Seen::Kept;
        }
    }

    /// Takes what is not even a record.
    pub fn refuse(&mut self, why: String) {
        self.draft.counts.scanned += 1;
        self.draft.unidentified += 1;
        let reject = Reject::of(None, None);
        self.draft.rejected.add(reject.because(vec![why]));
    }

    fn first(
        &mut self,
        id: IdHash,
        found: Option<(usize, Known)>,
        key: RecordKey,
        mapped: Mapped,
    ) -> Seen {
        let known = found.map(|(_, known)| known);
        let origin = match (
            self.records_from,
            found.map(|(row, _)| self.book.origin(row)),
        ) {
            (Origin::Push, None | Some(Origin::Push)) => Origin::Push,
            (Origin::Table, Some(Origin::Push)) => {
                self.adopt(id, &key);
                Origin::Table
            }
            _ => Origin::Table,
        };
        let seen = match (mapped, known) {
            (Mapped::Active(_, profile), Some(Known::Active(print)))
                if profile.since(print) == Since::Same =>
            {
                Seen::Unchanged
            }
            (Mapped::Active(id, profile), _) => return self.upsert(id, key, origin, &profile),
            (Mapped::Inactive(_), Some(Known::Inactive)) => Seen::UnchangedInactive,
            (Mapped::Inactive(_), None) if self.strangers_wait => Seen::UnchangedInactive,
            (Mapped::Inactive(id), _) => self.leave(id, key, origin, Why::Inactive),
            (Mapped::Upcoming(_), _) => Seen::Upcoming,
            (Mapped::Rejected(id, reasons), _) => {
                let reject = Reject::of(Some(&id), Some(key.to_string()));
                self.draft.rejected.add(reject.because(reasons));
                Seen::Rejected
            }
            // Taken care of before anybody is looked up.
            (Mapped::OutOfScope { .. } | Mapped::Unidentified(_) | Mapped::Impossible(_), _) => {
                Seen::Not
            }
        };
        self.draft.count(seen, 1);
        seen
    }

    fn upsert(
        &mut self,
        id: ExternalId,
        key: RecordKey,
        origin: Origin,
        profile: &Profile,
    ) -> Seen {
        let print = profile.fingerprint();
        if self.is_left_aside(IdHash::of(&id), Told::Active(print)) {
            return Seen::Rejected;
        }
        let entity = match Entity::upsert(id.as_str(), profile) {
            Ok(entity) => entity,
            Err(why) => {
                let reject = Reject::of(Some(&id), Some(key.to_string()));
                self.draft
                    .rejected
                    .add(reject.because(vec![why.to_string()]));
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
                origin,
                print,
                entity,
            });
        }
        Seen::Upsert
    }

    /// Rejects a user whom Okta refuses to be told this of.
    fn is_left_aside(&mut self, id: IdHash, told: Told) -> bool {
        let reject = self.aside.and_then(|aside| aside.reject(id, told));
        let is_left = reject.is_some();
        if let Some(reject) = reject {
            self.draft.rejected.add(reject);
        }
        is_left
    }

    fn leave(&mut self, external_id: ExternalId, key: RecordKey, origin: Origin, why: Why) -> Seen {
        if self.is_left_aside(IdHash::of(&external_id), Told::Inactive) {
            return Seen::Rejected;
        }
        if self.draft.leavers.len() < HELD {
            self.draft.leavers.push(Leaver {
                external_id,
                key,
                origin,
            });
        }
        Seen::Leaves(why)
    }

    /// A user who came by push has a record now. Should it change something the entry is
    /// written anyway; where it does not, this is all there is to write.
    fn adopt(&mut self, id: IdHash, key: &RecordKey) {
        if self.draft.adopted.len() < HELD {
            self.draft.adopted.push((id, key.clone()));
        }
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
            Duplicate::new(external_id, before == Seen::Rejected)
        });
        duplicate.take(key);
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
        if self.records_from == Origin::Table {
            for (row, (id, known)) in self.book.iter().enumerate() {
                let missing = self.seen[row] == Seen::Not && self.book.origin(row) == Origin::Table;
                if missing && known.may_be_active() && !self.is_left_aside(id, Told::Inactive) {
                    self.draft.gone_found += 1;
                    if self.draft.gone.len() < HELD {
                        self.draft.gone.push(id);
                    }
                }
            }
        }
        self.draft.duplicates = self.duplicates.into_values().collect();
        // Reports of one and the same table are to be the same.
        self.draft.duplicates.sort();
        self.draft
    }
}

#[cfg(test)]
mod tests;
