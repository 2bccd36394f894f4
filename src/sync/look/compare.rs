//! A look's pure half: records in, one after another; suspects and counts out.

use std::collections::HashMap;

use super::{
    Found, Held, Suspect,
    found::{Counts, Duplicate},
};
use crate::{
    guard::{Approved, Kind, LIST, Listed, Target},
    ledger::{Again, Book, Due, IdHash, Known, Origin, Told, Want, due},
    mapping::{ExternalId, Mapped, Profile},
    mutation::{self, Mutation},
    okta::{self, Entity},
    sync::{Aside, Reject, hand::Why},
    users::RecordKey,
};

/// How many suspects of each kind a look holds: what five sessions carry. What is beyond is
/// counted, and found again by the next look.
pub(super) const HELD: usize = 5 * okta::MAX_REQUESTS * okta::MAX_ENTITIES;

/// How many of those who wait are named.
const NAMED: usize = 100;

/// Compares the records of the whole table with the whole ledger. It holds a byte for each user
/// and the suspects' keys, however large the table.
#[derive(Debug)]
pub struct Comparison<'a> {
    book: &'a Book,
    aside: &'a Aside,
    approved: &'a Approved,
    seen: Vec<Seen>,
    newcomers: HashMap<IdHash, Seen>,
    duplicates: HashMap<IdHash, Duplicate>,
    found: Found,
}

/// What the first record about a user came to; enough to take it back if there is a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    Unchanged,
    UnchangedInactive,
    Waits,
    Upsert { charged: bool },
    Leaves { why: Why, charged: bool },
    Stranger,
    OutOfScope,
    Rejected,
    Refused,
    Duplicate,
}

impl<'a> Comparison<'a> {
    /// A comparison with this ledger, which tells nobody what Okta refuses to be told.
    #[must_use]
    pub fn new(book: &'a Book, aside: &'a Aside, approved: &'a Approved) -> Self {
        Self {
            book,
            aside,
            approved,
            seen: vec![Seen::Not; book.len()],
            newcomers: HashMap::new(),
            duplicates: HashMap::new(),
            found: Found {
                whole: true,
                known: book.len() as u64,
                told_active: book.active(),
                ..Found::default()
            },
        }
    }

    /// Takes one record.
    pub fn take(&mut self, key: RecordKey, mapped: Mapped) {
        self.found.counts.scanned += 1;
        if matches!(mapped, Mapped::Rejected(..)) && mutation::on(Mutation::RejectedIsMissing) {
            return;
        }
        let external_id = match &mapped {
            Mapped::Active(id, _)
            | Mapped::Inactive(id)
            | Mapped::OutOfScope(id)
            | Mapped::Rejected(id, _) => id,
            Mapped::Unidentified(reasons) => {
                self.found.unidentified += 1;
                let reject = Reject::of(None, Some(key.to_string()));
                return self.found.rejected.add(reject.because(reasons.clone()));
            }
        };
        let id = IdHash::of(external_id);
        let known = self.book.find(id);
        let before = match known {
            Some((row, _)) => self.seen[row],
            None => self.newcomers.get(&id).copied().unwrap_or(Seen::Not),
        };
        let now = if before == Seen::Not {
            self.first(id, known.map(|(_, known)| known), key, mapped)
        } else {
            self.again(id, external_id.clone(), before, &key)
        };
        match known {
            Some((row, _)) => self.seen[row] = now,
            None => drop(self.newcomers.insert(id, now)),
        }
    }

    fn first(&mut self, id: IdHash, known: Option<Known>, key: RecordKey, mapped: Mapped) -> Seen {
        if known.is_some_and(|known| known.origin == Origin::Push)
            && self.found.adopted.len() < HELD
        {
            self.found.adopted.push((id, key.clone()));
        }
        match mapped {
            Mapped::Active(external_id, profile) => {
                self.active(id, known, key, &external_id, &profile)
            }
            Mapped::Inactive(_) => self.inactive(id, known, key, Why::Inactive),
            Mapped::OutOfScope(_) => self.inactive(id, known, key, Why::OutOfScope),
            Mapped::Rejected(external_id, reasons) => {
                let reject = Reject::of(Some(&external_id), Some(key.to_string()));
                self.found.rejected.add(reject.because(reasons));
                Seen::Rejected
            }
            // Taken care of before anybody is looked up.
            Mapped::Unidentified(_) => Seen::Not,
        }
    }

