//! Reading some keys of the users table again.

use std::collections::BTreeMap;

use super::{Attributes, ReadError, Record, RecordKey, UsersTable, attributes::Projection};
use crate::dynamodb;

/// How long reading people who are in hand together may take.
const IN_HAND_WITHIN: f64 = 5.0;

impl UsersTable {
    /// How many records can be read again quickly enough to be recent, if the table is not read as
    /// fast as it answers.
    #[must_use]
    pub fn at_once(&self) -> Option<usize> {
        self.pace.within(IN_HAND_WITHIN)
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
        // The table does not have what it cannot have, and DynamoDB would refuse all the others.
        let possible = keys.iter().filter(|key| schema.is_of(key));
        let distinct: BTreeMap<_, _> = possible.map(|key| (key.canonical(), key)).collect();
        let keys: Vec<_> = distinct.values().map(|key| key.to_item()).collect();
        let at_once = self.pace.page().and_then(|page| usize::try_from(page).ok());
        let mut records = Vec::with_capacity(keys.len());
        for keys in keys.chunks(at_once.unwrap_or(usize::MAX).max(1)) {
            self.pace.turn(&self.meter).await;
            let before = self.meter.units().read;
            let read = dynamodb::read(&self.client, &self.name, keys.to_vec(), |request| {
                request
                    .set_projection_expression(projection.expression.clone())
                    .set_expression_attribute_names(projection.names.clone())
            });
            records.extend(read.await.map_err(|trouble| ReadError {
                doing: "re-reading keys of",
                why: trouble.why,
            })?);
            let units = self.meter.units().read - before;
            self.pace.read_again(units.max(0.0), keys.len());
        }
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
