//! Loading groups and memberships into a session that users were loaded into, or into one of their
//! own.

use std::collections::HashMap;

use futures::{StreamExt as _, stream};
use jiff::Timestamp;

use super::{
    GroupWork, Leaves,
    decide::Decided,
    pairs::{By, Parcel, Told},
};
use crate::{
    ledger::{GroupEntry, GroupIs, Hour, Ledger, Mode, Number},
    mapping::{Group, GroupId},
    okta::{self, GroupBatch, GroupKind, GroupProfile, LoadError, Open, Session},
    sync::{Aside, Books, Report, RunError, hand::Circumstances, hand::Hand},
};

/// Loads in flight.
const IN_FLIGHT: usize = 10;
/// People who are in hand at a time.
const SLICE: usize = 500;
/// Groups or memberships that Okta refuses by themselves, of which a session finds out.
const ISOLATIONS: usize = 8;

/// What it takes to load groups.
pub(in crate::sync) struct Loading<'a> {
    pub(in crate::sync) hand: &'a Hand<'a>,
    pub(in crate::sync) books: &'a mut Books,
    pub(in crate::sync) aside: &'a Aside,
    pub(in crate::sync) report: &'a mut Report,
    pub(in crate::sync) number: Number,
    /// When what is loaded is over.
    pub(in crate::sync) until: Timestamp,
}

/// What a session was loaded with about groups.
#[derive(Debug, Default)]
pub(in crate::sync) struct GroupLoads {
    /// Entries that the ledger is to have.
    pub(super) groups: Vec<GroupEntry>,
    /// Groups that were loaded to be made or changed, and to be deleted.
    upserts: u64,
    deletions: u64,
    /// Memberships that were loaded.
    added: u64,
    removed: u64,
    /// Whose memberships were loaded, and whether nobody knows whether all of them arrived.
    pub(super) people: Vec<(Told, bool)>,
    pub(super) hour: Option<Hour>,
    /// The requests that Okta accepted.
    pub(in crate::sync) requests: u64,
    /// Why no more is loaded: a load failed for a reason that is none of what was in it.
    stopped: Option<String>,
    /// Members who were counted as taken out of groups.
    counted: Vec<(GroupEntry, Hour, i64)>,
    /// Whether somebody has set the switch to paused.
    pub(in crate::sync) paused: bool,
}

/// What came of one request, or of the parts that it was taken into.
#[derive(Debug, Default)]
struct Came {
    accepted: Vec<GroupBatch>,
    ambiguous: Vec<GroupBatch>,
    refused: Vec<(GroupBatch, String)>,
    left: Vec<GroupBatch>,
}

impl GroupLoads {
    /// Whether nothing of it is in the session.
    pub(in crate::sync) fn is_empty(&self) -> bool {
        self.requests == 0
    }

    /// Whether anything is in the session that makes or adds something.
    pub(in crate::sync) fn adds(&self) -> bool {
        self.upserts + self.added > 0
    }