    fn active(
        &mut self,
        id: IdHash,
        known: Option<Known>,
        key: RecordKey,
        external_id: &ExternalId,
        profile: &Profile,
    ) -> Seen {
        let print = profile.fingerprint();
        let told = Told::Active(print);
        let standing = known.and_then(|known| known.standing);
        match due(Want::Active(print), standing) {
            Due::Nothing => return Seen::Unchanged,
            Due::Wait => {
                if self.found.waiting.len() < NAMED {
                    self.found.waiting.push(id);
                }
                return Seen::Waits;
            }
            Due::Tell => {}
        }
        let again = known.map_or(Again::AsEver, |known| known.again(told));
        let same = standing.is_some_and(|standing| standing.told == told);
        if let Some(reject) = self.aside.refuses(id, told, same.then_some(again)) {
            let reject = reject.about(external_id, &key);
            self.found.refused.add(reject);
            return Seen::Refused;
        }
        if let Err(why) = Entity::upsert(external_id.as_str(), profile) {
            let reject = Reject::of(Some(external_id), Some(key.to_string()));
            self.found
                .rejected
                .add(reject.because(vec![why.to_string()]));
            return Seen::Rejected;
        }
        let paid = known.is_some_and(|known| known.update_paid);
        let undone = known.is_some_and(|known| known.update_undone);
        let charged = standing.is_some()
            && (!same || undone)
            && !paid
            && !self.is_approved(Kind::Updates, id, told);
        if charged {
            self.list(Kind::Updates, id, told, false);
        }
        if self.found.upserts.len() < HELD {
            self.found.upserts.push(Suspect {
                id,
                keys: vec![key],
                charge: charged.then_some(Kind::Updates),
                target: told.into(),
                again,
                pushed: None,
            });
        } else {
            self.found.beyond += 1;
        }
        Seen::Upsert { charged }
    }

    fn inactive(&mut self, id: IdHash, known: Option<Known>, key: RecordKey, why: Why) -> Seen {
        let Some(standing) = known.and_then(|known| known.standing) else {
            if why == Why::OutOfScope {
                return Seen::OutOfScope;
            }
            if self.is_approved(Kind::Deactivations, id, Told::Inactive) {
                self.leaves(id, known, vec![key], false);
                return Seen::Leaves {
                    why,
                    charged: false,
                };
            }
            self.list(Kind::Deactivations, id, Told::Inactive, true);
            return Seen::Stranger;
        };
        match due(Want::Inactive, Some(standing)) {
            Due::Tell => {}
            Due::Nothing | Due::Wait if why == Why::OutOfScope => return Seen::OutOfScope,
            Due::Nothing | Due::Wait => return Seen::UnchangedInactive,
        }
        let charged = !known.is_some_and(|known| known.deactivation_paid)
            && !self.is_approved(Kind::Deactivations, id, Told::Inactive);
        if charged {
            self.list(Kind::Deactivations, id, Told::Inactive, false);
        }
        self.leaves(id, known, vec![key], charged);
        Seen::Leaves { why, charged }
    }

    fn leaves(&mut self, id: IdHash, known: Option<Known>, keys: Vec<RecordKey>, charged: bool) {
        if self.found.leavers.len() < HELD {
            self.found.leavers.push(Suspect {
                id,
                keys,
                charge: charged.then_some(Kind::Deactivations),
                target: Target::from(Told::Inactive),
                again: known.map_or(Again::AsEver, |known| known.again(Told::Inactive)),
                pushed: None,
            });
        } else {
            self.found.beyond += 1;
        }
    }

    fn is_approved(&self, kind: Kind, id: IdHash, told: Told) -> bool {
        self.approved.lets_through(kind, id, told.into()).is_some()
    }

