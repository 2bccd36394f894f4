//! Doubt about what Okta has, whatever became of the session that told it.

use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::AttributeValue};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Entry, IdHash, Ledger, LedgerError, store::IN_FLIGHT};

impl Ledger {
    /// Marks what Okta was told of these users as doubtful, where the entry is as it was read.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn doubt(&self, entries: &[Entry]) -> Result<(), LedgerError> {
        stream::iter(entries)
            .map(|entry| self.doubt_one(entry))
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await
    }

    async fn doubt_one(&self, entry: &Entry) -> Result<(), LedgerError> {
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(IdHash::of(&entry.external_id).pk()))
            .update_expression("SET doubtful = :true")
            .condition_expression("#at = :at")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", AttributeValue::S(entry.at.to_string()))
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(LedgerError::of("writing", &error)),
            },
        }
    }
}
