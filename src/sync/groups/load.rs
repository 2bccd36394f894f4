//! Loading groups and memberships into a session that users were loaded into, or into one of their
//! own.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{
    GroupWork,
    ask::{self, SOON},
    pairs::Told,
};
use crate::{
    ledger::{GroupEntry, GroupIs, Hour, Ledger, Mode, Number},
    mapping::{Group, GroupId},
    okta::{self, GroupBatch, GroupProfile, Okta, Open, Session},
    sync::{Books, Refusals, Report, RunError, hand::Hand},
};

/// What it takes to load groups.
pub(in crate::sync) struct Loading<'a> {
    pub(in crate::sync) hand: &'a Hand<'a>,
    pub(in crate::sync) books: &'a mut Books,
    pub(in crate::sync) refusals: &'a Refusals,
    pub(in crate::sync) report: &'a mut Report,
    pub(in crate::sync) number: Number,
    /// The client for single groups.
    pub(in crate::sync) singles: &'a Okta,
    /// When the time for loading is over.
    pub(in crate::sync) until: Timestamp,
}

/// What a session was loaded with about groups.
#[derive(Debug, Default)]
pub(in crate::sync) struct GroupLoads {
    /// Entries that the ledger must have.
    pub(super) groups: Vec<GroupEntry>,
    /// Groups that were loaded: to make or change, and to delete.
    upserts: u64,
    deletions: u64,
    /// Memberships that were loaded.
    pub(super) added: u64,
    pub(super) removed: u64,
    /// People whose memberships were loaded, and whether it is unknown if all of them arrived.
    pub(super) people: Vec<(Told, bool)>,
    pub(super) hour: Option<Hour>,
    /// The requests that Okta accepted.
    pub(in crate::sync) requests: u64,
    /// Why no more is loaded: a load failed for a reason other than its content.
    pub(super) stopped: Option<String>,
    /// Members who were counted as taken out of groups.
    pub(super) counted: Vec<(GroupEntry, Hour, i64)>,
    /// Whether somebody has set the switch to paused.
    pub(in crate::sync) paused: bool,
}

impl GroupLoads {
    /// Whether anything of groups or memberships is in the session, or may be.
    pub(in crate::sync) fn may_change_anything(&self) -> bool {
        !self.is_empty() || !self.groups.is_empty() || !self.people.is_empty()
    }

    /// Whether the session has none of it.
    pub(in crate::sync) fn is_empty(&self) -> bool {
        self.requests == 0
    }

    /// Whether the session has anything that makes or adds something.
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

    /// What a session that did not fail has told.
    pub(in crate::sync) fn count(&self, report: &mut Report) {
        report.groups.upserts += self.upserts;
        report.groups.deletions += self.deletions;
        report.groups.memberships.added += self.added;
        report.groups.memberships.removed += self.removed;
    }
}

impl GroupWork {
    /// Loads what the session still takes: groups, then memberships, with removals first.
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
            self.load_deletions(session, loading, &mut loads).await?;
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

    /// Reads the groups' entries again: others may have been at work since.
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

    /// Loads the groups to delete. Okta is asked once more whether they are empty: others may have
    /// told memberships since the look. While an import that carries some may still end, nobody
    /// knows.
    async fn load_deletions(
        &mut self,
        session: &Session<Open>,
        loading: &mut Loading<'_>,
        loads: &mut GroupLoads,
    ) -> Result<(), RunError> {
        if self.deletions.is_empty() {
            return Ok(());
        }
        if loading.books.log().may_change_groups() {
            self.deletions.clear();
            self.waits = true;
            return Ok(());
        }
        let mut batches = okta::pack_deletions(self.deletions.iter().map(GroupId::shared));
        let beyond = batches.split_off(batches.len().min(session.requests_left()));
        let of_beyond = beyond.iter().flat_map(of);
        self.deletions = of_beyond.collect();
        let asked = batches.iter().flat_map(of).collect();
        // Leavers may be in the session, and others wait for the lease.
        let soon = loading.hand.now() + SOON;
        let calls = loading.singles.by(loading.until.min(soon));
        let asked = match ask::for_members(&calls, asked, &mut loading.report.groups).await {
            Ok(asked) => asked,
            Err(RunError::Okta(error)) => {
                let why = format!(
                    "no groups are deleted, because Okta does not say whether they are empty: {error}"
                );
                tracing::warn!(why, "groups are not deleted");
                loading.report.groups.skipped.get_or_insert(why);
                self.deletions.clear();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.beyond += asked.unasked;
        let empty = asked.answers.into_iter();
        let empty = empty.filter(|(_, has_members)| *has_members == Some(false));
        let empty: Vec<_> = empty.map(|(id, _)| id).collect();
        let batches = okta::pack_deletions(empty.iter().map(GroupId::shared));
        let came = loads.send(session, batches, loading.until).await;
        let told = came.accepted.iter().flat_map(of).map(|id| (id, true));
        let doubtful = came.ambiguous.iter().flat_map(of).map(|id| (id, false));
        for (id, certain) in told.chain(doubtful) {
            let Some(before) = self.known.get(&id) else {
                continue;
            };
            loads.deletions += u64::from(certain);
            let entry = GroupEntry {
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
            };
            // Nobody is put into it by the same session.
            self.known.insert(id, entry.clone());
            loads.groups.push(entry);
        }
        self.deletions.extend(came.left.iter().flat_map(of));
        Ok(())
    }
}

/// The groups of a batch.
fn of(batch: &GroupBatch) -> Vec<GroupId> {
    let groups = batch.groups().filter_map(|id| GroupId::parse(id).ok());
    groups.collect()
}
