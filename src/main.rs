//! The Lambda bootstrap: logging, configuration, run.

use dynamodb_identity_source::{
    clock::{self, Clock},
    handler::{Function, Sdk},
    metrics::Emitter,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
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
        let deadline = clock::deadline(event.context.deadline())?;
        let id = &event.context.request_id;
        let answer = function.invoke(&event.payload, id, deadline).await;
        metrics.flush(id);
        Ok::<_, Error>(answer?)
    }))
    .await
}
