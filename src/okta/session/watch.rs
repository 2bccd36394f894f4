//! An import under way, watched until it is over.

use std::time::Duration;

use jiff::Timestamp;

use super::info::{SessionInfo, SessionStatus};
use super::{Session, Triggered};

/// The wait before a watched session is looked at: the first one and the longest.
const FIRST_LOOK: Duration = Duration::from_secs(1);
const LAST_LOOK: Duration = Duration::from_secs(10);

impl Session<Triggered> {
    /// Looks at it, every second at first and every ten at last, until it is no longer TRIGGERED or
    /// `until` has come. Gives the last that was seen of it.
    ///
    /// A look that fails is not a failure: there are others.
    pub async fn watch(self, until: Timestamp) -> SessionInfo {
        let Self {
            calls,
            mut info,
            state: Triggered(()),
        } = self;
        let calls = calls.until(until);
        let clock = calls.clock();
        let mut pause = FIRST_LOOK;
        while clock.until(until) > pause {
            tokio::time::sleep(pause).await;
            pause = LAST_LOOK.min(pause.mul_f32(1.5));
            match calls.session(&info.id).await {
                Ok(Some(seen)) => info = seen,
                // Nothing will ever tell more about it.
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(session = %info.id, %error, "the session could not be looked at");
                }
            }
            if info.status != SessionStatus::Triggered {
                break;
            }
        }
        info
    }
}
