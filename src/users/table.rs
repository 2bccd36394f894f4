//! The users table, and what its key is made of.

use std::sync::Arc;

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    types::{KeyType, TableDescription},
};
use tokio::sync::OnceCell;

use super::{KeyKind, KeySchema, pace::Pace};
use crate::capacity::Meter;

/// The users table.
#[derive(Debug, Clone)]
pub struct UsersTable {
    pub(super) client: Client,
    pub(super) name: String,
    described: Arc<OnceCell<(KeySchema, String)>>,
    pub(crate) meter: Meter,
    pub(super) pace: Pace,
}

/// The users table could not be read completely.
#[derive(Debug, thiserror::Error)]
#[error("{doing} the users table failed: {why}")]
pub struct ReadError {
    pub(super) doing: &'static str,
    pub(super) why: String,
}

impl ReadError {
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
}

impl UsersTable {
    /// The table of this name (or ARN). It asks for nothing yet.
    #[must_use]
    pub fn new(client: Client, name: String) -> Self {
        let (client, meter) = Meter::on(&client);
        Self {
            client,
            name,
            meter,
            pace: Pace::default(),
            described: Arc::default(),
        }
    }

    /// The same, taking no more than this many read units in a second.
    #[must_use]
    pub fn at_most(self, units_per_second: Option<u32>) -> Self {
        let pace = units_per_second.map(Pace::of).unwrap_or_default();
        Self { pace, ..self }
    }

    /// Its key attributes and their types, asked once.
    ///
    /// # Errors
    /// When DynamoDB does not describe the table.
    pub async fn schema(&self) -> Result<&KeySchema, ReadError> {
        Ok(&self.described().await?.0)
    }

    /// Its ARN, or its name if DynamoDB gives none.
    ///
    /// # Errors
    /// When DynamoDB does not describe the table.
    pub async fn arn(&self) -> Result<&str, ReadError> {
        Ok(&self.described().await?.1)
    }

    async fn described(&self) -> Result<&(KeySchema, String), ReadError> {
        self.described
            .get_or_try_init(|| async {
                let table = self
                    .client
                    .describe_table()
                    .table_name(&self.name)
                    .send()
                    .await
                    .map_err(|error| ReadError::of("describing", &error))?
                    .table;
                let arn = table.as_ref().and_then(|table| table.table_arn.clone());
                let schema = table.and_then(schema).ok_or_else(|| ReadError {
                    doing: "describing",
                    why: "the answer does not give the types of its key attributes".to_owned(),
                })?;
                Ok((schema, arn.unwrap_or_else(|| self.name.clone())))
            })
            .await
    }
}

fn schema(table: TableDescription) -> Option<KeySchema> {
    let types = table.attribute_definitions.unwrap_or_default();
    let kind_of = |name: &str| {
        let found = types.iter().find(|found| found.attribute_name == name)?;
        KeyKind::parse(found.attribute_type.as_str())
    };
    let mut keys = table.key_schema.unwrap_or_default();
    keys.sort_by_key(|key| *key.key_type() != KeyType::Hash);
    let attributes = keys.into_iter().map(|key| {
        let kind = kind_of(&key.attribute_name)?;
        Some((key.attribute_name, kind))
    });
    attributes.collect::<Option<Vec<_>>>().map(KeySchema::new)
}
