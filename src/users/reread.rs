//! Reading some keys of the users table again.

use std::collections::BTreeMap;

use super::{Attributes, ReadError, Record, RecordKey, UsersTable, attributes::Projection};
use crate::dynamodb;

impl UsersTable {
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
        // What the table cannot have it does not have, and DynamoDB would refuse all the others.
        let possible = keys.iter().filter(|key| schema.is_of(key));
        let distinct: BTreeMap<_, _> = possible.map(|key| (key.canonical(), key)).collect();
        let keys = distinct.values().map(|key| key.to_item()).collect();
        let records = dynamodb::read(&self.client, &self.name, keys, |request| {
            request
                .set_projection_expression(projection.expression.clone())
                .set_expression_attribute_names(projection.names.clone())
        })
        .await
        .map_err(|trouble| ReadError {
            doing: "re-reading keys of",
            why: trouble.why,
        })?;
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
}

/// What a consistent read of some keys found.
#[derive(Debug, Default)]
pub struct Reread(BTreeMap<String, (RecordKey, Record)>);

impl Reread {
    /// The record under a key that was read, or `None` if there is none.
    #[must_use]
    pub fn get(&self, key: &RecordKey) -> Option<&Record> {
        self.0.get(&key.canonical()).map(|(_, record)| record)
    }

    /// The records that were found.
    pub fn into_records(self) -> impl Iterator<Item = (RecordKey, Record)> {
        self.0.into_values()
    }
}
