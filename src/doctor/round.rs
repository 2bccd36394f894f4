//! One round of checks, and the time there is for them.

use std::{future::Future, time::Duration};

use jiff::Timestamp;

use super::report::{Check, Notes};
use crate::{aws::Trouble, clock::Clock, okta::within, sdk::Sdk, sync::Time};

/// The longest wait for one thing.
const PATIENCE: Duration = Duration::from_secs(20);

/// The checks so far, and the time there is for the others.
#[derive(Debug)]
pub(super) struct Round<'a> {
    pub(super) time: &'a Time,
    pub(super) sdk: &'a Sdk,
    began: Timestamp,
    pub(super) checks: Vec<Check>,
}

impl<'a> Round<'a> {
    pub(super) fn new(time: &'a Time, sdk: &'a Sdk) -> Self {
        Self {
            time,
            sdk,
            began: time.now(),
            checks: Vec::new(),
        }
    }

    /// Ends a check. The next one begins.
    pub(super) fn note(&mut self, name: &'static str, notes: Notes) {
        let took = self.since(self.began);
        self.checks.push(notes.check(name, took));
        self.began = self.time.now();
    }

    pub(super) fn since(&self, then: Timestamp) -> Duration {
        self.time.now().duration_since(then).unsigned_abs()
    }

    /// Until when one thing is waited for.
    pub(super) fn deadline(&self) -> Timestamp {
        (self.time.now() + PATIENCE).min(self.time.answer_by())
    }

    /// What AWS answers, and how long it took.
    pub(super) async fn aws<T>(
        &self,
        call: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<(T, Duration), Trouble> {
        let clock: Clock = self.time.clock();
        let (sent, limit) = (clock.now(), clock.until(self.deadline()));
        let answer = within(clock, limit, call).await.unwrap_or_else(|| {
            Err(Trouble {
                code: None,
                why: format!("no answer within {} s", limit.as_secs()),
            })
        });
        Ok((answer?, self.since(sent)))
    }
}
