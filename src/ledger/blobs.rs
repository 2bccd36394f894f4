//! Bytes that expire, in several items.

use std::ops::Range;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::Timestamp;

use super::{Ledger, LedgerError};
use crate::dynamodb::Item;

impl Ledger {
    /// Writes bytes in several items, which DynamoDB drops once they have expired. Gives how many.
    ///
    /// # Errors
    /// When not all could be written.
    pub(crate) async fn write_blobs(
        &self,
        pk: &str,
        blobs: impl Iterator<Item = Vec<u8>>,
        expires: Timestamp,
    ) -> Result<u64, LedgerError> {
        let items: Vec<_> = blobs
            .enumerate()
            .map(|(at, bytes)| {
                Item::from([
                    ("pk".to_owned(), AttributeValue::S(format!("{pk}#{at}"))),
                    ("bytes".to_owned(), AttributeValue::B(Blob::new(bytes))),
                    (
                        "expires".to_owned(),
                        AttributeValue::N(expires.as_second().to_string()),
                    ),
                ])
            })
            .collect();
        let count = items.len() as u64;
        // A batch takes 16 MB. These may have some hundred KB each.
        for item in items {
            self.put(vec![item]).await?;
        }
        Ok(count)
    }

    /// Reads what [`write_blobs`](Self::write_blobs) has written, as far as it is there.
    ///
    /// # Errors
    /// When any could not be read.
    pub(crate) async fn read_blobs(
        &self,
        pk: &str,
        which: Range<u64>,
    ) -> Result<Vec<Vec<u8>>, LedgerError> {
        let items = self.items(which.map(|at| format!("{pk}#{at}"))).await?;
        let blobs = items
            .into_iter()
            .filter_map(|mut item| item.remove("bytes"));
        Ok(blobs
            .filter_map(|bytes| match bytes {
                AttributeValue::B(blob) => Some(blob.into_inner()),
                _ => None,
            })
            .collect())
    }
}
