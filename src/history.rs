//! Keeping what a run did, whatever came of it.

use std::time::Duration;

use crate::{
    ledger::{KeptRun, RunSummary, SessionSummary},
    okta::within,
    sync::{Report, Run, RunError, Time, Trigger},
};

/// The longest wait for a report to be kept, and how much of the run's time is left for the answer.
const PATIENCE: Duration = Duration::from_secs(5);
const FOR_THE_ANSWER: Duration = Duration::from_secs(1);

/// Keeps a run's report. If that fails, the run still counts.
pub(crate) async fn keep(run: &Run, report: &Report, error: Option<&RunError>, time: &Time) {
    let left = time.clock().until(time.deadline() - FOR_THE_ANSWER);
    let left = left.min(PATIENCE);
    if run.history.is_zero() || left.is_zero() || !is_worth_keeping(report, error) {
        return;
    }
    let kept = KeptRun {
        summary: summary(report, error, time),
        report: serde_json::to_string(report).unwrap_or_default(),
        told: [
            report.tells.upserts.clone(),
            report.tells.deactivations.clone(),
        ],
        withheld_reason: report.withheld.deactivations.reason.clone(),
        next_date: report.next_date,
        is_whole: report.whole && error.is_none(),
    };
    let keeping = run.ledger.keep_run(&kept, run.history);
    match Box::pin(within(time.clock(), left, keeping)).await {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::warn!(%error, "not all of the run is in the history"),
        None => tracing::warn!("not all of the run is in the history: there was no time left"),
    }
}

/// Stream batches may come every second, and most change nothing that Okta knows.
fn is_worth_keeping(report: &Report, error: Option<&RunError>) -> bool {
    let has_done_something = error.is_some()
        || report.more
        || !report.sessions.is_empty()
        || report.fast_lane.count() > 0
        || report.withheld.count() > 0
        || report.paused && report.upserts + report.deactivations > 0;
    (!report.dry_run || report.paused) && (report.trigger != Trigger::Stream || has_done_something)
}

fn summary(report: &Report, error: Option<&RunError>, time: &Time) -> RunSummary {
    RunSummary {
        run_id: report.run_id.clone(),
        at: time.now(),
        trigger: report.trigger.as_str().to_owned(),
        error: error.map(ToString::to_string),
        upserts: report.upserts,
        deactivations: report.deactivations,
        rejected: report.rejected.count,
        withheld: report.withheld.count(),
        sessions: report
            .sessions
            .iter()
            .map(|session| SessionSummary {
                id: session.id.clone(),
                status: session.status.clone(),
            })
            .collect(),
        more: report.more,
        duration_ms: report.duration_ms,
    }
}
