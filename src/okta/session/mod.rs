//! An import session, as a type whose states are types.

mod create;
mod info;
mod known;
mod redact;
mod refused;
mod watch;

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use reqwest::Method;

pub use self::create::Created;
pub use self::info::{SessionId, SessionInfo, SessionStatus};
pub use self::known::Cancelled;
pub use self::refused::LoadError;
use self::refused::suspects;
use super::batch::{Batch, Kind, max_requests};
use super::budget::{Budget, Place};
use super::calls::Calls;
use super::client::{Api, Call, Failure, Repeat};
use super::error::{Error, Refusal};
use super::group_load::{GroupBatch, GroupKind};

/// How often start-import is sent, if Okta says that it did not do it.
const STARTS: u32 = 3;

/// A session that takes users, until it is started or cancelled.
#[derive(Debug)]
pub struct Open {
    budget: Budget,
    /// Okta accepted an upsert, so it is certainly IN_PROGRESS.
    upserted: AtomicBool,
}

/// A session whose import is started.
#[derive(Debug)]
pub struct Triggered(());

/// An import session in the state `S`: [`Open`] or [`Triggered`].
#[derive(Debug)]
#[must_use = "an open session keeps others from being opened until it is started or cancelled"]
pub struct Session<S> {
    calls: Calls,
    info: SessionInfo,
    state: S,
}

/// The answer to starting an import.
#[derive(Debug)]
pub enum Started {
    /// Okta imports it, now or after others.
    Triggered(Session<Triggered>),
    /// It could not be started, because Okta knew none of the users that were loaded: deactivations
    /// of users that Okta never had leave a session CREATED. There is nothing to import, so cancel
    /// it.
    StillCreated(Session<Open>),
}

impl<S> Session<S> {
    /// Its id.
    pub fn id(&self) -> &SessionId {
        &self.info.id
    }

    /// When it was opened, by Okta's clock.
    pub fn created(&self) -> Option<Timestamp> {
        self.info.created
    }
}

impl Session<Open> {
    pub(in crate::okta) fn open(calls: Calls, info: SessionInfo) -> Self {
        let state = Open {
            budget: Budget::new(max_requests()),
            upserted: AtomicBool::new(false),
        };
        Self { calls, info, state }
    }

    /// The same session, with calls that are over by `deadline`: for starting or cancelling it when
    /// the time for loading is over.
    pub fn until(mut self, deadline: Timestamp) -> Self {
        self.calls = self.calls.until(deadline);
        self
    }

    /// How many more batches it takes: [`MAX_REQUESTS`](super::MAX_REQUESTS) minus every request
    /// that Okta may have counted. What Okta refused with 429, and what never reached it, does not
    /// count. What it refused for its content may, so it does. Batches that are being loaded, and
    /// places set aside, are already taken out.
    #[must_use]
    pub fn requests_left(&self) -> usize {
        self.state.budget.left()
    }

    /// Loads a batch. Several may be loaded at the same time.
    ///
    /// If it is unknown whether it arrived, it is loaded again, which does no harm but uses up one
    /// more request.
    ///
    /// # Errors
    /// One for each thing to do about it. See [`LoadError`].
    pub async fn load(&self, batch: &Batch) -> Result<(), LoadError> {
        let place = self
            .state
            .budget
            .set_one_aside()
            .ok_or(LoadError::NoBudget)?;
        self.load_by(batch, self.calls.deadline(), place).await
    }

