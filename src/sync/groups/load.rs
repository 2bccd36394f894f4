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
    ledger::{GroupEntry, GroupIs, Hour, Mode, Number},
    mapping::{Group, GroupId},
    okta::{self, GroupBatch, GroupKind, GroupProfile, LoadError, Open, Session},
    sync::{Aside, Books, Report, RunError, hand::Circumstances, hand::Hand},
};

/// Loads in flight.
const IN_FLIGHT: usize = 10;
/// People who are in hand at a time.
const SLICE: usize = 500;

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
    /// The first load that failed for a reason which is none of what was in it.
    pub(in crate::sync) failure: Option<okta::Error>,
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

    /// What a session told that did not fail.
    pub(in crate::sync) fn count(&self, report: &mut Report) {
        report.groups.upserts += self.upserts;
        report.groups.deletions += self.deletions;
        report.groups.memberships.added += self.added;
        report.groups.memberships.removed += self.removed;
    }

    async fn send(
        &mut self,
        session: &Session<Open>,
        batches: Vec<GroupBatch>,
        until: Timestamp,
    ) -> Came {
        let mut came = Came::default();
        let mut next = batches;
        while !next.is_empty() {
            let loads = next.drain(..).map(|batch| async move {
                let answer = session.load_groups(&batch, until).await;
                (batch, answer)
            });
            let mut answers = stream::iter(loads).buffered(IN_FLIGHT);
            let mut parts = Vec::new();
            while let Some((batch, answer)) = answers.next().await {
                match answer {
                    Ok(()) => {
                        self.requests += 1;
                        came.accepted.push(batch);
                    }
                    Err(LoadError::Ambiguous(error)) => {
                        tracing::warn!(%error, "it is not known whether Okta took a load of groups");
                        came.ambiguous.push(batch);
                    }
                    Err(LoadError::Refused { refusal, .. }) => match batch.halve() {
                        Ok((first, second)) if session.requests_left() > 1 => {
                            parts.extend([first, second]);
                        }
                        Ok((first, second)) => came.left.extend([first, second]),
                        Err(single) => came.refused.push((single, refusal.to_string())),
                    },
                    Err(
                        LoadError::Failed(okta::Error::OutOfTime { .. })
                        | LoadError::NoBudget
                        | LoadError::NotOpen { .. },
                    ) => {
                        came.left.push(batch);
                    }
                    Err(LoadError::Failed(error)) => {
                        self.failure.get_or_insert(error);
                        came.left.push(batch);
                    }
                }
            }
            drop(answers);
            next = parts;
        }
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
        self.load_deletions(session, loading, &mut loads).await;
        if loads.failure.is_none() {
            self.load_members(session, loading, &mut loads).await?;
        }
        Ok(loads)
    }

    /// Reads the groups' entries again, if another session was opened since they were read.
    async fn read_again(&mut self, loading: &mut Loading<'_>) -> Result<(), RunError> {
        if self.as_of + 1 < loading.number {
            let ids: Vec<_> = self.known.keys().cloned().collect();
            let entries = loading.hand.ledger.groups(&ids).await?;
            let entries = entries.into_iter().map(|entry| (entry.id.clone(), entry));
            self.known = entries.collect();
        }
        self.as_of = loading.number;
        Ok(())
    }

    async fn load_upserts(
        &mut self,
        session: &Session<Open>,
        loading: &mut Loading<'_>,
        loads: &mut GroupLoads,
    ) {
        let all: HashMap<GroupId, Group> = self
            .upserts
            .drain(..)
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
            entry(&group, GroupIs::Ours(group.print()), true);
        }
        for group in came.ambiguous.iter().flat_map(of) {
            entry(&group, GroupIs::Ours(UNKNOWN), false);
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
                    GroupIs::Ours(UNKNOWN)
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
        let mut parcel = Parcel::default();
        while parcel.people.is_empty() && !self.members.is_empty() && room > 0 {
            let taken = self.take(loading, room).await?;
            let now = loading.hand.now();
            let people = parcel
                .charge(taken, self, loading.books, loading.number, now)
                .await?;
            parcel.add(people);
        }
        self.withheld += parcel.withheld;
        let mut batches = parcel.batches();
        let beyond = batches.split_off(batches.len().min(room));
        self.count_leaves(&parcel, loading).await?;
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
    ) -> Result<Vec<Told>, RunError> {
        let mut taken = Vec::new();
        let mut size = super::pairs::Size::default();
        while !self.members.is_empty() && size.requests() < room {
            let most = if okta::max_entities() < okta::MAX_ENTITIES {
                1
            } else {
                SLICE
            };
            let some = self.members.len().min(most);
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
                        if size.requests_with(&told) > room && !taken.is_empty() {
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

    /// Writes how many members leave each group, before they do.
    async fn count_leaves(
        &mut self,
        parcel: &Parcel,
        loading: &mut Loading<'_>,
    ) -> Result<(), RunError> {
        let now = loading.hand.now();
        let mut leaves = Leaves::new();
        for told in &parcel.people {
            for id in told.fresh_leaves() {
                *leaves.entry(id).or_default() += 1;
            }
        }
        let mut changed = Vec::new();
        for (id, count) in leaves {
            if let Some(entry) = self.known.get_mut(&id) {
                entry.left.retain(|hour, _| hour.counts(now));
                *entry.left.entry(Hour::of(now)).or_default() += count;
                changed.push(entry.clone());
            }
        }
        super::record::groups(loading.hand.ledger, &changed).await
    }
}

/// The print of a group of which nobody knows what Okta has.
const UNKNOWN: [u8; 16] = [0; 16];
