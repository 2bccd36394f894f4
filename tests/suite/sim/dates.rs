//! Dates on which people come and leave, without any change in the table.

use std::time::Duration;

use fastrand::Rng;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::{
    generate::pick,
    history::{Act, History},
};

/// When every world begins.
pub const BEGINNING: &str = "2026-05-13T05:00:00Z";
const MINUTE: u64 = 60_000;
const A_DAY: u32 = 1_440;
/// Minutes from a midnight to the beginning.
const SINCE_MIDNIGHT: u32 = 300;

/// From when until when somebody is to be active, in minutes since the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: Option<u32>,
    pub until: Option<u32>,
}

/// Where in their time somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Upcoming,
    Present,
    Over,
}

impl Period {
    pub const ALWAYS: Self = Self {
        from: None,
        until: None,
    };

    pub fn stage(self, now: Duration) -> Stage {
        let is_past = |minutes: Option<u32>| minutes.map(|minutes| moment(minutes) <= now);
        match (is_past(self.from), is_past(self.until)) {
            (_, Some(true)) => Stage::Over,
            (Some(false), _) => Stage::Upcoming,
            _ => Stage::Present,
        }
    }

    /// When the stage may change.
    pub fn dates(self) -> impl Iterator<Item = Duration> {
        [self.from, self.until].into_iter().flatten().map(moment)
    }

    /// The first and the last day as a record has them, in one of many notations.
    pub fn written(self, notation: u8) -> (Value, Value) {
        let write = |minutes: Option<u32>, last: bool| {
            let Some(minutes) = minutes else {
                return Value::Null;
            };
            let at: Timestamp = BEGINNING.parse().unwrap();
            let at = at + i64::from(minutes).minutes();
            if (minutes + SINCE_MIDNIGHT).is_multiple_of(A_DAY) {
                let day = at - if last { 24.hours() } else { 0.hours() };
                return json!(day.strftime("%Y-%m-%d").to_string());
            }
            match notation % 3 {
                0 => json!(at.to_string()),
                1 => json!(at.as_second()),
                _ => json!(at.as_millisecond()),
            }
        };
        (write(self.from, false), write(self.until, true))
    }
}

fn moment(minutes: u32) -> Duration {
    Duration::from_millis(u64::from(minutes) * MINUTE)
}

/// The first midnight after so many minutes.
pub fn midnight(minutes: u32) -> u32 {
    (minutes + SINCE_MIDNIGHT) / A_DAY * A_DAY + A_DAY - SINCE_MIDNIGHT
}

/// Now and then records have dates. That is drawn from other numbers, so that all else stays as it
/// was. Clocks that disagree would disagree about dates, too.
pub fn add(history: &mut History) {
    let mut rng = Rng::with_seed(history.seed ^ 0x00da_7e50);
    if history.skew > 0 || rng.u32(0..4) > 0 {
        return;
    }
    let mut elapsed = 0;
    for step in &mut history.steps {
        elapsed += step.after;
        if let Act::Put { row, .. } = &mut step.act {
            let now = u32::try_from(elapsed / MINUTE).unwrap();
            row.period = Period {
                from: date(&mut rng, now),
                until: date(&mut rng, now),
            };
        }
    }
}

fn date(rng: &mut Rng, now: u32) -> Option<u32> {
    let soon = now + rng.u32(1..8);
    let dates = [
        None,
        None,
        None,
        Some(now.saturating_sub(1)),
        Some(soon),
        Some(soon),
        Some(now + rng.u32(8..1_200)),
        Some(midnight(now)),
    ];
    pick(rng, &dates)
}
