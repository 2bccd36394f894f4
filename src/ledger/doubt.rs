//! Doubting what one person was told.

use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::AttributeValue};

use super::{Entry, IdHash, Ledger, LedgerError};

impl Ledger {
    /// Remembers that Okta does not have somebody as it was told, if their entry is as it was read;
    /// false if it is not.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn doubt_entry(&self, entry: &Entry) -> Result<bool, LedgerError> {
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(IdHash::of(&entry.external_id).pk()))
            .update_expression("SET doubtful = :true")
            .condition_expression("#at = :at AND n = :number")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", AttributeValue::S(entry.at.to_string()))
            .expression_attribute_values(":number", AttributeValue::N(entry.session.to_string()))
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(LedgerError::of("writing", &error)),
            },
        }
    }
}
