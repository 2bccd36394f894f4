//! Reading the users table: all of it, or some keys again.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    types::{AttributeValue, KeyType, KeysAndAttributes},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::{
    sync::{OnceCell, mpsc},
    task::JoinSet,
};

use super::{KeySchema, Record, RecordKey};
use crate::capacity::Meter;

/// BatchGetItem takes at most so many keys (Amazon DynamoDB's API reference).
const KEYS_PER_BATCH: usize = 100;
/// Segments of a full read, all in flight at once. More gain nothing: a Lambda
/// function of the sizes we recommend has one or two processors.
const SEGMENTS: i32 = 8;
/// Pages that wait to be taken: enough to keep the segments busy, few enough to stay small.
const PAGES_WAITING: usize = SEGMENTS as usize;
/// How often keys that DynamoDB left unprocessed are asked for again.
const UNPROCESSED_ROUNDS: u32 = 12;

/// The users table.
#[derive(Debug, Clone)]
pub struct UsersTable {
    pub(super) client: Client,
    pub(super) name: String,
    schema: Arc<OnceCell<KeySchema>>,
    pub(crate) meter: Meter,
}

/// The users table could not be read to the end.
#[derive(Debug, thiserror::Error)]
#[error("{doing} the users table failed: {why}")]
pub struct ReadError {
    doing: &'static str,
    why: String,
}

impl ReadError {
    fn of<E: ProvideErrorMetadata + std::error::Error, R: std::fmt::Debug>(
        doing: &'static str,
        error: &SdkError<E, R>,
    ) -> Self
    where
        SdkError<E, R>: RequestId,
    {
        Self {
            doing,
            why: crate::aws::explain(error),
        }
    }
}

impl UsersTable {
    /// The table of this name (or ARN); nothing is asked of it yet.
    #[must_use]
    pub fn new(client: Client, name: String) -> Self {
        let (client, meter) = Meter::on(&client);
        Self {
            client,
            name,
            meter,
            schema: Arc::default(),
        }
    }

    /// The names of its key attributes, asked once.
    ///
    /// # Errors
    /// When DynamoDB does not describe the table.
    pub async fn schema(&self) -> Result<&KeySchema, ReadError> {
        self.schema
            .get_or_try_init(|| async {
                let table = self
                    .client
                    .describe_table()
                    .table_name(&self.name)
                    .send()
                    .await
                    .map_err(|error| ReadError::of("describing", &error))?
                    .table;
                let mut keys = table.and_then(|table| table.key_schema).unwrap_or_default();
                keys.sort_by_key(|key| *key.key_type() != KeyType::Hash);
                Ok(KeySchema::new(
                    keys.into_iter().map(|key| key.attribute_name).collect(),
                ))
            })
            .await
    }

