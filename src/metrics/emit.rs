//! Metrics as lines of the log, from which CloudWatch makes metrics.

use std::io;

use ::metrics::describe_counter;
use metrics_cloudwatch_embedded::{Builder, Collector};

use super::catalogue::{ALL, FUNCTION, NAMESPACE};

/// Writes an invocation's metrics to standard output in CloudWatch's embedded metric format,
/// which Lambda's logging passes on as it is.
#[derive(Clone, Copy)]
pub struct Emitter(Option<&'static Collector>);

impl Emitter {
    /// Collects what this process counts from now on, if it is a Lambda `function`. Anywhere else
    /// nobody would read the lines.
    ///
    /// # Errors
    /// When something else collects already.
    pub fn install(
        function: Option<String>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let Some(function) = function.filter(|name| !name.is_empty()) else {
            return Ok(Self(None));
        };
        let collector = Builder::new()
            .cloudwatch_namespace(NAMESPACE)
            .with_dimension(FUNCTION, function)
            .init()?;
        for metric in ALL {
            // Units go by name, whatever the kind.
            describe_counter!(metric.name, metric.unit, "");
        }
        Ok(Self(Some(collector)))
    }

    /// Writes what was counted since the last time: one line, and one more for each session status,
    /// each result of requests and each kind of the guard that occurred.
    pub fn flush(self, request_id: &str) {
        let Some(collector) = self.0 else { return };
        collector.set_property("requestId", request_id);
        // Locked, so that no other line comes in between.
        if let Err(error) = collector.flush(io::stdout().lock()) {
            tracing::warn!(%error, "the metrics could not be written");
        }
    }
}
