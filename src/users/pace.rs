//! How fast the users table is read.
//!
//! An on-demand table is read as fast as it answers. One with provisioned capacity is shared with
//! others, who need some of it: a cap limits the units that a run reads in a second. If DynamoDB
//! throttles, with or without a cap, runs slow down by half, and speed up again slowly.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::capacity::Meter;

/// The lowest rate that throttling leads to, in units a second: a page of the smallest records.
const SLOWEST: f64 = 5.0;
/// How much faster a rate becomes with each second without throttling.
const FASTER: f64 = 0.05;
/// How long one halving counts: what is throttled in that time is due to the same rate.
const A_HALVING: Duration = Duration::from_secs(1);
/// What a table gives at least while its rate is unknown, in units a second.
const UNKNOWN: f64 = 1_000.0;
/// How long to wait for a turn before the rate is looked at again.
const A_WAIT: Duration = Duration::from_secs(5);
/// What an unread record takes, in units: one of up to 4 KB.
const A_RECORD: f64 = 1.0;
/// How many pages each second is divided into: as many segments are read at once.
const PAGES_A_SECOND: f64 = 8.0;

/// How fast the users table is read: read units a second, as its meter shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    /// The cap, if there is one.
    most: Option<f64>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The last turn, and what the meter showed then.
    last: Option<(Instant, f64, u64)>,
    /// Units that are read and that no waiting time has paid for.
    debt: f64,
    /// The rate that holds now, if there is one.
    rate: Option<f64>,
    /// When the rate was halved last.
    halved: Option<Instant>,
    /// Units and records of what was read by pages.
    read: (f64, u64),
    /// Units and records of what was read by keys.
    again: (f64, u64),
}

impl Pace {
    /// No more than this many units a second.
    pub(super) fn of(most: u32) -> Self {
        Self {
            most: Some(f64::from(most)),
            ..Self::default()
        }
    }

    /// Waits until it is time for the next request.
    pub(super) async fn turn(&self, meter: &Meter) {
        loop {
            let wait = self.wait(Instant::now(), meter.units().read, meter.throttled());
            if wait < Duration::from_millis(1) {
                return;
            }
            tokio::time::sleep(wait.min(A_WAIT)).await;
        }
    }

    /// How many records a page may have, so that one does not take the share of many seconds.
    pub(super) fn page(&self) -> Option<i32> {
        let state = self.state();
        let rate = state.rate.or(self.most)?;
        let (units, records) = state.read;
        let each = match records {
            0 => A_RECORD,
            records => (units / records as f64).max(0.01),
        };
        Some((rate / PAGES_A_SECOND / each).max(1.0) as i32)
    }

    /// How many records can be read again within this many seconds, if there is a rate.
    pub(super) fn within(&self, seconds: f64) -> Option<usize> {
        let state = self.state();
        let rate = state.rate.or(self.most)?;
        let of_pages = match state.read {
            (_, 0) => A_RECORD,
            (units, records) => units / records as f64,
        };
        let each = match state.again {
            (_, 0) => of_pages.ceil(),
            (units, records) => units / records as f64,
        };
        Some((rate * seconds / each.max(A_RECORD)).max(1.0) as usize)
    }

    /// Notes that this many records were read by their keys, and took this many units.
    pub(super) fn read_again(&self, units: f64, records: usize) {
        let mut state = self.state();
        state.again.0 += units;
        state.again.1 += records as u64;
    }

    /// Notes that a page had this many records and took this many units.
    pub(super) fn read(&self, units: f64, records: usize) {
        let mut state = self.state();
        state.read.0 += units;
        state.read.1 += records as u64;
    }

