//! The Lambda bootstrap: logging, configuration, run.

use dynamodb_identity_source::{
    clock::{self, Clock},
    handler::{Function, Sdk},
    logging,
    metrics::Emitter,
};
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    logging::start(std::env::var(logging::LOG_LEVEL).ok().as_deref());
    let function = &Function::new(
        |name| std::env::var(name).ok(),
        Sdk::Environment,
        Clock::System,
    );
    // A function that only looks says nothing about how runs go.
    let name = std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok();
    let metrics = Emitter::install(name.filter(|_| !function.reads_only()))?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = clock::deadline(event.context.deadline()).unwrap_or(Timestamp::MAX);
        let id = &event.context.request_id;
        let answer = Box::pin(function.invoke(&event.payload, id, deadline)).await;
        metrics.flush(id);
        answer.map_err(Diagnostic::from)
    }))
    .await
}
