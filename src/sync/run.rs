//! One run, from claiming the lease to giving it back.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    DeactivationLimit, Plan, Report, Time,
    push::{Carried, Pusher},
    safeguards::Safeguard,
    settle,
};
use crate::{
    ledger::{Claim, Lease, LeaseLost, Ledger, LedgerError, SessionLog},
    mapping::Mapping,
    okta::{self, Okta},
    users::{ReadError, UsersTable},
};

/// Okta opens no session for up to so long after an import was started (Okta's developer
/// guide). It is only what a caller is told to wait; whether it is so, opening one shows.
const COOLDOWN: Duration = Duration::from_secs(5 * 60);
/// What a caller is told to wait when there is nothing to go by.
const A_WHILE: Duration = Duration::from_secs(60);

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
}

/// What a full run may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// Only say what would be done.
    pub dry_run: bool,
    /// Deactivations that the caller allows, whatever the limit.
    pub allow_deactivations: Option<u64>,
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
    /// A full run: every record against everything that Okta was told.
    ///
    /// # Errors
    /// When it could not go on. What it did until then is in the report.
    pub async fn full(&self, mode: Mode, time: &Time, report: &mut Report) -> Result<(), RunError> {
        if mode.dry_run {
            return self.dry(mode, time, report).await;
        }
        let lease = match self.ledger.claim(&report.run_id, time.deadline()).await? {
            Claim::Held(lease) => lease,
            Claim::Busy { owner, until } => {
                report.skipped = Some(format!(
                    "another run ({owner}) holds the lease until {until:.0}"
                ));
                return Ok(());
            }
        };
        let result = self.under_lease(&lease, mode, time, report).await;
        lease.release().await;
        result
    }

    /// What a run would do. Nothing is written anywhere, so that no lease is needed.
    async fn dry(&self, mode: Mode, time: &Time, report: &mut Report) -> Result<(), RunError> {
        let mut log = self.ledger.sessions().await?;
        settle::settle(
            &self.ledger,
            &self.okta.by(time.answer_by()),
            &mut log,
            false,
        )
        .await?;
        let book = self.ledger.read_book(&log.doubtful()).await?;
        let mut plan = Plan::make(&self.users, &self.mapping, &self.ledger, &book).await?;
        Safeguard::new(self.max_deactivations, mode.allow_deactivations).check(&mut plan);
        report.planned(&plan);
        Ok(())
    }

    async fn under_lease(
        &self,
        lease: &Lease,
        mode: Mode,
        time: &Time,
        report: &mut Report,
    ) -> Result<(), RunError> {
        let mut safeguard = Safeguard::new(self.max_deactivations, mode.allow_deactivations);
        let mut failed_sessions = 0;
        let mut log = self.ledger.sessions().await?;
        settle::settle(
            &self.ledger,
            &self.okta.by(time.answer_by()),
            &mut log,
            true,
        )
        .await?;
        loop {
            let book = self.ledger.read_book(&log.doubtful()).await?;
            settle::tidy(&self.ledger, &mut log, book.doubtful_sessions()).await?;
            let mut plan = Plan::make(&self.users, &self.mapping, &self.ledger, &book).await?;
            drop(book);
            safeguard.check(&mut plan);
            report.planned(&plan);
            if plan.is_empty() {
                return Ok(());
            }

            let pusher = Pusher {
                okta: &self.okta,
                ledger: &self.ledger,
                lease,
                time,
                watch: self.watch,
                run: &report.run_id.clone(),
            };
            let Some(carried) = pusher.push(plan, &mut log).await? else {
                later(&log, time, report);
                return Ok(());
            };
            let Carried {
                report: session,
                failed,
                left_over,
                refused,
                failure,
            } = carried;
            safeguard.pushed(session.deactivations);
            for (users, refusal) in refused {
                report.refused(&users, &refusal);
            }
            report.sessions.push(session.clone());
            if let Some(failure) = failure {
                return Err(failure.into());
            }
            failed_sessions += usize::from(failed);
            if failed_sessions > 1 {
                return Err(RunError::SessionsFail {
                    id: session.id,
                    status: session.status,
                });
            }
            if !left_over && !failed {
                return Ok(());
            }
            if time.now() >= time.open_until() {
                later(&log, time, report);
                return Ok(());
            }
        }
    }
}

/// There is more to do than there was time for: says when to go on.
fn later(log: &SessionLog, time: &Time, report: &mut Report) {
    let now = time.now();
    let after_cooldown = log
        .last_triggered()
        .map(|at| at + COOLDOWN)
        .filter(|at| *at > now);
    report.more = true;
    report.resume_at = Some(whole_second(after_cooldown.unwrap_or(now + A_WHILE)));
}

/// Up to the next whole second: what Step Functions waits for.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() + i64::from(at.subsec_nanosecond() > 0)).unwrap_or(at)
}
