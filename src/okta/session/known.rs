//! Sessions by their ids, even other programs': listed, looked at, cancelled.

use reqwest::Method;

use super::info::{SessionId, SessionInfo, SessionStatus, Written};
use crate::okta::calls::Calls;
use crate::okta::client::{Api, Call, Failure, Repeat};
use crate::okta::error::Error;

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
        let sessions: Vec<Written> = answer.json()?;
        Ok(sessions.into_iter().map(SessionInfo::from).collect())
    }

    /// One session. `None` if Okta does not know it.
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
            Ok(answer) => Ok(Some(answer.json::<Written>()?.into())),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Cancels a session, whatever program opened it.
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
                        // It can be cancelled, but Okta said no.
                        status if status.is_active() => Err(Error::Refused(refusal)),
                        status => Ok(Cancelled::TooLate(status)),
                    },
                }
            }
            Err(error) => Err(error),
        }
    }
}
