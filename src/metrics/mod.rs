//! What operators see in CloudWatch: counts, durations and ages, never people.
//!
//! Most of it comes from a run's finished report (`outcome.rs`). What a report does not know is
//! counted where it happens. If no recorder is installed, as in tests and in the local run, all of
//! this does nothing.

mod catalogue;
mod emit;

use std::time::Duration;

pub use catalogue::*;
pub use emit::Emitter;

/// A run found the ledger bound to something else.
pub(crate) fn other_binding() {
    OTHER_BINDING.add(1);
}

/// A verification has finished.
pub(crate) fn verified(drifted: u64) {
    DRIFT.is(number(drifted));
}

/// A run could not even begin.
pub(crate) fn no_run() {
    RUNS_FAILED.add(1);
}

/// After a full look, this much of this kind's limit is spent.
pub(crate) fn guarded(kind: &str, spent: u64, limit: u64) {
    GUARD_SPENT.is_as(kind, number(spent));
    GUARD_LIMIT.is_as(kind, number(limit));
}

/// A full run has read the ledger.
pub(crate) fn ledger(users: usize) {
    LEDGER_USERS.is(number(users as u64));
}

/// Okta opened a session, or did not, after this long.
pub(crate) fn waited_for_session(time: Duration) {
    SESSION_WAIT_SECONDS.is(time.as_secs_f64());
}

/// An import was seen COMPLETED this long after it was started.
pub(crate) fn imported(time: Duration) {
    IMPORT_SECONDS.is(time.as_secs_f64());
}

/// A stream batch, whose oldest change is this old, is done or must come back.
pub(crate) fn batch(age: Duration, done: bool) {
    let age = age.as_secs_f64();
    if done {
        CHANGE_SECONDS.is(age);
    }
    PENDING_CHANGE_SECONDS.is(if done { 0.0 } else { age });
}

/// Leavers that single-user calls may tell were told this long after the change.
pub(crate) fn leaver_told(age: Duration) {
    LEAVER_SECONDS.is(age.as_secs_f64());
}

/// A request was sent to Okta, and answered with this HTTP status or not at all.
pub(crate) fn okta_request(status: Option<u16>) {
    OKTA_REQUESTS.add_as(match status {
        Some(200..=299) => "Succeeded",
        Some(429) => "RateLimited",
        Some(500..) => "Unavailable",
        Some(_) => "Refused",
        None => "Unanswered",
    });
}

/// A count as metrics have it.
#[expect(clippy::cast_precision_loss, reason = "exact for any real directory")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}
