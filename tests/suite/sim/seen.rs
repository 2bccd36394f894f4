//! What invocations have answered, and what was told to them from outside.

use std::{collections::BTreeSet, time::Duration};

use super::{history::Row, promises::Broken};

/// All that promises are about beside the two tables and Okta.
#[derive(Default)]
pub struct Seen {
    /// Digests that reports have told, the oldest first.
    pub digests: Vec<String>,
    /// What was approved of.
    pub approvals: Vec<Approved>,
    /// Pushes that are not done.
    pub pushes: Vec<Push>,
    /// How full runs went that came to an end.
    pub full: Vec<Full>,
    /// Since when every full run says that somebody waits for an import.
    pub waiting_since: Option<Duration>,
    /// When the switch was set to paused, and when it was set back.
    pub paused: Vec<(Duration, Option<Duration>)>,
    /// From when until when single-user calls are proven to work.
    pub proven: Vec<(Duration, Duration)>,
    /// When the function was deployed with another name of the org, and when it was told that
    /// this is meant.
    pub rebound: Option<Duration>,
    pub bound_again: Option<Duration>,
    /// What was broken while the history was played.
    pub broken: Vec<Broken>,
    /// When somebody last began to set the switch back.
    pub last_resume: Option<Duration>,
}

/// A push that is to be repeated until it is done.
#[derive(Clone)]
pub struct Push {
    pub rows: Vec<(u8, Row)>,
    pub at: Duration,
}

/// A list that somebody has approved of.
pub struct Approved {
    pub at: Duration,
    /// People, and the fingerprint each may be told; none for a deactivation.
    pub people: BTreeSet<(u8, Option<String>)>,
}

/// A full run that came to an end.
pub struct Full {
    pub began: Duration,
    pub ended: Duration,
    /// How many people were active at Okta when it began.
    pub active: u64,
    /// How many deactivations the guard withheld, not those that are held.
    pub withheld: u64,
}
