//! What the function answers an invocation, as Lambda passes it on.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    candidate::Candidate,
    doctor::Diagnosis,
    guard::Granted,
    ledger::Mode,
    status::Overview,
    sync::{Changes, Explanation, Proven, Report},
    verify::Verified,
};

/// What the function answers an invocation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Report of a run: schedule, `sync`, `push` and `plan`.
    Report(Box<Report>),
    /// `plan` with `detail`: the report, and the changes one by one.
    Plan(Box<DetailedPlan>),
    /// `plan` with `mapping`: what a candidate would change.
    Candidate(Box<Candidate>),
    /// Stream batch.
    Batch(BatchResponse),
    /// `doctor`.
    Doctor(Box<Diagnosis>),
    /// `status`.
    Status(Box<Overview>),
    /// `explain`.
    Explanation(Box<Explanation>),
    /// `approve`.
    Granted(Granted),
    /// `pause` and `resume`.
    Switch(SwitchState),
    /// `verify`.
    Verified(Box<Verified>),
    /// `prove`.
    Proven(Box<Proven>),
}

/// The switch, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SwitchState {
    /// `running`: runs tell Okta what they find. `paused`: every run is a dry run.
    pub switch: Mode,
    /// When it was set to this. Null if nobody ever set it.
    pub since: Option<Timestamp>,
    /// Who set it, as the command said. Null if the command did not say.
    pub by: Option<String>,
    /// Why, as the command said. Null if the command did not say.
    pub reason: Option<String>,
}

impl Answer {
    pub(crate) fn report(mut report: Report) -> Self {
        match report.changes.take() {
            None => Self::Report(Box::new(report)),
            Some(changes) => Self::Plan(Box::new(DetailedPlan { report, changes })),
        }
    }
}

/// A dry run's report, and what would change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetailedPlan {
    /// The report, as it is logged.
    #[serde(flatten)]
    pub report: Report,
    /// What would change, one by one. Only the caller gets it: it is never logged.
    pub changes: Changes,
}

/// Lambda's partial batch response for a stream batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// Where Lambda begins again. Empty if the batch is done. It has at most one element, as Lambda
    /// retries from the lowest sequence number on.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// The record that Lambda retries from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its sequence number in the stream.
    pub item_identifier: String,
}

impl BatchResponse {
    pub(crate) fn new(first: Option<String>) -> Self {
        let failure = first.map(|item_identifier| BatchItemFailure { item_identifier });
        Self {
            batch_item_failures: failure.into_iter().collect(),
        }
    }
}