    /// Nobody was taken out of any group after all, as the import certainly never started.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub(in crate::sync) async fn give_back(&self, ledger: &Ledger) -> Result<(), RunError> {
        for (entry, hour, members) in &self.counted {
            let now = ledger.clock.now();
            ledger.count_left(entry, *hour, -members, now).await?;
        }
        Ok(())
    }

    /// What a session told that did not fail.
    pub(in crate::sync) fn count(&self, report: &mut Report) {
        report.groups.upserts += self.upserts;
        report.groups.deletions += self.deletions;
        report.groups.memberships.added += self.added;
        report.groups.memberships.removed += self.removed;
    }

    /// Sends requests. What Okta refuses is taken apart, the smallest first, so that few requests are
    /// enough to come to a single group or membership.
    async fn send(
        &mut self,
        session: &Session<Open>,
        batches: Vec<GroupBatch>,
        until: Timestamp,
    ) -> Came {
        let mut came = Came::default();
        let mut refused = Vec::new();
        let mut isolations = ISOLATIONS;
        let mut next = batches;
        loop {
            let loads = next.drain(..).map(|batch| async move {
                let answer = session.load_groups(&batch, until).await;
                (batch, answer)
            });
            let answers: Vec<_> = stream::iter(loads).buffered(IN_FLIGHT).collect().await;
            for (batch, answer) in answers {
                match answer {
                    Ok(()) => {
                        self.requests += 1;
                        came.accepted.push(batch);
                    }
                    Err(LoadError::Ambiguous(error)) => {
                        tracing::warn!(%error, "it is not known whether Okta took a load of groups");
                        came.ambiguous.push(batch);
                    }
                    Err(LoadError::Refused { refusal, .. }) if batch.len() == 1 => {
                        isolations -= 1;
                        came.refused.push((batch, refusal.to_string()));
                    }
                    Err(LoadError::Refused { refusal, .. }) => {
                        refused.push((batch, refusal.to_string()));
                    }
                    Err(LoadError::Failed(okta::Error::OutOfTime { .. }) | LoadError::NoBudget) => {
                        came.left.push(batch);
                    }
                    Err(error) => {
                        self.stopped.get_or_insert(error.to_string());
                        came.left.push(batch);
                    }
                }
            }
            refused.sort_by_key(|(batch, _)| std::cmp::Reverse(batch.len()));
            let may_go_on = session.requests_left() > 1 && isolations > 0 && self.stopped.is_none();
            match refused.pop().filter(|_| may_go_on) {
                Some((smallest, _)) => {
                    if let Ok((first, second)) = smallest.halve() {
                        next = vec![first, second];
                    }
                }
                None => break,
            }
        }
        // Where a whole session was of no use, another one would not be either.
        if let Some((_, reason)) = refused.first()
            && self.requests == 0
            && came.refused.is_empty()
        {
            self.stopped.get_or_insert_with(|| reason.clone());
        }
        came.left
            .extend(refused.into_iter().map(|(batch, _)| batch));
        came
    }
}

impl GroupWork {
    /// Loads what the session still takes: groups, then memberships, of which removals come first.
    ///
    /// # Errors
    /// When the next people could not be taken in hand or charged.
    pub(in crate::sync) async fn load(
        &mut self,
        session: &Session<Open>,
        loading: &mut Loading<'_>,
    ) -> Result<GroupLoads, RunError> {
        let mut loads = GroupLoads::default();
        if self.is_empty() || session.requests_left() == 0 {
            return Ok(loads);
        }
        if loading.hand.ledger.mode().await? == Mode::Paused {
            loads.paused = true;
            return Ok(loads);
        }
        self.read_again(loading).await?;
        self.load_upserts(session, loading, &mut loads).await;
        if loads.stopped.is_none() {
            self.load_deletions(session, loading, &mut loads).await;
        }
        if loads.stopped.is_none() {
            self.load_members(session, loading, &mut loads).await?;
        }
        if let Some(why) = &loads.stopped {
            let why = format!("Okta takes no groups or memberships: {why}");
            tracing::warn!(why, "groups are not told");
            self.stopped.get_or_insert(why);
        }
        Ok(loads)
    }

    /// Reads the groups' entries again: others may have been at work since they were read.
    async fn read_again(&mut self, loading: &mut Loading<'_>) -> Result<(), RunError> {
        let mut ids: Vec<_> = self.known.keys().cloned().collect();
        ids.extend(self.upserts.iter().map(|group| group.id.clone()));
        ids.sort_unstable();
        ids.dedup();
        let entries = loading.hand.ledger.groups(&ids).await?;
        let entries = entries.into_iter().map(|entry| (entry.id.clone(), entry));
        self.known = entries.collect();
        let is_foreign = |id: &GroupId| {
            let known = self.known.get(id);
            known.is_some_and(|known| known.is == GroupIs::Foreign)
        };
        self.deletions.retain(|id| !is_foreign(id));
        Ok(())
    }

