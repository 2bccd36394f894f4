//! Fifty loads of a session, in virtual time. Only the length of a call and the rate limit decide
//! how long they take together.

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::config::{Credentials, SharedAsyncSleep, SharedCredentialsProvider};
use dynamodb_identity_source::{
    clock::Clock,
    handler::{Answer, Function, Sdk},
};
use jiff::{SignedDuration, Timestamp};
use okta_emulator::{Emulator, Options, RequestView};
use serde_json::{Value, json};

use crate::{
    Trouble,
    dynamodb::{DynamoDb, Known},
    servers,
};

/// How long a call to Okta takes.
pub const CALL: Duration = Duration::from_millis(1_500);
const USERS: u32 = 10_000;

/// Plays both and prints how long the loads took.
pub fn play() -> Result<(), Trouble> {
    println!("\npace: fifty loads, each call takes {CALL:?}, virtual time");
    println!("  rate limit      seconds   loads   refused with 429");
    for limit in [None, Some("15/60s")] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()?;
        let requests = runtime.block_on(run(limit))?;
        let loads: Vec<_> = requests
            .iter()
            .filter(|it| it.path.contains("/bulk-") && it.status == 202)
            .collect();
        let began = loads.iter().map(|it| it.at).min();
        let last = loads.iter().map(|it| it.at).max();
        let (Some(began), Some(last)) = (began, last) else {
            return Err("there was no load".into());
        };
        let took = last.duration_since(began)? + CALL;
        let refused = requests.iter().filter(|it| it.status == 429).count();
        println!(
            "  {:<12} {:>10.1} {:>7} {refused:>18}",
            limit.unwrap_or("none"),
            took.as_secs_f64(),
            loads.len()
        );
    }
    Ok(())
}

async fn run(limit: Option<&str>) -> Result<Vec<RequestView>, Trouble> {
    let okta = servers::emulator(Options {
        call_time: CALL,
        rate_limit: limit.map(str::parse).transpose()?,
        ..Options::default()
    })
    .await?;
    let database = Arc::new(DynamoDb::of(USERS, Known::Nobody, 1024)?);
    match invoke(&okta, &database, &json!({"command": "sync"})).await? {
        Answer::Report(report) if !report.more => Ok(okta.requests()),
        other => Err(format!("a finished run was expected, not {other:?}").into()),
    }
}

/// One invocation in this process, by tokio's clock.
pub async fn invoke(
    okta: &Emulator,
    database: &Arc<DynamoDb>,
    event: &Value,
) -> Result<Answer, Trouble> {
    let addresses = servers::serve(okta, database).await?;
    let environment = addresses.environment();
    let sdk = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .endpoint_url(&addresses.dynamodb)
        .region(aws_config::Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .sleep_impl(SharedAsyncSleep::new(
            aws_smithy_async::rt::sleep::TokioSleep::new(),
        ))
        .build();
    let clock = Clock::follow_tokio();
    let lookup = |name: &str| {
        let found = environment.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone())
    };
    let function = Function::new(lookup, Sdk::Given(Box::new(sdk)), clock);
    let deadline: Timestamp = clock.now() + SignedDuration::from_secs(900);
    Ok(Box::pin(function.invoke(event, "pace", deadline)).await?)
}
