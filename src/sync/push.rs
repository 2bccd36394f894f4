//! Pushing a plan: one import session, from opening it to seeing it end.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Aside, Plan, Reject, RunError, SessionReport, Time,
    load::load,
    packing::{entries, pack},
    settle,
};
use crate::{
    ledger::{Lease, Ledger, LoggedSession, SessionLog, Verdict},
    metrics,
    mutation::{self, Mutation},
    okta::{self, Calls, Created, Kind, Okta, Open, Session, SessionStatus, Started},
};

/// Entries that are written before the lease is asked for again.
const RECORDED_AT_ONCE: usize = 1_000;
/// Waits between tries to open a session, while Okta refuses.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LAST_WAIT: Duration = Duration::from_secs(20);

/// What pushes: the two sides, the right to write, and how much time there is.
pub(super) struct Pusher<'a> {
    pub(super) okta: &'a Okta,
    pub(super) ledger: &'a Ledger,
    pub(super) lease: &'a Lease,
    pub(super) time: &'a Time,
    pub(super) watch: Duration,
    pub(super) run: &'a str,
}

/// A session that is open and logged, and empty so far.
pub(super) struct Begun {
    session: Session<Open>,
    logged: LoggedSession,
}

/// What a session carried of a plan.
#[derive(Debug)]
pub(super) struct Carried {
    pub(super) report: SessionReport,
    /// Whether the session failed after all, so that its users must be told again.
    pub(super) failed: bool,
    /// Whether some of the plan is not in the session for want of time or room.
    pub(super) left_over: bool,
    /// Whether Okta may know its users once it has imported an earlier session.
    pub(super) too_early: bool,
    /// Users whom Okta refused.
    pub(super) refused: Vec<Reject>,
    /// The first load that failed for another reason.
    pub(super) failure: Option<okta::Error>,
}

