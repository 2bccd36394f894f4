//! The System Log: what Okta says about what happened, including the outcome of
//! imports.

mod event;
mod filter;

use std::time::{Duration, SystemTime};

pub(crate) use event::{Actor, Event, Logged};
pub(crate) use filter::Filter;

use crate::{ids::Ids, options::Options};

/// Every event, in the order in which they happened.
#[derive(Debug)]
pub(crate) struct SystemLog {
    events: Vec<Logged>,
    /// How long after it happened an event can be read.
    lag: Duration,
    /// Whether imports are logged user by user.
    pub(crate) every_user: bool,
    ids: Ids,
}

impl SystemLog {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            events: Vec::new(),
            lag: options.log_lag,
            every_user: options.log_every_user,
            ids: Ids::default(),
        }
    }

    pub(crate) fn add(&mut self, published: SystemTime, event: Event) {
        self.events.push(Logged {
            uuid: self.ids.uuid(),
            published,
            event,
        });
    }

    /// The events that can be read now, each with its place.
    pub(crate) fn readable(
        &self,
        now: SystemTime,
    ) -> impl DoubleEndedIterator<Item = (usize, &Logged)> {
        let lag = self.lag;
        self.events
            .iter()
            .enumerate()
            .filter(move |(_, logged)| logged.published + lag <= now)
    }
}
