//! What to do about a stream batch: what its keys say, or what a full run does.
//!
//! A change of very many records comes as one batch after another, each of which would need a
//! session of its own, minutes after the one before it. So a batch that has waited for longer than
//! Okta's cooldown and still has more than one request carries becomes a full run. This run finds
//! what all the others are about, and comes back until that is told. The batches behind it are then
//! done.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    mutation::{self, Mutation},
    okta,
    sync::{Job, Report, Run, Source},
    users::{RecordKey, StreamBatch},
};

/// The age of a change that has waited for a session in vain: Okta's cooldown and a minute.
const WAITED: Duration = Duration::from_secs(6 * 60);

/// The job for a batch with these keys.
pub(crate) async fn job(
    run: &Run,
    batch: &StreamBatch,
    keys: Vec<RecordKey>,
    now: Timestamp,
) -> Job {
    let records = keys.len();
    let job = Job {
        changed: batch.oldest,
        ..Job::of(Source::Keys(keys))
    };
    let is_much = records > run.fast_lane.max(1);
    let (true, Some(oldest), Some(newest)) = (is_much, batch.oldest, batch.newest) else {
        return job;
    };
    let is_bulk = records > okta::max_entities() && now > oldest + WAITED;
    match (run.is_seen_to(newest, now).await, is_bulk) {
        (Some(0), _) | (Some(_), false) => Job {
            leavers_only: true,
            ..job
        },
        (None, false) => job,
        (seen, true) => {
            tracing::info!(
                records,
                "the batch has waited for long, and others probably have, too: it becomes a full \
                 run"
            );
            Job {
                source: Source::Table,
                looks: seen.is_none(),
                ..job
            }
        }
    }
}

/// Whether a batch is done: everything that it led to was told. One that became a full run comes
/// back until what its look found is told, whatever other runs do.
pub(crate) fn is_done(report: &Report) -> bool {
    !report.more || mutation::on(Mutation::UndoneBatchIsDone)
}
