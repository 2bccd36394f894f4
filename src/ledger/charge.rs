//! What a person has cost the guard's budget, as their entry has it.

use std::fmt;

use jiff::Timestamp;

use super::{log::Number, log::Ranges};
use crate::dynamodb::Item;

/// An hour, counted from 1970.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Hour(pub i64);

const SECONDS: i64 = 3_600;

impl Hour {
    /// The hour that this time is in.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_second().div_euclid(SECONDS))
    }

    /// Whether its end is less than 24 hours old: what was charged in it still counts.
    #[must_use]
    pub fn counts(self, now: Timestamp) -> bool {
        now.as_second() < (self.0 + 1 + 24) * SECONDS
    }
}

/// A charge: when a person was last told, and which session first charged them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Charge {
    /// The hour in which they were last told.
    pub hour: Hour,
    /// The session that made the charge.
    pub by: Number,
    /// Whether somebody had approved it, so that no budget counts it.
    pub approved: bool,
    /// The hour in which they were told before, and the session that told them again since. If that
    /// session came to nothing, this hour counts.
    pub moved: Option<(Hour, Number)>,
}

/// Which charges are worth something.
#[derive(Debug, Clone, Default)]
pub struct Paid {
    /// Sessions whose charges were given back.
    pub given_back: Ranges,
}

impl Paid {
    /// The hour in which a charge counts, if it does at this time.
    #[must_use]
    pub fn hour(&self, charge: Charge, now: Timestamp) -> Option<Hour> {
        let hour = match charge.moved {
            Some((before, via)) if self.given_back.contains(via) => before,
            _ => charge.hour,
        };
        (hour.counts(now) && !self.given_back.contains(charge.by)).then_some(hour)
    }

    /// Whether the last telling that was charged came to nothing, so that telling the same again is
    /// telling it for the first time.
    #[must_use]
    pub fn undone(&self, charge: Charge) -> bool {
        let last = charge.moved.map_or(charge.by, |(_, via)| via);
        self.given_back.contains(last)
    }
}

/// `hour:by` or `hour:by:before:via`, with an `a` in front if somebody had approved.
impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let approved = if self.approved { "a" } else { "" };
        write!(f, "{approved}{}:{}", self.hour.0, self.by)?;
        if let Some((before, via)) = self.moved {
            write!(f, ":{}:{via}", before.0)?;
        }
        Ok(())
    }
}

impl Charge {
    /// The charge that an item has in this attribute.
    pub(super) fn in_item(item: &Item, name: &str) -> Option<Self> {
        Self::parse(item.get(name)?.as_s().ok()?)
    }

    /// Reads what [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (approved, text) = match text.strip_prefix('a') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut numbers = text.split(':').map(|number| number.parse::<i64>().ok());
        let mut next = || numbers.next().flatten();
        let hour = Hour(next()?);
        let by = next()?.try_into().ok()?;
        let moved = match (next(), next()) {
            (Some(before), Some(via)) => Some((Hour(before), via.try_into().ok()?)),
            _ => None,
        };
        Some(Self {
            hour,
            by,
            approved,
            moved,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_charge_survives_the_state_table() {
        for (moved, approved) in [(None, true), (Some((Hour(4), 9)), false)] {
            let charge = Charge {
                hour: Hour(5),
                by: 7,
                approved,
                moved,
            };

            assert_eq!(Charge::parse(&charge.to_string()), Some(charge));
        }
        assert_eq!(Charge::parse("x"), None);
    }

    #[test]
    fn an_hour_counts_until_its_end_is_a_day_old() {
        let hour = Hour::of(at("2026-05-13T10:01:00Z"));

        assert!(hour.counts(at("2026-05-14T10:59:59Z")));
        assert!(!hour.counts(at("2026-05-14T11:00:00Z")));
    }

    #[test]
    fn what_was_given_back_is_worth_nothing_and_a_move_that_was_is_undone() {
        let now = at("2026-05-13T10:01:00Z");
        let hour = Hour::of(now);
        let before = Hour(hour.0 - 3);
        let charge = Charge {
            hour,
            by: 4,
            approved: false,
            moved: Some((before, 6)),
        };
        let paid = |numbers: &[Number]| {
            let mut paid = Paid::default();
            numbers
                .iter()
                .for_each(|number| paid.given_back.insert(*number));
            paid.hour(charge, now)
        };

        assert_eq!(paid(&[]), Some(hour));
        assert_eq!(paid(&[6]), Some(before));
        assert_eq!(paid(&[4]), None);
    }
}
