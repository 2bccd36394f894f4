//! One invocation: an event in, an answer out.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    bulk, candidate,
    clock::Clock,
    config::{Config, Settings},
    doctor::{self, Subject},
    event::{Command, Event, asked_since, pushed_at},
    guard::{self, Said},
    history,
    ledger::{Ledger, Mode},
    mapping::{ExternalId, Mapping, MappingError},
    metrics,
    outcome::{self, Outcome},
    read_only,
    ready::{self, Ready},
    status,
    sync::{Detail, Job, Report, Run, RunError, Source, Time, Trigger, Who},
    users::StreamBatch,
    verify,
};

pub use crate::{
    answer::{Answer, BatchItemFailure, BatchResponse, DetailedPlan, SwitchState},
    invocation::InvocationError,
};

/// The function: what is known at start, and what is built when it is first needed.
///
/// A configuration that cannot be used does not stop the process, which Lambda would only start
/// again: each invocation answers what is wrong.
#[derive(Debug)]
pub struct Function {
    settings: Settings,
    mapping: Result<Arc<Mapping>, MappingError>,
    ready: Result<Ready, StartError>,
    sdk: Sdk,
    clock: Clock,
}

pub use crate::{ready::StartError, sdk::Sdk};

impl Function {
    /// The function as its environment, read through `lookup`, configures it.
    #[must_use]
    pub fn new(lookup: impl Fn(&str) -> Option<String>, sdk: Sdk, clock: Clock) -> Self {
        let settings = Settings::from_lookup(lookup);
        let mapping = ready::compile(&settings.mapping).map(Arc::new);
        let ready = Ready::new(&settings, mapping.clone());
        if let Err(error) = &ready {
            tracing::error!(%error, "nothing can be run");
        }
        Self {
            settings,
            mapping,
            ready,
            sdk,
            clock,
        }
    }

    /// Whether it only answers what changes nothing.
    #[must_use]
    pub fn reads_only(&self) -> bool {
        self.settings.reads_only()
    }

