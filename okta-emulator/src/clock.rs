//! The one clock that everything in the emulator uses.
//!
//! It runs on tokio's time, so a test under tokio's paused clock moves the
//! cooldown, the imports, the rate-limit windows and the `Date` header too.

use std::time::{Duration, SystemTime};

use jiff::{Timestamp, fmt::rfc2822};
use serde::Serializer;
use tokio::time::Instant;

/// A wall clock that starts at a given time and advances with tokio's.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    base: SystemTime,
    start: Instant,
}

impl Clock {
    pub(crate) fn starting_at(base: SystemTime) -> Self {
        Self {
            base,
            start: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.base + self.start.elapsed()
    }
}

/// How long ago `earlier` was; zero if it is in the future.
pub(crate) fn since(now: SystemTime, earlier: SystemTime) -> Duration {
    now.duration_since(earlier).unwrap_or_default()
}

/// Seconds since the epoch, rounded up, so that a client that waits until then
/// has waited long enough.
pub(crate) fn epoch_seconds_up(at: SystemTime) -> u64 {
    let elapsed = since(at, SystemTime::UNIX_EPOCH);
    elapsed.as_secs() + u64::from(elapsed.subsec_nanos() > 0)
}

/// `2026-05-13T05:52:24.000Z`, as Okta writes times in bodies: in whole
/// seconds.
pub(crate) fn iso(at: SystemTime) -> String {
    timestamp(at).strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// The same with milliseconds, for the log and for what Okta does not show.
pub(crate) fn iso_exact(at: SystemTime) -> String {
    timestamp(at).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// `Wed, 13 May 2026 05:52:24 GMT`, as HTTP writes times in headers.
pub(crate) fn http_date(at: SystemTime) -> String {
    rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&timestamp(at))
        .unwrap_or_default()
}

/// `840 ms`, `2.0 s`, `4 min 12 s`, `30 min`, `1 h 3 min`.
pub(crate) fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3_600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if (seconds / 60).is_multiple_of(60) => format!("{} h", seconds / 3_600),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// Serializes a time as [`iso_exact`] writes it.
pub(crate) fn serialize_iso<S: Serializer>(
    at: &SystemTime,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&iso_exact(*at))
}

/// Serializes an optional time as [`iso_exact`] writes it, or null.
pub(crate) fn serialize_iso_option<S: Serializer>(
    at: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serialize_iso(at, serializer),
        None => serializer.serialize_none(),
    }
}

fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_okta_and_http_write_them() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_778_651_544_007);

        assert_eq!(iso(at), "2026-05-13T05:52:24.000Z");
        assert_eq!(iso_exact(at), "2026-05-13T05:52:24.007Z");
        assert_eq!(http_date(at), "Wed, 13 May 2026 05:52:24 GMT");
        assert_eq!(epoch_seconds_up(at), 1_778_651_545);
    }

    #[test]
    fn durations_are_written_for_people() {
        let written: Vec<String> = [840, 2_000, 59_000, 252_000, 1_800_000, 3_600_000, 3_780_000]
            .map(|milliseconds| in_words(Duration::from_millis(milliseconds)))
            .into();

        assert_eq!(
            written,
            [
                "840 ms",
                "2.0 s",
                "59 s",
                "4 min 12 s",
                "30 min",
                "1 h",
                "1 h 3 min"
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_follows_tokios_paused_time() {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH);

        tokio::time::advance(Duration::from_secs(300)).await;

        assert_eq!(
            clock.now(),
            SystemTime::UNIX_EPOCH + Duration::from_secs(300)
        );
    }
}
