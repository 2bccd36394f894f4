//! What an invocation is answered with, as Lambda passes it on.

use serde::Serialize;

use crate::{doctor::Diagnosis, status::Overview, sync::Report};

/// What an invocation is answered with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// What a run did.
    Report(Box<Report>),
    /// What of a stream batch is to come back.
    Batch(BatchResponse),
    /// What the doctor found.
    Doctor(Box<Diagnosis>),
    /// How things stand.
    Status(Box<Overview>),
}

impl Answer {
    pub(crate) fn report(report: Report) -> Self {
        Self::Report(Box::new(report))
    }
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
