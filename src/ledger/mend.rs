//! What a verification writes into entries: doubt if Okta has somebody otherwise than it was told,
//! and entries of unknown people. Nothing that was written since it was read is replaced.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::{put_item::PutItemError, update_item::UpdateItemError},
    types::AttributeValue,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Entry, IdHash, Ledger, LedgerError, Told,
    amend::AS_READ,
    entry::{REPAIRED, print_value},
    store::IN_FLIGHT,
};
use crate::{
    mapping::Fingerprint,
    mutation::{self, Mutation},
};

/// Stands for a profile that nobody was told.
pub(crate) const UNKNOWN: Fingerprint = Fingerprint::unknown();

/// What to write about somebody.
#[derive(Debug, Clone)]
pub(crate) enum Mend {
    /// Nobody knows whether what they were told arrived: they are told again. With the difference,
    /// if there is one. For somebody who must be active it costs an update, as Okta has them
    /// otherwise.
    Doubt(Entry, Option<Fingerprint>),
    /// Okta has them as it was told: the difference that they were told again for is over.
    Settle(Entry),
    /// This is what Okta was told, instead of the entry that was read, if there was one.
    Write(Box<Entry>, Option<Entry>),
}

impl Ledger {
    /// Writes these, each only if the entry is as it was read. Gives for each whether it was.
    ///
    /// # Errors
    /// When it is unknown for any of them.
    pub(crate) async fn mend(&self, mends: &[Mend]) -> Result<Vec<bool>, LedgerError> {
        stream::iter(mends)
            .map(|mend| async move {
                match mend {
                    Mend::Doubt(entry, repaired) => self.doubt_for(entry, *repaired).await,
                    Mend::Settle(entry) => self.settle_repair(entry).await,
                    Mend::Write(entry, before) => self.write_over(entry, before.as_ref()).await,
                }
            })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await
    }

    async fn doubt_for(
        &self,
        entry: &Entry,
        repaired: Option<Fingerprint>,
    ) -> Result<bool, LedgerError> {
        let mut set = "SET doubtful = :true".to_owned();
        let mut update = self
            .update(entry)
            .expression_attribute_values(":true", AttributeValue::Bool(true));
        if matches!(entry.told, Told::Active(_)) {
            set += ", print = :unknown";
            update = update.expression_attribute_values(":unknown", print_value(UNKNOWN));
        }
        if let Some(print) = repaired {
            set += ", #repaired = :repaired";
            update = update
                .expression_attribute_names("#repaired", REPAIRED)
                .expression_attribute_values(":repaired", print_value(print));
        }
        let update = update.update_expression(set);
        done(update.send().await, |error| {
            matches!(error, UpdateItemError::ConditionalCheckFailedException(_))
        })
    }

    async fn settle_repair(&self, entry: &Entry) -> Result<bool, LedgerError> {
        let update = self
            .update(entry)
            .update_expression("REMOVE #repaired")
            .expression_attribute_names("#repaired", REPAIRED);
        done(update.send().await, |error| {
            matches!(error, UpdateItemError::ConditionalCheckFailedException(_))
        })
    }

    fn update(
        &self,
        entry: &Entry,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(IdHash::of(&entry.external_id).pk()))
            .condition_expression(AS_READ)
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", AttributeValue::S(entry.at.to_string()))
    }

    async fn write_over(&self, entry: &Entry, before: Option<&Entry>) -> Result<bool, LedgerError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(entry.to_item()));
        let put = match before {
            _ if mutation::on(Mutation::AdoptionReplaces) => put,
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(before) => put
                .condition_expression(AS_READ)
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":at", AttributeValue::S(before.at.to_string())),
        };
        done(put.send().await, |error| {
            matches!(error, PutItemError::ConditionalCheckFailedException(_))
        })
    }
}

/// Whether a write was done. One whose condition does not hold was not.
fn done<T, E, R>(
    result: Result<T, SdkError<E, R>>,
    is_condition: impl Fn(&E) -> bool,
) -> Result<bool, LedgerError>
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
    SdkError<E, R>: aws_sdk_dynamodb::operation::RequestId,
{
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(&is_condition) => Ok(false),
        Err(error) => Err(LedgerError::of("writing", &error)),
    }
}
