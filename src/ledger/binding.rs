//! What the ledger is about: one identity source of one org, and one users table.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, Versioned, Written};

/// The key of the item.
pub(super) const PK: &str = "binding";
/// The key of the item that remembers which other ids a verification has shown.
const SHOWN: &str = "shown";
/// How long that counts: people come and go.
const COUNTS_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// What the ledger is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Binding {
    /// The org's URL.
    pub org: String,
    /// The id of the identity source (the Custom Identity Source app).
    pub identity_source: String,
    /// The users table: its ARN if it is known, or its name.
    pub users_table: String,
    /// The users table's key attributes and their types, such as `id (S)`.
    pub key: String,
    /// The mapping's template of the external id.
    pub external_id: String,
}

/// A verification has shown who would get another id by this binding's externalId template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Shown {
    by: Option<Binding>,
    at: Option<Timestamp>,
}

impl Binding {
    /// Whether another externalId template gives people their ids, so that they would be other
    /// people to Okta.
    #[must_use]
    pub fn has_other_ids(&self, now: &Self) -> bool {
        self.external_id != now.external_id
    }

    /// What differs, as phrases. None if all is the same.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let pairs = [
            ("the org", &self.org, &now.org),
            (
                "the identity source",
                &self.identity_source,
                &now.identity_source,
            ),
            ("the users table", &self.users_table, &now.users_table),
            ("the users table's key", &self.key, &now.key),
            (
                "the mapping's externalId",
                &self.external_id,
                &now.external_id,
            ),
        ];
        pairs
            .into_iter()
            .filter(|(_, was, is)| was != is)
            .map(|(what, was, is)| format!("{what} was {was} and is {is}"))
            .collect()
    }
}

impl Ledger {
    /// Binds the ledger, unless somebody else has changed its binding since it was read.
    ///
    /// # Errors
    /// When the state table could not be written.
    pub async fn bind(&self, to: &mut Versioned<Binding>) -> Result<Written, LedgerError> {
        self.write(PK, to).await
    }

    /// A verification has shown who would get another id if the ledger were about this.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub(crate) async fn ids_were_shown(
        &self,
        by: Binding,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let shown = Shown {
            by: Some(by),
            at: Some(at),
        };
        loop {
            let mut item = self.read::<Shown>(SHOWN).await?;
            item.value = shown.clone();
            if self.write(SHOWN, &mut item).await? == Written::Done {
                return Ok(());
            }
        }
    }

    /// Whether a verification has lately shown who would get another id if the ledger were about
    /// this.
    ///
    /// # Errors
    /// When the state table could not be read.
    pub(crate) async fn has_shown_ids(
        &self,
        by: &Binding,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let shown = self.read::<Shown>(SHOWN).await?.value;
        let is_new = shown.at.is_some_and(|at| now < at + COUNTS_FOR);
        Ok(is_new && shown.by.as_ref() == Some(by))
    }
}
