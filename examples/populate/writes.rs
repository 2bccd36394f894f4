//! Many writes to a table: batches of DynamoDB's maximum size, several in flight.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

/// The most writes that BatchWriteItem takes (Amazon DynamoDB's API reference).
const PER_BATCH: usize = 25;
/// Batches in flight.
const IN_FLIGHT: usize = 8;
/// How often items that DynamoDB left unprocessed are sent again.
const ROUNDS: u32 = 12;

/// A write that puts an item.
pub fn put(item: HashMap<String, AttributeValue>) -> Result<WriteRequest, String> {
    let put = PutRequest::builder().set_item(Some(item)).build();
    Ok(WriteRequest::builder()
        .put_request(put.map_err(|error| error.to_string())?)
        .build())
}

/// A write that deletes the item under a key.
pub fn delete(key: HashMap<String, AttributeValue>) -> Result<WriteRequest, String> {
    let delete = DeleteRequest::builder().set_key(Some(key)).build();
    Ok(WriteRequest::builder()
        .delete_request(delete.map_err(|error| error.to_string())?)
        .build())
}

/// Writes everything, in no particular order, and returns how many. After each batch, `wrote` gets
/// the number so far.
///
/// # Errors
/// The first write that failed or could not be built.
pub async fn write_all(
    client: &Client,
    table: &str,
    writes: impl Iterator<Item = Result<WriteRequest, String>>,
    mut wrote: impl FnMut(u64),
) -> Result<u64, String> {
    let mut writes = writes.peekable();
    let batches = std::iter::from_fn(|| {
        writes.peek()?;
        Some(
            writes
                .by_ref()
                .take(PER_BATCH)
                .collect::<Result<Vec<_>, _>>(),
        )
    });
    stream::iter(batches)
        .map(|batch| async { write(client, table, batch?).await })
        .buffer_unordered(IN_FLIGHT)
        .try_fold(0, |sum, count| {
            wrote(sum + count);
            std::future::ready(Ok(sum + count))
        })
        .await
}

async fn write(client: &Client, table: &str, batch: Vec<WriteRequest>) -> Result<u64, String> {
    let count = batch.len() as u64;
    let mut pause = Duration::from_millis(50);
    let mut left = Some(HashMap::from([(table.to_owned(), batch)]));
    for round in 0..ROUNDS {
        let Some(writes) = left.take() else { break };
        if round > 0 {
            tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        let answer = client
            .batch_write_item()
            .set_request_items(Some(writes))
            .send()
            .await
            .map_err(|error| explain(&error))?;
        left = answer.unprocessed_items.filter(|items| !items.is_empty());
    }
    match left {
        None => Ok(count),
        Some(_) => Err(format!(
            "DynamoDB left writes to {table} unprocessed {ROUNDS} times: it throttles the table"
        )),
    }
}

/// An SDK error in one line.
pub fn explain<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => chain(error),
    }
}

/// An error and its causes, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
