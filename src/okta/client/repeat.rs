//! Calls, made as often as needed and right.

use jiff::Timestamp;

use super::Okta;
use super::attempt::Attempt;
use super::call::{Answer, Call, Failure};
use crate::okta::credentials::Pardons;
use crate::okta::error::Error;
use crate::okta::line::{ATTEMPTS, backoff};

impl Okta {
    /// Makes a call, as often as needed and right.
    pub(in crate::okta) async fn call(
        &self,
        deadline: Timestamp,
        call: Call<'_>,
    ) -> Result<Answer, Failure> {
        let line = &self.shared.line;
        let mut maybe_done = false;
        let mut attempts = 0;
        let mut pardons = Pardons::default();
        loop {
            let failure = |error, maybe_done, unspent| Failure {
                error,
                maybe_done,
                unspent,
            };
            let (error, sent) = match self.attempt(deadline, &call, &mut pardons).await {
                Ok(Attempt::Done(answer)) => return Ok(answer),
                Ok(Attempt::Refused(refusal)) => {
                    // It is not known whether Okta counts a request that it refuses for its
                    // content. We assume that it does.
                    let error = Error::refused(refusal);
                    let unspent = !matches!(error, Error::Refused(_));
                    return Err(failure(error, maybe_done, unspent));
                }
                Ok(Attempt::Pardoned) => continue,
                Ok(Attempt::RateLimited(again)) => {
                    line.rest(call.name, again, deadline)
                        .await
                        .map_err(|error| failure(error, maybe_done, true))?;
                    continue;
                }
                Ok(Attempt::Failed { error, sent }) => (error, sent),
                Err(error) => return Err(failure(error, maybe_done, true)),
            };
            attempts += 1;
            maybe_done |= sent;
            let repeated = attempts < ATTEMPTS && (!sent || call.repeat.once_more());
            if !repeated {
                return Err(failure(error, maybe_done, !sent));
            }
            let again = line.clock().now() + backoff(attempts);
            line.rest(call.name, again, deadline)
                .await
                .map_err(|error| failure(error, maybe_done, true))?;
        }
    }
}
