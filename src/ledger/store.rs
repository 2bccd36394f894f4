//! The state table: reading and writing the ledger.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    types::{AttributeValue, KeysAndAttributes, PutRequest, WriteRequest},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::task::JoinSet;

use super::{Book, Entry, IdHash, LoggedSession, SessionLog, Told, entry, sessions::KNOWN_ACTIVE};
use crate::{capacity::Meter, clock::Clock, okta::SessionId, users::RecordKey};

type Item = HashMap<String, AttributeValue>;

/// BatchWriteItem takes at most so many items (Amazon DynamoDB's API reference).
const ITEMS_PER_WRITE: usize = 25;
/// BatchGetItem takes at most so many keys (Amazon DynamoDB's API reference).
const KEYS_PER_READ: usize = 100;
/// Requests in flight, and segments of a full read.
const IN_FLIGHT: usize = 8;
/// How often what DynamoDB left unprocessed is sent again.
const UNPROCESSED_ROUNDS: u32 = 12;

/// The ledger in the state table.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(super) client: Client,
    pub(super) table: String,
    pub(crate) clock: Clock,
    pub(crate) meter: Meter,
}

/// The state table could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{doing} the state table failed: {why}")]
pub struct LedgerError {
    doing: &'static str,
    why: String,
}

impl LedgerError {
    pub(super) fn of<E: ProvideErrorMetadata + std::error::Error, R: std::fmt::Debug>(
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

    fn because(doing: &'static str, why: impl ToString) -> Self {
        Self {
            doing,
            why: why.to_string(),
        }
    }
}

impl Ledger {
    /// The ledger in the table of this name (or ARN); nothing is asked of it yet.
    #[must_use]
    pub fn new(client: Client, table: String, clock: Clock) -> Self {
        let (client, meter) = Meter::on(&client);
        Self {
            client,
            table,
            clock,
            meter,
        }
    }

    /// Reads every entry, in parallel segments. Entries that name a session among `doubtful`,
    /// or none, are doubtful themselves.
    ///
    /// # Errors
    /// When any page could not be read.
    pub async fn read_book(&self, doubtful: &HashSet<SessionId>) -> Result<Book, LedgerError> {
        let mut segments = JoinSet::new();
        for segment in 0..IN_FLIGHT as i32 {
            let (ledger, doubtful) = (self.clone(), doubtful.clone());
            segments.spawn(async move { ledger.read_segment(segment, &doubtful).await });
        }
        let mut book = Book::default();
        while let Some(part) = segments.join_next().await {
            book.append(part.map_err(|error| LedgerError::because("scanning", error))??);
        }
        book.sort();
        Ok(book)
    }

