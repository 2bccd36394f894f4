//! A run that stops before it tells anybody: what it would do.

use std::collections::BTreeMap;

use super::{
    Books, Changes, Estimate, Job, Refusals, Report, Run, RunError, Time,
    detail::{self, GroupChanges},
    hand::{Circumstances, Decision, Hand, InHand, Ready},
    look::{Found, Whole},
    plan::Plan,
    suspect::Suspect,
};
use crate::{guard::Kind, okta};

/// A run that stops here, and what it has looked at.
pub(super) struct Dry<'a> {
    pub(super) run: &'a Run,
    pub(super) job: &'a Job,
    pub(super) time: &'a Time,
    pub(super) hand: &'a Hand<'a>,
    pub(super) books: &'a Books,
    pub(super) refusals: &'a Refusals,
}

impl Dry<'_> {
    /// Takes in hand what one session carries, and puts into the report what would be done.
    pub(super) async fn finish(
        self,
        found: Found,
        withheld: BTreeMap<Kind, u64>,
        groups: GroupChanges,
        report: &mut Report,
    ) -> Result<(), RunError> {
        let mut plan = Plan::default();
        let (mut gone, mut changed) = (0, 0);
        for (suspects, away) in [(&found.leavers, &mut gone), (&found.upserts, &mut changed)] {
            let first = suspects.len().min(okta::MAX_USERS);
            for one in self.in_hand(&suspects[..first]).await? {
                match one.decision {
                    Decision::Tell(ready) if ready.why.is_some() => plan.deactivations.push(*ready),
                    Decision::Tell(ready) => plan.upserts.push(*ready),
                    Decision::Wait | Decision::UnderWay(_) => report.waiting += 1,
                    Decision::Rejected(reject) => report.rejected.add(reject),
                    Decision::Refused(reject) => report.refused.add(reject),
                    Decision::Nothing(_) | Decision::NextLook | Decision::Stranger => *away += 1,
                }
            }
        }
        let of = |kind| withheld.get(&kind).copied().unwrap_or(0);
        report.deactivations = report
            .deactivations
            .saturating_sub(gone + of(Kind::Deactivations));
        report.upserts = report.upserts.saturating_sub(changed + of(Kind::Updates));
        plan.found = (report.upserts, report.deactivations);
        if let Some(detail) = self.job.detail {
            let okta = self.run.okta.by(self
                .time
                .answer_by()
                .min(self.time.now() + detail::PATIENCE));
            let kept = self.withheld(&found, detail.limit).await?;
            let all_kept = (of(Kind::Updates), of(Kind::Deactivations));
            let changes = Changes::of(&plan, kept, all_kept, detail, &okta);
            let mut changes = Box::pin(changes).await;
            (changes.groups, changes.not_listed.groups) = groups.into_list();
            report.changes = Some(changes);
        }
        let last = self.books.log().last_triggered();
        report.estimate = Some(Estimate::of(plan, last, self.time.now()));
        Ok(())
    }

    /// The first people of each kind that the guard withholds.
    async fn withheld(&self, found: &Found, limit: usize) -> Result<Vec<Ready>, RunError> {
        let withheld = found.withheld.iter().cloned();
        let (mut suspects, mut upserts): (Vec<_>, Vec<_>) =
            withheld.partition(|one| one.target.is_deactivation());
        suspects.truncate(limit);
        upserts.truncate(limit);
        suspects.append(&mut upserts);
        let in_hand = self.in_hand(&suspects).await?;
        Ok(in_hand
            .into_iter()
            .filter_map(|one| match one.decision {
                Decision::Tell(ready) => Some(*ready),
                _ => None,
            })
            .collect())
    }

    async fn in_hand(&self, suspects: &[Suspect]) -> Result<Vec<InHand>, RunError> {
        let reading = self.books.reading(self.time.now());
        let whole =
            if self.hand.by_key() || suspects.iter().all(|one| !one.target.is_deactivation()) {
                None
            } else {
                let people = suspects.iter().map(|suspect| suspect.id);
                Some(Whole::read(self.hand, people).await?)
            };
        let circumstances = Circumstances {
            reading: &reading,
            refusals: self.refusals,
            approved: self.books.guard.approved(),
            whole: whole.as_ref(),
        };
        self.hand.take(suspects, &circumstances).await
    }
}
