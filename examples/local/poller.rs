//! What Lambda's event source mapping does: reads the table's stream, hands batches to the
//! function, and repeats what the function could not do.

use std::collections::BTreeMap;

use aws_sdk_dynamodbstreams::{
    Client,
    types::{AttributeValue, Record, ShardIteratorType},
};
use dynamodb_identity_source::handler::BatchResponse;
use serde_json::{Map, Value, json};

use crate::Trouble;

/// Follows one table's stream from its beginning.
pub struct Poller {
    client: Client,
    stream: String,
    shards: BTreeMap<String, Shard>,
}

/// How far a shard has been read, and its records that the function has not done yet.
#[derive(Default)]
struct Shard {
    iterator: Option<String>,
    waiting: Vec<Record>,
}

impl Poller {
    /// Begins at the oldest record of the stream, as `StartingPosition: TRIM_HORIZON` does.
    pub async fn start(sdk: &aws_config::SdkConfig, table: &str) -> Result<Self, Trouble> {
        let client = Client::new(sdk);
        let streams = client.list_streams().table_name(table).send().await?;
        let stream = streams
            .streams()
            .first()
            .and_then(|stream| stream.stream_arn())
            .ok_or("the users table has no stream")?
            .to_owned();
        Ok(Self {
            client,
            stream,
            shards: BTreeMap::new(),
        })
    }

    /// Reads what is new. Returns a shard with records waiting, and an event with all of them.
    pub async fn next(&mut self) -> Result<Option<(String, Value)>, Trouble> {
        self.look_for_shards().await?;
        for shard in self.shards.values_mut() {
            let Some(iterator) = shard.iterator.take() else {
                continue;
            };
            let answer = self
                .client
                .get_records()
                .shard_iterator(iterator)
                .send()
                .await?;
            shard.waiting.extend(answer.records.unwrap_or_default());
            shard.iterator = answer.next_shard_iterator;
        }
        let waiting = self
            .shards
            .iter()
            .find(|(_, shard)| !shard.waiting.is_empty());
        Ok(waiting.map(|(id, shard)| {
            let records: Vec<_> = shard
                .waiting
                .iter()
                .map(|record| event(record, &self.stream))
                .collect();
            (id.clone(), json!({ "Records": records }))
        }))
    }

    /// Takes the function's answer: everything before the first failure is done.
    pub fn answered(&mut self, shard: &str, answer: &BatchResponse) {
        let Some(shard) = self.shards.get_mut(shard) else {
            return;
        };
        let failed = answer
            .batch_item_failures
            .first()
            .map(|failure| &failure.item_identifier);
        let from = failed.map(|failed| {
            shard
                .waiting
                .iter()
                .position(|record| number(record) == Some(failed))
                .unwrap_or(0)
        });
        match from {
            None => shard.waiting.clear(),
            Some(from) => drop(shard.waiting.drain(..from)),
        }
    }

    async fn look_for_shards(&mut self) -> Result<(), Trouble> {
        let described = self
            .client
            .describe_stream()
            .stream_arn(&self.stream)
            .send()
            .await?;
        for shard in described
            .stream_description
            .and_then(|stream| stream.shards)
            .unwrap_or_default()
        {
            let Some(id) = shard.shard_id.filter(|id| !self.shards.contains_key(id)) else {
                continue;
            };
            let iterator = self
                .client
                .get_shard_iterator()
                .stream_arn(&self.stream)
                .shard_id(&id)
                .shard_iterator_type(ShardIteratorType::TrimHorizon)
                .send()
                .await?
                .shard_iterator;
            self.shards.insert(
                id,
                Shard {
                    iterator,
                    ..Shard::default()
                },
            );
        }
        Ok(())
    }
}

fn number(record: &Record) -> Option<&String> {
    record.dynamodb.as_ref()?.sequence_number.as_ref()
}

/// A stream record as Lambda passes it to a function.
fn event(record: &Record, stream: &str) -> Value {
    let change = record.dynamodb.as_ref();
    let keys: Map<_, _> = change
        .and_then(|change| change.keys.as_ref())
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), key_value(value)?)))
        .collect();
    json!({
        "eventID": record.event_id,
        "eventName": record.event_name.as_ref().map(|name| name.as_str()),
        "eventVersion": record.event_version,
        "eventSource": "aws:dynamodb",
        "awsRegion": record.aws_region,
        "dynamodb": {
            "Keys": keys,
            "SequenceNumber": number(record),
            "StreamViewType": "KEYS_ONLY",
        },
        "eventSourceARN": stream,
    })
}

fn key_value(value: &AttributeValue) -> Option<Value> {
    match value {
        AttributeValue::S(text) => Some(json!({ "S": text })),
        AttributeValue::N(number) => Some(json!({ "N": number })),
        _ => None,
    }
}