impl Pusher<'_> {
    /// A session for what is to be pushed; `None` if Okta gave none while there was time.
    pub(super) async fn begin(&self, log: &mut SessionLog) -> Result<Option<Begun>, RunError> {
        let asked = self.time.now();
        let session = self.open(log).await?;
        metrics::waited_for_session(self.since(asked));
        let Some(session) = session else {
            return Ok(None);
        };
        let logged = LoggedSession {
            verdict: Verdict::Open,
            opened: self.time.now(),
            triggered: None,
            run: self.run.to_owned(),
        };
        self.log(log, session.id(), &logged).await?;
        Ok(Some(Begun { session, logged }))
    }

    /// Gives a session up that there is nothing for after all.
    pub(super) async fn give_up(&self, begun: Begun, log: &mut SessionLog) -> Result<(), RunError> {
        let Begun {
            session,
            mut logged,
        } = begun;
        let id = session.id().clone();
        session.until(self.time.answer_by()).cancel().await?;
        logged.verdict = Verdict::Void;
        self.log(log, &id, &logged).await
    }

    /// Pushes a plan that is not empty.
    pub(super) async fn push(
        &self,
        begun: Begun,
        plan: Plan,
        log: &mut SessionLog,
        aside: &mut Aside,
    ) -> Result<Carried, RunError> {
        let Begun {
            session,
            mut logged,
        } = begun;
        let id = session.id().clone();
        let (batches, memory, mut left_over) = pack(plan);
        let loads = load(&session, batches, aside.isolations_left(), || {
            self.lease.check().is_ok() && self.time.now() < self.time.load_until()
        })
        .await;
        let refused = loads.refused.iter();
        let refused = refused
            .flat_map(|load| aside.refused(load, &memory))
            .collect();
        left_over |= loads.left_over();
        let mut report = SessionReport {
            id: id.clone(),
            status: String::new(),
            upserts: loads.users(Kind::Upsert),
            deactivations: loads.users(Kind::Deactivate),
            requests: loads.accepted.len() as u64,
        };

        let mut too_early = false;
        self.lease.check()?;
        let session = session.until(self.time.answer_by());
        if loads.accepted.is_empty() {
            session.cancel().await?;
            metrics::session_ended(&id, Some(&SessionStatus::Closed));
            logged.verdict = Verdict::Void;
            report.status = SessionStatus::Closed.to_string();
        } else {
            for entries in entries(&loads, &memory, &id, self.time.now()).chunks(RECORDED_AT_ONCE) {
                self.lease.check()?;
                self.ledger.record(entries).await?;
            }
            if mutation::on(Mutation::RecordBeforeTrigger) {
                logged.verdict = Verdict::Landed;
                self.log(log, &id, &logged).await?;
            }
            // The import is the commit: from here on the entries hold.
            self.lease.check()?;
            (logged.verdict, report.status) = match session.start_import().await? {
                Started::Triggered(triggered) => {
                    let started = self.time.now();
                    logged.verdict = Verdict::Triggered;
                    logged.triggered = Some(started);
                    self.log(log, &id, &logged).await?;
                    let watch_until = (self.time.now() + self.watch).min(self.time.answer_by());
                    let seen = triggered.watch(watch_until).await.status;
                    if seen == SessionStatus::Completed {
                        metrics::imported(self.since(started));
                    }
                    if seen != SessionStatus::Triggered {
                        metrics::session_ended(&id, Some(&seen));
                    }
                    (settle::judge(Some(&seen)), seen.to_string())
                }
                // Okta knew nobody in it, so there is nobody to deactivate: that is success, unless
                // an earlier session, which is yet to be imported, brings them.
                Started::StillCreated(session) => {
                    session.cancel().await?;
                    metrics::session_ended(&id, Some(&SessionStatus::Closed));
                    too_early = report.upserts == 0 && log.is_importing();
                    let verdict = if report.upserts == 0 && !too_early {
                        Verdict::Landed
                    } else {
                        Verdict::Void
                    };
                    (verdict, SessionStatus::Closed.to_string())
                }
            };
        }
        self.log(log, &id, &logged).await?;
        if logged.verdict != Verdict::Void {
            loads.accepted.iter().for_each(|batch| aside.told(batch));
        }
        Ok(Carried {
            report,
            failed: logged.verdict == Verdict::Void && !loads.accepted.is_empty() && !too_early,
            left_over,
            too_early,
            refused,
            failure: loads.failure,
        })
    }

    fn since(&self, then: Timestamp) -> Duration {
        self.time.now().duration_since(then).unsigned_abs()
    }

    async fn log(
        &self,
        log: &mut SessionLog,
        id: &okta::SessionId,
        logged: &LoggedSession,
    ) -> Result<(), RunError> {
        self.lease.check()?;
        self.ledger.log_session(id, logged).await?;
        log.set(id.clone(), logged.clone());
        Ok(())
    }

    /// Opens a session, waiting while Okta refuses and time lasts.
    async fn open(&self, log: &SessionLog) -> Result<Option<Session<Open>>, RunError> {
        let calls = self.okta.by(self.time.load_until());
        let mut wait = FIRST_WAIT;
        let mut looked = false;
        loop {
            self.lease.check()?;
            match calls.create_session().await {
                Ok(Created::Opened(session)) => return Ok(Some(session)),
                Ok(Created::Ambiguous(error)) => {
                    tracing::warn!(%error, "it is not known whether Okta opened a session: looking");
                    if let Some(session) = self.adopt(&calls, log).await? {
                        return Ok(Some(session));
                    }
                }
                Ok(Created::Refused(refusal)) => {
                    tracing::info!(causes = ?refusal.causes, "Okta opens no session yet");
                    // Once: whoever else opens sessions all the time is not to be fought.
                    if !std::mem::replace(&mut looked, true)
                        && settle::clear_the_way(&calls, log).await?
                    {
                        continue;
                    }
                }
                Err(okta::Error::OutOfTime { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            if self.time.now() + wait > self.time.open_until() {
                return Ok(None);
            }
            tokio::time::sleep(wait).await;
            wait = LAST_WAIT.min(wait * 2);
        }
    }

    /// The session that a create opened whose answer was lost: nothing is loaded into it, and
    /// we do not know it yet.
    async fn adopt(
        &self,
        calls: &Calls,
        log: &SessionLog,
    ) -> Result<Option<Session<Open>>, RunError> {
        let sessions = calls.active_sessions().await?;
        Ok(sessions
            .into_iter()
            .filter(|session| log.get(&session.id).is_none())
            .find_map(|session| calls.adopt(session)))
    }
}
