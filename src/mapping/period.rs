//! From when until when somebody must be active.

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::{
    clean,
    text::{Subject, Text},
};

/// A mapping's rules for first and last days.
#[derive(Debug)]
pub(super) struct Period {
    pub(super) from: Option<Text>,
    pub(super) until: Option<Text>,
    pub(super) zone: TimeZone,
    pub(super) lead_days: u16,
}

/// Before, within or after their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Upcoming,
    Active,
    Left,
}

/// The state at a moment, and the moment when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: State,
    pub(super) next: Option<Timestamp>,
}

/// What a date was given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// A whole day.
    Day(Date),
    /// A moment.
    At(Timestamp),
    /// Later than any time there is: many systems write no end as the year 9999.
    Never,
}

/// What to write instead of a date that cannot be read.
const FORMS: &str = "is not a date: give 2030-01-31, 2030-01-31T09:00:00 with or without an \
                     offset, or seconds or milliseconds since 1970";

impl Period {
    /// Where somebody is `now`. Dates that cannot be read are a doubt.
    pub(super) fn standing(&self, subject: &Subject, now: Timestamp) -> Result<Standing, String> {
        let date = |name: &str, template: Option<&Text>| {
            let Some(template) = template else {
                return Ok(None);
            };
            let text = template.render(subject);
            text.and_then(|text| self.read(clean::ends(&text)))
                .map_err(|why| format!("{name}: {why}"))
        };
        let from = date("activeFrom", self.from.as_ref())?;
        let until = date("activeUntil", self.until.as_ref())?;
        let begins = from.and_then(|from| self.beginning(from));
        let ends = until.and_then(|until| self.end(until));
        Ok(match (begins, ends) {
            (_, Some(ends)) if ends <= now => Standing {
                state: State::Left,
                next: None,
            },
            (Some(begins), _) if now < begins => Standing {
                state: State::Upcoming,
                // People who leave before they come are never active.
                next: Some(ends.map_or(begins, |ends| ends.min(begins))),
            },
            (_, ends) => Standing {
                state: State::Active,
                next: ends,
            },
        })
    }

    /// The moment when access begins, lead days included. `None` for always.
    fn beginning(&self, from: When) -> Option<Timestamp> {
        let lead = Span::new().days(i64::from(self.lead_days));
        match from {
            When::Day(day) => self.midnight(day.checked_sub(lead).ok()?),
            When::At(moment) => {
                let local = moment.to_zoned_datetime(self.zone.clone());
                local.checked_sub(lead).ok().map(|at| at.timestamp())
            }
            When::Never => Some(Timestamp::MAX),
        }
    }

    /// The moment when access ends: the end of a day. `None` for never.
    fn end(&self, until: When) -> Option<Timestamp> {
        match until {
            When::Day(day) => self.midnight(day.tomorrow().ok()?),
            When::At(moment) => Some(moment),
            When::Never => None,
        }
    }

    /// The first moment of a day in the mapping's time zone. If clocks skip midnight, it is the
    /// moment after.
    fn midnight(&self, day: Date) -> Option<Timestamp> {
        let midnight = day.to_zoned_datetime(self.zone.clone()).ok()?;
        Some(midnight.timestamp())
    }

    fn read(&self, text: &str) -> Result<Option<When>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let read = if is_number(text) {
            since_1970(text)?
        } else {
            self.calendar(text)
        };
        read.map(Some).ok_or_else(|| FORMS.to_owned())
    }

    fn calendar(&self, text: &str) -> Option<When> {
        let (day, time) = match text.split_at_checked(10)? {
            (day, "") => (day, None),
            (day, time) if time.starts_with(['T', 't', ' ']) => (day, Some(time)),
            _ => return None,
        };
        let is_day = day.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        let day: Date = is_day.then(|| day.parse().ok())??;
        if time.is_none() {
            return Some(When::Day(day));
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(When::At(moment));
        }
        // Whole days, and offsets beyond the range of a timestamp.
        if (day.year(), day.month()) == (9999, 12) {
            return Some(When::Never);
        }
        // Without an offset it is the time of the mapping's zone.
        let has_offset = time?.contains(['Z', 'z', '+', '-', '[']);
        let local: DateTime = (!has_offset).then(|| text.parse().ok())??;
        let zoned = local.to_zoned_datetime(self.zone.clone()).ok()?;
        Some(When::At(zoned.timestamp()))
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(fraction)
}

/// The first and the last second of the last day of the year 9999, in any time zone: how systems
/// that count seconds write no end. As milliseconds they would be in one night of 1978.
const LAST_DAY: std::ops::RangeInclusive<i64> = 253_402_128_000..=253_402_387_199;
/// From here on it is milliseconds: as seconds it would be the year 5138.
const MILLISECONDS: i64 = 100_000_000_000;

/// Seconds or milliseconds since 1970. A number that may also be a year or a day is neither.
fn since_1970(text: &str) -> Result<Option<When>, String> {
    if is_calendar(text) {
        return Err(
            "could be seconds since 1970, but also a year or a day: give days as 2030-01-31"
                .to_owned(),
        );
    }
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let Ok(number) = whole.parse::<i64>() else {
        return Ok(None);
    };
    if LAST_DAY.contains(&number) {
        return Ok(Some(When::Never));
    }
    let moment = if number.abs() < MILLISECONDS {
        Timestamp::from_second(number)
    } else {
        Timestamp::from_millisecond(number)
    };
    Ok(match moment {
        Ok(moment) => Some(When::At(moment)),
        Err(_) if number >= LAST_DAY.start() * 1_000 && number <= LAST_DAY.end() * 1_000 => {
            Some(When::Never)
        }
        Err(_) => None,
    })
}

/// Whether digits are a year, or a day without its dashes, of our times.
fn is_calendar(text: &str) -> bool {
    let number: u32 = text.parse().unwrap_or(0);
    match text.len() {
        4 => (1900..3000).contains(&number),
        8 => {
            let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
            (1900..3000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
        }
        _ => false,
    }
}