    fn list(&mut self, kind: Kind, id: IdHash, told: Told, stranger: bool) {
        if self.found.charged.len() <= LIST {
            let target = told.into();
            let listed = Listed {
                id,
                target,
                stranger,
            };
            self.found.charged.push((kind, listed));
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
        let duplicate = self
            .duplicates
            .entry(id)
            .or_insert_with(|| Duplicate::new(external_id, before == Seen::Rejected));
        duplicate.take(key);
        Seen::Duplicate
    }

    /// What was found, once every record has been taken.
    #[must_use]
    pub fn finish(mut self) -> Found {
        let duplicates = &mut self.duplicates;
        let mut unique = |suspect: &Suspect| match duplicates.get_mut(&suspect.id) {
            None => true,
            Some(duplicate) => {
                suspect.keys.iter().for_each(|key| duplicate.name(key));
                false
            }
        };
        self.found.upserts.retain(&mut unique);
        self.found.leavers.retain(&mut unique);
        let is_duplicate = |id: &IdHash| self.duplicates.contains_key(id);
        self.found
            .charged
            .retain(|(_, listed)| !is_duplicate(&listed.id));
        let mut counts = Counts {
            scanned: self.found.counts.scanned,
            ..Counts::default()
        };
        for seen in self.seen.iter().chain(self.newcomers.values()) {
            count(&mut counts, *seen);
        }
        self.found.counts = counts;
        self.gone();
        self.found.duplicates = self.duplicates.into_values().collect();
        // Reports of one and the same table are to be the same.
        self.found.duplicates.sort();
        self.found
    }

    /// Whom no record is about.
    fn gone(&mut self) {
        let in_scope = self.found.counts.active
            + self.found.counts.inactive
            + self.found.counts.waiting
            + self
                .found
                .rejected
                .count
                .saturating_sub(self.found.unidentified)
            + self.found.refused.count
            + self.duplicates.len() as u64;
        let nothing_in_scope = in_scope == 0 && self.found.known > 0;
        let unidentified =
            self.found.unidentified > 0 && !mutation::on(Mutation::UnidentifiedIsNobody);
        let mut held = 0;
        if nothing_in_scope && !mutation::on(Mutation::EmptyTableIsAllowed) {
            held += self.hold_leavers();
        }
        for (row, (id, known)) in self.book.iter().enumerate() {
            if self.seen[row] != Seen::Not {
                continue;
            }
            if known.origin == Origin::Push && !known.to_leave {
                continue;
            }
            if known.long_gone && self.found.long_gone.len() < HELD {
                self.found.long_gone.push(id);
                continue;
            }
            if known.standing.is_none() || due(Want::Inactive, known.standing) != Due::Tell {
                continue;
            }
            let by_push = known.to_leave;
            if !by_push
                && (unidentified
                    || (nothing_in_scope && !mutation::on(Mutation::EmptyTableIsAllowed)))
            {
                held += 1;
                continue;
            }
            let charged = !known.deactivation_paid
                && !self.is_approved(Kind::Deactivations, id, Told::Inactive);
            let counts = &mut self.found.counts;
            counts.deactivations += 1;
            counts.gone += 1;
            counts.deactivations_charged += u64::from(charged);
            counts.gone_charged += u64::from(charged);
            if charged {
                self.list(Kind::Deactivations, id, Told::Inactive, false);
            }
            self.leaves(id, Some(known), Vec::new(), charged);
        }
        if held > 0 {
            let reason = if nothing_in_scope {
                format!(
                    "the users table holds no record in scope while {} users are known: check USERS_TABLE, the table and \
                     the mapping's \"include\"; nobody is deactivated on an empty read, whatever the limit",
                    self.found.known
                )
            } else {
                format!(
                    "{} records do not say whom they are about (see rejected), and any of them may be one of the {held} \
                     users who seem to be gone: correct these records first",
                    self.found.unidentified
                )
            };
            self.found.held = Some(Held {
                count: held,
                reason,
            });
        }
    }

    /// Holds those whose record is out of scope, as all are; gives how many.
    fn hold_leavers(&mut self) -> u64 {
        let counts = &mut self.found.counts;
        let held = counts.deactivations;
        counts.deactivations = 0;
        counts.deactivations_charged = 0;
        self.found.leavers.clear();
        self.found
            .charged
            .retain(|(kind, _)| *kind != Kind::Deactivations);
        held
    }
}

fn count(counts: &mut Counts, seen: Seen) {
    match seen {
        Seen::Unchanged => {
            counts.active += 1;
            counts.unchanged += 1;
        }
        Seen::UnchangedInactive => {
            counts.inactive += 1;
            counts.unchanged += 1;
        }
        Seen::Waits => {
            counts.active += 1;
            counts.waiting += 1;
        }
        Seen::Upsert { charged } => {
            counts.active += 1;
            counts.upserts += 1;
            counts.updates_charged += u64::from(charged);
        }
        Seen::Leaves { why, charged } => {
            counts.deactivations += 1;
            counts.deactivations_charged += u64::from(charged);
            if why == Why::OutOfScope {
                counts.out_of_scope += 1;
            } else {
                counts.inactive += 1;
            }
        }
        Seen::Stranger => {
            counts.inactive += 1;
            counts.strangers += 1;
        }
        Seen::OutOfScope => counts.out_of_scope += 1,
        Seen::Refused => counts.active += 1,
        Seen::Not | Seen::Rejected | Seen::Duplicate => {}
    }
}

#[cfg(test)]
mod tests;
