//! One run, from claiming the lease to giving it back.

use std::{sync::Arc, time::Duration};

use super::{
    Aside, Changes, DeactivationLimit, Detail, Estimate, Plan, Report, Source, Time, detail,
    report::Consumed, rounds::Rounds, safeguards::Safeguard, settle, sources::Sources,
};
use crate::{
    ledger::{Claim, Lease, LeaseLost, Ledger, LedgerError, SessionLog},
    mapping::Mapping,
    metrics,
    okta::{self, Okta},
    users::{ReadError, UsersTable},
};

/// How long a job that waits for the lease waits before it asks again.
const LEASE_WAIT: Duration = Duration::from_secs(3);

/// What runs need, built once and used by one run after another.
#[derive(Debug, Clone)]
pub struct Run {
    /// The source of truth.
    pub users: UsersTable,
    /// What its records mean.
    pub mapping: Arc<Mapping>,
    /// What Okta was told.
    pub ledger: Ledger,
    /// Okta.
    pub okta: Okta,
    /// How many deactivations a run may push.
    pub max_deactivations: DeactivationLimit,
    /// How long a run watches the session that it has triggered.
    pub watch: Duration,
    /// How long what runs did is kept; not at all if zero.
    pub history: Duration,
}

/// What a run is to do.
#[derive(Debug, Clone)]
pub struct Job {
    /// What to look at.
    pub source: Source,
    /// Deactivations that the caller allows, whatever the limit.
    pub allow_deactivations: Option<u64>,
    /// Whether to wait for a run that is under way, as long as time lasts, instead of leaving
    /// the work to it: it may have read past what this job is about.
    pub waits: bool,
    /// How much of a dry run's plan is told besides counts.
    pub detail: Option<Detail>,
    /// Whether users whom Okta has refused before are tried again, though nothing about them has
    /// changed: something has at Okta.
    pub anew: bool,
}

/// Why a run came to no good end. Whatever it was, running again is safe.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The users table could not be read to its end.
    #[error(transparent)]
    Users(#[from] ReadError),
    /// The state table could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Okta did not do as asked.
    #[error(transparent)]
    Okta(#[from] okta::Error),
    /// Another run may be at work.
    #[error(transparent)]
    LeaseLost(#[from] LeaseLost),
    /// Import sessions fail one after another.
    #[error(
        "Okta ended two sessions of this run without importing them, the last one ({id}) as {status}: see Reports > Import Monitoring in the admin console for why"
    )]
    SessionsFail {
        /// The last session.
        id: okta::SessionId,
        /// Its status.
        status: String,
    },
}

impl Run {
    /// Does a job, from claiming the lease to giving it back.
    ///
    /// # Errors
    /// When it could not go on. What it did until then is in the report.
    pub async fn work(&self, job: &Job, time: &Time, report: &mut Report) -> Result<(), RunError> {
        let (users, state) = (&self.users.meter, &self.ledger.meter);
        users.reset();
        state.reset();
        let result = if report.dry_run {
            self.dry(job, time, report).await
        } else {
            self.real(job, time, report).await
        };
        report.consumed = Consumed::of(users.units(), state.units());
        result
    }

    async fn real(&self, job: &Job, time: &Time, report: &mut Report) -> Result<(), RunError> {
        let Some(lease) = self.claim(job, time, report).await? else {
            return Ok(());
        };
        let result = self.under_lease(&lease, job, time, report).await;
        lease.release().await;
        result
    }

    /// Claims the lease; says in the report who has it if it cannot be had.
    async fn claim(
        &self,
        job: &Job,
        time: &Time,
        report: &mut Report,
    ) -> Result<Option<Lease>, RunError> {
        loop {
            match self.ledger.claim(&report.run_id, time.deadline()).await? {
                Claim::Held(lease) => return Ok(Some(lease)),
                Claim::Busy { .. } if job.waits && time.now() + LEASE_WAIT < time.open_until() => {
                    tokio::time::sleep(LEASE_WAIT).await;
                }
                Claim::Busy { owner, until } => {
                    report.skipped = Some(format!(
                        "another run ({owner}) holds the lease until {until:.0}"
                    ));
                    return Ok(None);
                }
            }
        }
    }

    /// What a run would do. Nothing is written anywhere, so that no lease is needed.
    async fn dry(&self, job: &Job, time: &Time, report: &mut Report) -> Result<(), RunError> {
        let mut log = self.ledger.sessions().await?;
        settle::settle(
            &self.ledger,
            &self.okta.by(time.answer_by()),
            &mut log,
            None,
        )
        .await?;
        let aside = Aside::new(self.ledger.stuck().await?, job.anew);
        let mut plan = self.plan(&job.source, &mut log, &aside, None).await?;
        let detail = job.detail;
        let leavers = detail.map(|detail| detail::leavers(&plan, detail.limit));
        Safeguard::new(self.max_deactivations, job.allow_deactivations).check(&mut plan);
        report.planned(&plan);
        if let Some((detail, leavers)) = detail.zip(leavers) {
            let okta = self
                .okta
                .by(time.answer_by().min(time.now() + detail::PATIENCE));
            let changes = Changes::of(&plan, leavers, detail, &self.ledger, &okta);
            report.changes = Some(Box::pin(changes).await?);
        }
        report.estimate = Some(Estimate::of(plan, log.last_triggered(), time.now()));
        Ok(())
    }

    /// What there is to do. With a lease, what sessions left behind is tidied up on the way.
    pub(super) async fn plan(
        &self,
        source: &Source,
        log: &mut SessionLog,
        aside: &Aside,
        lease: Option<&Lease>,
    ) -> Result<Plan, RunError> {
        let sources = Sources {
            users: &self.users,
            mapping: &self.mapping,
            now: self.ledger.clock.now(),
            ledger: &self.ledger,
            aside,
        };
        match source {
            Source::Table => {
                let book = self.ledger.read_book(&log.doubtful()).await?;
                if let Some(lease) = lease {
                    metrics::ledger(book.len());
                    lease.check()?;
                    settle::tidy(&self.ledger, log, book.doubtful_sessions()).await?;
                }
                sources.whole(&book).await
            }
            Source::Keys(keys) => sources.keys(keys, log).await,
            Source::Payload(records) => sources.payload(records, log).await,
        }
    }

    /// The run proper, and then who is stuck, whether or not it came to an end.
    async fn under_lease(
        &self,
        lease: &Lease,
        job: &Job,
        time: &Time,
        report: &mut Report,
    ) -> Result<(), RunError> {
        let mut aside = Aside::new(self.ledger.stuck().await?, job.anew);
        let mut log = self.ledger.sessions().await?;
        let okta = self.okta.by(time.answer_by());
        settle::settle(&self.ledger, &okta, &mut log, Some(lease)).await?;
        let rounds = Rounds {
            run: self,
            lease,
            job,
            time,
            report,
            log,
            safeguard: Safeguard::new(self.max_deactivations, job.allow_deactivations),
            aside: &mut aside,
        };
        let result = Box::pin(rounds.work()).await;
        let (before, after) = aside.finish(&report.rejected, time.now());
        if lease.check().is_ok() {
            let keeping = self.ledger.keep_stuck(&before, &after);
            let left = time.clock().until(time.deadline());
            // Who is not remembered is only tried again.
            match Box::pin(okta::within(time.clock(), left / 2, keeping)).await {
                Some(Ok(())) => {}
                Some(Err(error)) => tracing::warn!(%error, "who is stuck was not written"),
                None => tracing::warn!("who is stuck was not written: there was no time left"),
            }
        }
        result
    }
}
