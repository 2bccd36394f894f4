//! A group's entry: what Okta was told about it, and whether it is ours.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError, primitives::Blob, types::AttributeValue,
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

/// What is known about a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupIs {
    /// We made it.
    Ours,
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
    /// The group.
    pub id: GroupId,
    /// What is known about it.
    pub is: GroupIs,
    /// The print of the name and description that Okta was last told.
    pub print: [u8; 16],
    /// The number of the session that told it.
    pub session: Number,
    /// The number of the session that made it.
    pub made: Number,
    /// When it was written.
    pub at: Timestamp,
    /// How many members were taken out of it, by the hour, as far as that still counts.
    pub left: BTreeMap<Hour, u64>,
}

const PREFIX: &str = "group#";
const ID: &str = "g";
const IS: &str = "gt";
const MADE: &str = "gs";
const LEFT: &str = "gl";
const REFUSED: &str = "gr";

impl GroupEntry {
    /// The print of a group if nobody knows what Okta has of it.
    pub const UNKNOWN: [u8; 16] = [0; 16];
    /// The session of a group if nobody knows that it was made.
    pub const NEVER: Number = Number::MAX;

    /// Whether Okta certainly has it, because we made it: people can be put into it.
    #[must_use]
    pub fn is_there(&self, log: &SessionLog) -> bool {
        let made = standing(self.made, log);
        let is_certain = made.is_some_and(|made| made.holds && !made.live);
        is_certain && matches!(self.is, GroupIs::Ours | GroupIs::Refused(_))
    }

    /// Whether it may be there because we made it, but nobody knows: it must be told again.
    #[must_use]
    pub fn may_be_there(&self, log: &SessionLog) -> bool {
        match self.is {
            GroupIs::Foreign => false,
            GroupIs::Ours | GroupIs::Refused(_) => !self.is_there(log),
            GroupIs::Deleted => self.standing(log).is_none_or(|it| !it.holds || it.live),
        }
    }

    /// Whether it was last told to another identity source, or table.
    #[must_use]
    pub fn is_of_another(&self, log: &SessionLog) -> bool {
        log.is_of_another_binding(self.session)
    }

    /// How far its last telling can be relied on. `None` if it was not told to this identity
    /// source.
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

    /// All but how many members were taken out of it, which is counted separately.
    fn to_attributes(&self) -> Vec<(&'static str, AttributeValue)> {
        let text = AttributeValue::S;
        let number = |number: Number| AttributeValue::N(number.to_string());
        let bytes = |print: [u8; 16]| AttributeValue::B(Blob::new(print.as_slice()));
        let (is, refused) = match self.is {
            GroupIs::Ours => ("ours", None),
            GroupIs::Deleted => ("deleted", None),
            GroupIs::Foreign => ("foreign", None),
            GroupIs::Refused(print) => ("refused", Some(print)),
        };
        vec![
            (ID, text(self.id.to_string())),
            (IS, text(is.to_owned())),
            (entry::NUMBER, number(self.session)),
            (MADE, number(self.made)),
            ("at", text(self.at.to_string())),
            ("print", bytes(self.print)),
            (REFUSED, bytes(refused.unwrap_or(Self::UNKNOWN))),
        ]
    }

