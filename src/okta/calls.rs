//! The calls of the Identity Sources API, each over by a deadline.

use jiff::Timestamp;
use reqwest::Method;

use super::client::{Api, Call, Failure, Okta, Repeat};
use super::credentials::Grant;
use super::error::{Error, Refusal};
use super::session::{Open, Session, SessionId, SessionInfo, SessionStatus};
use super::wire;
use crate::clock::Clock;

/// The calls, with a deadline that none goes past.
///
/// A call that meets a rate limit waits for the reset that Okta names, as often
/// as it takes; one that meets a 5xx or a broken connection is sent up to five
/// times, where twice does no harm. What the deadline does not allow ends as
/// [`Error::OutOfTime`].
#[derive(Debug, Clone)]
pub struct Calls {
    okta: Okta,
    deadline: Timestamp,
}

/// The answer to opening a session.
#[derive(Debug)]
pub enum Created {
    /// It is open.
    Opened(Session<Open>),
    /// 400: another one is active, or was started less than about five minutes
    /// ago. Okta's causes say which, in words that are not documented.
    Refused(Refusal),
    /// It may be open or not, as the answer was lost: list the sessions before
    /// trying again, as a second one would be refused.
    Ambiguous(Error),
}

/// The answer to cancelling a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    /// It is closed, and what was loaded into it is dropped.
    Done,
    /// Okta imports it already, or has: only sessions that are CREATED or
    /// IN_PROGRESS can be cancelled.
    TooLate(SessionStatus),
    /// Okta does not know it.
    Gone,
}

impl Calls {
    pub(super) fn new(okta: Okta, deadline: Timestamp) -> Self {
        Self { okta, deadline }
    }

    /// When the calls are over.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// The same calls with another deadline.
    #[must_use]
    pub fn until(&self, deadline: Timestamp) -> Self {
        self.okta.by(deadline)
    }

    /// What the credentials get us: an access token is fetched if there is none.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn grant(&self) -> Result<Grant, Error> {
        self.okta.grant(self.deadline).await
    }

    /// The clock that deadlines are by.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.okta.clock()
    }

    pub(super) fn source(&self) -> &str {
        self.okta.source().as_str()
    }

    /// The sessions that are active: not yet processed, closed or expired.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn active_sessions(&self) -> Result<Vec<SessionInfo>, Error> {
        let answer = self
            .send(Call {
                api: Api::IdentitySource,
                method: Method::GET,
                path: &["sessions"],
                name: "GET /sessions",
                body: None,
                repeat: Repeat::Freely,
            })
            .await
            .map_err(Failure::into_error)?;
        let sessions: Vec<wire::Session> = answer.json()?;
        Ok(sessions.into_iter().map(SessionInfo::from).collect())
    }

    /// One session; `None` if Okta does not know it.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn session(&self, id: &SessionId) -> Result<Option<SessionInfo>, Error> {
        let answer = self
            .send(Call {
                api: Api::IdentitySource,
                method: Method::GET,
                path: &["sessions", id.as_str()],
                name: "GET /sessions/{id}",
                body: None,
                repeat: Repeat::Freely,
            })
            .await;
        match answer.map_err(Failure::into_error) {
            Ok(answer) => Ok(Some(answer.json::<wire::Session>()?.into())),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a session. It is not tried again where Okta may have opened one.
    ///
    /// # Errors
    /// As every call, where certainly none was opened.
    pub async fn create_session(&self) -> Result<Created, Error> {
        let answer = self
            .send(Call {
                api: Api::IdentitySource,
                method: Method::POST,
                path: &["sessions"],
                name: "POST /sessions",
                body: None,
                repeat: Repeat::Untouched,
            })
            .await;
        match answer {
            Ok(answer) => Ok(match answer.json::<wire::Session>() {
                Ok(session) => Created::Opened(self.open(session.into())),
                Err(error) => Created::Ambiguous(error),
            }),
            Err(failure) if failure.maybe_done => Ok(Created::Ambiguous(failure.error)),
            Err(failure) => match failure.error {
                Error::Refused(refusal) if refusal.status == 400 => Ok(Created::Refused(refusal)),
                error => Err(error),
            },
        }
    }

    /// Takes over a session that was found in the list, if nothing has been
    /// loaded into it: after an ambiguous [`create_session`](Self::create_session),
    /// the one that it opened.
    #[must_use]
    pub fn adopt(&self, session: SessionInfo) -> Option<Session<Open>> {
        (session.status == SessionStatus::Created).then(|| self.open(session))
    }

    fn open(&self, session: SessionInfo) -> Session<Open> {
        Session::open(self.clone(), session)
    }

    /// Cancels a session, whoever opened it.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn cancel(&self, id: &SessionId) -> Result<Cancelled, Error> {
        let answer = self
            .send(Call {
                api: Api::IdentitySource,
                method: Method::DELETE,
                path: &["sessions", id.as_str()],
                name: "DELETE /sessions/{id}",
                body: None,
                repeat: Repeat::Freely,
            })
            .await;
        match answer.map_err(Failure::into_error) {
            Ok(_) => Ok(Cancelled::Done),
            Err(Error::NotFound(_)) => Ok(Cancelled::Gone),
            Err(Error::Refused(refusal)) if refusal.status == 400 => {
                match self.session(id).await? {
                    None => Ok(Cancelled::Gone),
                    Some(session) => match session.status {
                        SessionStatus::Closed => Ok(Cancelled::Done),
                        // It can be cancelled, yet Okta said no.
                        status if status.is_active() => Err(Error::Refused(refusal)),
                        status => Ok(Cancelled::TooLate(status)),
                    },
                }
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn send(&self, call: Call<'_>) -> Result<super::client::Answer, Failure> {
        self.okta.call(self.deadline, call).await
    }
}
