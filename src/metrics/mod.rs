//! What those who run it see in CloudWatch: counts, durations and ages, never whom they are about.
//!
//! Most of it is told by a run's finished report, in one function; what a report does not know is
//! counted where it happens. Where no recorder is installed, in tests and in the local run, all
//! of this does nothing.

mod catalogue;
mod emit;

use std::time::Duration;

pub use catalogue::*;
pub use emit::Emitter;

use crate::{
    okta::{self, SessionId, SessionStatus},
    sync::{Consumed, Report},
};

/// What became of a run, besides what its report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Whether it looked at the whole users table.
    pub(crate) whole: bool,
    /// Whether it could not go on.
    pub(crate) failed: bool,
}

/// A run has ended. A dry run changes nothing, and so says nothing here.
pub(crate) fn run(report: &Report, outcome: Outcome) {
    let Outcome { whole, failed } = outcome;
    if report.paused && whole {
        PAUSED.is(f64::from(u8::from(report.known > 0)));
    }
    if report.dry_run {
        return;
    }
    if report.skipped.is_some() && report.sessions.is_empty() && report.fast_lane.count() == 0 {
        RUNS_SKIPPED.add(1);
    }
    RUN_SECONDS.is(Duration::from_millis(report.duration_ms).as_secs_f64());
    let Consumed {
        users_table,
        state_table,
    } = report.consumed;
    USERS_TABLE_READ_UNITS.is(users_table.read_units);
    STATE_TABLE_READ_UNITS.is(state_table.read_units);
    STATE_TABLE_WRITE_UNITS.is(state_table.write_units);
    let (upserts, deactivations) = report.sent();
    UPSERTS.add(upserts);
    DEACTIVATIONS.add(deactivations);
    let of_groups = &report.groups;
    GROUPS.add(of_groups.upserts + of_groups.deletions);
    MEMBERSHIPS_ADDED.add(of_groups.memberships.added);
    MEMBERSHIPS_REMOVED.add(of_groups.memberships.removed);
    if failed {
        RUNS_FAILED.add(1);
    } else {
        RUNS_SUCCEEDED.add(1);
    }
    let all_seen = whole && !failed;
    if all_seen {
        FULL_RUNS_SUCCEEDED.add(1);
        let found = report.upserts + report.deactivations;
        PENDING.is(number(found.saturating_sub(upserts + deactivations)));
    }
    // One that goes on with what an earlier one has found knows no more than that.
    let all_seen = all_seen && report.whole;
    if all_seen {
        SCANNED.is(number(report.scanned));
        ACTIVE.is(number(report.active));
        UNCHANGED.is(number(report.unchanged));
        PAUSED.is(0.0);
        PENDING_RUNS.is(f64::from(report.pending_runs));
    }
    // A run that saw only a part cannot say that there are none.
    for (metric, count) in [
        (&REJECTED, report.rejected.count),
        (&REFUSED, report.refused.count + report.groups.turned_away()),
        (&LEAVERS_REFUSED, report.refused.leavers),
        (&STRANGERS, report.strangers),
        (&WAITING, report.waiting),
        (&WITHHELD, report.withheld.count()),
    ] {
        if all_seen || count > 0 {
            metric.is(number(count));
        }
    }
}

/// A run found the ledger bound to something else.
pub(crate) fn other_binding() {
    OTHER_BINDING.add(1);
}

/// A verification has come to its end.
pub(crate) fn verified(drifted: u64) {
    DRIFT.is(number(drifted));
}

/// A run could not even begin.
pub(crate) fn no_run() {
    RUNS_FAILED.add(1);
}

/// A full run has read the ledger.
pub(crate) fn ledger(users: usize) {
    LEDGER_USERS.is(number(users as u64));
}

/// Okta opened a session, or did not, after so long.
pub(crate) fn waited_for_session(time: Duration) {
    SESSION_WAIT_SECONDS.is(time.as_secs_f64());
}

/// A session was seen to have ended; `None` where Okta does not know it any more.
pub(crate) fn session_ended(id: &SessionId, status: Option<&SessionStatus>) {
    if let Some(SessionStatus::Error | SessionStatus::Expired) = status {
        SESSIONS_FAILED.add(1);
    }
    let status = status.map_or("OTHER", SessionStatus::as_str);
    tracing::info!(session = %id, status, "the session has ended");
    SESSIONS.add_as(status);
}

/// An import was seen COMPLETED so long after it was started.
pub(crate) fn imported(time: Duration) {
    IMPORT_SECONDS.is(time.as_secs_f64());
}

/// A stream batch, whose oldest change is so old, is done or is to come back.
pub(crate) fn batch(age: Duration, done: bool) {
    let age = age.as_secs_f64();
    if done {
        CHANGE_SECONDS.is(age);
    }
    PENDING_CHANGE_SECONDS.is(if done { 0.0 } else { age });
}

/// A single-user call has told somebody, so long after the change.
pub(crate) fn told_by_call(age: Duration, kind: okta::Kind) {
    FAST_LANE_SECONDS.is(age.as_secs_f64());
    if kind == okta::Kind::Deactivate {
        leaver_told(age);
    }
}

/// Leavers were told whom single-user calls may tell, so long after the change.
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

#[expect(
    clippy::cast_precision_loss,
    reason = "exact as far as any directory is large"
)]
fn number(count: u64) -> f64 {
    count as f64
}
