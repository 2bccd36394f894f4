//! A look at the users table that reads as little as it can.

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::{Attributes, KeySchema, ReadError, Record, UsersTable, attributes::Projection};
use crate::aws::{TableFacts, Trouble, describe};

impl UsersTable {
    /// What DynamoDB says about it now.
    pub(crate) async fn describe(&self) -> Result<TableFacts, Trouble> {
        describe(&self.client, &self.name).await
    }

    /// Whether any record satisfies the condition: reads until one does, little at first.
    ///
    /// # Errors
    /// When the table could not be read that far.
    pub async fn has(
        &self,
        attributes: &Attributes,
        is_one: impl Fn(Record) -> bool,
    ) -> Result<bool, ReadError> {
        let schema = self.schema().await?;
        let projection = Projection::new(schema, attributes);
        let mut start = None;
        let mut limit = 25;
        loop {
            let page = self
                .client
                .scan()
                .table_name(&self.name)
                .consistent_read(true)
                .limit(limit)
                .set_projection_expression(projection.expression.clone())
                .set_expression_attribute_names(projection.names.clone())
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| ReadError::of("scanning", &error))?;
            let mut items = page.items.unwrap_or_default().into_iter();
            if items.any(|item| is_one(Record::from(item))) {
                return Ok(true);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(false);
            }
            limit = (limit * 4).min(10_000);
        }
    }

    /// Some records, the first that come.
    pub(crate) async fn sample(&self, most: i32) -> Result<Vec<Record>, Trouble> {
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .limit(most)
            .send()
            .await
            .map_err(|error| Trouble::of(&error))?;
        let items = answer.items.unwrap_or_default();
        Ok(items.into_iter().map(Record::from).collect())
    }

    /// Reads one record once more, as keys are read again.
    pub(crate) async fn read_again(
        &self,
        record: &Record,
        schema: &KeySchema,
    ) -> Result<(), Trouble> {
        let keys = schema.key_of(record.attributes()).map(|key| key.to_item());
        let keys = KeysAndAttributes::builder()
            .set_keys(keys.map(|key| vec![key]))
            .consistent_read(true)
            .build()
            .map_err(|error| Trouble {
                code: None,
                why: error.to_string(),
            })?;
        let answer = self.client.batch_get_item().request_items(&self.name, keys);
        let answer = answer.send().await;
        answer.map(drop).map_err(|error| Trouble::of(&error))
    }
}
