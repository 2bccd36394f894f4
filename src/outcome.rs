//! What a finished run says to CloudWatch: most of it comes from its report.

use std::time::Duration;

use crate::{
    metrics::{
        ACTIVE, DEACTIVATIONS, FULL_RUNS_SUCCEEDED, GROUPS, LEAVERS_REFUSED, MEMBERSHIPS_ADDED,
        MEMBERSHIPS_REMOVED, PAUSED, PENDING, PENDING_RUNS, REFUSED, REJECTED, RUN_SECONDS,
        RUNS_FAILED, RUNS_SKIPPED, RUNS_SUCCEEDED, SCANNED, STATE_TABLE_READ_UNITS,
        STATE_TABLE_WRITE_UNITS, STRANGERS, UNCHANGED, UPSERTS, USERS_TABLE_READ_UNITS, WAITING,
        WITHHELD, number,
    },
    sync::{Consumed, Report},
};

/// What became of a run, apart from what its report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Whether it looked at the whole users table.
    pub(crate) whole: bool,
    /// Whether it failed.
    pub(crate) failed: bool,
}

/// A run has ended. A dry run changes nothing, and so counts nothing here.
pub(crate) fn count(report: &Report, outcome: Outcome) {
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
    // A run that goes on with what an earlier one found knows no more than that.
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
