//! What it would take to carry out a plan.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    pace::{COOLDOWN, IN_FLIGHT},
    plan::Plan,
};
use crate::okta::{self, Packer};

/// How long a call takes (1 to 2 seconds in recorded traffic).
const CALL: u64 = 2;
/// Calls of a session apart from its loads: opening it, starting it and looking at it.
const OTHER_CALLS: u64 = 3;

/// What it would take to carry out a plan. It is exact for the first session, and assumes that
/// users beyond it are as large as those in it. It counts users, not groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Import sessions.
    pub sessions: u64,
    /// Load requests.
    pub requests: u64,
    /// Seconds until the last import is started. Most of it is Okta's wait between sessions.
    pub seconds: u64,
}

impl Estimate {
    /// The estimate for a plan that is made now, with the last import started at this time.
    pub(super) fn of(plan: Plan, last_import: Option<Timestamp>, now: Timestamp) -> Self {
        let found = plan.found.0 + plan.found.1;
        let mut packer = Packer::new();
        let mut packed = 0;
        let people = plan.deactivations.into_iter().chain(plan.upserts);
        for entity in people.filter_map(|ready| ready.entity) {
            if packer.would_fit(&entity, okta::MAX_REQUESTS) {
                packer.push(entity);
                packed += 1;
            }
        }
        let in_one = packer.requests() as u64;
        let wait = last_import.map_or(Duration::ZERO, |at| {
            let left = (at + COOLDOWN).duration_since(now);
            left.try_into().unwrap_or(Duration::ZERO)
        });
        Self::from_counts(found, packed, in_one, wait)
    }

    fn from_counts(found: u64, packed: u64, in_one: u64, wait: Duration) -> Self {
        if packed == 0 {
            return Self::default();
        }
        let requests = (found * in_one).div_ceil(packed);
        let sessions = requests.div_ceil(okta::MAX_REQUESTS as u64);
        let in_last = requests - (sessions - 1) * okta::MAX_REQUESTS as u64;
        let calls = in_last.div_ceil(IN_FLIGHT as u64) + OTHER_CALLS;
        Self {
            sessions,
            requests,
            seconds: wait.as_secs() + (sessions - 1) * COOLDOWN.as_secs() + calls * CALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_follow_one_another_at_the_pace_that_okta_sets() {
        let of = |found, packed, in_one, wait| {
            Estimate::from_counts(found, packed, in_one, Duration::from_secs(wait))
        };
        let estimate = |sessions, requests, seconds| Estimate {
            sessions,
            requests,
            seconds,
        };

        assert_eq!(of(0, 0, 0, 200), estimate(0, 0, 0));
        assert_eq!(of(7, 7, 1, 0), estimate(1, 1, 8));
        assert_eq!(of(7, 7, 1, 200), estimate(1, 1, 208));
        assert_eq!(of(10_000, 10_000, 50, 0), estimate(1, 50, 16));
        assert_eq!(of(10_001, 10_000, 50, 0), estimate(2, 51, 308));
        assert_eq!(of(1_000_000, 10_000, 50, 0), estimate(100, 5_000, 29_716));
    }
}
