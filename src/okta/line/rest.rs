//! Waiting before a request is sent again.

use std::time::Duration;

use jiff::Timestamp;

use super::Line;
use crate::okta::error::Error;

/// How often to send a call that meets broken connections or 5xx.
pub(in crate::okta) const ATTEMPTS: u32 = 5;

/// The wait before the second attempt is up to this, and doubles from there.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);

impl Line {
    /// Waits until then, if the deadline is later.
    pub(in crate::okta) async fn rest(
        &self,
        call: &'static str,
        until: Timestamp,
        deadline: Timestamp,
    ) -> Result<(), Error> {
        if until >= deadline {
            return Err(Error::OutOfTime {
                call,
                resume_at: Some(until),
            });
        }
        self.clock.sleep_until(until).await;
        Ok(())
    }
}

/// Half of the wait is fixed and half is random, so that calls which failed together do not come
/// back together.
pub(in crate::okta) fn backoff(attempts: u32) -> Duration {
    let most = FIRST_BACKOFF * 2_u32.saturating_pow(attempts.saturating_sub(1));
    most / 2 + most.mul_f64(fastrand::f64() / 2.0)
}
