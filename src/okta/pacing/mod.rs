//! When the next request may go, so that Okta does not have to refuse it.
//!
//! Okta says in every answer how many requests are left until when (`X-Rate-Limit-Limit`,
//! `-Remaining`, `-Reset`). It does not say which endpoints share a counter, so one counter is
//! assumed for all that are called here. [`Pace`] decides on values. [`Pacer`] waits.

mod headers;
mod pace;

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use tokio::sync::Notify;

use self::headers::RateHeaders;
use self::pace::{Pace, Ticket, Turn};
use crate::clock::Clock;

pub(super) use self::headers::date;

/// When a call that was refused with 429 and that has a limit of its own may be made again.
pub(super) fn again(answer: &HeaderMap, now: Timestamp) -> Timestamp {
    let headers = RateHeaders::read(answer, now);
    pace::again(headers, headers::retry_after(answer), now)
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
    /// When the turn would come, if that is past the deadline. `None` if it cannot be known.
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

/// One request that may go now. If it is dropped without an answer, it counts as lost.
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
    pub(super) fn answered(mut self, answer: &HeaderMap) {
        let now = self.pacer.clock.now();
        let headers = RateHeaders::read(answer, now);
        self.settle(|pace, ticket| pace.answered(ticket, headers, now));
    }

    /// It was refused with 429: when to try again.
    pub(super) fn refused(mut self, answer: &HeaderMap) -> Timestamp {
        let now = self.pacer.clock.now();
        let rate = RateHeaders::read(answer, now);
        let retry_after = headers::retry_after(answer);
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
