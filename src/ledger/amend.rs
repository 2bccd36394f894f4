//! Changes of entries in place, each only if the entry is as it was read.

use aws_sdk_dynamodb::{
    operation::{delete_item::DeleteItemError, update_item::UpdateItemError},
    types::AttributeValue,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;

use super::{
    Entry, IdHash, Ledger, LedgerError, Memberships, entry::NUMBER, membership, store::IN_FLIGHT,
};
use crate::{dynamodb::Item, users::RecordKey};

/// Each telling has a time of its own, in one of two attributes: see [`Entry::to_item`].
pub(super) const AS_READ: &str = "(#at = :at OR toldAt = :at)";

/// A change of one entry.
struct Amendment<'a> {
    update: &'a str,
    condition: &'a str,
    names: &'a [(&'a str, &'a str)],
    values: Item,
}

impl Ledger {
    /// Drops an entry that is no longer needed, if it is as it was read.
    ///
    /// # Errors
    /// When it is unknown whether it was dropped.
    pub async fn drop_entry(&self, entry: &Entry) -> Result<(), LedgerError> {
        let result = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(IdHash::of(&entry.external_id).pk()))
            .condition_expression(AS_READ)
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", text(entry.at))
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(LedgerError::of("dropping an entry of", &error)),
            },
        }
    }

    /// Remembers that a push wants somebody to leave that the guard withholds, if their entry is as
    /// it was read.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn is_to_leave(&self, entry: &Entry, pushed: Timestamp) -> Result<(), LedgerError> {
        let amendment = Amendment {
            update: "SET toLeave = :true, pushed = :pushed",
            condition: AS_READ,
            names: &[("#at", "at")],
            values: [
                (":at".to_owned(), text(entry.at)),
                (":true".to_owned(), AttributeValue::Bool(true)),
                (":pushed".to_owned(), text(pushed)),
            ]
            .into(),
        };
        let id = IdHash::of(&entry.external_id);
        self.amend(id, amendment).await.map(|_| ())
    }

    /// Writes what a session tells about users' groups, each only if the entry is as it was read.
    /// Gives how many were not.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub(crate) async fn record_memberships(
        &self,
        changed: &[(Entry, Memberships)],
    ) -> Result<u64, LedgerError> {
        stream::iter(changed)
            .map(|(entry, memberships)| self.record_membership(entry, Some(memberships)))
            .buffer_unordered(IN_FLIGHT)
            .try_fold(
                0,
                |failed, done| async move { Ok(failed + u64::from(!done)) },
            )
            .await
    }

    /// Writes what is known about somebody's groups without telling it, if their entry is as it was
    /// read: groups that are gone do not have to be remembered.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub(crate) async fn tidy_memberships(
        &self,
        entry: &Entry,
        memberships: Option<&Memberships>,
    ) -> Result<bool, LedgerError> {
        self.record_membership(entry, memberships).await
    }

    async fn record_membership(
        &self,
        entry: &Entry,
        memberships: Option<&Memberships>,
    ) -> Result<bool, LedgerError> {
        let attributes = memberships.into_iter().flat_map(Memberships::to_attributes);
        let attributes: Item = attributes
            .map(|(name, value)| (format!(":{name}"), value))
            .collect();
        let is_set = |name: &&str| attributes.contains_key(&format!(":{name}"));
        let (set, removed): (Vec<_>, Vec<_>) =
            Memberships::ATTRIBUTES.into_iter().partition(is_set);
        let sets: Vec<_> = set.iter().map(|name| format!("{name} = :{name}")).collect();
        let mut update = String::new();
        if !sets.is_empty() {
            update.push_str(&format!("SET {} ", sets.join(", ")));
        }
        if !removed.is_empty() {
            update.push_str(&format!("REMOVE {}", removed.join(", ")));
        }
        // No two sessions are told in the order of their numbers and written in another: the run
        // that has read the entry has the lease, and a late write of a dead run finds another time
        // or number.
        let before = entry.memberships.as_ref().map(|before| before.session);
        let condition = match before {
            Some(_) => format!("{AS_READ} AND #n = :before"),
            None => format!("{AS_READ} AND attribute_not_exists(#n)"),
        };
        let before =
            before.map(|number| (":before".to_owned(), AttributeValue::N(number.to_string())));
        let amendment = Amendment {
            update: update.trim_end(),
            condition: &condition,
            names: &[("#at", "at"), ("#n", membership::NUMBER)],
            values: attributes
                .into_iter()
                .chain([(":at".to_owned(), text(entry.at))])
                .chain(before)
                .collect(),
        };
        self.amend(IdHash::of(&entry.external_id), amendment).await
    }

    /// Remembers a push that says nothing new, if the entry is as it was read. False if it is not.
    /// If it says that the user stays, no push wants them to leave any more.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn note_push(
        &self,
        entry: &Entry,
        pushed: Timestamp,
        stays: bool,
    ) -> Result<bool, LedgerError> {
        let before = entry
            .pushed
            .map(|before| (":before".to_owned(), text(before)));
        let condition = match before {
            Some(_) => format!("{AS_READ} AND (pushed = :before OR pushed = :pushed)"),
            None => format!("{AS_READ} AND (attribute_not_exists(pushed) OR pushed = :pushed)"),
        };
        let values = [
            (":at".to_owned(), text(entry.at)),
            (":pushed".to_owned(), text(pushed)),
        ];
        let amendment = Amendment {
            update: if stays {
                "SET pushed = :pushed REMOVE toLeave"
            } else {
                "SET pushed = :pushed"
            },
            condition: &condition,
            names: &[("#at", "at")],
            values: values.into_iter().chain(before).collect(),
        };
        self.amend(IdHash::of(&entry.external_id), amendment).await
    }

    /// Remembers a push about somebody that the ledger does not know, if it still does not. False
    /// if it does.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub(crate) async fn remember_stranger(&self, entry: &Entry) -> Result<bool, LedgerError> {
        let mut item = entry.to_item();
        item.remove("pk");
        let (mut sets, mut names, mut values) = (Vec::new(), Vec::new(), Item::new());
        for (nth, (name, value)) in item.into_iter().enumerate() {
            sets.push(format!("#n{nth} = :v{nth}"));
            names.push((format!("#n{nth}"), name));
            values.insert(format!(":v{nth}"), value);
        }
        let names: Vec<_> = names
            .iter()
            .map(|(name, stands_for)| (name.as_str(), stands_for.as_str()))
            .collect();
        let amendment = Amendment {
            update: &format!("SET {}", sets.join(", ")),
            condition: "attribute_not_exists(pk)",
            names: &names,
            values,
        };
        self.amend(IdHash::of(&entry.external_id), amendment).await
    }

    /// Makes users who came by push the users table's own.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn adopt(&self, users: &[(IdHash, RecordKey)]) -> Result<(), LedgerError> {
        stream::iter(users)
            .map(|(id, key)| async move {
                let amendment = Amendment {
                    update: "SET #key = :key REMOVE origin, toLeave",
                    condition: "attribute_exists(pk)",
                    names: &[("#key", "key")],
                    values: [(":key".to_owned(), AttributeValue::M(key.to_item()))].into(),
                };
                self.amend(*id, amendment).await.map(|_| ())
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await
    }

    /// Marks what Okta was told about these users as doubtful, where the entry is as it was read.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn doubt(&self, entries: &[Entry]) -> Result<(), LedgerError> {
        stream::iter(entries)
            .map(|entry| self.doubt_entry(entry))
            .buffer_unordered(IN_FLIGHT)
            .try_for_each(|_| std::future::ready(Ok(())))
            .await
    }

    /// Remembers that Okta does not have somebody as it was told, if their entry is as it was read.
    /// False if it is not.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn doubt_entry(&self, entry: &Entry) -> Result<bool, LedgerError> {
        let condition =
            format!("{AS_READ} AND (attribute_not_exists(#number) OR #number = :number)");
        let amendment = Amendment {
            update: "SET doubtful = :true",
            condition: &condition,
            names: &[("#at", "at"), ("#number", NUMBER)],
            values: [
                (":at".to_owned(), text(entry.at)),
                (
                    ":number".to_owned(),
                    AttributeValue::N(entry.session.to_string()),
                ),
                (":true".to_owned(), AttributeValue::Bool(true)),
            ]
            .into(),
        };
        self.amend(IdHash::of(&entry.external_id), amendment).await
    }

    /// Changes an entry. False if the condition does not hold.
    async fn amend(&self, id: IdHash, amendment: Amendment<'_>) -> Result<bool, LedgerError> {
        let Amendment {
            update,
            condition,
            names,
            values,
        } = amendment;
        let owned =
            |(name, stands_for): &(&str, &str)| ((*name).to_owned(), (*stands_for).to_owned());
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(id.pk()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names.iter().map(owned).collect()))
            .set_expression_attribute_values(Some(values))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(LedgerError::of("writing", &error)),
            },
        }
    }
}

fn text(at: Timestamp) -> AttributeValue {
    AttributeValue::S(at.to_string())
}
