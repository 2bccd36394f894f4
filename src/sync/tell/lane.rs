//! People on their way into a session, and what came of those who are not told.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::{
    guard::Kind,
    sync::{hand::Ready, suspect::Suspect},
};

/// People of one kind.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// People to take in hand.
    pub(super) suspects: VecDeque<Suspect>,
    /// Those in hand, and when their records were read.
    pub(super) ready: VecDeque<(Ready, Timestamp)>,
}

impl Lane {
    /// People to take in hand.
    pub(super) fn of(suspects: VecDeque<Suspect>) -> Self {
        Self {
            suspects,
            ready: VecDeque::new(),
        }
    }

    /// Whether there is nobody in it.
    pub(super) fn is_empty(&self) -> bool {
        self.suspects.is_empty() && self.ready.is_empty()
    }

    /// The people who are left, as suspects again.
    pub(super) fn left(self) -> VecDeque<Suspect> {
        let ready = self.ready.into_iter().map(|(ready, _)| ready.suspect);
        ready.chain(self.suspects).collect()
    }
}

/// What came of people who were in hand and are not told.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// People with nothing to tell after all: deactivations and upserts.
    pub(super) fell_away: (u64, u64),
    /// People who wait for the end of a session.
    pub(super) waits: u64,
    /// People that only a look at the whole table can decide about.
    pub(super) next_look: u64,
    /// People that the guard withholds, by kind.
    pub(super) withheld: BTreeMap<Kind, u64>,
    /// Those among them that a push wants to leave.
    pub(super) to_leave: Vec<Ready>,
    /// People who are held because the table has nobody in scope.
    pub(super) held: u64,
    /// Whether somebody has set the switch to paused.
    pub(super) paused: bool,
}
