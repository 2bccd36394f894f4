//! Opening a session, or taking one over that was opened.

use reqwest::Method;

use super::info::{SessionInfo, SessionStatus, Written};
use super::{Open, Session};
use crate::okta::calls::Calls;
use crate::okta::client::{Api, Call, Repeat};
use crate::okta::error::{Error, Refusal};

/// The answer to opening a session.
#[derive(Debug)]
pub enum Created {
    /// It is open.
    Opened(Session<Open>),
    /// 400: another one is active, or was started less than about five minutes ago. Okta's causes
    /// say which, in words that are not documented.
    Refused(Refusal),
    /// It may be open or not, because the answer was lost: list the sessions before trying again,
    /// as a second one would be refused.
    Ambiguous(Error),
}

impl Calls {
    /// Opens a session. It is not tried again if Okta may have opened one.
    ///
    /// # Errors
    /// As every call, if certainly none was opened.
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
            Ok(answer) => Ok(match answer.json::<Written>() {
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

    /// Takes over a session that was found in the list, if nothing has been loaded into it: after
    /// an ambiguous [`create_session`](Self::create_session), the one that it opened.
    #[must_use]
    pub fn adopt(&self, session: SessionInfo) -> Option<Session<Open>> {
        (session.status == SessionStatus::Created).then(|| self.open(session))
    }

    fn open(&self, session: SessionInfo) -> Session<Open> {
        Session::open(self.clone(), session)
    }
}
