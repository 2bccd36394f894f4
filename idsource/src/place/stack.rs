//! A deployed stack, found by its outputs.

use std::{collections::HashMap, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_lambda::{
    error::{ProvideErrorMetadata as _, SdkError},
    operation::invoke::InvokeError,
    primitives::Blob,
};
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent, HistoryEventType};
use aws_smithy_http_client::{
    pool::{Client, ConnectionPool},
    tls,
};
use serde_json::Value;

use super::Need;
use crate::{failure::Failure, show, version};

/// A deployed stack.
#[derive(Debug)]
pub(crate) struct Stack {
    /// Its name.
    pub(crate) name: String,
    /// The configuration of AWS's clients.
    pub(crate) config: SdkConfig,
    outputs: HashMap<String, String>,
    parameters: HashMap<String, String>,
    lambda: aws_sdk_lambda::Client,
    sfn: aws_sdk_sfn::Client,
}

/// How long to wait for an answer: a function runs for up to 15 minutes.
const PATIENCE: Duration = Duration::from_secs(16 * 60);
/// How often to probe a connection that waits for an answer, so that no gateway drops it.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

impl Stack {
    /// Finds one of our stacks by its name.
    ///
    /// # Errors
    /// When the caller's account and region have no such stack, or it is not one of ours.
    pub(crate) async fn find(name: &str) -> Result<Self, Failure> {
        let config = aws_config::defaults(BehaviorVersion::latest()).load().await;
        let asked = aws_sdk_cloudformation::Client::new(&config)
            .describe_stacks()
            .stack_name(name)
            .send();
        let stack = asked
            .await
            .map_err(|why| Failure::aws(&format!("looking for the stack {name}"), &why))?
            .stacks
            .and_then(|mut stacks| stacks.pop())
            .ok_or_else(|| Failure::failed(format!("there is no stack {name}")))?;
        let outputs: HashMap<_, _> = stack
            .outputs
            .unwrap_or_default()
            .into_iter()
            .filter_map(|output| Some((output.output_key?, output.output_value?)))
            .collect();
        let parameters = stack
            .parameters
            .unwrap_or_default()
            .into_iter()
            .filter_map(|parameter| Some((parameter.parameter_key?, parameter.parameter_value?)))
            .collect();
        if !outputs.contains_key("FunctionName") {
            return Err(Failure::failed(format!(
                "the stack {name} has no output FunctionName: is it an identity source's stack, and is it deployed?"
            )));
        }
        let lambda = aws_sdk_lambda::Client::from_conf(
            aws_sdk_lambda::config::Builder::from(&config)
                .http_client(patient()?)
                // A retry would be a second run.
                .retry_config(RetryConfig::disabled())
                .timeout_config(
                    TimeoutConfig::builder()
                        .connect_timeout(Duration::from_secs(5))
                        .read_timeout(PATIENCE)
                        .build(),
                )
                .build(),
        );
        Ok(Self {
            name: name.to_owned(),
            sfn: aws_sdk_sfn::Client::new(&config),
            lambda,
            config,
            outputs,
            parameters,
        })
    }