    async fn load_upserts(
        &mut self,
        session: &Session<Open>,
        loading: &mut Loading<'_>,
        loads: &mut GroupLoads,
    ) {
        let room = loading.books.log().room_for_groups();
        let some = self.upserts.len().min(room);
        let all: HashMap<GroupId, Group> = self
            .upserts
            .drain(..some)
            .map(|group| (group.id.clone(), group))
            .collect();
        let mut groups: Vec<_> = all.values().collect();
        groups.sort_by(|one, other| one.id.cmp(&other.id));
        let mut batches = okta::pack_groups(groups.iter().map(|group| {
            let profile = GroupProfile {
                display_name: &group.display_name,
                description: group.description.as_deref(),
            };
            (group.id.shared(), profile)
        }));
        let beyond = batches.split_off(batches.len().min(session.requests_left()));
        let came = loads.send(session, batches, loading.until).await;
        let of = |batch: &GroupBatch| {
            let groups = batch
                .groups()
                .filter_map(|id| all.get(&GroupId::parse(id).ok()?));
            groups.cloned().collect::<Vec<_>>()
        };
        let log = loading.books.log();
        let mut entries = Vec::new();
        let mut entry = |group: &Group, is: GroupIs, certain: bool| {
            let before = self.known.get(&group.id);
            let there = before.filter(|before| before.is_there(log));
            entries.push(GroupEntry {
                id: group.id.clone(),
                is,
                print: match (is, certain, there) {
                    (GroupIs::Ours, true, _) => group.print(),
                    (GroupIs::Refused(_), _, Some(there)) => there.print,
                    _ => GroupEntry::UNKNOWN,
                },
                session: loading.number,
                made: match there {
                    Some(there) => there.made,
                    None if certain => loading.number,
                    None => GroupEntry::NEVER,
                },
                at: loading.hand.now(),
                left: before.map(|before| before.left.clone()).unwrap_or_default(),
            });
        };
        for group in came.accepted.iter().flat_map(of) {
            loads.upserts += 1;
            entry(&group, GroupIs::Ours, true);
        }
        for group in came.ambiguous.iter().flat_map(of) {
            entry(&group, GroupIs::Ours, false);
        }
        for (batch, reason) in &came.refused {
            for group in of(batch) {
                loading
                    .report
                    .groups
                    .refused
                    .add(group.id.as_str(), reason.clone());
                entry(&group, GroupIs::Refused(group.print()), false);
            }
        }
        self.upserts
            .extend(beyond.iter().chain(&came.left).flat_map(of));
        loads.groups.extend(entries);
    }

    async fn load_deletions(
        &mut self,
        session: &Session<Open>,
        loading: &Loading<'_>,
        loads: &mut GroupLoads,
    ) {
        let all: Vec<GroupId> = self.deletions.drain(..).collect();
        let mut batches = okta::pack_deletions(all.iter().map(GroupId::shared));
        let beyond = batches.split_off(batches.len().min(session.requests_left()));
        let came = loads.send(session, batches, loading.until).await;
        let of = |batch: &GroupBatch| {
            let groups = batch.groups().filter_map(|id| GroupId::parse(id).ok());
            groups.collect::<Vec<_>>()
        };
        let told = came.accepted.iter().flat_map(of).map(|id| (id, true));
        let doubtful = came.ambiguous.iter().flat_map(of).map(|id| (id, false));
        for (id, certain) in told.chain(doubtful) {
            let Some(before) = self.known.get(&id) else {
                continue;
            };
            loads.deletions += u64::from(certain);
            loads.groups.push(GroupEntry {
                is: if certain {
                    GroupIs::Deleted
                } else {
                    GroupIs::Ours
                },
                made: if certain {
                    before.made
                } else {
                    GroupEntry::NEVER
                },
                session: loading.number,
                at: loading.hand.now(),
                ..before.clone()
            });
        }
        self.deletions
            .extend(beyond.iter().chain(&came.left).flat_map(of));
    }

    async fn load_members(
        &mut self,
        session: &Session<Open>,
        loading: &mut Loading<'_>,
        loads: &mut GroupLoads,
    ) -> Result<(), RunError> {
        let room = session.requests_left();
        let log = loading.books.log();
        let most = log.room_for_groups();
        if log.groups_have_failed() {
            // Whoever makes imports fail is not always among the first.
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
        let mut size = super::pairs::Size::default();
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
                aside: loading.aside,
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
                    // Gone since the look: what is not told is tidied up by the next one.
                    Decided::Nothing | Decided::Tidy(_) => {}
                    Decided::Wait => self.waits = true,
                    Decided::Tell(difference) => {
                        let told = by.told(member.entry, difference);
                        // Whoever does not fit what users have left is told by the next session.
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
