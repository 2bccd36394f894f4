//! Loading memberships: people are taken in hand, charged and packed just before.

use std::collections::HashMap;

use super::{
    GroupLoads, GroupWork, Leaves, Loading,
    decide::Decided,
    pairs::{By, Parcel, Size, Told},
};
use crate::{
    ledger::Hour,
    okta::{self, GroupBatch, GroupKind, Open, Session},
    sync::{RunError, hand::Circumstances},
};

/// People who are in hand at a time.
const SLICE: usize = 500;

impl GroupWork {
    /// Loads memberships of as many people as the session has room for.
    pub(super) async fn load_members(
        &mut self,
        session: &Session<Open>,
        loading: &mut Loading<'_>,
        loads: &mut GroupLoads,
    ) -> Result<(), RunError> {
        let room = session.requests_left();
        let log = loading.books.log();
        let most = log.room_for_groups();
        if log.groups_have_failed() {
            // The people who make imports fail are not always among the first.
            fastrand::shuffle(self.members.make_contiguous());
        }
        let mut parcel = Parcel::default();
        while parcel.people.is_empty() && !self.members.is_empty() && room > 0 {
            let taken = self.take(loading, room, most).await?;
            if taken.is_empty() {
                break;
            }
            let now = loading.hand.now();
            let people = parcel
                .charge(taken, self, loading.books, loading.number, now)
                .await?;
            parcel.add(people);
        }
        self.withheld += parcel.withheld;
        let mut batches = parcel.batches();
        let beyond = batches.split_off(batches.len().min(room));
        self.count_leaves(&parcel, loading, loads).await?;
        let came = loads.send(session, batches, loading.until).await;
        loads.hour = parcel.hour;
        let mut unsure: HashMap<String, bool> = HashMap::new();
        for batch in &came.accepted {
            let pairs = batch.pairs().count() as u64;
            match batch.kind() {
                GroupKind::Leave => loads.removed += pairs,
                _ => loads.added += pairs,
            }
            for (_, member) in batch.pairs() {
                unsure.entry(member.to_owned()).or_default();
            }
        }
        let refused = came.refused.iter().map(|(batch, _)| batch);
        let others = came
            .ambiguous
            .iter()
            .chain(refused)
            .chain(&came.left)
            .chain(&beyond);
        for (_, member) in others.flat_map(GroupBatch::pairs) {
            unsure.insert(member.to_owned(), true);
            // They are told again once this has landed.
            self.waits = true;
        }
        for (batch, reason) in &came.refused {
            for (group, _) in batch.pairs() {
                loading
                    .report
                    .groups
                    .refused
                    .add(group, format!("a membership: {reason}"));
            }
        }
        for told in std::mem::take(&mut parcel.people) {
            let doubtful = unsure.get(told.entry.external_id.as_str());
            if let Some(doubtful) = doubtful {
                loads.people.push((told, *doubtful));
            }
        }
        Ok(())
    }

    /// Takes people in hand, as many as the session has room for.
    async fn take(
        &mut self,
        loading: &mut Loading<'_>,
        room: usize,
        most: usize,
    ) -> Result<Vec<Told>, RunError> {
        let mut taken = Vec::new();
        let mut size = Size::default();
        while !self.members.is_empty() && size.requests() < room && taken.len() < most {
            let slice = if okta::max_entities() < okta::MAX_ENTITIES {
                1
            } else {
                SLICE
            };
            let some = self.members.len().min(slice).min(most - taken.len());
            let slice: Vec<_> = self.members.drain(..some).collect();
            let now = loading.hand.now();
            let reading = loading.books.reading(now);
            let circumstances = Circumstances {
                reading: &reading,
                refusals: loading.refusals,
                approved: loading.books.guard.approved(),
                whole: None,
            };
            let members = loading.hand.members(&slice, &circumstances).await?;
            let mut rest = slice.into_iter().zip(members);
            while let Some((suspect, member)) = rest.next() {
                let Some(member) = member else {
                    self.waits = true;
                    continue;
                };
                let by = By {
                    books: loading.books,
                    known: &self.known,
                    now,
                };
                match by.decide(&member) {
                    // Gone since the look: the next one tidies up what is not told.
                    Decided::Nothing | Decided::Tidy(_) => {}
                    Decided::Wait => self.waits = true,
                    Decided::Tell(difference) => {
                        let told = by.told(member.entry, difference);
                        // People who do not fit next to the users are told by the next session.
                        let is_whole = room == okta::max_requests();
                        let is_first = taken.is_empty() && is_whole;
                        if size.requests_with(&told) > room && !is_first {
                            self.members.push_front(suspect);
                            for (suspect, _) in rest.by_ref() {
                                self.members.push_back(suspect);
                            }
                            return Ok(taken);
                        }
                        size.add(&told);
                        taken.push(told);
                    }
                }
            }
        }
        Ok(taken)
    }

    /// Counts how many members leave each group, before they do.
    async fn count_leaves(
        &mut self,
        parcel: &Parcel,
        loading: &Loading<'_>,
        loads: &mut GroupLoads,
    ) -> Result<(), RunError> {
        let now = loading.hand.now();
        let hour = Hour::of(now);
        let mut leaves = Leaves::new();
        for told in &parcel.people {
            for id in told.fresh_leaves() {
                *leaves.entry(id).or_default() += 1;
            }
        }
        for (id, count) in leaves {
            if let Some(entry) = self.known.get_mut(&id) {
                let members = i64::try_from(count).unwrap_or(i64::MAX);
                let ledger = loading.hand.ledger;
                ledger.count_left(entry, hour, members, now).await?;
                *entry.left.entry(hour).or_default() += count;
                loads.counted.push((entry.clone(), hour, members));
            }
        }
        Ok(())
    }
}
