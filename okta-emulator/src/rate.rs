//! Rate limits: a counter for each bucket of calls, in windows of fixed
//! length.

use std::{collections::BTreeMap, time::SystemTime};

use crate::{
    buckets::{Bucket, RateLimit},
    clock::epoch_seconds_up,
    options::Options,
};

/// The current windows.
#[derive(Debug)]
pub(crate) struct Rates {
    /// Shared by all buckets without their own limit.
    shared: Option<Window>,
    apart: BTreeMap<Bucket, Window>,
}

/// What the headers of one call say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Seconds since the epoch.
    pub(crate) reset: u64,
}

#[derive(Debug)]
struct Window {
    limit: RateLimit,
    enforced: bool,
    ends: SystemTime,
    used: u32,
}

impl Rates {
    pub(crate) fn new(options: &Options) -> Self {
        let apart = Bucket::ALL.into_iter().filter_map(|bucket| {
            match (options.rate_limits.get(&bucket), options.rate_limit) {
                (Some(limit), _) => Some((bucket, Window::new(*limit, true))),
                // The authorization server has its own counter.
                (None, Some(_)) if bucket != Bucket::Token => None,
                (None, _) => Some((bucket, Window::new(bucket.roomy(), false))),
            }
        });
        Self {
            shared: options.rate_limit.map(|limit| Window::new(limit, true)),
            apart: apart.collect(),
        }
    }

    /// Counts a call. `Err` if it exceeds the limit. Its standing goes into the
    /// headers either way.
    pub(crate) fn count(&mut self, bucket: Bucket, now: SystemTime) -> Result<Standing, Standing> {
        let window = self.apart.get_mut(&bucket).or(self.shared.as_mut());
        match window {
            Some(window) => window.count(now),
            None => Window::new(bucket.roomy(), false).count(now),
        }
    }
}

impl Window {
    fn new(limit: RateLimit, enforced: bool) -> Self {
        Self {
            limit,
            enforced,
            ends: SystemTime::UNIX_EPOCH,
            used: 0,
        }
    }

    fn count(&mut self, now: SystemTime) -> Result<Standing, Standing> {
        let RateLimit { limit, per } = self.limit;
        if now >= self.ends {
            self.ends = now + per;
            self.used = 0;
        }
        let standing = |remaining| Standing {
            limit,
            remaining,
            reset: epoch_seconds_up(self.ends),
        };
        if !self.enforced {
            // A client that paces itself must not stop because of a limit that
            // is not enforced.
            return Ok(standing(limit.saturating_sub(1)));
        }
        if self.used >= limit {
            return Err(standing(0));
        }
        self.used += 1;
        Ok(standing(limit - self.used))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_call_after_the_last_is_refused_until_the_window_ends() {
        let mut window = Window::new("2/60s".parse().unwrap(), true);
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
