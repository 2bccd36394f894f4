//! The state of Okta's counter, as far as it is known. Values only.

use std::time::Duration;

use jiff::Timestamp;

use super::headers::{LONGEST_WAIT, RateHeaders};

/// The shortest wait after a 429: whatever it says, asking again at once does not help.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The wait after a 429 that does not say until when.
const UNSAID_WAIT: Duration = Duration::from_secs(10);

/// Whether the next request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Now.
    Go(Ticket),
    /// Not before then.
    At(Timestamp),
    /// When an answer has told the state.
    AfterAnswer,
}

/// One request that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    /// It goes alone, to find out the state.
    scout: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// No answer yet, or none in this window.
    Nothing,
    /// Answers come without these headers: nobody counts.
    Unmetered,
    Window(Window),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    /// What is left, minus what has been sent since.
    left: u32,
    reset: i64,
    /// The reset by our clock.
    ends: Timestamp,
}

/// The state of the one counter.
#[derive(Debug)]
pub(super) struct Pace {
    known: Known,
    in_flight: u32,
    scouting: bool,
    not_before: Timestamp,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            known: Known::Nothing,
            in_flight: 0,
            scouting: false,
            not_before: Timestamp::UNIX_EPOCH,
        }
    }

    /// Asks for a turn. `Go` counts as sent.
    pub(super) fn ask(&mut self, now: Timestamp) -> Turn {
        if now < self.not_before {
            return Turn::At(self.not_before);
        }
        if let Known::Window(window) = self.known
            && now >= window.ends
        {
            // Another window begins, and nothing is known about it yet: others may be using it up.
            self.known = Known::Nothing;
        }
        let scout = match &mut self.known {
            Known::Unmetered => false,
            Known::Nothing if self.scouting => return Turn::AfterAnswer,
            Known::Nothing => true,
            Known::Window(window) if window.left == 0 => return Turn::At(window.ends),
            Known::Window(window) => {
                window.left -= 1;
                false
            }
        };
        self.scouting |= scout;
        self.in_flight += 1;
        Turn::Go(Ticket { scout })
    }

    /// A request ended without an answer. Okta may have counted it.
    pub(super) fn lost(&mut self, ticket: Ticket) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.scouting &= !ticket.scout;
    }

    /// A request was not sent after all.
    pub(super) fn unused(&mut self, ticket: Ticket) {
        self.lost(ticket);
        if let Known::Window(window) = &mut self.known
            && !ticket.scout
        {
            window.left += 1;
        }
    }

    /// A request was answered.
    pub(super) fn answered(
        &mut self,
        ticket: Ticket,
        headers: Option<RateHeaders>,
        now: Timestamp,
    ) {
        self.lost(ticket);
        let Some(headers) = headers else {
            if ticket.scout && self.known == Known::Nothing {
                self.known = Known::Unmetered;
            }
            return;
        };
        if headers.limit == 0 {
            // Too many at once, which the counter says nothing about.
            return;
        }
        match &mut self.known {
            Known::Window(window) if headers.reset < window.reset => {}
            Known::Window(window) if headers.reset == window.reset => {
                window.left = window.left.min(headers.remaining);
            }
            Known::Nothing | Known::Unmetered | Known::Window(_) => {
                self.known = Known::Window(Window {
                    // Those still under way may be counted or not.
                    left: headers.remaining.saturating_sub(self.in_flight),
                    reset: headers.reset,
                    ends: now + headers.wait,
                });
            }
        }
    }

    /// A request was refused with 429: when it may be sent again. Until then nothing else goes
    /// either, and then one goes first alone.
    pub(super) fn refused(
        &mut self,
        ticket: Ticket,
        headers: Option<RateHeaders>,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) -> Timestamp {
        self.lost(ticket);
        let again = again(headers, retry_after, now);
        self.known = Known::Nothing;
        self.not_before = self.not_before.max(again);
        again
    }
}

/// When a request that was refused with 429 may be made again.
pub(super) fn again(
    headers: Option<RateHeaders>,
    retry_after: Option<Duration>,
    now: Timestamp,
) -> Timestamp {
    let wait = headers.map(|headers| headers.wait).or(retry_after);
    let wait = wait.unwrap_or(UNSAID_WAIT);
    now + wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)
}

#[cfg(test)]
mod tests;
