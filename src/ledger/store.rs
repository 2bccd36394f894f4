//! The state table: reading and writing the ledger.

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{RequestId, put_item::PutItemError},
    types::AttributeValue,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Entry, IdHash, entry::NUMBER, log::SessionLog, membership};
use crate::{
    capacity::Meter,
    clock::Clock,
    dynamodb::{self, Item},
    mutation::{self, Mutation},
};

/// Requests in flight. Entries are written one by one, because DynamoDB's batches take no
/// conditions.
pub(super) const IN_FLIGHT: usize = 32;

/// The ledger in the state table.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(super) client: Client,
    pub(super) table: String,
    /// Where what runs did is kept.
    pub(super) history: String,
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

/// Entries could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The state table could not be written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A later session has told something about one of the users: another run is at work.
    #[error("a later session has told something about one of these users")]
    Overtaken,
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

/// An entry is overtaken by one of a later session, and by what a later session told about their
/// groups.
const NOT_OVERTAKEN: &str = "(attribute_not_exists(#number) OR #number <= :number) \
     AND (attribute_not_exists(#memberships) OR #memberships <= :number)";

impl Ledger {
    /// The ledger in the table of this name (or ARN). It asks for nothing yet.
    #[must_use]
    pub fn new(client: Client, table: String, clock: Clock) -> Self {
        let (client, meter) = Meter::on(&client);
        Self {
            client,
            history: table.clone(),
            table,
            clock,
            meter,
        }
    }

    /// The same, keeping what runs did in a table of its own: a read of the whole ledger then does
    /// not pay for it.
    #[must_use]
    pub fn with_history(mut self, table: Option<String>) -> Self {
        self.history = table.unwrap_or(self.history);
        self
    }

    /// Reads the entries of these users in full. The answer leaves out users without one.
    ///
    /// # Errors
    /// When any entry could not be read.
    pub async fn entries(
        &self,
        ids: &[IdHash],
        log: &SessionLog,
    ) -> Result<Vec<Entry>, LedgerError> {
        let items = self.items(ids.iter().map(|id| id.pk())).await?;
        Ok(items
            .iter()
            .filter_map(|item| Entry::from_item(item, log))
            .collect())
    }

    /// Writes entries. None of them replaces one of a later session.
    ///
    /// # Errors
    /// When not all could be written. [`Overtaken`](RecordError::Overtaken) if a later session has
    /// told something about one of these users.
    pub async fn record(&self, entries: &[Entry]) -> Result<(), RecordError> {
        // Whatever the order in which Okta answered: the same people are written in the same order.
        let mut entries: Vec<_> = entries.iter().collect();
        entries.sort_unstable_by(|one, other| one.external_id.cmp(&other.external_id));
        stream::iter(entries)
            .map(|entry| self.record_one(entry))
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await
    }

    async fn record_one(&self, entry: &Entry) -> Result<(), RecordError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(entry.to_item()));
        let put = if mutation::on(Mutation::LateWriteReplaces) {
            put
        } else {
            put.condition_expression(NOT_OVERTAKEN)
                .expression_attribute_names("#memberships", membership::NUMBER)
                .expression_attribute_names("#number", NUMBER)
                .expression_attribute_values(
                    ":number",
                    AttributeValue::N(entry.session.to_string()),
                )
        };
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    Err(RecordError::Overtaken)
                }
                _ => Err(LedgerError::of("writing", &error).into()),
            },
        }
    }

    /// The items under these keys, as far as they are there.
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

    pub(super) async fn put(&self, items: Vec<Item>) -> Result<(), LedgerError> {
        dynamodb::write(&self.client, &self.table, items)
            .await
            .map_err(|trouble| LedgerError::because("writing", trouble.why))
    }
}
