//! What time it is, and how long there is left.
//!
//! Everything that asks for the time asks a [`Clock`], so a test can play five minutes of Okta's
//! cooldown in a millisecond.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// When an invocation that starts now ends, from the deadline that it was given.
///
/// Lambda gives an instant. `cargo lambda watch` gives 600,000 milliseconds, which as an instant is
/// in 1970: that is how long it allows.
///
/// # Errors
/// The instant is out of range.
pub fn deadline(told: SystemTime) -> Result<Timestamp, jiff::Error> {
    let told = Timestamp::try_from(told)?;
    let span = told.duration_since(Timestamp::UNIX_EPOCH);
    Ok(if span < SignedDuration::from_hours(24) {
        Timestamp::now() + span
    } else {
        told
    })
}

/// A source of wall-clock time.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A base and the time that tokio's clock has moved since: what tests under
    /// tokio's paused time use.
    Tokio {
        /// The wall-clock time at `origin`.
        base: Timestamp,
        /// When the base was read.
        origin: Instant,
    },
}

impl Clock {
    /// A clock that follows tokio's from now on, paused or not.
    #[must_use]
    pub fn follow_tokio() -> Self {
        Self::Tokio {
            base: Timestamp::now(),
            origin: Instant::now(),
        }
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Tokio { base, origin } => *base + origin.elapsed(),
        }
    }

    /// How long it is until `then`. Zero if that has passed.
    #[must_use]
    pub fn until(&self, then: Timestamp) -> Duration {
        then.duration_since(self.now())
            .try_into()
            .unwrap_or(Duration::ZERO)
    }

    /// Sleeps until `then`.
    pub async fn sleep_until(&self, then: Timestamp) {
        tokio::time::sleep(self.until(then)).await;
    }
}
