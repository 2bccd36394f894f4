//! What became of the sessions that earlier runs left behind.

use std::time::Duration;

use crate::{
    ledger::{Lease, Ledger, LoggedSession, SessionLog, Verdict},
    metrics,
    mutation::{self, Mutation},
    okta::{Calls, Cancelled, SessionId, SessionStatus},
};

use super::RunError;

/// Landed sessions that the log keeps, so that a person can look them up at Okta.
const KEPT: usize = 20;

/// How long a session that failed is remembered at least. A run that lost its lease in the
/// middle of a write may still write entries that name it: no invocation lasts a quarter of this.
const FAILED_FOR: Duration = Duration::from_secs(3600);

/// Asks Okta about every session whose end is not known, and corrects the log.
///
/// A session that is still open is cancelled: the lease makes us the identity source's only
/// client, so nobody is going to start its import. A dry run, which has no lease, only learns
/// what a run would find.
pub(super) async fn settle(
    ledger: &Ledger,
    okta: &Calls,
    log: &mut SessionLog,
    lease: Option<&Lease>,
) -> Result<(), RunError> {
    for id in log.unsettled() {
        let status = okta.session(&id).await?.map(|session| session.status);
        let status = match status {
            Some(open) if open.is_active() && lease.is_some() => {
                Some(after_cancelling(okta, &id).await?)
            }
            other => other,
        };
        let verdict = judge(status.as_ref());
        let Some(session) = log.get(&id) else {
            continue;
        };
        if session.verdict == verdict {
            continue;
        }
        let session = LoggedSession {
            verdict,
            ..session.clone()
        };
        if let Some(lease) = lease {
            lease.check()?;
            ledger.log_session(&id, &session).await?;
            if verdict != Verdict::Triggered {
                metrics::session_ended(&id, status.as_ref());
            }
        }
        if verdict == Verdict::Void {
            tracing::warn!(session = %id, "an earlier session did not land: its users are told again");
        }
        log.set(id, session);
    }
    Ok(())
}

async fn after_cancelling(okta: &Calls, id: &SessionId) -> Result<SessionStatus, RunError> {
    Ok(match okta.cancel(id).await? {
        Cancelled::Done | Cancelled::Gone => SessionStatus::Closed,
        Cancelled::TooLate(status) => status,
    })
}

/// Whether the entries of a session in this status hold. `None`: Okta does not know it.
pub(super) fn judge(status: Option<&SessionStatus>) -> Verdict {
    match status {
        Some(SessionStatus::Completed) => Verdict::Landed,
        Some(SessionStatus::Error) if mutation::on(Mutation::IgnoreErrorSession) => Verdict::Landed,
        Some(SessionStatus::Triggered) => Verdict::Triggered,
        Some(
            SessionStatus::Created
            | SessionStatus::InProgress
            | SessionStatus::Closed
            | SessionStatus::Expired
            | SessionStatus::Error
            | SessionStatus::Other(_),
        )
        | None => Verdict::Void,
    }
}

/// Cancels the sessions that keep a new one from being opened. True if there were any.
pub(super) async fn clear_the_way(okta: &Calls, log: &SessionLog) -> Result<bool, RunError> {
    let mut cleared = false;
    for session in okta.active_sessions().await? {
        if !session.status.is_active() {
            continue;
        }
        if log.get(&session.id).is_none() {
            tracing::warn!(
                session = %session.id,
                "cancelling a session that is not in our history: does anything else import into this identity source?"
            );
        }
        cleared |= okta.cancel(&session.id).await? != Cancelled::Gone;
    }
    Ok(cleared)
}

/// Forgets the sessions that no entry relies on; `named` are the doubtful ones that entries name.
pub(super) async fn tidy(
    ledger: &Ledger,
    log: &mut SessionLog,
    named: &std::collections::HashSet<SessionId>,
) -> Result<(), RunError> {
    let forgettable = log.forgettable(named, KEPT, ledger.clock.now() - FAILED_FOR);
    ledger.forget_sessions(&forgettable).await?;
    log.remove(&forgettable);
    Ok(())
}
