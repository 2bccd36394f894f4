//! The state table: reading and writing the ledger.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    types::AttributeValue,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Entry, IdHash, LoggedSession, SessionLog, sessions::KNOWN_ACTIVE};
use crate::{
    capacity::Meter,
    clock::Clock,
    dynamodb::{self, Item},
    okta::SessionId,
    users::RecordKey,
};

/// Requests in flight.
const IN_FLIGHT: usize = 8;

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

    pub(super) fn because(doing: &'static str, why: impl ToString) -> Self {
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

    /// Reads the entries of these users in full. Who has none is not in the answer.
    ///
    /// # Errors
    /// When any entry could not be read.
    pub async fn entries(&self, ids: &[IdHash]) -> Result<Vec<Entry>, LedgerError> {
        let items = self.items(ids.iter().map(|id| id.pk())).await?;
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

    /// The items under these keys, those that there are.
    pub(super) async fn items(
        &self,
        pks: impl IntoIterator<Item = String>,
    ) -> Result<Vec<Item>, LedgerError> {
        let key = |pk| Item::from([("pk".to_owned(), AttributeValue::S(pk))]);
        let keys = pks.into_iter().map(key).collect();
        dynamodb::read(&self.client, &self.table, keys, |request| request)
            .await
            .map_err(|trouble| LedgerError::because("reading entries of", trouble.why))
    }

    /// Writes entries, replacing those that are there.
    ///
    /// # Errors
    /// When not all could be written.
    pub async fn record(&self, entries: &[Entry]) -> Result<(), LedgerError> {
        self.put(entries.iter().map(Entry::to_item).collect()).await
    }

    pub(super) async fn put(&self, items: Vec<Item>) -> Result<(), LedgerError> {
        dynamodb::write(&self.client, &self.table, items)
            .await
            .map_err(|trouble| LedgerError::because("writing", trouble.why))
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
