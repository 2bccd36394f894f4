//! One invocation: an event in, an answer out.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    clock::Clock,
    config::Settings,
    doctor::{self, Subject},
    event::{Command, Event, UnknownEvent},
    history,
    mapping::{Mapping, MappingError},
    metrics,
    okta::CredentialsError,
    ready::{self, Ready},
    status,
    sync::{Detail, Job, Report, Run, RunError, Source, Time, Trigger},
    users::StreamBatch,
};

pub use crate::answer::{Answer, BatchItemFailure, BatchResponse, DetailedPlan};

/// The function: what is known at start, and what is built when it is first needed.
///
/// A configuration that cannot be used does not stop the process, which Lambda would only
/// start again: each invocation is answered with what is wrong.
#[derive(Debug)]
pub struct Function {
    settings: Settings,
    mapping: Result<Arc<Mapping>, MappingError>,
    ready: Result<Ready, StartError>,
    sdk: Sdk,
    clock: Clock,
}

pub use crate::{aws::Sdk, ready::StartError};

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The function cannot be used as it is configured.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The event is none of ours.
    #[error(transparent)]
    Event(#[from] UnknownEvent),
    /// A plan was asked for values, which the configuration does not allow.
    #[error(
        "this function does not tell attributes' values: leave \"values\" out, which tells their names, or set \
         PLAN_VALUES to allow (the template's parameter PlanValues) if everybody who may invoke it may see them"
    )]
    ValuesForbidden,
    /// The credentials are not usable.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The run did not come to an end.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl InvocationError {
    /// What Lambda gives as `errorType`: a name that callers can go by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Event(_) | Self::ValuesForbidden => "InvalidEvent",
            Self::Start(_) | Self::Credentials(_) => "InvalidConfiguration",
            Self::Run(RunError::Users(_)) => "UsersTable",
            Self::Run(RunError::Ledger(_)) => "StateTable",
            Self::Run(RunError::Okta(_)) => "Okta",
            Self::Run(RunError::SessionsFail { .. }) => "SessionsFail",
            Self::Run(RunError::LeaseLost(_)) => "LeaseLost",
        }
    }
}

impl Function {
    /// The function as its environment, seen through `lookup`, configures it.
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
        let time = Time::until(self.clock, deadline);
        match event {
            Event::Schedule => {
                let report = Report::new(request_id.to_owned(), Trigger::Schedule, false);
                full(self.run().await?, &time, report, None, false).await
            }
            Event::Command(Command::Sync {
                allow_deactivations,
                retry_refused,
            }) => {
                let report = Report::new(request_id.to_owned(), Trigger::Direct, false);
                let run = self.run().await?;
                full(run, &time, report, allow_deactivations, retry_refused).await
            }
            Event::Command(Command::Plan {
                allow_deactivations,
                detail,
                limit,
                values,
                retry_refused,
            }) => {
                let run = self.run().await?;
                if values && !self.may_tell_values() {
                    return Err(InvocationError::ValuesForbidden);
                }
                let limit = limit.unwrap_or(Command::LISTED);
                let job = Job {
                    detail: detail.then_some(Detail {
                        limit: usize::try_from(limit).unwrap_or(usize::MAX),
                        values,
                    }),
                    ..whole_table(allow_deactivations, retry_refused)
                };
                let report = Report::new(request_id.to_owned(), Trigger::Direct, true);
                Ok(Answer::report(work(run, job, &time, report).await?))
            }
            Event::Command(Command::Push {
                records,
                allow_deactivations,
            }) => {
                let job = Job {
                    source: Source::Payload(records),
                    allow_deactivations,
                    waits: true,
                    detail: None,
                    anew: false,
                };
                let report = Report::new(request_id.to_owned(), Trigger::Direct, false);
                Ok(Answer::report(
                    work(self.run().await?, job, &time, report).await?,
                ))
            }
            Event::Command(Command::Doctor {}) => Ok(Answer::Doctor(Box::new(
                Box::pin(doctor::examine(self.subject(), &time)).await,
            ))),
            Event::Command(Command::Status {}) => {
                let overview = Box::pin(status::look(self.run().await?, &time)).await?;
                Ok(Answer::Status(Box::new(overview)))
            }
            Event::Stream(batch) => {
                let run = self.run().await?;
                Ok(Answer::Batch(stream(run, batch, &time, request_id).await))
            }
        }
    }

    async fn run(&self) -> Result<&Run, InvocationError> {
        let run = async {
            let ready = self.ready.as_ref().map_err(Clone::clone)?;
            Ok(ready.run(&self.sdk, self.clock).await?)
        };
        run.await.inspect_err(|_| metrics::no_run())
    }

    fn may_tell_values(&self) -> bool {
        self.ready
            .as_ref()
            .is_ok_and(|ready| ready.config.plan_values)
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            settings: &self.settings,
            mapping: self.mapping.as_deref(),
            sdk: &self.sdk,
        }
    }
}

async fn full(
    run: &Run,
    time: &Time,
    report: Report,
    allow_deactivations: Option<u64>,
    anew: bool,
) -> Result<Answer, InvocationError> {
    let job = whole_table(allow_deactivations, anew);
    Ok(Answer::report(work(run, job, time, report).await?))
}

fn whole_table(allow_deactivations: Option<u64>, anew: bool) -> Job {
    Job {
        source: Source::Table,
        allow_deactivations,
        waits: false,
        anew,
        detail: None,
    }
}

async fn work(run: &Run, job: Job, time: &Time, mut report: Report) -> Result<Report, RunError> {
    let result = Box::pin(run.work(&job, time, &mut report)).await;
    report.duration_ms = u64::try_from(time.taken().as_millis()).unwrap_or(u64::MAX);
    let error = result.as_ref().err();
    log(&report, error);
    let outcome = metrics::Outcome {
        whole: matches!(job.source, Source::Table),
        failed: error.is_some(),
    };
    metrics::run(&report, outcome);
    Box::pin(history::keep(run, &job, &report, error, time)).await;
    result.map(|()| report)
}

/// A batch is done when everything it led to is: else Lambda is to bring it back from its first
/// record on. What it leads to is read anew each time, so that nothing old is pushed.
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
            let job = Job {
                source: Source::Keys(keys),
                allow_deactivations: None,
                waits: true,
                detail: None,
                anew: false,
            };
            let report = work(run, job, time, report).await;
            report.is_ok_and(|report| !report.more && report.skipped.is_none())
        }
        Err(error) => {
            tracing::error!(%error, "the stream batch is to come back");
            metrics::no_run();
            false
        }
    };
    if let Some(oldest) = batch.oldest {
        // Ahead of our clock by a little, it is new.
        let age = time.now().duration_since(oldest).try_into();
        metrics::batch(age.unwrap_or_default(), done);
    }
    BatchResponse::new(if done { None } else { batch.first })
}

/// The report as one structured line, whether or not the run came to an end.
fn log(report: &Report, error: Option<&RunError>) {
    let json = serde_json::to_string(report).unwrap_or_default();
    match error {
        None => tracing::info!(report = json, "run finished"),
        Some(error) => tracing::error!(report = json, %error, "run failed"),
    }
}
