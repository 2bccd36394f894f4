//! When the next request may go, so that Okta need not refuse it.
//!
//! Okta says on every answer how many requests are left until when
//! (`X-Rate-Limit-Limit`, `-Remaining`, `-Reset`). Which endpoints share a
//! counter it does not say, so one counter is assumed for all that are called
//! here. [`Pace`] decides on values; [`Pacer`] waits.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use tokio::sync::Notify;

use crate::clock::Clock;

/// The shortest wait after a 429: whatever it says, asking again at once does
/// no good.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The wait after a 429 that does not say until when.
const UNSAID_WAIT: Duration = Duration::from_secs(10);

/// The longest wait that is believed; windows last a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What an answer's headers say about the rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateHeaders {
    limit: u32,
    remaining: u32,
    /// When the window ends: seconds since the epoch by Okta's clock.
    reset: i64,
    /// How long that is from the answer on.
    wait: Duration,
}

impl RateHeaders {
    /// Reads the headers of an answer that came at `now`; `None` if one is
    /// missing or makes no sense.
    ///
    /// The time until the reset is taken between two times of Okta's own, the
    /// `Date` of the answer and the reset, so that our clock may be wrong.
    /// `Date` is cut to the second, which errs on the late side.
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

fn number<N: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<N> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The `Date` of an answer.
pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let text = headers.get(DATE)?.to_str().ok()?;
    PARSER.parse_timestamp(text).ok()
}

/// Whether the next request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Now.
    Go(Ticket),
    /// Not before then.
    At(Timestamp),
    /// When an answer has told how things are.
    AfterAnswer,
}

/// One request that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticket {
    /// It goes alone, to find out how things are.
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
    /// What is left, less what has been sent since.
    left: u32,
    reset: i64,
    /// The reset by our clock.
    ends: Timestamp,
}

/// The state of the one counter.
#[derive(Debug)]
struct Pace {
    known: Known,
    in_flight: u32,
    scouting: bool,
    not_before: Timestamp,
}

impl Pace {
    fn new() -> Self {
        Self {
            known: Known::Nothing,
            in_flight: 0,
            scouting: false,
            not_before: Timestamp::UNIX_EPOCH,
        }
    }

    /// Asks for a turn; `Go` counts as sent.
    fn ask(&mut self, now: Timestamp) -> Turn {
        if now < self.not_before {
            return Turn::At(self.not_before);
        }
        if let Known::Window(window) = self.known
            && now >= window.ends
        {
            // Another window begins, of which nobody has told anything yet:
            // others may be using it up.
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

    /// A request came to an end without an answer; Okta may have counted it.
    fn lost(&mut self, ticket: Ticket) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.scouting &= !ticket.scout;
    }

    /// A request was not sent after all.
    fn unused(&mut self, ticket: Ticket) {
        self.lost(ticket);
        if let Known::Window(window) = &mut self.known
            && !ticket.scout
        {
            window.left += 1;
        }
    }

    /// A request was answered.
    fn answered(&mut self, ticket: Ticket, headers: Option<RateHeaders>, now: Timestamp) {
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

    /// A request was refused with 429: when it may be sent again. Until then
    /// nothing else goes either, and then one goes first alone.
    fn refused(
        &mut self,
        ticket: Ticket,
        headers: Option<RateHeaders>,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) -> Timestamp {
        self.lost(ticket);
        let wait = headers.map(|headers| headers.wait).or(retry_after);
        let wait = wait.unwrap_or(UNSAID_WAIT);
        let again = now + wait.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        self.known = Known::Nothing;
        self.not_before = self.not_before.max(again);
        again
    }
}

/// Gives out turns, and waits for them.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Mutex<Pace>,
    changed: Notify,
    clock: Clock,
}

impl Pacer {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            pace: Mutex::new(Pace::new()),
            changed: Notify::new(),
            clock,
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// When the turn would come, if that is past the deadline; `None` if it
    /// cannot be known.
    pub(super) async fn turn(&self, deadline: Timestamp) -> Result<Permit<'_>, Option<Timestamp>> {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            let turn = self.lock().ask(self.clock.now());
            let wake = match turn {
                Turn::Go(ticket) => {
                    return Ok(Permit {
                        pacer: self,
                        ticket: Some(ticket),
                    });
                }
                Turn::At(at) if at >= deadline => return Err(Some(at)),
                Turn::At(at) => at,
                Turn::AfterAnswer => deadline,
            };
            tokio::select! {
                biased;
                () = changed => {}
                () = self.clock.sleep_until(wake) => {
                    if wake == deadline {
                        return Err(None);
                    }
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request that may go now. Dropped without an answer, it counts as lost.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    pacer: &'a Pacer,
    ticket: Option<Ticket>,
}

impl Permit<'_> {
    /// It was not sent after all.
    pub(super) fn unused(mut self) {
        self.settle(Pace::unused);
    }

    /// It was answered.
    pub(super) fn answered(mut self, headers: &HeaderMap) {
        let now = self.pacer.clock.now();
        let headers = RateHeaders::read(headers, now);
        self.settle(|pace, ticket| pace.answered(ticket, headers, now));
    }

    /// It was refused with 429: when to try again.
    pub(super) fn refused(mut self, headers: &HeaderMap) -> Timestamp {
        let now = self.pacer.clock.now();
        let rate = RateHeaders::read(headers, now);
        let retry_after = number(headers, RETRY_AFTER.as_str()).map(Duration::from_secs);
        self.settle(|pace, ticket| pace.refused(ticket, rate, retry_after, now))
            .unwrap_or(now)
    }

    fn settle<T>(&mut self, how: impl FnOnce(&mut Pace, Ticket) -> T) -> Option<T> {
        let ticket = self.ticket.take()?;
        let settled = how(&mut self.pacer.lock(), ticket);
        self.pacer.changed.notify_waiters();
        Some(settled)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.settle(Pace::lost);
    }
}
