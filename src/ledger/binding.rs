//! What the ledger is about: one identity source of one org, and one users table.

use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, Versioned, Written};

/// The key of the item.
pub(super) const PK: &str = "binding";

/// What the ledger is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Binding {
    /// The org's URL.
    pub org: String,
    /// The identity source's id.
    pub identity_source: String,
    /// The users table: its ARN where it is known, or its name.
    pub users_table: String,
    /// The users table's key attributes and their types, such as `id (S)`.
    pub key: String,
    /// The mapping's template of the external id.
    pub external_id: String,
}

impl Binding {
    /// What differs, a phrase each; nothing where all is the same.
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
}
