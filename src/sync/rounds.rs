//! Session after session, each with a plan of its own, until nothing is left or time is over.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Aside, Job, Plan, Report, Run, RunError, Source, Time,
    push::{Carried, Pusher},
    safeguards::Safeguard,
};
use crate::{
    ledger::{Lease, SessionLog},
    mutation::{self, Mutation},
};

/// Okta opens no session for up to so long after an import was started (Okta's developer
/// guide). It is only what a caller is told to wait; whether it is so, opening one shows.
pub(crate) const COOLDOWN: Duration = Duration::from_secs(5 * 60);
/// What a caller is told to wait when there is nothing to go by.
const A_WHILE: Duration = Duration::from_secs(60);

/// What was planned is planned anew if it took longer than this to get a session: who has come
/// back meanwhile must not be deactivated, nor who has left be let in.
const AGES: Duration = Duration::from_secs(10);

/// A run that has the lease, and what it learns from one round to the next.
pub(super) struct Rounds<'a> {
    pub(super) run: &'a Run,
    pub(super) lease: &'a Lease,
    pub(super) job: &'a Job,
    pub(super) time: &'a Time,
    pub(super) report: &'a mut Report,
    pub(super) log: SessionLog,
    pub(super) safeguard: Safeguard,
    pub(super) aside: &'a mut Aside,
}

/// How a round ended.
enum Round {
    /// There is nothing left, of a directory with so many active users.
    Done { active: u64 },
    /// There is more, and time for it.
    More,
    /// There is more, and no time or no session for it.
    Later,
}

impl Rounds<'_> {
    /// Works until nothing is left, or says in the report when to go on.
    pub(super) async fn work(mut self) -> Result<(), RunError> {
        let run = self.report.run_id.clone();
        let pusher = Pusher {
            okta: &self.run.okta,
            ledger: &self.run.ledger,
            lease: self.lease,
            time: self.time,
            watch: self.run.watch,
            run: &run,
        };
        let mut failed_sessions = 0;
        loop {
            match self.round(&pusher, &mut failed_sessions).await? {
                Round::Done { active } => return self.finished(active).await,
                Round::More => {}
                Round::Later => {
                    self.later();
                    return Ok(());
                }
            }
        }
    }

    async fn round(
        &mut self,
        pusher: &Pusher<'_>,
        failed_sessions: &mut usize,
    ) -> Result<Round, RunError> {
        let mut plan = self.plan().await?;
        let mut active = plan.counts.active;
        if plan.is_empty() {
            return Ok(Round::Done { active });
        }
        let asked = self.time.now();
        let Some(begun) = pusher.begin(&mut self.log).await? else {
            return Ok(Round::Later);
        };
        if self.time.now() > asked + AGES && !mutation::on(Mutation::LoadOldPlan) {
            plan = self.plan().await?;
            active = plan.counts.active;
            if plan.is_empty() {
                pusher.give_up(begun, &mut self.log).await?;
                return Ok(Round::Done { active });
            }
        }
        let Carried {
            report: session,
            failed,
            left_over,
            too_early,
            refused,
            failure,
        } = pusher.push(begun, plan, &mut self.log, self.aside).await?;
        // What a failed session carried is found again by the next plan.
        if !failed {
            self.safeguard.pushed(session.deactivations);
            self.report.carried(&session);
        }
        for reject in refused {
            self.report.rejected.add(reject);
        }
        self.report.sessions.push(session.clone());
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        *failed_sessions += usize::from(failed);
        if *failed_sessions > 1 {
            return Err(RunError::SessionsFail {
                id: session.id,
                status: session.status,
            });
        }
        Ok(if too_early {
            Round::Later
        } else if !left_over && !failed {
            Round::Done { active }
        } else if self.time.now() >= self.time.open_until() {
            Round::Later
        } else {
            Round::More
        })
    }

    /// What is to be pushed, and may be.
    async fn plan(&mut self) -> Result<Plan, RunError> {
        let mut plan = self
            .run
            .plan(
                &self.job.source,
                &mut self.log,
                self.aside,
                Some(self.lease),
            )
            .await?;
        if !mutation::on(Mutation::SafeguardAfterLoading) {
            self.safeguard.check(&mut plan);
        }
        self.report.planned(&plan);
        self.aside.planned(&plan);
        self.lease.check()?;
        self.run
            .ledger
            .adopt(&std::mem::take(&mut plan.adopted))
            .await?;
        Ok(plan)
    }

    /// A full run has come to its end: remembers how many users are active, for those runs that
    /// do not see all of them.
    async fn finished(&self, active: u64) -> Result<(), RunError> {
        if matches!(self.job.source, Source::Table) && self.log.known_active() != active {
            self.lease.check()?;
            self.run.ledger.log_known_active(active).await?;
        }
        Ok(())
    }

    /// There is more to do than there was time for: says when to go on.
    fn later(&mut self) {
        let now = self.time.now();
        let after_cooldown = self
            .log
            .last_triggered()
            .map(|at| at + COOLDOWN)
            .filter(|at| *at > now);
        self.report.more = true;
        self.report.resume_at = Some(whole_second(after_cooldown.unwrap_or(now + A_WHILE)));
    }
}

/// Up to the next whole second: what Step Functions waits for.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() + i64::from(at.subsec_nanosecond() > 0)).unwrap_or(at)
}