    /// Answers one invocation, which Lambda ends at `deadline`.
    ///
    /// # Errors
    /// What went wrong, and what to do about it.
    pub async fn invoke(
        &self,
        payload: &Value,
        request_id: &str,
        deadline: Timestamp,
    ) -> Result<Answer, InvocationError> {
        let event = Event::parse(payload)?;
        if self.reads_only()
            && let Some(what) = read_only::refused(&event)
        {
            return Err(InvocationError::ReadOnly(what));
        }
        let time = Time::until(self.clock, deadline);
        let report = |trigger, dry_run| Report::new(request_id.to_owned(), trigger, dry_run);
        match event {
            Event::Schedule => {
                let report = report(Trigger::Schedule, false);
                full(self.run().await?, &time, report, whole_table()).await
            }
            Event::Stream(batch) => {
                let run = self.run().await?;
                Ok(Answer::Batch(stream(run, batch, &time, request_id).await))
            }
            Event::Command(command) => match command {
                Command::Sync {
                    only,
                    retry_refused,
                    rebind,
                    since,
                } => {
                    let source = only.map(|ids| {
                        let ids = ids.into_iter();
                        Source::People(ids.filter_map(|id| ExternalId::parse(id).ok()).collect())
                    });
                    let job = Job {
                        source: source.unwrap_or(Source::Table),
                        retry_refused,
                        rebind,
                        since: Some(asked_since(since.as_deref(), time.now())),
                        ..whole_table()
                    };
                    let report = report(Trigger::Direct, false);
                    full(self.run().await?, &time, report, job).await
                }
                Command::Plan {
                    detail,
                    limit,
                    values,
                    retry_refused,
                    mapping,
                } => {
                    let run = self.run().await?;
                    if values && !self.allows(|config| config.plan_values) {
                        return Err(InvocationError::ValuesForbidden);
                    }
                    let limit = limit.unwrap_or(Command::LISTED);
                    let listed = Detail {
                        limit: usize::try_from(limit).unwrap_or(usize::MAX),
                        values,
                    };
                    if let Some(mapping) = mapping {
                        let compared = candidate::plan(run, &mapping, listed, time.now());
                        return Ok(Answer::Candidate(Box::new(Box::pin(compared).await?)));
                    }
                    let job = Job {
                        detail: detail.then_some(listed),
                        retry_refused,
                        ..whole_table()
                    };
                    full(run, &time, report(Trigger::Direct, true), job).await
                }
                Command::Push { records, at } => {
                    let run = self.run().await?;
                    if !self.allows(|config| config.push) {
                        return Err(InvocationError::PushForbidden);
                    }
                    let job = Job {
                        source: Source::Payload {
                            records,
                            at: pushed_at(at.as_deref(), time.now())
                                .map_err(|at| InvocationError::FromTheFuture(at.to_string()))?,
                        },
                        ..whole_table()
                    };
                    full(run, &time, report(Trigger::Direct, false), job).await
                }
                Command::Approve {
                    digest,
                    only,
                    by,
                    reason,
                } => {
                    let ledger = &self.run().await?.ledger;
                    let only: Option<Vec<_>> = only.map(|ids| {
                        let ids = ids.into_iter();
                        ids.filter_map(|id| ExternalId::parse(id).ok()).collect()
                    });
                    let said = Said {
                        by: by.clone(),
                        reason: reason.clone(),
                    };
                    let granted =
                        guard::approve(ledger, &digest, only.as_deref(), said, time.now()).await?;
                    tracing::info!(
                        %digest,
                        people = granted.approved,
                        by,
                        reason,
                        "approved: the next run tells them"
                    );
                    Ok(Answer::Granted(granted))
                }
                Command::Explain {
                    external_id,
                    record,
                } => {
                    let run = self.run().await?;
                    let values = self.allows(|config| config.plan_values);
                    // The event was checked.
                    let id = external_id.and_then(|id| ExternalId::parse(id).ok());
                    let about = id.map_or(Who::Record(record.unwrap_or_default()), Who::Id);
                    let explained = Box::pin(run.explain(&about, values, &time)).await?;
                    Ok(Answer::Explanation(Box::new(explained)))
                }
                Command::Pause { by, reason } => self.set(Mode::Paused, by, reason, &time).await,
                Command::Resume { by, reason } => self.set(Mode::Running, by, reason, &time).await,
                Command::Verify { adopt, repair } => {
                    let may = verify::May { adopt, repair };
                    let run = self.run().await?;
                    let verified = Box::pin(verify::verify(run, may, request_id, &time)).await?;
                    if repair || adopt {
                        run.look_next().await?;
                    }
                    Ok(Answer::Verified(Box::new(verified)))
                }
                Command::Prove { confirmed } => {
                    let run = self.run().await?;
                    let proven = match confirmed {
                        None => Box::pin(run.prove(request_id, &time)).await?,
                        Some(_) => Box::pin(run.confirm_proof(request_id, &time)).await?,
                    };
                    Ok(Answer::Proven(Box::new(proven)))
                }
                Command::Doctor {} => Ok(Answer::Doctor(Box::new(
                    Box::pin(doctor::examine(self.subject(), &time)).await,
                ))),
                Command::Status {} => {
                    let overview = Box::pin(status::look(self.run().await?, &time)).await?;
                    Ok(Answer::Status(Box::new(overview)))
                }
            },
        }
    }

