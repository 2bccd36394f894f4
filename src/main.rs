//! The Lambda bootstrap: logging, configuration, run.

use dynamodb_identity_source::{
    clock::{self, Clock},
    handler::{Function, Sdk},
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let function = &Function::new(
        |name| std::env::var(name).ok(),
        Sdk::Environment,
        Clock::System,
    );
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = clock::deadline(event.context.deadline())?;
        Ok::<_, Error>(
            function
                .invoke(&event.payload, &event.context.request_id, deadline)
                .await?,
        )
    }))
    .await
}
