//! How an invocation's time is spent.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;

/// What is left of an invocation, and how much of it each step may take.
#[derive(Debug, Clone, Copy)]
pub struct Time {
    clock: Clock,
    started: Timestamp,
    deadline: Timestamp,
}

/// The most that is kept for recording ten thousand users and starting the import.
const RESERVE: Duration = Duration::from_secs(30);

impl Time {
    /// The time from now until `deadline`, when Lambda stops the invocation.
    #[must_use]
    pub fn until(clock: Clock, deadline: Timestamp) -> Self {
        Self {
            clock,
            started: clock.now(),
            deadline,
        }
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How long the run has taken so far.
    #[must_use]
    pub fn taken(&self) -> Duration {
        self.now().duration_since(self.started).unsigned_abs()
    }

    /// When Lambda stops the invocation.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// When the last step must be done, so that the answer still arrives.
    #[must_use]
    pub fn answer_by(&self) -> Timestamp {
        self.deadline - self.reserve() / 10
    }

    /// From when on no more loads are sent. What is loaded is then recorded and imported.
    #[must_use]
    pub fn load_until(&self) -> Timestamp {
        self.deadline - self.reserve()
    }

    /// Until when opening a session is worth an attempt.
    #[must_use]
    pub fn open_until(&self) -> Timestamp {
        self.deadline - self.reserve() - self.reserve() / 2
    }

    /// Thirty seconds, or a fifth of an invocation that has less than 150.
    fn reserve(&self) -> Duration {
        RESERVE.min(self.deadline.duration_since(self.started).unsigned_abs() / 5)
    }
}
