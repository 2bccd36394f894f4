//! What is to be done about a stream batch: what its keys say, or what a full run does.
//!
//! A change of very many records comes as one batch after another, each of which would want a
//! session of its own, minutes after the one before it. So a batch that has waited for longer than
//! Okta's cooldown and still has more than one request carries becomes a full run, which finds what
//! all the others are about. Those need only be looked at for who leaves.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    mutation::{self, Mutation},
    okta,
    sync::{Job, Report, Run, Source},
    users::{RecordKey, StreamBatch},
};

/// How old a change is that has waited for a session in vain: Okta's cooldown and a minute.
const WAITED: Duration = Duration::from_secs(6 * 60);

/// The job that a batch with these keys is.
pub(crate) async fn job(
    run: &Run,
    batch: &StreamBatch,
    keys: Vec<RecordKey>,
    now: Timestamp,
) -> Job {
    let is_much = keys.len() > run.fast_lane.max(1);
    let job = Job {
        changed: batch.oldest,
        ..Job::of(Source::Keys(keys))
    };
    let (true, Some(oldest), Some(newest)) = (is_much, batch.oldest, batch.newest) else {
        return job;
    };
    if run.is_seen_to(newest, now).await {
        return Job {
            leavers_only: true,
            ..job
        };
    }
    let Source::Keys(keys) = &job.source else {
        return job;
    };
    let is_bulk = keys.len() > okta::max_entities();
    if is_bulk && now > oldest + WAITED {
        tracing::info!(
            records = keys.len(),
            "the batch has waited for long: the whole table is looked at, as others will have waited too"
        );
        return Job {
            source: Source::Table,
            looks: true,
            ..job
        };
    }
    job
}

/// Whether a batch is done: all it led to was told, or the full runs go on with what is left.
pub(crate) fn is_done(report: &Report) -> bool {
    let goes_on = report.outstanding.is_some_and(|list| list.is_ready);
    !report.more || goes_on || mutation::on(Mutation::UndoneBatchIsDone)
}
