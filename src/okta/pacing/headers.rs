//! What the headers of an answer say about time and rate.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The longest wait that is believed. Windows last a minute.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What an answer's headers say about the rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateHeaders {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// When the window ends: seconds since the epoch by Okta's clock.
    pub(super) reset: i64,
    /// How long that is from the answer on.
    pub(super) wait: Duration,
}

impl RateHeaders {
    /// Reads the headers of an answer that came at `now`. `None` if one is missing or makes no
    /// sense.
    ///
    /// The time until the reset is the difference of two times of Okta's own, the `Date` of the
    /// answer and the reset, so our clock may be wrong. `Date` is cut to the second, which errs on
    /// the late side.
    pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Option<Self> {
        let reset: i64 = number(headers, "x-rate-limit-reset")?;
        let date = date(headers).unwrap_or(now).as_second();
        let wait = u64::try_from(reset.saturating_sub(date)).unwrap_or(0);
        Some(Self {
            limit: number(headers, "x-rate-limit-limit")?,
            remaining: number(headers, "x-rate-limit-remaining")?,
            reset,
            wait: Duration::from_secs(wait).min(LONGEST_WAIT),
        })
    }
}

/// How long a 429 asks us to wait, if it says so instead.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    number(headers, RETRY_AFTER.as_str()).map(Duration::from_secs)
}

fn number<N: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<N> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The `Date` of an answer.
pub(in crate::okta) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let text = headers.get(DATE)?.to_str().ok()?;
    PARSER.parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_wait_is_between_two_times_of_oktas_own() {
        let wrong_clock = Timestamp::from_second(5).unwrap();

        let read = RateHeaders::read(
            &headers(&[
                ("x-rate-limit-limit", "15"),
                ("x-rate-limit-remaining", "3"),
                ("x-rate-limit-reset", "1778651574"),
                ("date", "Wed, 13 May 2026 05:52:24 GMT"),
            ]),
            wrong_clock,
        );

        assert_eq!(
            read,
            Some(RateHeaders {
                limit: 15,
                remaining: 3,
                reset: 1_778_651_574,
                wait: Duration::from_secs(30),
            })
        );
    }

    #[test]
    fn without_a_date_our_clock_has_to_do() {
        for date in ["", "yesterday"] {
            let mut headers = headers(&[
                ("x-rate-limit-limit", "15"),
                ("x-rate-limit-remaining", "3"),
                ("x-rate-limit-reset", "1000"),
            ]);
            headers.insert("date", date.parse().unwrap());

            let read = RateHeaders::read(&headers, Timestamp::from_second(990).unwrap()).unwrap();

            assert_eq!(read.wait, Duration::from_secs(10));
        }
    }

    #[test]
    fn a_reset_that_is_past_or_absurd_is_no_wait_or_an_hour() {
        for (reset, wait) in [
            ("-9223372036854775808", 0),
            ("999", 0),
            ("9223372036854775807", 3600),
        ] {
            let mut headers = headers(&[
                ("x-rate-limit-limit", "15"),
                ("x-rate-limit-remaining", "3"),
            ]);
            headers.insert("x-rate-limit-reset", reset.parse().unwrap());

            let read = RateHeaders::read(&headers, Timestamp::from_second(1000).unwrap()).unwrap();

            assert_eq!(read.wait, Duration::from_secs(wait));
        }
    }

    #[test]
    fn headers_that_are_missing_or_make_no_sense_say_nothing() {
        let now = Timestamp::UNIX_EPOCH;
        let whole = headers(&[
            ("x-rate-limit-limit", "15"),
            ("x-rate-limit-remaining", "3"),
            ("x-rate-limit-reset", "1000"),
        ]);
        for name in whole.keys() {
            for nonsense in ["", "many", "-1.5", "99999999999999999999"] {
                let mut broken = whole.clone();
                broken.insert(name, nonsense.parse().unwrap());
                assert_eq!(RateHeaders::read(&broken, now), None, "{name}: {nonsense}");
                broken.remove(name);
                assert_eq!(RateHeaders::read(&broken, now), None, "no {name}");
            }
        }
    }

    #[test]
    fn a_429_may_say_in_seconds_how_long() {
        assert_eq!(
            retry_after(&headers(&[("retry-after", "7")])),
            Some(Duration::from_secs(7))
        );
        assert_eq!(retry_after(&headers(&[("retry-after", "soon")])), None);
    }

    proptest::proptest! {
        #[test]
        fn no_header_makes_a_wait_without_end(
            limit in "[ -~]{0,12}|[0-9]{1,22}",
            remaining in "[0-9]{1,12}",
            reset in "-?[0-9]{1,20}",
            date in "[ -~]{0,40}|Wed, [0-9]{2} May [0-9]{4} [0-9]{2}:[0-9]{2}:24 GMT",
            now in -377_705_000_000_i64..253_402_200_000,
        ) {
            let mut headers = HeaderMap::new();
            for (name, value) in [
                ("x-rate-limit-limit", limit),
                ("x-rate-limit-remaining", remaining),
                ("x-rate-limit-reset", reset),
                ("date", date),
            ] {
                headers.insert(name, value.parse().unwrap());
            }
            let now = Timestamp::from_second(now).unwrap();

            if let Some(read) = RateHeaders::read(&headers, now) {
                proptest::prop_assert!(read.wait <= LONGEST_WAIT);
            }
        }
    }
}