    /// Reads every record, in several segments at once. Each segment is a task of its own, which
    /// also turns its records into what the caller wants; pages arrive as they are ready. Reads
    /// are consistent: a record that was written before the read began is seen as it is.
    #[must_use]
    pub fn read_all<T: Send + 'static>(
        &self,
        attributes: &Attributes,
        turn: impl Fn(&KeySchema, Record) -> T + Clone + Send + 'static,
    ) -> Pages<T> {
        let (sender, pages) = mpsc::channel(PAGES_WAITING);
        let mut segments = JoinSet::new();
        for segment in 0..SEGMENTS {
            let (table, attributes, turn, sender) = (
                self.clone(),
                attributes.clone(),
                turn.clone(),
                sender.clone(),
            );
            segments.spawn(async move {
                if let Err(error) = table
                    .read_segment(segment, &attributes, turn, &sender)
                    .await
                {
                    // Nobody listens any more: then nobody needs the error either.
                    let _ = sender.send(Err(error)).await;
                }
            });
        }
        Pages { pages, segments }
    }

    async fn read_segment<T>(
        &self,
        segment: i32,
        attributes: &Attributes,
        turn: impl Fn(&KeySchema, Record) -> T,
        sender: &mpsc::Sender<Result<Vec<T>, ReadError>>,
    ) -> Result<(), ReadError> {
        let schema = self.schema().await?;
        let projection = Projection::new(schema, attributes);
        let mut pages = self
            .client
            .scan()
            .table_name(&self.name)
            .segment(segment)
            .total_segments(SEGMENTS)
            .consistent_read(true)
            .set_projection_expression(projection.expression)
            .set_expression_attribute_names(projection.names)
            .into_paginator()
            .send();
        while let Some(answer) = pages.next().await {
            let items = answer
                .map_err(|error| ReadError::of("scanning", &error))?
                .items
                .unwrap_or_default();
            let page = items
                .into_iter()
                .map(|item| turn(schema, Record(item)))
                .collect();
            if sender.send(Ok(page)).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Reads these keys again, consistently. A key that is not in the answer has no record.
    ///
    /// # Errors
    /// When any key could not be read.
    pub async fn reread(
        &self,
        keys: &[RecordKey],
        attributes: &Attributes,
    ) -> Result<Reread, ReadError> {
        let schema = self.schema().await?;
        let projection = Projection::new(schema, attributes);
        let distinct: HashMap<_, _> = keys.iter().map(|key| (key.canonical(), key)).collect();
        let batches: Vec<_> = distinct
            .values()
            .collect::<Vec<_>>()
            .chunks(KEYS_PER_BATCH)
            .map(|keys| keys.to_vec())
            .collect();
        let records: Vec<_> = stream::iter(batches)
            .map(|keys| {
                self.read_batch(
                    keys.into_iter().map(|key| key.to_item()).collect(),
                    &projection,
                )
            })
            .buffer_unordered(SEGMENTS as usize)
            .try_concat()
            .await?;
        Ok(Reread(
            records
                .into_iter()
                .filter_map(|item| {
                    let key = schema.key_of(&item)?;
                    Some((key.canonical(), (key, Record(item))))
                })
                .collect(),
        ))
    }

    async fn read_batch(
        &self,
        keys: Vec<HashMap<String, AttributeValue>>,
        projection: &Projection,
    ) -> Result<Vec<HashMap<String, AttributeValue>>, ReadError> {
        let failed = |why: String| ReadError {
            doing: "re-reading keys of",
            why,
        };
        let mut found = Vec::new();
        let mut asked = Some(
            KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .set_projection_expression(projection.expression.clone())
                .set_expression_attribute_names(projection.names.clone())
                .build()
                .map_err(|error| failed(error.to_string()))?,
        );
        for round in 0..UNPROCESSED_ROUNDS {
            let Some(request) = asked.take() else { break };
            crate::aws::pause_before(round).await;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.name, request)
                .send()
                .await
                .map_err(|error| ReadError::of("re-reading keys of", &error))?;
            found.extend(
                answer
                    .responses
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, items)| items),
            );
            asked = answer
                .unprocessed_keys
                .into_iter()
                .flatten()
                .map(|(_, rest)| rest)
                .next();
        }
        match asked {
            None => Ok(found),
            Some(_) => Err(failed(
                "DynamoDB left keys unprocessed again and again; it is being throttled".to_owned(),
            )),
        }
    }
}

/// A full read under way. Dropping it stops the read.
#[derive(Debug)]
pub struct Pages<T> {
    pages: mpsc::Receiver<Result<Vec<T>, ReadError>>,
    segments: JoinSet<()>,
}

impl<T: 'static> Pages<T> {
    /// The next page, in no particular order; `None` once every record has been read.
    ///
    /// # Errors
    /// When a page could not be read, or a segment's task died. Whoever has seen an error has
    /// not seen every record.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, ReadError> {
        if let Some(page) = self.pages.recv().await {
            return page.map(Some);
        }
        // The channel closes when the last segment drops its end, by finishing or by panicking.
        while let Some(segment) = self.segments.join_next().await {
            segment.map_err(|error| ReadError {
                doing: "scanning",
                why: error.to_string(),
            })?;
        }
        Ok(None)
    }
}

/// What a consistent read of some keys found.
#[derive(Debug, Default)]
pub struct Reread(HashMap<String, (RecordKey, Record)>);

impl Reread {
    /// The record under a key that was read, or `None` if there is none.
    #[must_use]
    pub fn get(&self, key: &RecordKey) -> Option<&Record> {
        self.0.get(&key.canonical()).map(|(_, record)| record)
    }
}

impl Reread {
    /// The records that were found.
    pub fn into_records(self) -> impl Iterator<Item = (RecordKey, Record)> {
        self.0.into_values()
    }
}

/// Which attributes a read brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attributes {
    /// All of them.
    All,
    /// The key and these.
    Named(HashSet<String>),
}

impl Attributes {
    /// These and those.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Named(these), Self::Named(those)) => {
                Self::Named(these.into_iter().chain(those).collect())
            }
            _ => Self::All,
        }
    }
}

struct Projection {
    expression: Option<String>,
    names: Option<HashMap<String, String>>,
}

impl Projection {
    fn new(schema: &KeySchema, attributes: &Attributes) -> Self {
        let Attributes::Named(named) = attributes else {
            return Self {
                expression: None,
                names: None,
            };
        };
        // Placeholders throughout: any name may be one of DynamoDB's reserved words.
        let mut wanted: Vec<_> = named
            .iter()
            .map(String::as_str)
            .chain(schema.names())
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let names: HashMap<_, _> = wanted
            .iter()
            .enumerate()
            .map(|(i, name)| (format!("#a{i}"), (*name).to_owned()))
            .collect();
        let expression = (0..wanted.len())
            .map(|i| format!("#a{i}"))
            .collect::<Vec<_>>()
            .join(",");
        Self {
            expression: Some(expression),
            names: Some(names),
        }
    }
}
