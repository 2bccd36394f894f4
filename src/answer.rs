//! What an invocation is answered with, as Lambda passes it on.

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

/// What an invocation is answered with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// What a run did.
    Report(Box<Report>),
    /// What a run would do, user by user.
    Plan(Box<DetailedPlan>),
    /// What a candidate for the mapping would change.
    Candidate(Box<Candidate>),
    /// What of a stream batch is to come back.
    Batch(BatchResponse),
    /// What the doctor found.
    Doctor(Box<Diagnosis>),
    /// How things stand.
    Status(Box<Overview>),
    /// What is known of one person.
    Explanation(Box<Explanation>),
    /// What was approved.
    Granted(Granted),
    /// How the switch is set.
    Switch(SwitchState),
    /// What Okta has, beside what it is to have.
    Verified(Box<Verified>),
    /// What single-user calls do with this org.
    Proven(Box<Proven>),
}

/// How the switch is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SwitchState {
    /// Whether runs tell Okta anything.
    pub switch: Mode,
    /// Since when; none if it was never set.
    pub since: Option<Timestamp>,
    /// By whom.
    pub by: Option<String>,
    /// Why.
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
    /// What would change, for the caller alone.
    pub changes: Changes,
}

/// Lambda's partial batch response for streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// Where to begin again: at most one, as Lambda retries from the lowest of them on.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A record from which on a batch is to come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its sequence number.
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
