//! The rate limit: one counter for all calls, in windows of fixed length.

use std::time::{Duration, SystemTime};

use crate::{clock::epoch_seconds_up, options::RateLimit};

/// What a roomy org answers when no limit is enforced.
const ROOMY: RateLimit = RateLimit {
    limit: 600,
    per: Duration::from_secs(60),
};

/// The window that is open now.
#[derive(Debug)]
pub(crate) struct Window {
    enforced: Option<RateLimit>,
    ends: SystemTime,
    used: u32,
}

/// What one call is told in its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Seconds since the epoch.
    pub(crate) reset: u64,
}

impl Window {
    pub(crate) fn new(enforced: Option<RateLimit>) -> Self {
        Self {
            enforced,
            ends: SystemTime::UNIX_EPOCH,
            used: 0,
        }
    }

    /// Counts a call. `Err` when it is one too many; its standing goes into
    /// the headers either way.
    pub(crate) fn count(&mut self, now: SystemTime) -> Result<Standing, Standing> {
        let limit = self.enforced.unwrap_or(ROOMY);
        if now >= self.ends {
            self.ends = now + limit.per;
            self.used = 0;
        }
        let standing = |remaining| Standing {
            limit: limit.limit,
            remaining,
            reset: epoch_seconds_up(self.ends),
        };
        if self.enforced.is_none() {
            // A client that paces itself must not come to a stop for a limit
            // that nobody enforces.
            return Ok(standing(limit.limit - 1));
        }
        if self.used >= limit.limit {
            return Err(standing(0));
        }
        self.used += 1;
        Ok(standing(limit.limit - self.used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_after_the_last_is_refused_until_the_window_ends() {
        let mut window = Window::new(Some("2/60s".parse().unwrap()));
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let told = |remaining| Standing {
            limit: 2,
            remaining,
            reset: 1_060,
        };

        assert_eq!(window.count(start), Ok(told(1)));
        assert_eq!(window.count(start), Ok(told(0)));
        assert_eq!(
            window.count(start + Duration::from_secs(59)),
            Err(told(0)),
            "the same window"
        );
        assert!(window.count(start + Duration::from_secs(60)).is_ok());
    }
}