    /// Sets this many of the session's requests aside for what may only be loaded together, so that
    /// nobody is charged for a batch without a request.
    #[must_use]
    pub fn set_aside(&self, requests: usize) -> Option<Vec<Place<'_>>> {
        self.state.budget.set_aside(requests)
    }

    /// Loads a batch that is true only for a while: it is over by `until`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub async fn load_by(
        &self,
        batch: &Batch,
        until: Timestamp,
        place: Place<'_>,
    ) -> Result<(), LoadError> {
        let call = match batch.kind() {
            Kind::Upsert => ("bulk-upsert", "POST /sessions/{id}/bulk-upsert"),
            Kind::Deactivate => ("bulk-delete", "POST /sessions/{id}/bulk-delete"),
        };
        let Err(failure) = self.bulk(call, batch.body(), until, place).await else {
            if batch.kind() == Kind::Upsert {
                self.state.upserted.store(true, Ordering::SeqCst);
            }
            return Ok(());
        };
        match failure.error {
            Error::NotFound(_) => Err(LoadError::NotOpen { status: None }),
            Error::Refused(refusal) if matches!(refusal.status, 400 | 413 | 422) => {
                let suspects = suspects(&refusal, batch);
                let redacted = redact::redacted(refusal, batch);
                Err(self.batch_or_session(redacted, suspects).await)
            }
            error if failure.maybe_done => Err(LoadError::Ambiguous(error)),
            error => Err(LoadError::Failed(error)),
        }
    }

    /// Loads groups or memberships.
    ///
    /// # Errors
    /// As [`load`](Self::load). What Okta says about members is left out: it may name them.
    pub async fn load_groups(&self, batch: &GroupBatch, until: Timestamp) -> Result<(), LoadError> {
        let place = self
            .state
            .budget
            .set_one_aside()
            .ok_or(LoadError::NoBudget)?;
        self.load_groups_by(batch, until, place).await
    }

    /// Loads groups or memberships by a request that was set aside.
    ///
    /// # Errors
    /// As [`load_groups`](Self::load_groups).
    pub async fn load_groups_by(
        &self,
        batch: &GroupBatch,
        until: Timestamp,
        place: Place<'_>,
    ) -> Result<(), LoadError> {
        let kind = batch.kind();
        let sent = self.bulk((kind.verb(), kind.name()), batch.body(), until, place);
        let Err(failure) = sent.await else {
            // Whether removals make it IN_PROGRESS is unknown: it is looked at before it is
            // started.
            if matches!(kind, GroupKind::Upsert | GroupKind::Join) {
                self.state.upserted.store(true, Ordering::SeqCst);
            }
            return Ok(());
        };
        match failure.error {
            Error::NotFound(_) => Err(LoadError::NotOpen { status: None }),
            Error::Refused(refusal) if matches!(refusal.status, 400 | 413 | 422) => {
                let refusal = match kind {
                    GroupKind::Upsert | GroupKind::Delete => refusal,
                    GroupKind::Join | GroupKind::Leave => Refusal {
                        summary: None,
                        causes: Vec::new(),
                        ..refusal
                    },
                };
                Err(self.batch_or_session(refusal, Vec::new()).await)
            }
            error if failure.maybe_done => Err(LoadError::Ambiguous(error)),
            error => Err(LoadError::Failed(error)),
        }
    }

    /// Sends a bulk request, which is over by `until`. What certainly was not sent does not use up
    /// the session's requests.
    async fn bulk(
        &self,
        (verb, name): (&str, &'static str),
        body: Vec<u8>,
        until: Timestamp,
        place: Place<'_>,
    ) -> Result<(), Failure> {
        let calls = self.calls.until(until.min(self.calls.deadline()));
        let answer = calls
            .send(Call {
                api: Api::IdentitySource,
                method: Method::POST,
                path: &["sessions", self.info.id.as_str(), verb],
                name,
                body: Some(body),
                repeat: Repeat::Within(place.budget()),
            })
            .await;
        if !answer.as_ref().is_err_and(|failure| failure.unspent) {
            place.spend();
        }
        answer.map(drop)
    }

    /// Whether a 400 means the batch or the session.
    async fn batch_or_session(&self, refusal: Refusal, suspects: Vec<String>) -> LoadError {
        match self.calls.session(&self.info.id).await {
            Ok(Some(session)) if session.status.is_active() => {
                LoadError::Refused { suspects, refusal }
            }
            Ok(session) => LoadError::NotOpen {
                status: session.map(|session| session.status),
            },
            Err(_) => LoadError::Failed(Error::Refused(refusal)),
        }
    }

    /// Starts the import. If the answer is lost, the session's status tells. A session without
    /// upserts is looked at first, because Okta may have known none of the users to deactivate.
    ///
    /// # Errors
    /// As every call. Also when the session was cancelled or expired meanwhile.
    pub async fn start_import(self) -> Result<Started, Error> {
        if !self.state.upserted.load(Ordering::SeqCst)
            && let Some(session) = self.calls.session(&self.info.id).await?
            && session.status == SessionStatus::Created
        {
            return Ok(Started::StillCreated(self));
        }
        let mut starts = 1;
        loop {
            let answer = self
                .calls
                .send(Call {
                    api: Api::IdentitySource,
                    method: Method::POST,
                    path: &["sessions", self.info.id.as_str(), "start-import"],
                    name: "POST /sessions/{id}/start-import",
                    body: None,
                    repeat: Repeat::Untouched,
                })
                .await;
            let Err(failure) = answer else {
                return Ok(Started::Triggered(self.triggered()));
            };
            let refused =
                matches!(&failure.error, Error::Refused(refusal) if refusal.status == 400);
            if !failure.maybe_done && !refused {
                return Err(failure.error);
            }
            let Some(session) = self.calls.session(&self.info.id).await? else {
                return Err(failure.error);
            };
            match session.status {
                SessionStatus::Triggered | SessionStatus::Completed | SessionStatus::Error => {
                    return Ok(Started::Triggered(self.triggered()));
                }
                SessionStatus::Created => return Ok(Started::StillCreated(self)),
                SessionStatus::InProgress if !refused && starts < STARTS => starts += 1,
                SessionStatus::InProgress
                | SessionStatus::Closed
                | SessionStatus::Expired
                | SessionStatus::Other(_) => return Err(failure.error),
            }
        }
    }

    fn triggered(self) -> Session<Triggered> {
        let Self {
            calls,
            mut info,
            state: Open { .. },
        } = self;
        info.status = SessionStatus::Triggered;
        Session {
            calls,
            info,
            state: Triggered(()),
        }
    }

    /// Cancels it: what was loaded is dropped.
    ///
    /// # Errors
    /// As every call.
    pub async fn cancel(self) -> Result<Cancelled, Error> {
        self.calls.cancel(&self.info.id).await
    }
}