    /// How long to wait now, by what the meter shows.
    fn wait(&self, now: Instant, units: f64, throttled: u64) -> Duration {
        let mut state = self.state();
        let (at, before, throttled_before) = state.last.unwrap_or((now, units, throttled));
        state.last = Some((now, units, throttled));
        // A run has begun, and with it its meter.
        let new = if units < before {
            units
        } else {
            units - before
        };
        let seconds = now.duration_since(at).as_secs_f64();
        let is_throttled = throttled > throttled_before;
        let just_halved = |at: Instant| now.duration_since(at) < A_HALVING;
        if is_throttled && !state.halved.is_some_and(just_halved) {
            let was = state.rate.or(self.most).unwrap_or(UNKNOWN.max(new));
            if state.rate.is_none() && self.most.is_none() {
                // What was read before there was a rate is no debt.
                (state.debt, state.last) = (0.0, Some((now, units, throttled)));
                state.rate = Some(was / 2.0);
                state.halved = Some(now);
                return Duration::ZERO;
            }
            state.rate = Some((was / 2.0).max(SLOWEST));
            state.halved = Some(now);
        } else if !is_throttled {
            let grown = state.rate.map(|rate| rate * (1.0 + FASTER * seconds));
            state.rate = match (grown, self.most) {
                (Some(rate), Some(most)) => Some(rate.min(most)),
                (Some(rate), None) => Some(rate),
                (None, most) => most,
            };
        }
        let Some(rate) = state.rate else {
            return Duration::ZERO;
        };
        state.debt = (state.debt - rate * seconds).max(0.0) + new;
        Duration::from_secs_f64(state.debt / rate)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_table_on_demand_is_read_without_a_pause() {
        let pace = Pace::default();
        let began = Instant::now();

        let waits = (1..10).map(|n| pace.wait(began, f64::from(n) * 256.0, 0));

        assert!(waits.into_iter().all(|wait| wait.is_zero()));
        assert_eq!(pace.page(), None);
    }

    #[test]
    fn throttling_halves_the_rate_and_it_grows_again_up_to_the_cap() {
        let pace = Pace::of(100);
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        let rate = || pace.state().rate.unwrap();

        pace.wait(began, 0.0, 0);
        pace.wait(at(1), 100.0, 1);
        assert!((rate() - 50.0).abs() < 1e-9);
        pace.wait(at(2), 120.0, 3);
        assert!((rate() - 25.0).abs() < 1e-9);
        for second in 3..60 {
            pace.wait(at(second), 120.0, 3);
        }
        assert!((rate() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn where_nothing_caps_it_throttling_does() {
        let pace = Pace::default();
        let began = Instant::now();

        pace.wait(began, 0.0, 0);
        pace.wait(began + Duration::from_secs(1), 2_000.0, 1);

        assert_eq!(pace.state().rate, Some(1_000.0));
    }

    #[test]
    fn one_burst_of_throttling_is_one_halving_and_no_long_sleep() {
        let pace = Pace::default();
        let began = Instant::now();

        pace.wait(began, 0.0, 0);
        let waits = (1..=30).map(|n| {
            let now = began + Duration::from_millis(n * 10);
            pace.wait(now, n as f64 * 64.0, n)
        });

        let longest = waits.max().unwrap();
        assert!(longest < Duration::from_secs(5), "{longest:?}");
        assert_eq!(pace.state().rate, Some(500.0));
    }

    #[test]
    fn large_records_are_read_again_in_smaller_slices() {
        let pace = Pace::of(25);
        assert_eq!(pace.within(5.0), Some(125));

        pace.read(500.0, 100);
        assert_eq!(pace.within(5.0), Some(25));
        pace.read_again(50.0, 5);

        assert_eq!(pace.within(5.0), Some(12));
    }

    #[test]
    fn a_page_takes_an_eighth_of_a_second_whatever_the_size_of_records() {
        let pace = Pace::of(800);
        assert_eq!(pace.page(), Some(100));

        pace.read(50.0, 500);

        assert_eq!(pace.page(), Some(1_000));
    }

    proptest! {
        #[test]
        fn whoever_waits_as_told_reads_no_faster_than_the_cap(
            most in 1..10_000u32,
            pages in proptest::collection::vec(1..512u32, 1..50),
        ) {
            let pace = Pace::of(most);
            let began = Instant::now();
            let (mut now, mut units) = (began, 0.0);
            let last = f64::from(*pages.last().unwrap());
            for page in pages {
                now += pace.wait(now, units, 0);
                units += f64::from(page);
            }

            let seconds = now.duration_since(began).as_secs_f64();
            prop_assert!(units - last <= f64::from(most) * seconds + 1e-3 * units);
        }
    }
}
