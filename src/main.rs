//! The Lambda bootstrap: logging, configuration, run.

use dynamodb_identity_source::{
    clock::{self, Clock},
    handler::{Function, Sdk},
    metrics::Emitter,
};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let metrics = Emitter::install(std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok())?;
    let function = &Function::new(
        |name| std::env::var(name).ok(),
        Sdk::Environment,
        Clock::System,
    );
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = clock::deadline(event.context.deadline()).map_err(|error| Diagnostic {
            error_type: "InvalidEvent".to_owned(),
            error_message: format!("the deadline is out of all time: {error}"),
        })?;
        let id = &event.context.request_id;
        let answer = function.invoke(&event.payload, id, deadline).await;
        metrics.flush(id);
        answer.map_err(|error| Diagnostic {
            error_type: error.name().to_owned(),
            error_message: error.to_string(),
        })
    }))
    .await
}
