//! An item that is read, changed and written as a whole, by one writer at a time.

use aws_sdk_dynamodb::{operation::put_item::PutItemError, types::AttributeValue};
use serde::{Serialize, de::DeserializeOwned};

use super::{Ledger, LedgerError};
use crate::dynamodb::Item;

/// A value as it was read from its item, and which version of it that was.
#[derive(Debug, Clone, Default)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    version: u64,
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// It is written.
    Done,
    /// Somebody else has written since it was read: nothing was written.
    Overtaken,
}

impl<T: Serialize + DeserializeOwned + Default> Versioned<T> {
    /// Whether there was an item.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.version > 0
    }

    /// The value in an item. Its default if there is no item.
    pub(super) fn from_item(item: Option<&Item>) -> Result<Self, LedgerError> {
        let Some(item) = item else {
            return Ok(Self::default());
        };
        let read = || {
            let version = item.get("version")?.as_n().ok()?.parse().ok()?;
            let value = serde_json::from_str(item.get("value")?.as_s().ok()?).ok()?;
            Some(Self { value, version })
        };
        read().ok_or_else(|| {
            let pk = item.get("pk").and_then(|pk| pk.as_s().ok());
            LedgerError::because(
                "reading",
                format!(
                    "its item {} was written by another release, or changed by hand: use the \
                     release that wrote it",
                    pk.map_or("?", String::as_str)
                ),
            )
        })
    }
}

impl Ledger {
    /// The value under this key. Its default if there is none.
    ///
    /// # Errors
    /// When it could not be read.
    pub(crate) async fn read<T: Serialize + DeserializeOwned + Default>(
        &self,
        pk: &'static str,
    ) -> Result<Versioned<T>, LedgerError> {
        let items = self.items([pk.to_owned()]).await?;
        Versioned::from_item(items.first())
    }

    /// Writes a value unless somebody else has written it since it was read.
    ///
    /// # Errors
    /// When it is unknown whether it was written, or it was not.
    pub(crate) async fn write<T: Serialize>(
        &self,
        pk: &'static str,
        versioned: &mut Versioned<T>,
    ) -> Result<Written, LedgerError> {
        const DOING: &str = "writing";
        let value = serde_json::to_string(&versioned.value)
            .map_err(|error| LedgerError::because(DOING, error))?;
        let next = versioned.version + 1;
        // A retry whose first answer was lost finds its own mark.
        let mark = format!("{:016x}", fastrand::u64(..));
        let result = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", AttributeValue::S(pk.to_owned()))
            .item("version", AttributeValue::N(next.to_string()))
            .item("mark", AttributeValue::S(mark.clone()))
            .item("value", AttributeValue::S(value))
            .condition_expression(
                "attribute_not_exists(pk) OR #version = :version OR #mark = :mark",
            )
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#mark", "mark")
            .expression_attribute_values(
                ":version",
                AttributeValue::N(versioned.version.to_string()),
            )
            .expression_attribute_values(":mark", AttributeValue::S(mark))
            .send()
            .await;
        match result {
            Ok(_) => {
                versioned.version = next;
                Ok(Written::Done)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(Written::Overtaken),
                _ => Err(LedgerError::of(DOING, &error)),
            },
        }
    }
}