    /// Sets the switch, whatever it was. Stream changes are passed over while it is paused, so the
    /// whole table must be looked at afterwards.
    async fn set(
        &self,
        mode: Mode,
        by: Option<String>,
        reason: Option<String>,
        time: &Time,
    ) -> Result<Answer, InvocationError> {
        // What runs need may be misconfigured: pausing needs none of it.
        let state_table = self.settings.state_table.as_ref();
        let ledger =
            match state_table.filter(|_| self.settings.users_table != self.settings.state_table) {
                Some(table) if mode == Mode::Paused => {
                    Ledger::new(self.sdk.dynamodb().await, table.clone(), self.clock)
                }
                _ => self.run().await?.ledger.clone(),
            };
        let switch = ledger
            .set_switch(|switch| {
                if switch.mode != mode || switch.since.is_none() {
                    switch.since = Some(time.now());
                }
                switch.mode = mode;
                switch.by.clone_from(&by);
                switch.reason.clone_from(&reason);
                switch.full_look_due |= mode == Mode::Running;
            })
            .await?;
        tracing::info!(mode = ?switch.mode, by, reason, "the switch was set");
        Ok(Answer::Switch(SwitchState {
            switch: switch.mode,
            since: switch.since,
            by: switch.by,
            reason: switch.reason,
        }))
    }

    async fn run(&self) -> Result<&Run, InvocationError> {
        let run = async {
            let ready = self.ready.as_ref().map_err(Clone::clone)?;
            Ok(ready.run(&self.sdk, self.clock).await?)
        };
        run.await.inspect_err(|_| metrics::no_run())
    }

    fn allows(&self, what: impl Fn(&Config) -> bool) -> bool {
        self.ready.as_ref().is_ok_and(|ready| what(&ready.config))
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            settings: &self.settings,
            mapping: self.mapping.as_deref(),
            sdk: &self.sdk,
        }
    }
}

async fn full(run: &Run, time: &Time, report: Report, job: Job) -> Result<Answer, InvocationError> {
    Ok(Answer::report(work(run, job, time, report).await?))
}

fn whole_table() -> Job {
    Job::of(Source::Table)
}

async fn work(run: &Run, job: Job, time: &Time, mut report: Report) -> Result<Report, RunError> {
    // While paused every run is dry. What was asked for as a plan is not kept.
    let is_plan = report.dry_run;
    let result = Box::pin(run.work(&job, time, &mut report)).await;
    report.duration_ms = u64::try_from(time.taken().as_millis()).unwrap_or(u64::MAX);
    let error = result.as_ref().err();
    log(&report, error);
    let outcome = Outcome {
        whole: matches!(job.source, Source::Table),
        failed: error.is_some(),
    };
    outcome::count(&report, outcome);
    if !is_plan {
        Box::pin(history::keep(run, &report, error, time)).await;
    }
    result.map(|()| report)
}

/// A batch is done when everything it led to was told, or waits for a full run. Otherwise Lambda
/// must bring it back from its first record on. What it leads to is read each time, so nothing old
/// is told.
async fn stream(run: &Run, batch: StreamBatch, time: &Time, request_id: &str) -> BatchResponse {
    let report = Report::new(request_id.to_owned(), Trigger::Stream, false);
    let done = match run.users.schema().await {
        Ok(schema) => {
            let (keys, foreign) = batch.keys_of(schema);
            if batch.malformed + foreign > 0 {
                tracing::error!(
                    malformed = batch.malformed,
                    foreign,
                    "stream records without a key of the users table are left out: does the event \
                     source mapping read the stream of USERS_TABLE?"
                );
            }
            let job = bulk::job(run, &batch, keys, time.now()).await;
            let report = work(run, job, time, report).await;
            report.is_ok_and(|report| bulk::is_done(&report))
        }
        Err(error) => {
            tracing::error!(%error, "the stream batch must come back");
            metrics::no_run();
            false
        }
    };
    if let Some(oldest) = batch.oldest {
        // A little ahead of our clock means new.
        let age = time.now().duration_since(oldest).try_into();
        metrics::batch(age.unwrap_or_default(), done);
    }
    BatchResponse::new(if done { None } else { batch.first })
}

/// The report as one structured line, whether or not the run finished.
fn log(report: &Report, error: Option<&RunError>) {
    let json = serde_json::to_string(report).unwrap_or_default();
    match error {
        None => tracing::info!(report = json, "run finished"),
        Some(error) => tracing::error!(report = json, %error, "run failed"),
    }
}
