//! What is to be told of groups: found by the look, asked of Okta where nobody knows whose a group
//! is, and judged by the guard.

use std::collections::{HashMap, HashSet};

use super::{
    GroupChanges, GroupWork, GroupsReport, Leaves,
    ask::{self, Made},
    changes::GroupChangeKind,
    decide::{Decided, Difference},
    pairs::By,
};
use crate::{
    guard::{Judged, Kind, LIST, Listed, Target},
    ledger::{GroupIs, IdHash, KnownGroup, MembershipPrint},
    mapping::{ExternalId, GroupId},
    okta::{Calls, Error},
    sync::{
        Aside, Books, Detail, Report, Run, RunError, Time, WithheldKind,
        hand::{Circumstances, Hand},
        look::{GroupsFound, MemberSuspect},
    },
};

/// Groups of others that are asked for again, in case they are gone.
const FOREIGN_ASKED: usize = 20;
/// People who are in hand at a time.
const SLICE: usize = 500;
/// Members whom a group may lose within 24 hours, however few it has.
const AT_LEAST: u64 = 5;
/// How long Okta is asked about groups, at most, beside a run.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5 * 60);
/// The same while somebody who is to leave waits for it.
const SOON: std::time::Duration = std::time::Duration::from_secs(20);

/// What came of asking.
#[derive(Debug)]
pub(super) struct Asked<T> {
    pub(super) answers: Vec<T>,
    /// Of which there was no time to ask.
    pub(super) unasked: u64,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self {
            answers: Vec::new(),
            unasked: 0,
        }
    }
}

/// A look at what there is to tell of groups.
pub(in crate::sync) struct Survey<'a> {
    pub(in crate::sync) run: &'a Run,
    pub(in crate::sync) hand: &'a Hand<'a>,
    pub(in crate::sync) books: &'a mut Books,
    pub(in crate::sync) aside: &'a Aside,
    pub(in crate::sync) time: &'a Time,
    /// Whether the guard may remember what it judges.
    pub(in crate::sync) is_plan: bool,
    /// Whether what is found is told.
    pub(in crate::sync) writes: bool,
    pub(in crate::sync) detail: Option<Detail>,
    pub(in crate::sync) retry_refused: bool,
    /// Whether somebody is to leave whom the same run tells.
    pub(in crate::sync) leavers_wait: bool,
}

/// What the people came to whose groups differ.
#[derive(Debug, Default)]
struct Tally {
    /// Memberships that Okta was told, of people whose groups differ.
    told: Leaves,
    /// People who would leave, with what that would cost.
    leaving: Vec<Leaving>,
    joins: u64,
    /// People who join a group, whatever becomes of what they are to leave.
    joining: HashSet<IdHash>,
}

#[derive(Debug)]
struct Leaving {
    external_id: ExternalId,
    target: Target,
    groups: Vec<GroupId>,
    fresh: Vec<GroupId>,
    is_approved: bool,
}

