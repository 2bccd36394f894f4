//! Calls with a deadline. The calls themselves are next to their subjects: sessions, users, groups.

use jiff::Timestamp;

use super::client::{Answer, Call, Failure, Okta};
use super::credentials::Grant;
use super::error::Error;
use crate::clock::Clock;

/// The calls, with a deadline that none exceeds.
///
/// A call that meets a rate limit waits for the reset that Okta names, as often as needed. One that
/// meets a 5xx or a broken connection is sent up to five times, if sending it twice does no harm.
/// What the deadline does not allow ends as [`Error::OutOfTime`].
#[derive(Debug, Clone)]
pub struct Calls {
    okta: Okta,
    deadline: Timestamp,
}

impl Okta {
    /// The calls, each of which is over by `deadline`: no answer, wait or repetition exceeds it.
    #[must_use]
    pub fn by(&self, deadline: Timestamp) -> Calls {
        Calls {
            okta: self.clone(),
            deadline,
        }
    }
}

impl Calls {
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

    /// What the credentials give us: an access token is fetched if there is none.
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

    pub(super) async fn send(&self, call: Call<'_>) -> Result<Answer, Failure> {
        self.okta.call(self.deadline, call).await
    }
}