    async fn read_segment(
        &self,
        segment: i32,
        doubtful: &HashSet<SessionId>,
    ) -> Result<Book, LedgerError> {
        let mut book = Book::default();
        let mut pages = self
            .client
            .scan()
            .table_name(&self.table)
            .segment(segment)
            .total_segments(IN_FLIGHT as i32)
            .consistent_read(true)
            .projection_expression("pk,print,#session,origin")
            .expression_attribute_names("#session", "session")
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| LedgerError::of("scanning", &error))?;
            for item in page.items.unwrap_or_default() {
                let Some(id) = item
                    .get("pk")
                    .and_then(|pk| IdHash::from_pk(pk.as_s().ok()?))
                else {
                    continue;
                };
                let session = entry::session(&item);
                let unsure = session
                    .is_none_or(|id| doubtful.iter().any(|doubtful| doubtful.as_str() == id));
                if let Some(session) = session.filter(|_| unsure) {
                    book.name_doubtful(session);
                }
                match entry::told(&item) {
                    Some(told) => book.add(id, told, entry::origin(&item), unsure),
                    // Written by another release: what Okta was told is not known here.
                    None => book.add(id, Told::Active([0; 16].into()), entry::origin(&item), true),
                }
            }
        }
        Ok(book)
    }

    /// Reads the entries of these users in full. Who has none is not in the answer.
    ///
    /// # Errors
    /// When any entry could not be read.
    pub async fn entries(&self, ids: &[IdHash]) -> Result<Vec<Entry>, LedgerError> {
        let items = self
            .get_items(ids.iter().map(|id| id.pk()).collect())
            .await?;
        Ok(items.iter().filter_map(Entry::from_item).collect())
    }

    /// Makes users who came by push the users table's own.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn adopt(&self, users: &[(IdHash, RecordKey)]) -> Result<(), LedgerError> {
        stream::iter(users)
            .map(|(id, key)| async move {
                self.client
                    .update_item()
                    .table_name(&self.table)
                    .key("pk", AttributeValue::S(id.pk()))
                    .update_expression("SET #key = :key REMOVE origin")
                    .expression_attribute_names("#key", "key")
                    .expression_attribute_values(":key", AttributeValue::M(key.to_item()))
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| LedgerError::of("writing", &error))
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await
    }

    async fn get_items(&self, pks: Vec<String>) -> Result<Vec<Item>, LedgerError> {
        let batches: Vec<Vec<Item>> = pks
            .chunks(KEYS_PER_READ)
            .map(|pks| {
                pks.iter()
                    .map(|pk| Item::from([("pk".to_owned(), AttributeValue::S(pk.clone()))]))
                    .collect()
            })
            .collect();
        stream::iter(batches)
            .map(|keys| self.get_batch(keys))
            .buffer_unordered(IN_FLIGHT)
            .try_concat()
            .await
    }

    async fn get_batch(&self, keys: Vec<Item>) -> Result<Vec<Item>, LedgerError> {
        const DOING: &str = "reading entries of";
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build();
        let mut asked = Some(request.map_err(|error| LedgerError::because(DOING, error))?);
        let mut found = Vec::new();
        for round in 0..UNPROCESSED_ROUNDS {
            let Some(request) = asked.take() else {
                return Ok(found);
            };
            crate::aws::pause_before(round).await;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, request)
                .send()
                .await;
            let answer = answer.map_err(|error| LedgerError::of(DOING, &error))?;
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
        if asked.is_none() {
            Ok(found)
        } else {
            Err(LedgerError::because(DOING, THROTTLED))
        }
    }

    /// Writes entries, replacing those that are there.
    ///
    /// # Errors
    /// When not all could be written.
    pub async fn record(&self, entries: &[Entry]) -> Result<(), LedgerError> {
        let puts: Vec<_> = entries
            .iter()
            .map(|entry| {
                PutRequest::builder()
                    .set_item(Some(entry.to_item()))
                    .build()
            })
            .map(|put| put.map(|put| WriteRequest::builder().put_request(put).build()))
            .collect::<Result<_, _>>()
            .map_err(|error| LedgerError::because("writing", error))?;
        stream::iter(
            puts.chunks(ITEMS_PER_WRITE)
                .map(<[_]>::to_vec)
                .collect::<Vec<_>>(),
        )
        .map(|batch| self.write_batch(batch))
        .buffer_unordered(IN_FLIGHT)
        .try_collect()
        .await
    }

    async fn write_batch(&self, batch: Vec<WriteRequest>) -> Result<(), LedgerError> {
        let mut left = batch;
        for round in 0..UNPROCESSED_ROUNDS {
            if left.is_empty() {
                return Ok(());
            }
            crate::aws::pause_before(round).await;
            let answer = self
                .client
                .batch_write_item()
                .request_items(&self.table, left)
                .send()
                .await;
            let answer = answer.map_err(|error| LedgerError::of("writing", &error))?;
            left = answer
                .unprocessed_items
                .into_iter()
                .flatten()
                .flat_map(|(_, rest)| rest)
                .collect();
        }
        if left.is_empty() {
            Ok(())
        } else {
            Err(LedgerError::because("writing", THROTTLED))
        }
    }

    /// Reads the log of sessions.
    ///
    /// # Errors
    /// When it could not be read.
    pub async fn sessions(&self) -> Result<SessionLog, LedgerError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S("sessions".to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LedgerError::of("reading the sessions in", &error))?;
        Ok(answer
            .item
            .as_ref()
            .map(SessionLog::from_item)
            .unwrap_or_default())
    }

    /// Writes what is known of one session.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn log_session(
        &self,
        id: &SessionId,
        session: &LoggedSession,
    ) -> Result<(), LedgerError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S("sessions".to_owned()))
            .update_expression("SET #id = :session")
            .expression_attribute_names("#id", id.as_str())
            .expression_attribute_values(":session", session.to_attribute())
            .send()
            .await
            .map(drop)
            .map_err(|error| LedgerError::of("logging a session in", &error))
    }

    /// Writes how many users are active.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn log_known_active(&self, users: u64) -> Result<(), LedgerError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S("sessions".to_owned()))
            .update_expression("SET #active = :users")
            .expression_attribute_names("#active", KNOWN_ACTIVE)
            .expression_attribute_values(":users", AttributeValue::N(users.to_string()))
            .send()
            .await
            .map(drop)
            .map_err(|error| LedgerError::of("writing the number of users to", &error))
    }

    /// Forgets sessions.
    ///
    /// # Errors
    /// When the log could not be written.
    pub async fn forget_sessions(&self, ids: &[SessionId]) -> Result<(), LedgerError> {
        if ids.is_empty() {
            return Ok(());
        }
        let names: HashMap<_, _> = ids
            .iter()
            .enumerate()
            .map(|(i, id)| (format!("#s{i}"), id.as_str().to_owned()))
            .collect();
        let placeholders: Vec<_> = names.keys().map(String::as_str).collect();
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S("sessions".to_owned()))
            .update_expression(format!("REMOVE {}", placeholders.join(",")))
            .set_expression_attribute_names(Some(names))
            .send()
            .await
            .map(drop)
            .map_err(|error| LedgerError::of("forgetting sessions in", &error))
    }
}

const THROTTLED: &str = "DynamoDB left items unprocessed again and again; it is being throttled";
