//! What every answer tells apart from its content: Okta's time, and how long it took.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

/// What the last answer told apart from its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// How long the answer took.
    pub took: Duration,
    /// How far Okta's clock is ahead of ours, as precisely as whole seconds and the transit time
    /// allow.
    pub ahead: Option<SignedDuration>,
}

impl Heard {
    fn new(sent: Timestamp, arrived: Timestamp, date: Option<&str>) -> Self {
        let took = arrived.duration_since(sent).unsigned_abs();
        let said = date.and_then(|date| rfc2822::parse(date).ok());
        Self {
            took,
            // The header leaves out the fraction of the second, half a second on average.
            ahead: said.map(|said| {
                let there = said.timestamp() + Duration::from_millis(500);
                there.duration_since(sent + took / 2)
            }),
        }
    }
}

/// The last of it.
#[derive(Debug, Default)]
pub(in crate::okta) struct LastHeard(Mutex<Option<Heard>>);

impl LastHeard {
    pub(in crate::okta) fn last(&self) -> Option<Heard> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that an answer to what was sent then arrived now, with this `Date`.
    pub(in crate::okta) fn hear(&self, sent: Timestamp, now: Timestamp, date: Option<&str>) {
        let heard = Heard::new(sent, now, date);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_behind_is_told_from_the_date() {
        let sent: Timestamp = "2026-05-13T05:52:24Z".parse().unwrap();
        let arrived = sent + Duration::from_secs(1);

        let heard = Heard::new(sent, arrived, Some("Wed, 13 May 2026 05:57:24 GMT"));

        assert_eq!(heard.took, Duration::from_secs(1));
        assert_eq!(heard.ahead, Some(SignedDuration::from_secs(300)));
        assert_eq!(Heard::new(sent, arrived, Some("soon")).ahead, None);
    }
}
