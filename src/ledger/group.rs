//! A group's entry: what Okta was told of it, and whether it is ours.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError, primitives::Blob, types::AttributeValue,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;

use super::{
    IdHash, Ledger, LedgerError, RecordError,
    charge::Hour,
    entry,
    log::{Number, SessionLog, Standing, Telling},
    store::IN_FLIGHT,
};
use crate::{
    dynamodb::Item,
    mapping::{Fingerprint, GroupId},
};

/// What is known of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupIs {
    /// We made it, with the name and description of this print.
    Ours([u8; 16]),
    /// We made it, and deleted it.
    Deleted,
    /// It was there before us: it is never touched.
    Foreign,
    /// Okta refuses it with the name and description of this print.
    Refused([u8; 16]),
}

/// A group's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupEntry {
    /// Which.
    pub id: GroupId,
    /// What is known of it.
    pub is: GroupIs,
    /// The number of the session that told it.
    pub session: Number,
    /// The number of the session that made it.
    pub made: Number,
    /// When it was written.
    pub at: Timestamp,
    /// How many members were taken out of it, by the hour, as far as that counts.
    pub left: BTreeMap<Hour, u64>,
}

const PREFIX: &str = "group#";
const ID: &str = "g";
const IS: &str = "gt";
const MADE: &str = "gs";
const LEFT: &str = "gl";

impl GroupEntry {
    /// The session that made a group which nobody knows to have been made.
    pub const NEVER: Number = Number::MAX;

    /// Whether Okta certainly has it, because we made it: somebody can be put into it.
    #[must_use]
    pub fn is_there(&self, log: &SessionLog) -> bool {
        let made = standing(self.made, log);
        let is_certain = made.is_some_and(|made| made.holds && !made.live);
        is_certain && matches!(self.is, GroupIs::Ours(_) | GroupIs::Refused(_))
    }

    /// Whether it may be there because we made it, though nobody knows: it is to be told again.
    #[must_use]
    pub fn may_be_there(&self, log: &SessionLog) -> bool {
        match self.is {
            GroupIs::Foreign => false,
            GroupIs::Ours(_) | GroupIs::Refused(_) => !self.is_there(log),
            GroupIs::Deleted => self.standing(log).is_none_or(|it| !it.holds || it.live),
        }
    }

    /// How its last telling stands: `None` where it was not told to this identity source.
    #[must_use]
    pub fn standing(&self, log: &SessionLog) -> Option<Standing> {
        standing(self.session, log)
    }

    /// How many members were taken out of it within 24 hours.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> u64 {
        let counted = self.left.iter().filter(|(hour, _)| hour.counts(now));
        counted.map(|(_, members)| *members).sum()
    }

    fn pk(id: &GroupId) -> String {
        format!("{PREFIX}{}", IdHash::of_text(id.as_str()).hex())
    }

    pub(super) fn is_item(item: &Item) -> bool {
        item.contains_key(ID)
    }

    fn to_item(&self) -> Item {
        let text = AttributeValue::S;
        let number = |number: Number| AttributeValue::N(number.to_string());
        let (is, print) = match self.is {
            GroupIs::Ours(print) => ("ours", Some(print)),
            GroupIs::Deleted => ("deleted", None),
            GroupIs::Foreign => ("foreign", None),
            GroupIs::Refused(print) => ("refused", Some(print)),
        };
        let left = self.left.iter().map(|(hour, members)| {
            let members = AttributeValue::N(members.to_string());
            (hour.0.to_string(), members)
        });
        let required = [
            ("pk", text(Self::pk(&self.id))),
            (ID, text(self.id.to_string())),
            (IS, text(is.to_owned())),
            (entry::NUMBER, number(self.session)),
            (MADE, number(self.made)),
            ("at", text(self.at.to_string())),
            (LEFT, AttributeValue::M(left.collect())),
        ];
        let print = print.map(|print| ("print", AttributeValue::B(Blob::new(print.as_slice()))));
        required
            .into_iter()
            .chain(print)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    pub(super) fn from_item(item: &Item) -> Option<Self> {
        let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<Number>().ok();
        let print = item.get("print").and_then(|print| print.as_b().ok());
        let print = print.and_then(|print| <[u8; 16]>::try_from(print.as_ref()).ok());
        let left = item
            .get(LEFT)?
            .as_m()
            .ok()?
            .iter()
            .filter_map(|(hour, members)| {
                let hour = Hour(hour.parse().ok()?);
                Some((hour, members.as_n().ok()?.parse().ok()?))
            });
        Some(Self {
            id: GroupId::parse(item.get(ID)?.as_s().ok()?).ok()?,
            is: match (item.get(IS)?.as_s().ok()?.as_str(), print) {
                ("ours", Some(print)) => GroupIs::Ours(print),
                ("refused", Some(print)) => GroupIs::Refused(print),
                ("deleted", _) => GroupIs::Deleted,
                // What a later release may say: hands off.
                _ => GroupIs::Foreign,
            },
            session: number(entry::NUMBER)?,
            made: number(MADE)?,
            at: entry::at(item)?,
            left: left.collect(),
        })
    }
}

fn standing(session: Number, log: &SessionLog) -> Option<Standing> {
    log.standing(Telling {
        told: super::Told::Active(Fingerprint::unknown()),
        session,
        behind: None,
        doubtful: false,
    })
}

impl Ledger {
    /// The entries of these groups. Which has none is not in the answer.
    ///
    /// # Errors
    /// When any entry could not be read.
    pub async fn groups(&self, ids: &[GroupId]) -> Result<Vec<GroupEntry>, LedgerError> {
        let items = self.items(ids.iter().map(GroupEntry::pk)).await?;
        Ok(items.iter().filter_map(GroupEntry::from_item).collect())
    }

    /// Writes entries of groups. None of them replaces one of a later session.
    ///
    /// # Errors
    /// When not all could be written; [`Overtaken`](RecordError::Overtaken) if a later session has
    /// told one of them.
    pub async fn record_groups(&self, entries: &[GroupEntry]) -> Result<(), RecordError> {
        stream::iter(entries)
            .map(|entry| self.record_group(entry))
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await
    }

    async fn record_group(&self, entry: &GroupEntry) -> Result<(), RecordError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(entry.to_item()))
            .condition_expression("attribute_not_exists(#number) OR #number <= :number")
            .expression_attribute_names("#number", entry::NUMBER)
            .expression_attribute_values(":number", AttributeValue::N(entry.session.to_string()))
            .send();
        match put.await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    Err(RecordError::Overtaken)
                }
                _ => Err(LedgerError::of("writing", &error).into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_groups_entry_survives_the_state_table() {
        for is in [
            GroupIs::Ours([7; 16]),
            GroupIs::Deleted,
            GroupIs::Foreign,
            GroupIs::Refused([9; 16]),
        ] {
            let entry = GroupEntry {
                id: GroupId::parse("sales").unwrap(),
                is,
                session: 9,
                made: 7,
                at: "2026-01-02T03:04:05Z".parse().unwrap(),
                left: [(Hour(5), 3)].into(),
            };

            assert_eq!(GroupEntry::from_item(&entry.to_item()), Some(entry));
        }
    }
}
