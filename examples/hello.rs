//! The smallest function on the same runtime, as a baseline for the cold start.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        Ok::<_, Error>(json!({"message": "hello, world"}))
    }))
    .await
}
