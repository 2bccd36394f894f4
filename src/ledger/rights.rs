//! Whether the function may do in the state table what runs do there.

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    types::{AttributeValue, DeleteRequest, KeysAndAttributes, WriteRequest},
};

use super::Ledger;
use crate::{
    aws::{TableFacts, Trouble, describe},
    dynamodb::unmade,
};

/// A key that no item has: neither entries nor the lease nor the log of sessions have it.
const NOBODY: &str = "doctor#nobody";
/// Never true. DynamoDB checks whether a caller may write before it looks at the condition.
const NEVER: &str = "attribute_exists(pk) AND attribute_not_exists(pk)";

/// Something that runs do in the state table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    GetItem,
    BatchGetItem,
    Scan,
    PutItem,
    UpdateItem,
    DeleteItem,
    BatchWriteItem,
}

impl Right {
    /// All that a run needs in the state table.
    pub(crate) const ALL: [Self; 7] = [
        Self::GetItem,
        Self::BatchGetItem,
        Self::Scan,
        Self::PutItem,
        Self::UpdateItem,
        Self::DeleteItem,
        Self::BatchWriteItem,
    ];

    /// What a function that only reads needs in it.
    pub(crate) const READING: [Self; 3] = [Self::GetItem, Self::BatchGetItem, Self::Scan];

    /// What reading the history needs, if it has a table of its own.
    pub(crate) const READING_HISTORY: [Self; 1] = [Self::GetItem];

    /// What keeping the history needs, if it has a table of its own.
    pub(crate) const HISTORY: [Self; 3] = [Self::GetItem, Self::PutItem, Self::UpdateItem];

    /// The IAM action that grants it.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::GetItem => "dynamodb:GetItem",
            Self::BatchGetItem => "dynamodb:BatchGetItem",
            Self::Scan => "dynamodb:Scan",
            Self::PutItem => "dynamodb:PutItem",
            Self::UpdateItem => "dynamodb:UpdateItem",
            Self::DeleteItem => "dynamodb:DeleteItem",
            Self::BatchWriteItem => "dynamodb:BatchWriteItem",
        }
    }
}

impl Ledger {
    /// What DynamoDB says about the state table.
    pub(crate) async fn describe(&self) -> Result<TableFacts, Trouble> {
        describe(&self.client, &self.table).await
    }

    /// Uses a right in a way that changes nothing.
    pub(crate) async fn exercise(&self, right: Right) -> Result<(), Trouble> {
        let Self { client, table, .. } = self;
        let nobody = || AttributeValue::S(NOBODY.to_owned());
        match right {
            Right::GetItem => {
                let get = client.get_item().table_name(table).key("pk", nobody());
                allowed(get.send().await)
            }
            Right::BatchGetItem => {
                let keys = KeysAndAttributes::builder().keys([("pk".to_owned(), nobody())].into());
                let keys = keys.build().map_err(unmade)?;
                allowed(
                    client
                        .batch_get_item()
                        .request_items(table, keys)
                        .send()
                        .await,
                )
            }
            Right::Scan => allowed(client.scan().table_name(table).limit(1).send().await),
            Right::PutItem => {
                let put = client.put_item().table_name(table).item("pk", nobody());
                allowed(put.condition_expression(NEVER).send().await)
            }
            Right::UpdateItem => {
                let update = client
                    .update_item()
                    .table_name(table)
                    .key("pk", nobody())
                    .update_expression("REMOVE doctor");
                allowed(update.condition_expression(NEVER).send().await)
            }
            Right::DeleteItem => {
                let delete = client.delete_item().table_name(table).key("pk", nobody());
                allowed(delete.condition_expression(NEVER).send().await)
            }
            Right::BatchWriteItem => {
                // It takes no condition. Deleting what is not there does nothing.
                let delete = DeleteRequest::builder().key("pk", nobody());
                let delete = delete.build().map_err(unmade)?;
                let write = WriteRequest::builder().delete_request(delete).build();
                let batch = client.batch_write_item().request_items(table, vec![write]);
                allowed(batch.send().await)
            }
        }
    }
}

fn allowed<T, E, R>(result: Result<T, SdkError<E, R>>) -> Result<(), Trouble>
where
    E: ProvideErrorMetadata + std::error::Error,
    R: std::fmt::Debug,
    SdkError<E, R>: RequestId,
{
    match result {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
        Err(error) => Err(Trouble::of(&error)),
    }
}
