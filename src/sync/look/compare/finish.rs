//! What a comparison comes to, once every record has been taken.

use super::{Comparison, Seen, most_held};
use crate::{
    guard::Kind,
    ledger::{Due, IdHash, Origin, Told, Want, due},
    mutation::{self, Mutation},
    sync::look::{Counts, Found, Held, Suspect},
};

impl Comparison<'_> {
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
        if !self.duplicates.is_empty() {
            self.found.packed.retain(|id, _| !is_duplicate(&id));
        }
        self.found
            .charged
            .retain(|(_, listed)| !is_duplicate(&listed.id));
        let shared = self.set_sharers_aside();
        let mut counts = Counts {
            scanned: self.found.counts.scanned,
            out_of_scope: self.found.counts.out_of_scope,
            ..Counts::default()
        };
        let newcomers = self.newcomers.values().map(|(seen, _)| seen);
        for seen in self.seen.iter().chain(newcomers) {
            counts.count(*seen);
        }
        self.found.counts = counts;
        if let Some(groups) = self.groups.take() {
            let complete = self.found.rejected.count == 0 && self.duplicates.is_empty();
            let may_be_settled = |id: IdHash| {
                let row = self.book.find(id).map(|(row, _)| row);
                row.is_some_and(|row| {
                    matches!(
                        self.seen[row],
                        Seen::Unchanged | Seen::Rejected | Seen::Upsert { .. }
                    )
                })
            };
            self.found.groups = Some(groups.finish(complete, may_be_settled));
        }
        self.gone(shared);
        self.found.duplicates = self.duplicates.into_values().collect();
        // Reports of the same table must be the same.
        self.found.duplicates.sort();
        self.found
    }

    /// People that no record is about. This many are in scope and in no count.
    fn gone(&mut self, shared: u64) {
        let in_scope = shared
            + self.found.counts.active
            + self.found.counts.inactive
            + self.found.counts.upcoming
            + self
                .found
                .rejected
                .count
                .saturating_sub(self.found.unidentified)
            + self.found.refused.count
            + self.duplicates.len() as u64;
        let nothing_in_scope = in_scope == 0 && self.found.known > 0;
        let unidentified = self.found.unidentified > 0;
        let mut held = 0;
        for (row, (id, known)) in self.book.iter().enumerate() {
            if self.seen[row] != Seen::Not {
                continue;
            }
            if known.origin == Origin::Push && !known.to_leave {
                continue;
            }
            if known.long_gone && self.found.long_gone.len() < most_held() {
                self.found.long_gone.push(id);
                continue;
            }
            if known.standing.is_none() || due(Want::Inactive, known.standing) != Due::Tell {
                continue;
            }
            if self.refusals.leaves_alone(id) {
                continue;
            }
            let out = self.out.remove(&row);
            if out.as_ref().is_some_and(|out| out.keep) {
                continue;
            }
            // Somebody whose record is out of scope cannot be the one that a record without an
            // external id is about.
            let may_be_anybody = unidentified && out.is_none() && !known.to_leave;
            let is_empty =
                nothing_in_scope && !known.to_leave && !mutation::on(Mutation::EmptyTableIsAllowed);
            if may_be_anybody || is_empty {
                held += 1;
                continue;
            }
            // Another id from another externalId template is no reason to leave: somebody must say
            // so, whatever the limit.
            let other_id = known.other_id && out.is_none() && !known.to_leave;
            let charged = (other_id || !known.deactivation_paid)
                && !self.is_approved(Kind::Deactivations, id, Told::Inactive);
            let counts = &mut self.found.counts;
            counts.other_ids += u64::from(other_id && charged);
            counts.deactivations += 1;
            counts.gone += u64::from(out.is_none());
            counts.deactivations_charged += u64::from(charged);
            if charged {
                self.list(Kind::Deactivations, id, Told::Inactive, false);
            }
            let keys = out.into_iter().map(|out| out.key).collect();
            self.leaves(id, Some(known), keys, charged);
        }
        if held > 0 {
            let reason = if nothing_in_scope {
                format!(
                    "the users table holds no record in scope while {} users are known: check \
                     USERS_TABLE, the table and the mapping's \"include\"; nobody is deactivated \
                     on an empty read, whatever the limit",
                    self.found.known
                )
            } else {
                format!(
                    "{} records have no external id (see rejected), and any of them may be about \
                     one of the {held} users who seem to be gone: correct these records first",
                    self.found.unidentified
                )
            };
            self.found.held = Some(Held {
                count: held,
                reason,
                table_is_empty: nothing_in_scope,
            });
        }
    }
}
