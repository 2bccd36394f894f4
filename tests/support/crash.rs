//! Killing an invocation at exactly one of the calls that it makes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// When, relative to a call, the invocation dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The service never sees the call.
    Before,
    /// The service does what it is asked, and nobody hears of it.
    After,
}

/// The death of one invocation at its `at`-th call, counted over every proxy that watches for it.
/// Reading a table to the end is many calls that change nothing, so scans do not count.
#[derive(Clone)]
pub struct Crash(Arc<State>);

struct State {
    at: usize,
    moment: Moment,
    seen: AtomicUsize,
    answered: AtomicUsize,
    died: Notify,
}

impl Crash {
    /// At the `at`-th call, from 1 on.
    pub fn at(at: usize, moment: Moment) -> Self {
        Self(Arc::new(State {
            at,
            moment,
            seen: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            died: Notify::new(),
        }))
    }

    /// Runs the invocation; `None` if it died.
    pub async fn or<T>(&self, invocation: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.0.died.notified() => None,
            answer = invocation => Some(answer),
        }
    }

    pub(super) async fn before(&self, what: &str) {
        self.count(&self.0.seen, Moment::Before, what).await;
    }

    pub(super) async fn after(&self, what: &str) {
        self.count(&self.0.answered, Moment::After, what).await;
    }

    async fn count(&self, calls: &AtomicUsize, moment: Moment, what: &str) {
        if what.starts_with("Scan ") || self.0.moment != moment {
            return;
        }
        if calls.fetch_add(1, Ordering::SeqCst) + 1 >= self.0.at {
            self.0.died.notify_one();
            // Who asked is dead, and nothing that it still sends arrives.
            std::future::pending::<()>().await;
        }
    }
}