    pub(super) fn from_item(item: &Item) -> Option<Self> {
        let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<Number>().ok();
        let print = |name: &str| {
            let bytes = item.get(name)?.as_b().ok()?;
            <[u8; 16]>::try_from(bytes.as_ref()).ok()
        };
        let left = item
            .get(LEFT)?
            .as_m()
            .ok()?
            .iter()
            .filter_map(|(hour, members)| {
                let hour = Hour(hour.parse().ok()?);
                let members: i64 = members.as_n().ok()?.parse().ok()?;
                Some((hour, members.try_into().unwrap_or(0)))
            });
        Some(Self {
            id: GroupId::parse(item.get(ID)?.as_s().ok()?).ok()?,
            is: match item.get(IS)?.as_s().ok()?.as_str() {
                "ours" => GroupIs::Ours,
                "refused" => GroupIs::Refused(print(REFUSED)?),
                "deleted" => GroupIs::Deleted,
                // A later release may say this: hands off.
                _ => GroupIs::Foreign,
            },
            print: print("print").unwrap_or(Self::UNKNOWN),
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
    /// The entries of these groups. The answer leaves out groups without one.
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
    /// When not all could be written. [`Overtaken`](RecordError::Overtaken) if a later session has
    /// told one of them.
    pub async fn record_groups(&self, entries: &[GroupEntry]) -> Result<(), RecordError> {
        stream::iter(entries)
            .map(|entry| self.record_group(entry))
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await
    }

    async fn record_group(&self, entry: &GroupEntry) -> Result<(), RecordError> {
        let condition = "attribute_not_exists(#n) OR #n <= :n";
        match self.set_group(entry, condition, None).await? {
            true => Ok(()),
            false => Err(RecordError::Overtaken),
        }
    }

    /// Writes what Okta answered about a group, if its entry is as it was read: a run that has the
    /// lease may know better.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn note_group(
        &self,
        entry: &GroupEntry,
        before: Option<&GroupEntry>,
    ) -> Result<bool, LedgerError> {
        match before {
            Some(before) => {
                let at = AttributeValue::S(before.at.to_string());
                self.set_group(entry, "#at = :before", Some(at)).await
            }
            None => {
                self.set_group(entry, "attribute_not_exists(#n)", None)
                    .await
            }
        }
    }

    async fn set_group(
        &self,
        entry: &GroupEntry,
        condition: &str,
        before: Option<AttributeValue>,
    ) -> Result<bool, LedgerError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(GroupEntry::pk(&entry.id)))
            .condition_expression(condition)
            .expression_attribute_names("#n", entry::NUMBER)
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":empty", AttributeValue::M(Item::new()));
        if let Some(before) = before {
            update = update.expression_attribute_values(":before", before);
        }
        let mut sets = vec![format!("{LEFT} = if_not_exists({LEFT}, :empty)")];
        for (name, value) in entry.to_attributes() {
            let short = match name {
                entry::NUMBER => "#n",
                "at" => "#at",
                name => name,
            };
            sets.push(format!("{short} = :{name}"));
            update = update.expression_attribute_values(format!(":{name}"), value);
        }
        let update = update.update_expression(format!("SET {}", sets.join(", ")));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(LedgerError::of("writing", &error)),
            },
        }
    }

    /// Counts members who are about to be taken out of a group, or takes them back if they were
    /// not, whatever else is counted at the same time. Hours that no longer count are dropped.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn count_left(
        &self,
        group: &GroupEntry,
        hour: Hour,
        members: i64,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let old: Vec<_> = group.left.keys().filter(|hour| !hour.counts(now)).collect();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(GroupEntry::pk(&group.id)))
            .condition_expression(format!("attribute_exists({LEFT})"))
            .expression_attribute_names("#hour", hour.0.to_string())
            .expression_attribute_values(":members", AttributeValue::N(members.to_string()))
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()));
        let mut removes = Vec::new();
        for (nth, old) in old.into_iter().enumerate() {
            removes.push(format!("{LEFT}.#old{nth}"));
            update = update.expression_attribute_names(format!("#old{nth}"), old.0.to_string());
        }
        let set = format!("SET {LEFT}.#hour = if_not_exists({LEFT}.#hour, :zero) + :members");
        let expression = match removes.is_empty() {
            true => set,
            false => format!("{set} REMOVE {}", removes.join(", ")),
        };
        match update.update_expression(expression).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(LedgerError::of("writing", &error)),
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
            GroupIs::Ours,
            GroupIs::Deleted,
            GroupIs::Foreign,
            GroupIs::Refused([9; 16]),
        ] {
            let entry = GroupEntry {
                id: GroupId::parse("sales").unwrap(),
                is,
                print: [7; 16],
                session: 9,
                made: 7,
                at: "2026-01-02T03:04:05Z".parse().unwrap(),
                left: [(Hour(5), 3)].into(),
            };

            let attributes = entry.to_attributes().into_iter();
            let left = [("5".to_owned(), AttributeValue::N("3".to_owned()))];
            let item = attributes.chain([(LEFT, AttributeValue::M(left.into()))]);
            let item = item.map(|(name, value)| (name.to_owned(), value)).collect();

            assert_eq!(GroupEntry::from_item(&item), Some(entry));
        }
    }
}