    /// An output of the stack.
    ///
    /// # Errors
    /// When an older release deployed it, which does not have that output.
    pub(crate) fn output(&self, name: &str) -> Result<&str, Failure> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| {
            Failure::failed(format!(
                "the stack {} has no output {name}: deploy the template of release {}",
                self.name,
                version::RELEASE
            ))
        })
    }

    /// The org, by its address.
    pub(crate) fn org(&self) -> Option<String> {
        self.parameters.get("OktaOrgUrl").cloned()
    }

    /// Which stack, where.
    pub(crate) fn describe(&self) -> String {
        let region = self.config.region().map_or("unknown", |it| it.as_ref());
        format!("stack {} in {region}", self.name)
    }

    /// Compares the deployed release with this program's. Says how they differ.
    ///
    /// # Errors
    /// When their contracts differ.
    pub(crate) fn check_version(&self) -> Result<Option<String>, Failure> {
        version::check(self.output("Version")?)
    }

    /// Asks the function, once.
    ///
    /// # Errors
    /// What the function answers, or why it could not be asked.
    pub(crate) async fn ask(&self, payload: &Value, need: Need) -> Result<Value, Failure> {
        let writer = self.output("FunctionName")?;
        match (need, self.outputs.get("ReaderFunctionName")) {
            (Need::Look, Some(reader)) => self.invoke(reader, payload).await,
            (Need::Check, Some(reader)) => match self.invoke(writer, payload).await {
                Err(Failure::Denied(why)) => {
                    show::note(&format!("{why}: {reader} answers instead"));
                    self.invoke(reader, payload).await
                }
                answered => answered,
            },
            _ => self.invoke(writer, payload).await,
        }
    }

    async fn invoke(&self, function: &str, payload: &Value) -> Result<Value, Failure> {
        let sent = self
            .lambda
            .invoke()
            .function_name(function)
            .payload(Blob::new(payload.to_string()))
            .send();
        let answer = sent.await.map_err(|why| not_invoked(function, &why))?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let said: Value = serde_json::from_slice(&payload).unwrap_or(Value::Null);
        match answer.function_error {
            None => Ok(said),
            Some(_) => Err(Failure::Function {
                kind: said["errorType"].as_str().unwrap_or("Unhandled").to_owned(),
                message: said["errorMessage"]
                    .as_str()
                    .unwrap_or("the function ended without an answer: see its log")
                    .to_owned(),
            }),
        }
    }

    /// Starts the state machine, which runs the function until nothing is left to do.
    ///
    /// # Errors
    /// When it could not be started.
    pub(crate) async fn start(&self, input: &Value) -> Result<String, Failure> {
        let started = self
            .sfn
            .start_execution()
            .state_machine_arn(self.output("StateMachineArn")?)
            .input(input.to_string())
            .send()
            .await
            .map_err(|why| Failure::aws("starting the state machine", &why))?;
        Ok(started.execution_arn)
    }

    /// What has happened in an execution since `seen` of its events.
    ///
    /// # Errors
    /// When Step Functions does not answer.
    pub(crate) async fn follow(
        &self,
        execution: &str,
        seen: &mut i64,
    ) -> Result<Vec<Followed>, Failure> {
        const DOING: &str = "following the execution";
        // Its status first: if it has ended, the history is complete.
        let described = self
            .sfn
            .describe_execution()
            .execution_arn(execution)
            .send();
        let described = described.await.map_err(|why| Failure::aws(DOING, &why))?;
        let mut events = Vec::new();
        // Newest first, so that what was seen is not read again.
        let mut pages = self
            .sfn
            .get_execution_history()
            .execution_arn(execution)
            .reverse_order(true)
            .max_results(100)
            .into_paginator()
            .send();
        'pages: while let Some(page) = pages.next().await {
            for event in page.map_err(|why| Failure::aws(DOING, &why))?.events {
                if event.id <= *seen {
                    break 'pages;
                }
                events.push(event);
            }
        }
        *seen = events.first().map_or(*seen, |newest| newest.id);
        let mut told: Vec<_> = events.iter().rev().filter_map(step).collect();
        match described.status {
            ExecutionStatus::Running | ExecutionStatus::PendingRedrive => {}
            ExecutionStatus::Succeeded => {
                let output = described.output.unwrap_or_default();
                let output = serde_json::from_str(&output).unwrap_or(Value::Null);
                told.push(Followed::Done(output));
            }
            _ => told.push(Followed::Failed(Failure::Function {
                kind: described.error.unwrap_or_else(|| "Aborted".to_owned()),
                message: described
                    .cause
                    .map(|cause| message_in(&cause))
                    .unwrap_or_else(|| "somebody stopped the execution".to_owned()),
            })),
        }
        Ok(told)
    }
}

/// What happened in an execution.
#[derive(Debug)]
pub(crate) enum Followed {
    /// An invocation answered.
    Report(Value),
    /// An invocation failed. It is tried again if that may help.
    Trouble(String),
    /// It is over: the last report, or why there is none.
    Done(Value),
    /// It failed.
    Failed(Failure),
}

fn step(event: &HistoryEvent) -> Option<Followed> {
    match event.r#type {
        HistoryEventType::TaskStateExited => {
            let details = event.state_exited_event_details.as_ref()?;
            let output: Value = serde_json::from_str(details.output.as_deref()?).ok()?;
            let report = output.get("last")?.get("report")?;
            Some(Followed::Report(report.clone()))
        }
        HistoryEventType::TaskFailed => {
            let details = event.task_failed_event_details.as_ref()?;
            let error = details.error.as_deref().unwrap_or("an error");
            let cause = details.cause.as_deref().map(message_in).unwrap_or_default();
            Some(Followed::Trouble(format!("{error}: {cause}")))
        }
        HistoryEventType::TaskTimedOut => Some(Followed::Trouble(
            "an invocation did not answer in time".to_owned(),
        )),
        _ => None,
    }
}

/// Lambda's error message in an execution's cause.
fn message_in(cause: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(cause).ok();
    parsed
        .and_then(|cause| Some(cause["errorMessage"].as_str()?.to_owned()))
        .unwrap_or_else(|| cause.to_owned())
}

fn not_invoked(function: &str, why: &SdkError<InvokeError>) -> Failure {
    let denied = why
        .code()
        .is_some_and(|code| code.starts_with("AccessDenied"));
    if denied {
        return Failure::Denied(format!(
            "you may not invoke {function}: your role needs lambda:InvokeFunction"
        ));
    }
    Failure::aws(&format!("invoking {function}"), why)
}

/// A client that waits as long as a function runs.
fn patient() -> Result<Client, Failure> {
    let failed = |why: &dyn std::error::Error| Failure::failed(format!("no HTTPS client: {why}"));
    let crypto = tls::rustls_provider::CryptoMode::AwsLc;
    let pool = ConnectionPool::builder()
        .tls_provider(tls::Provider::Rustls(crypto))
        .tcp_keepalive(KEEP_ALIVE)
        .build_https()
        .map_err(|why| failed(&why))?;
    Client::new(&pool).map_err(|why| failed(&why))
}
