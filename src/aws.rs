//! What every caller of an AWS service needs: errors one can act on, and patience.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};

/// An SDK error in a line: its code, its message, its request id. Neither keys nor items.
pub(crate) fn explain<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error,
    R: std::fmt::Debug,
    SdkError<E, R>: RequestId,
{
    let request = error
        .request_id()
        .map(|id| format!(" (request {id})"))
        .unwrap_or_default();
    match (error.code(), error) {
        (Some(code), _) => format!(
            "{code}: {}{request}",
            error.message().unwrap_or("no message")
        ),
        (None, SdkError::DispatchFailure(failure)) => {
            let cause = failure
                .as_connector_error()
                .map_or_else(|| "no connection".to_owned(), |error| chain(error));
            format!("no answer: {cause}{request}")
        }
        (None, SdkError::TimeoutError(_)) => format!("no answer in time{request}"),
        (None, _) => format!("an answer that makes no sense{request}"),
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// Waits before the next try of something DynamoDB left undone: not at all before the first,
/// then doubling from 25 ms to 2 s, with jitter.
pub(crate) async fn pause_before(round: u32) {
    if round > 0 {
        let ceiling = Duration::from_millis(25)
            .saturating_mul(1 << round.min(7))
            .min(Duration::from_secs(2));
        tokio::time::sleep(ceiling.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
    }
}

/// The SDK's configuration from the environment, as AWS documents it. Retries are the SDK's
/// own, with more patience than its default: a table that has just been scanned at full speed
/// throttles for a while.
pub(crate) async fn sdk_config() -> aws_config::SdkConfig {
    use aws_config::{BehaviorVersion, retry::RetryConfig};

    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(8))
        .load()
        .await
}
