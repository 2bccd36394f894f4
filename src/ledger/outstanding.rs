//! What a look at the whole table found and no session has carried yet.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, Versioned, Written, store::IN_FLIGHT};

/// The key of the item that says how far the list is. The list is in `outstanding#<list>#<n>`.
const PK: &str = "outstanding";

/// A list of people who are still to tell, and how far it is worked through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Outstanding {
    /// The list's name. Empty if there is none.
    pub list: String,
    /// When the look that made it began.
    pub looked_at: Option<Timestamp>,
    /// What the finding depends on: another mapping or release finds others.
    pub by: String,
    /// How many people are in each of its items.
    pub items: Vec<u32>,
    /// How many of them, from the first on, have been in hand.
    pub told: u64,
    /// How many people were told active: when the look saw the ledger, and since.
    pub active: u64,
    /// Whether all leavers of the look were told, and people who are told separately. Before that
    /// nobody goes on with the list.
    pub is_ready: bool,
}

impl Outstanding {
    /// How many people are on the list.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.items.iter().copied().map(u64::from).sum()
    }

    fn pk(&self, item: usize) -> String {
        format!("{PK}#{}#{item}", self.list)
    }

    /// The first item with somebody who has not been in hand, and how many of it have been.
    fn place(&self) -> (usize, u64) {
        let mut before = self.told;
        for (at, people) in self.items.iter().copied().map(u64::from).enumerate() {
            if before < people {
                return (at, before);
            }
            before -= people;
        }
        (self.items.len(), 0)
    }
}

impl Ledger {
    /// The list, whether it is still good or not.
    ///
    /// # Errors
    /// When the state table could not be read.
    pub async fn outstanding(&self) -> Result<Outstanding, LedgerError> {
        Ok(self.read(PK).await?.value)
    }

    /// Keeps a list instead of the one that is there. `items` are its people, in items of a size
    /// that DynamoDB takes.
    ///
    /// # Errors
    /// When not all of it could be written.
    pub async fn keep_outstanding(
        &self,
        list: &Outstanding,
        items: impl Iterator<Item = Vec<u8>>,
        expires: Timestamp,
    ) -> Result<(), LedgerError> {
        let pk = format!("{PK}#{}", list.list);
        self.write_blobs(&pk, items, expires).await?;
        // Another look may have begun later and ended sooner.
        self.change_outstanding(|now| (now.looked_at <= list.looked_at).then(|| list.clone()))
            .await
    }

    /// The next people of the list, as they were kept, up to this many: for each item its bytes,
    /// how many people are in it, and how many of these have been in hand. `None` if anything is
    /// missing.
    ///
    /// # Errors
    /// When the state table could not be read.
    pub async fn read_outstanding(
        &self,
        list: &Outstanding,
        most: u64,
    ) -> Result<Option<Vec<(Vec<u8>, u32, u64)>>, LedgerError> {
        let (first, mut skip) = list.place();
        let mut read = Vec::new();
        let mut people = 0;
        for (at, in_it) in list.items.iter().copied().enumerate().skip(first) {
            if people >= most {
                break;
            }
            let items = self.items([list.pk(at)]).await?;
            let bytes = items
                .into_iter()
                .next()
                .and_then(|mut item| item.remove("bytes"));
            let Some(AttributeValue::B(bytes)) = bytes else {
                return Ok(None);
            };
            read.push((Blob::into_inner(bytes), in_it, skip));
            people += u64::from(in_it) - skip;
            skip = 0;
        }
        Ok(Some(read))
    }

    /// Notes how far this list is worked through. It never goes back.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn outstanding_told(&self, list: &Outstanding) -> Result<(), LedgerError> {
        self.change_outstanding(|now| {
            let next = Outstanding {
                told: now.told.max(list.told),
                active: now.active.max(list.active),
                is_ready: now.is_ready || list.is_ready,
                ..now.clone()
            };
            (now.list == list.list && next != *now).then_some(next)
        })
        .await
    }

    /// Drops a list.
    ///
    /// # Errors
    /// When the state table could not be read or written. What is left of it expires.
    pub async fn drop_outstanding(&self, list: &Outstanding) -> Result<(), LedgerError> {
        let is_done = list.told >= list.people() && list.is_ready;
        let looked = |now: &Outstanding| match is_done {
            // It is worth knowing that it was finished.
            true => Outstanding {
                list: String::new(),
                items: Vec::new(),
                told: 0,
                is_ready: true,
                ..now.clone()
            },
            false => Outstanding::default(),
        };
        self.change_outstanding(|now| {
            (now.list == list.list && !now.list.is_empty()).then(|| looked(now))
        })
        .await?;
        let deleted: Vec<_> = stream::iter(0..list.items.len())
            .map(|item| {
                let delete = self.client.delete_item().table_name(&self.table);
                let delete = delete.key("pk", AttributeValue::S(list.pk(item)));
                delete.send()
            })
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        deleted
            .into_iter()
            .find_map(Result::err)
            .map_or(Ok(()), |error| Err(LedgerError::of("tidying", &error)))
    }

    async fn change_outstanding(
        &self,
        change: impl Fn(&Outstanding) -> Option<Outstanding>,
    ) -> Result<(), LedgerError> {
        loop {
            let mut item: Versioned<Outstanding> = self.read(PK).await?;
            let Some(next) = change(&item.value) else {
                return Ok(());
            };
            item.value = next;
            if self.write(PK, &mut item).await? == Written::Done {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_where_it_stands() {
        let at = |told| {
            let list = Outstanding {
                items: vec![3, 2],
                told,
                ..Outstanding::default()
            };
            list.place()
        };

        assert_eq!(at(0), (0, 0));
        assert_eq!(at(2), (0, 2));
        assert_eq!(at(3), (1, 0));
        assert_eq!(at(4), (1, 1));
        assert_eq!(at(5), (2, 0));
    }
}
