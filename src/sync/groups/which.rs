//! Which groups are made, changed and deleted.

use super::{
    GroupWork, Survey,
    ask::{self, Made, SOON},
};
use crate::{
    ledger::{GroupIs, KnownGroup},
    mapping::GroupId,
    okta::Calls,
    sync::{GroupChangeKind, GroupsReport, RunError, detail::GroupChanges, look::GroupsFound},
};

/// How many groups of others are asked for again, in case they are gone.
const FOREIGN_ASKED: usize = 20;
/// The longest time for asking Okta about groups, alongside a run.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5 * 60);

impl Survey<'_> {
    fn calls(&self) -> Calls {
        let patience = if self.leavers_wait { SOON } else { PATIENCE };
        let until = self.time.open_until().min(self.time.now() + patience);
        self.run.beyond.singles.by(until)
    }

    /// Which groups are made, changed and deleted.
    pub(super) async fn groups(
        &mut self,
        found: &GroupsFound,
        work: &mut GroupWork,
        changes: &mut GroupChanges,
        report: &mut GroupsReport,
    ) -> Result<(), RunError> {
        let last = self.books.log().last();
        let mut ask = Vec::new();
        // Some groups of others are asked for again each time, in case they are gone.
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
                GroupIs::Foreign => report.foreign.add(id.as_str(), ask::THEIRS),
                _ if is_live => work.joins_later = true,
                GroupIs::Refused(print) if print == group.print() && !self.retry_refused => {
                    report.refused.add(
                        id.as_str(),
                        "Okta refused it when it was last told; it is told again when its name or \
                         description changes, or by {\"command\":\"sync\",\"retryRefused\":true}",
                    );
                }
                GroupIs::Ours if known.is_there && holds && entry.print == group.print() => {}
                GroupIs::Deleted if holds => ask.push((group.clone(), Some(entry.clone()))),
                _ if of_another => ask.push((group.clone(), Some(entry.clone()))),
                _ => work.upserts.push_back(group.clone()),
            }
        }
        if !ask.is_empty() {
            let none_there = !found.known.values().any(|known| known.is_there);
            let asked = ask::for_new(&self.calls(), ask, (last, none_there), report).await?;
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
        self.deletions(found, work, report).await
    }

    /// Groups that we made for another identity source or table, and that no record gives. Okta is
    /// asked whether they are ours here, so that people can be taken out of them.
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

    /// Groups that we made, that no rule gives any more, and that nobody is in. One record that
    /// could not be read may give any group.
    async fn deletions(
        &mut self,
        found: &GroupsFound,
        work: &mut GroupWork,
        report: &mut GroupsReport,
    ) -> Result<(), RunError> {
        if !self.hand.mapping.deletes_empty_groups() || !found.complete {
            return Ok(());
        }
        let log = self.books.log();
        // A group that is somebody else's, as Okta has just said, is not ours.
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
        // Whether a group is empty is unknown before what was told about it has landed.
        if log.may_change_groups() {
            if log.only_sleepers_change_groups() {
                report.skipped.get_or_insert_with(|| {
                    format!(
                        "{} groups that no record gives are not deleted: an import that was given up may still \
                         put somebody into them. {{\"command\":\"status\"}} lists it under sessions",
                        unwanted.len()
                    )
                });
            } else {
                work.waits = true;
            }
            return Ok(());
        }
        // If time is short, others are asked for next time.
        fastrand::shuffle(&mut unwanted);
        let asked = ask::for_members(&self.calls(), unwanted, report).await?;
        for (id, has_members) in asked.answers {
            match has_members {
                Some(false) => work.deletions.push_back(id),
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
}
