//! What to tell about groups: found by the look, checked with Okta if nobody knows whose a group
//! is, and judged by the guard.

use std::collections::HashSet;

use super::{
    GroupWork, Leaves,
    decide::{Decided, Difference},
    pairs::By,
};
use crate::{
    guard::Target,
    ledger::IdHash,
    mapping::{ExternalId, GroupId},
    sync::{
        Books, Detail, GroupChangeKind, Refusals, Report, Run, RunError, Time,
        detail::GroupChanges,
        hand::{Circumstances, Hand},
        look::GroupsFound,
        suspect::MemberSuspect,
    },
};

/// People who are in hand at a time.
const SLICE: usize = 500;
/// A look at what there is to tell about groups.
pub(in crate::sync) struct Survey<'a> {
    pub(in crate::sync) run: &'a Run,
    pub(in crate::sync) hand: &'a Hand<'a>,
    pub(in crate::sync) books: &'a mut Books,
    pub(in crate::sync) refusals: &'a Refusals,
    pub(in crate::sync) time: &'a Time,
    /// Whether the guard may remember what it judges.
    pub(in crate::sync) is_plan: bool,
    /// Whether what is found is told.
    pub(in crate::sync) writes: bool,
    pub(in crate::sync) detail: Option<Detail>,
    pub(in crate::sync) retry_refused: bool,
    /// Whether the same run tells a leaver.
    pub(in crate::sync) leavers_wait: bool,
}

/// The outcome for people whose groups differ.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Memberships that Okta was told, of people whose groups differ.
    pub(super) told: Leaves,
    /// People who would leave groups, with what that would cost.
    pub(super) leaving: Vec<Leaving>,
    pub(super) joins: u64,
    /// People who join a group, whatever becomes of what they must leave.
    pub(super) joining: HashSet<IdHash>,
}

#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) external_id: ExternalId,
    pub(super) target: Target,
    pub(super) groups: Vec<GroupId>,
    pub(super) fresh: Vec<GroupId>,
    pub(super) is_approved: bool,
}

impl Survey<'_> {
    /// What to tell. Anything that keeps Okta from being asked about groups is in the report, and
    /// stops no users.
    ///
    /// # Errors
    /// When a table could not be read or written.
    pub(in crate::sync) async fn take(
        mut self,
        found: GroupsFound,
        report: &mut Report,
    ) -> Result<(GroupWork, GroupChanges), RunError> {
        let mut work = GroupWork {
            beyond: found.beyond,
            joins_later: found.movers_wait
                || found.wanted.values().any(|wanted| wanted.later.0 > 0),
            ..GroupWork::default()
        };
        let mut changes = GroupChanges::naming(self.detail.map_or(0, |detail| detail.limit));
        let known = found.known.iter();
        work.known = known
            .map(|(id, known)| (id.clone(), known.entry.clone()))
            .collect();
        report.groups.waiting = found.waiting;
        for (id, wanted) in &found.wanted {
            report.groups.waiting += wanted.later.0;
            if let Some((name, record)) = &wanted.other {
                report.groups.ambiguous.add(
                    id.as_str(),
                    format!(
                        "is called \"{}\", and \"{name}\" or something else about it by the record \
                         {record}: the first record in the order of their keys counts",
                        wanted.group.display_name
                    ),
                );
            }
            if wanted.later.0 > 0 {
                let limit = changes.limit();
                let joins = &mut changes.of(id).joins;
                joins.add(wanted.later.0, &wanted.later.1, limit);
            }
        }
        match self
            .groups(&found, &mut work, &mut changes, &mut report.groups)
            .await
        {
            Ok(()) => {}
            Err(RunError::Okta(error)) => {
                tracing::warn!(%error, "groups are not told");
                report.groups.skipped = Some(format!(
                    "Okta does not answer about groups, so neither groups nor memberships are \
                     told: {error}. If the app's provisioning has Import Groups switched off, \
                     switch it on"
                ));
                return Ok((GroupWork::default(), changes));
            }
            Err(error) => return Err(error),
        }
        let tally = self.members(&found, &mut work, &mut changes).await?;
        // Somebody whose groups differ may be put into it, or was told to be in it.
        work.deletions.retain(|id| !tally.told.contains_key(id));
        for id in &work.deletions {
            changes.of(id).change = GroupChangeKind::Delete;
        }
        let judged = self.judge(&found, tally, &mut work, &mut changes, report);
        let goes = judged.await?;
        if self.writes {
            work.members = found.suspects;
            let members = &mut work.members;
            members.retain(|suspect| !suspect.may_leave || goes.contains(&suspect.id));
        } else {
            let later: u64 = found.wanted.values().map(|wanted| wanted.later.0).sum();
            report.groups.upserts = work.upserts.len() as u64;
            report.groups.deletions = work.deletions.len() as u64;
            report.groups.memberships.added += later;
        }
        Ok((work, changes))
    }

    /// Takes people in hand whose groups differ and who may leave any. In a plan: all.
    async fn members(
        &mut self,
        found: &GroupsFound,
        work: &mut GroupWork,
        changes: &mut GroupChanges,
    ) -> Result<Tally, RunError> {
        let mut tally = Tally::default();
        let suspects = found.suspects.iter();
        let suspects: Vec<MemberSuspect> = suspects
            .filter(|suspect| suspect.may_leave || !self.writes)
            .cloned()
            .collect();
        let now = self.time.now();
        let reading = self.books.reading(now);
        for slice in suspects.chunks(SLICE) {
            let circumstances = Circumstances {
                reading: &reading,
                refusals: self.refusals,
                approved: self.books.guard.approved(),
                whole: None,
            };
            for member in self.hand.members(slice, &circumstances).await? {
                let Some(member) = member else {
                    continue;
                };
                let told = member.entry.memberships.iter().flat_map(|it| &it.told);
                for id in told {
                    *tally.told.entry(id.clone()).or_default() += 1;
                }
                let by = By {
                    books: self.books,
                    known: &work.known,
                    now,
                };
                match by.decide(&member) {
                    Decided::Tell(difference) => tally.take(&by, member.entry, difference, changes),
                    Decided::Wait => work.waits = true,
                    Decided::Tidy(memberships)
                        if self.writes && !super::record::sleeps(self.books.log()) =>
                    {
                        let ledger = self.hand.ledger;
                        let entry = &member.entry;
                        ledger.tidy_memberships(entry, memberships.as_ref()).await?;
                    }
                    Decided::Nothing | Decided::Tidy(_) => {}
                }
            }
        }
        Ok(tally)
    }
}

impl Tally {
    fn take(
        &mut self,
        by: &By<'_>,
        entry: crate::ledger::Entry,
        difference: Difference,
        changes: &mut GroupChanges,
    ) {
        self.joins += difference.joins.len() as u64;
        if !difference.joins.is_empty() {
            self.joining.insert(IdHash::of(&entry.external_id));
        }
        let who = [entry.external_id.clone()];
        for id in &difference.joins {
            let limit = changes.limit();
            changes.of(id).joins.add(1, &who, limit);
        }
        if difference.leaves.is_empty() {
            return;
        }
        let target = Target::from(difference.given);
        let told = by.told(entry, difference);
        self.leaving.push(Leaving {
            target,
            fresh: told.fresh_leaves(),
            is_approved: told.approved.is_some(),
            groups: told.difference.leaves,
            external_id: told.entry.external_id,
        });
    }
}
