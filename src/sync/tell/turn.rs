//! Which run may have a session open next, and when it is worth going on.

use std::time::Duration;

use jiff::Timestamp;

use super::Teller;
use crate::{
    ledger::{Claim, Lease, Rank},
    metrics,
    sync::{RunError, pace::COOLDOWN},
};

/// What a caller is told to wait when nothing else is known.
const A_WHILE: Duration = Duration::from_secs(60);
/// Waits between attempts to get the lease, for a session and for single-user calls.
const LEASE_WAIT: Duration = Duration::from_secs(3);
const CALL_WAIT: Duration = Duration::from_secs(1);
/// How long a full run waits for the lease, which nobody keeps for long: others can do its work
/// later, or another full run is doing it. Single-user calls let it pass after its first minute.
const LEASE_PATIENCE: Duration = Duration::from_secs(90);

impl Teller<'_> {
    /// The lease, if it can be had while time lasts. If not, the report says who has it.
    pub(super) async fn lease(&mut self, rank: Rank) -> Result<Option<Lease>, RunError> {
        let (until, wait) = match rank {
            Rank::Full => {
                let until = self.time.open_until().min(self.time.now() + LEASE_PATIENCE);
                (until, LEASE_WAIT)
            }
            Rank::Part => (self.time.open_until(), LEASE_WAIT),
            Rank::Call => (self.time.open_until(), CALL_WAIT),
        };
        loop {
            let claim = self
                .run
                .ledger
                .claim(&self.report.run_id, rank, self.time.deadline())
                .await?;
            match claim {
                Claim::Held(lease) => {
                    self.report.skipped = None;
                    return Ok(Some(lease));
                }
                Claim::Busy { .. } if self.time.now() + wait < until => {
                    tokio::time::sleep(wait).await;
                }
                Claim::Busy { owner, until } => {
                    self.report.skipped = Some(format!(
                        "another run ({owner}) has a session open, or is next, until {until:.0}"
                    ));
                    return Ok(None);
                }
            }
        }
    }

    /// While a full run waits for Okta, it lets no other session pass before it.
    pub(super) async fn claim(&self) -> Result<(), RunError> {
        if self.rank() == Rank::Full {
            let ledger = &self.run.ledger;
            ledger
                .leave_claim(&self.report.run_id, self.time.deadline())
                .await?;
        }
        Ok(())
    }

    pub(super) fn rank(&self) -> Rank {
        self.job.rank()
    }

    /// Measures how long leavers took that calls might have told, and that were left to a session.
    pub(super) fn leavers_told(&self, leavers: usize, left: u64) {
        if let Some(changed) = self.job.changed
            && left < leavers as u64
        {
            let age = self.time.now().duration_since(changed).try_into();
            metrics::leaver_told(age.unwrap_or_default());
        }
    }

    /// There is more to do than there was time for: says when to go on.
    pub(super) fn later(&mut self) {
        let now = self.time.now();
        let after_cooldown = self
            .books
            .log()
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
