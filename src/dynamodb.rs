//! DynamoDB's batches, until nothing is left of them.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    error::BuildError,
    types::{
        AttributeValue, KeysAndAttributes, PutRequest, WriteRequest,
        builders::KeysAndAttributesBuilder,
    },
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::aws::Trouble;

/// An item, or its key.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The most keys that BatchGetItem takes (Amazon DynamoDB's API reference).
const KEYS_PER_READ: usize = 100;
/// The most items that BatchWriteItem takes (Amazon DynamoDB's API reference).
const ITEMS_PER_WRITE: usize = 25;
/// Requests in flight.
const IN_FLIGHT: usize = 8;
/// How often what DynamoDB left unprocessed is sent again.
const UNPROCESSED_ROUNDS: u32 = 12;

/// Reads the items under these keys, consistently, in no particular order. `projected` says which
/// part of them. The answer leaves out keys without an item.
pub(crate) async fn read(
    client: &Client,
    table: &str,
    keys: Vec<Item>,
    projected: impl Fn(KeysAndAttributesBuilder) -> KeysAndAttributesBuilder,
) -> Result<Vec<Item>, Trouble> {
    let requests: Vec<_> = keys
        .chunks(KEYS_PER_READ)
        .map(|keys| {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(keys.to_vec()))
                .consistent_read(true);
            projected(request).build()
        })
        .collect::<Result<_, _>>()
        .map_err(unmade)?;
    stream::iter(requests)
        .map(|request| read_batch(client, table, request))
        .buffer_unordered(IN_FLIGHT)
        .try_concat()
        .await
}

async fn read_batch(
    client: &Client,
    table: &str,
    request: KeysAndAttributes,
) -> Result<Vec<Item>, Trouble> {
    let mut found = Vec::new();
    let mut asked = Some(request);
    for round in 0..UNPROCESSED_ROUNDS {
        let Some(request) = asked.take() else {
            return Ok(found);
        };
        pause_before(round).await;
        let answer = client
            .batch_get_item()
            .request_items(table, request)
            .send()
            .await
            .map_err(|error| Trouble::of(&error))?;
        let items = answer.responses.into_iter().flatten();
        found.extend(items.flat_map(|(_, items)| items));
        let mut unprocessed = answer.unprocessed_keys.into_iter().flatten();
        asked = unprocessed.next().map(|(_, rest)| rest);
    }
    asked.map_or(Ok(found), |_| Err(throttled()))
}

/// Writes these items, replacing those that are there.
pub(crate) async fn write(client: &Client, table: &str, items: Vec<Item>) -> Result<(), Trouble> {
    let puts: Vec<_> = items
        .into_iter()
        .map(|item| {
            let put = PutRequest::builder().set_item(Some(item)).build()?;
            Ok(WriteRequest::builder().put_request(put).build())
        })
        .collect::<Result<_, _>>()
        .map_err(unmade)?;
    let batches: Vec<_> = puts.chunks(ITEMS_PER_WRITE).map(<[_]>::to_vec).collect();
    stream::iter(batches)
        .map(|batch| write_batch(client, table, batch))
        .buffer_unordered(IN_FLIGHT)
        .try_collect()
        .await
}

async fn write_batch(
    client: &Client,
    table: &str,
    mut left: Vec<WriteRequest>,
) -> Result<(), Trouble> {
    for round in 0..UNPROCESSED_ROUNDS {
        if left.is_empty() {
            return Ok(());
        }
        pause_before(round).await;
        let answer = client
            .batch_write_item()
            .request_items(table, left)
            .send()
            .await
            .map_err(|error| Trouble::of(&error))?;
        let unprocessed = answer.unprocessed_items.into_iter().flatten();
        left = unprocessed.flat_map(|(_, rest)| rest).collect();
    }
    if left.is_empty() {
        Ok(())
    } else {
        Err(throttled())
    }
}

/// Waits before the next try of something that DynamoDB left undone: not at all before the first,
/// then doubling from 25 ms to 2 s, with jitter.
async fn pause_before(round: u32) {
    if round > 0 {
        let ceiling = Duration::from_millis(25)
            .saturating_mul(1 << round.min(7))
            .min(Duration::from_secs(2));
        tokio::time::sleep(ceiling.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
    }
}

fn throttled() -> Trouble {
    Trouble {
        code: None,
        why: "DynamoDB left items unprocessed again and again: it is throttling".to_owned(),
    }
}

/// A request that the SDK did not make.
pub(crate) fn unmade(error: BuildError) -> Trouble {
    Trouble {
        code: None,
        why: error.to_string(),
    }
}
