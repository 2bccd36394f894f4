//! How far our clock is from Okta's.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// Smaller differences say nothing: `Date` counts whole seconds, and an answer takes some.
const NOTHING: i64 = 2;

/// Okta's clock minus ours, in seconds, if Okta has complained.
#[derive(Debug, Default)]
pub(super) struct Skew(AtomicI64);

impl Skew {
    /// The time by Okta's clock.
    pub(super) fn now(&self, clock: Clock) -> Timestamp {
        let now = clock.now();
        let ahead = SignedDuration::from_secs(self.0.load(Ordering::SeqCst));
        now.checked_add(ahead).unwrap_or(now)
    }

    /// Takes the time from Okta's answer. False if it was right before.
    pub(super) fn correct(&self, clock: Clock, date: Option<Timestamp>) -> bool {
        let Some(date) = date else {
            return false;
        };
        let ahead = date.as_second() - clock.now().as_second();
        let before = self.0.load(Ordering::SeqCst);
        if ahead.abs_diff(before) < NOTHING.unsigned_abs() {
            return false;
        }
        self.0.store(ahead, Ordering::SeqCst);
        tracing::warn!(
            seconds = ahead,
            "Okta's clock is this far ahead of ours: using Okta's"
        );
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wrong_clock_is_put_right_and_a_right_one_left_alone() {
        let clock = Clock::follow_tokio();
        let skew = Skew::default();
        let okta = clock.now() - Duration::from_secs(7_200);

        assert!(!skew.correct(clock, None));
        assert!(!skew.correct(clock, Some(clock.now())));
        assert!(skew.correct(clock, Some(okta)));
        assert!(!skew.correct(clock, Some(okta)), "it is right now");
        let off = skew.now(clock).duration_since(okta).as_secs();
        assert!((-1..=1).contains(&off), "{off}");
    }
}