impl Survey<'_> {
    /// What is to be told. Whatever keeps Okta from being asked about groups is in the report, and
    /// stops nobody's users.
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
                        "is called \"{}\", and \"{name}\" or something else about it by the record {record}: the first \
                         record in the order of their keys counts",
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
            Err(RunError::Okta(error @ Error::OutOfTime { .. })) => {
                tracing::info!(%error, "Okta is asked about groups later");
            }
            Err(RunError::Okta(error)) => {
                tracing::warn!(%error, "groups are not told");
                report.groups.skipped = Some(format!(
                    "Okta does not answer about groups, so that none are told, nor who is in them: {error}. If the app's \
                     provisioning has Import Groups switched off, switch it on"
                ));
                return Ok((GroupWork::default(), changes));
            }
            Err(error) => return Err(error),
        }
        let tally = self.members(&found, &mut work, &mut changes).await?;
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

    fn calls(&self) -> Calls {
        let patience = if self.leavers_wait { SOON } else { PATIENCE };
        let until = self.time.open_until().min(self.time.now() + patience);
        self.run.beyond.singles.by(until)
    }

    /// Which groups are to be made, changed and deleted.
    async fn groups(
        &mut self,
        found: &GroupsFound,
        work: &mut GroupWork,
        changes: &mut GroupChanges,
        report: &mut GroupsReport,
    ) -> Result<(), RunError> {
        let last = self.books.log().last();
        let mut ask = Vec::new();
        // Of groups of others some are asked for again each time, in case they are gone.
        let is_foreign = |id: &GroupId| {
            let known = found.known.get(id);
            known.is_some_and(|known| known.entry.is == GroupIs::Foreign)
        };
        let mut again: Vec<_> = found.wanted.keys().filter(|id| is_foreign(id)).collect();
        fastrand::shuffle(&mut again);
        again.truncate(FOREIGN_ASKED);
        for (id, wanted) in &found.wanted {
            let group = &wanted.group;
            let Some(known) = found.known.get(id) else {
                ask.push((group.clone(), None));
                continue;
            };
            let entry = &known.entry;
            let is_live = known.standing.is_some_and(|it| it.live);
            let holds = known.standing.is_some_and(|it| it.holds);
            let of_another = entry.is_of_another(self.books.log());
            match entry.is {
                GroupIs::Foreign if again.contains(&id) => {
                    ask.push((group.clone(), Some(entry.clone())));
                }
                GroupIs::Foreign => report.foreign.add(id.as_str(), "is not ours, see above"),
                _ if is_live => work.joins_later = true,
                GroupIs::Refused(print) if print == group.print() && !self.retry_refused => {
                    report.refused.add(
                        id.as_str(),
                        "Okta refused it when it was last told; it is told again when its name or description changes, or \
                         by {\"command\":\"sync\",\"retryRefused\":true}",
                    );
                }
                GroupIs::Ours if known.is_there && holds && entry.print == group.print() => {}
                GroupIs::Deleted if holds => ask.push((group.clone(), Some(entry.clone()))),
                _ if of_another => ask.push((group.clone(), Some(entry.clone()))),
                _ => work.upserts.push_back(group.clone()),
            }
        }
        if !ask.is_empty() {
            let asked = ask::for_new(&self.calls(), ask, last, report).await?;
            let mut foreign = Vec::new();
            for answer in asked.answers {
                match answer {
                    Made::Tell(group) => work.upserts.push_back(group),
                    Made::Foreign(entry, before) => foreign.push((entry, before)),
                }
            }
            work.beyond += asked.unasked;
            for (entry, before) in foreign {
                if self.writes {
                    self.hand.ledger.note_group(&entry, before.as_ref()).await?;
                }
                work.known.insert(entry.id.clone(), entry);
            }
        }
        self.of_another(found, work, report).await?;
        for group in &work.upserts {
            let change = changes.of(&group.id);
            change.display_name = Some(group.display_name.to_string());
            change.change = match found.known.get(&group.id) {
                Some(known) if known.is_there => GroupChangeKind::Update,
                _ => GroupChangeKind::Create,
            };
        }
        self.deletions(found, work, changes).await
    }

    /// Groups that we made for another identity source, or table, and that no record gives: Okta is asked
    /// whether they are ours here, so that people can be taken out of them.
    async fn of_another(
        &self,
        found: &GroupsFound,
        work: &mut GroupWork,
        report: &mut GroupsReport,
    ) -> Result<(), RunError> {
        let log = self.books.log();
        let unclear: Vec<_> = found
            .known
            .iter()
            .filter(|(id, known)| {
                let entry = &known.entry;
                !found.wanted.contains_key(*id)
                    && entry.may_be_there(log)
                    && entry.is_of_another(log)
            })
            .map(|(_, known)| known.entry.clone())
            .collect();
        if unclear.is_empty() {
            return Ok(());
        }
        let asked = ask::for_old(
            &self.calls(),
            unclear,
            log.last().max(log.bound_from()),
            report,
        )
        .await?;
        work.beyond += asked.unasked;
        for (entry, before) in asked.answers {
            if self.writes {
                self.hand.ledger.note_group(&entry, Some(&before)).await?;
            }
            work.known.insert(entry.id.clone(), entry);
        }
        Ok(())
    }

    /// Groups that we made, that no rule gives any more, and that nobody is in. One record that could
    /// not be read may give any group.
    async fn deletions(
        &mut self,
        found: &GroupsFound,
        work: &mut GroupWork,
        changes: &mut GroupChanges,
    ) -> Result<(), RunError> {
        if !self.hand.mapping.deletes_empty_groups() || !found.complete {
            return Ok(());
        }
        let log = self.books.log();
        // Somebody else's, as Okta has just said, is none of ours.
        let is_ours = |known: &KnownGroup| {
            let now = work.known.get(&known.entry.id);
            let may_be = known.is_there || known.entry.may_be_there(log);
            let is_ours =
                now.is_some_and(|now| now.is != GroupIs::Foreign && !now.is_of_another(log));
            is_ours && may_be && known.standing.is_none_or(|it| !it.live)
        };
        let mut unwanted: Vec<_> = found
            .known
            .iter()
            .filter(|(id, known)| !found.wanted.contains_key(*id) && is_ours(known))
            .map(|(id, _)| id.clone())
            .collect();
        if unwanted.is_empty() || found.wanted.is_empty() && found.suspects.is_empty() {
            return Ok(());
        }
        // Where time is short, others are asked for the next time.
        fastrand::shuffle(&mut unwanted);
        let asked = ask::for_members(&self.calls(), unwanted).await?;
        for (id, has_members) in asked.answers {
            match has_members {
                Some(false) => {
                    changes.of(&id).change = GroupChangeKind::Delete;
                    work.deletions.push_back(id);
                }
                Some(true) => {}
                None => {
                    if let Some(entry) = work.known.get_mut(&id)
                        && self.writes
                    {
                        let before = entry.clone();
                        entry.is = GroupIs::Deleted;
                        self.hand.ledger.note_group(entry, Some(&before)).await?;
                    }
                }
            }
        }
        work.beyond += asked.unasked;
        Ok(())
    }

    /// Takes those in hand whose groups differ, as far as they may leave any; in a plan, all.
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
                aside: self.aside,
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

    /// Asks the guard whether people may leave groups; gives those of whom anything is told.
    async fn judge(
        &mut self,
        found: &GroupsFound,
        tally: Tally,
        work: &mut GroupWork,
        changes: &mut GroupChanges,
        report: &mut Report,
    ) -> Result<HashSet<IdHash>, RunError> {
        const KIND: Kind = Kind::MembershipRemovals;
        let now = self.time.now();
        let (mut leaving, mut approved) = (Leaves::new(), Leaves::new());
        for one in &tally.leaving {
            let leaves = match one.is_approved {
                true => &mut approved,
                false => &mut leaving,
            };
            for id in &one.fresh {
                *leaves.entry(id.clone()).or_default() += 1;
            }
        }
        let mut withheld: HashMap<GroupId, (u64, u64)> = HashMap::new();
        for (id, leave) in &leaving {
            // Of whom somebody approved counts, too.
            let left = work.known.get(id).map_or(0, |known| known.left(now));
            let goes = left + approved.get(id).copied().unwrap_or(0);
            let members = found.wanted.get(id).map_or(0, |wanted| wanted.members);
            let members = members + tally.told.get(id).copied().unwrap_or(0) + left;
            let allowed = (members / 2).max(AT_LEAST).saturating_sub(goes);
            if *leave > allowed {
                withheld.insert(id.clone(), (*leave, members));
            }
            let most = (members / 2).max(AT_LEAST);
            let most = if withheld.contains_key(id) { 0 } else { most };
            work.most.insert(id.clone(), most);
        }
        let fits = leaving.iter().filter(|(id, _)| !withheld.contains_key(*id));
        let asked: u64 = fits.map(|(_, leave)| leave).sum();
        let guard = &mut self.books.guard;
        guard.found_memberships(found.told);
        let judged = if self.is_plan {
            guard.would_judge(KIND, asked.into(), true, now)
        } else {
            if found.told > 0 {
                guard.memberships(found.told, now).await?;
            }
            guard.judge(KIND, asked.into(), true, now).await?
        };
        let is_latched = judged.latched.is_some() && asked > 0;
        let kept = |id: &GroupId| is_latched || withheld.contains_key(id);
        let of_groups: u64 = withheld.values().map(|(leave, _)| leave).sum();
        let count = of_groups + if is_latched { asked } else { 0 };
        let mut listed = Vec::new();
        let mut goes = tally.joining;
        for one in &tally.leaving {
            let waits = |id: &GroupId| !one.is_approved && one.fresh.contains(id) && kept(id);
            let who = [one.external_id.clone()];
            for id in &one.groups {
                let limit = changes.limit();
                let change = changes.of(id);
                let members = match waits(id) {
                    true => &mut change.withheld,
                    false => &mut change.leaves,
                };
                members.add(1, &who, limit);
            }
            if !self.writes {
                let leaves = one.groups.iter().filter(|id| !waits(id)).count();
                report.groups.memberships.removed += leaves as u64;
            }
            if one.groups.iter().any(|id| !waits(id)) {
                goes.insert(IdHash::of(&one.external_id));
            }
            if one.groups.iter().any(waits) && listed.len() <= LIST {
                listed.push(Listed {
                    id: IdHash::of(&one.external_id),
                    target: one.target,
                    stranger: false,
                });
            }
        }
        let too_many = listed.len() > LIST;
        let digest = if self.is_plan {
            let digest = guard.memory().digest(KIND, now);
            digest.filter(|_| !listed.is_empty()).cloned()
        } else {
            guard.keep_list(KIND, listed, now).await?
        };
        if !self.writes {
            report.groups.memberships.added += tally.joins;
        }
        *report.withheld.of_mut(KIND) = WithheldKind {
            count,
            reason: (count > 0).then(|| {
                let set = self.run.limits.of(KIND).to_string();
                reason(
                    &withheld,
                    is_latched.then_some((asked, judged, set)),
                    too_many,
                )
            }),
            digest,
            since: guard.memory().since(KIND).filter(|_| count > 0),
        };
        Ok(goes)
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
        let target = Target::from(MembershipPrint::of(difference.wants.iter()));
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

fn reason(
    groups: &HashMap<GroupId, (u64, u64)>,
    latched: Option<(u64, Judged, String)>,
    too_many: bool,
) -> String {
    let mut reasons = Vec::new();
    if let Some((count, judged, set)) = latched {
        let Judged {
            latched: _,
            limit,
            spent,
            base,
        } = judged;
        reasons.push(format!(
            "{count} memberships to be taken away do not fit what MAX_MEMBERSHIP_REMOVALS ({set}) allows within 24 hours: \
             {limit} of {base} memberships, of which {spent} are spent"
        ));
    }
    let mut named: Vec<_> = groups.iter().collect();
    named.sort_by(|one, other| (other.1.0, one.0).cmp(&(one.1.0, other.0)));
    if !named.is_empty() {
        const NAMED: usize = 5;
        let all = named.len();
        let names = named
            .iter()
            .take(NAMED)
            .map(|(id, (leave, members))| format!("{id} ({leave} of {members})"));
        let names: Vec<_> = names.collect();
        let more = if all > NAMED { " and others" } else { "" };
        reasons.push(format!(
            "{all} groups would lose more than half of their members within 24 hours: {}{more}",
            names.join(", ")
        ));
    }
    let approve = if too_many {
        "more than can be approved at once: raise the limit, or put the table right"
    } else {
        "if it is right, approve exactly these people with {\"command\":\"approve\",\"digest\":…}"
    };
    format!(
        "{}. Check the users table; {approve}",
        reasons.join(". Besides, ")
    )
}
