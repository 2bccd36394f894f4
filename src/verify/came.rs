//! How far an invocation comes, and when it is worth going on.

use std::time::Duration;

use jiff::Timestamp;

use crate::sync::Time;

/// When it is worth going on while something of a run is under way.
const LATER: Duration = Duration::from_secs(60);

/// How far an invocation came.
pub(super) enum Came {
    /// It finished.
    ToTheEnd,
    /// Not further than this: why, and when to go on.
    SoFar(String, Timestamp),
}

pub(super) fn no_time(time: &Time) -> Option<Came> {
    let now = time.now();
    let reason = || "the invocation's time was up".to_owned();
    (now >= time.load_until()).then(|| Came::SoFar(reason(), whole_second(now)))
}

pub(super) fn out_of_time(time: &Time) -> Came {
    let reason = "Okta's rate limit left no time for another group";
    Came::SoFar(reason.to_owned(), whole_second(time.now()))
}

pub(super) fn under_way(time: &Time) -> Came {
    let reason = "an import session is open or being imported: what Okta has is in motion";
    Came::SoFar(reason.to_owned(), whole_second(time.now() + LATER))
}

/// The state machine's wait reads whole seconds.
pub(super) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() + 1).unwrap_or(at)
}
