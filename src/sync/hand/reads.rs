//! What it takes to have people in hand, and what is read about them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

use super::Whole;
use crate::{
    guard::Approved,
    ledger::{Entry, IdHash, Ledger, Reading},
    mapping::{Mapped, Mapping},
    mutation,
    okta::ProfileSchema,
    sync::{Refusals, RunError, suspect::Suspect},
    users::{KeySchema, RecordKey, UsersTable},
};

/// What it takes to have people in hand.
#[derive(Debug)]
pub struct Hand<'a> {
    /// The users table.
    pub users: &'a UsersTable,
    /// What its records mean.
    pub mapping: &'a Arc<Mapping>,
    /// What Okta was told.
    pub ledger: &'a Ledger,
    /// The users table's key.
    pub schema: &'a KeySchema,
    /// The app's rules for profiles, if they are known.
    pub app: Option<&'a ProfileSchema>,
}

/// What else is known when people are taken in hand.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// What became of sessions and of charges.
    pub reading: &'a Reading,
    /// The people that Okta refuses.
    pub refusals: &'a Refusals,
    /// The people that somebody has approved.
    pub approved: &'a Approved,
    /// What a read of the whole table, which ended just now, has found.
    pub whole: Option<&'a Whole>,
}

/// What the mapping makes of records, by the canonical text of their keys.
pub type Records = BTreeMap<String, (RecordKey, Mapped)>;

impl Hand<'_> {
    /// Whether a record's key identifies the person.
    #[must_use]
    pub fn by_key(&self) -> bool {
        self.mapping.identifies_by(self.schema)
    }

    /// The entries of these people, and what the mapping makes of their records, both read now.
    pub(super) async fn read(
        &self,
        suspects: &[Suspect],
        circumstances: &Circumstances<'_>,
    ) -> Result<(HashMap<IdHash, Entry>, Records), RunError> {
        let ids: Vec<_> = suspects.iter().map(|suspect| suspect.id).collect();
        let log = &circumstances.reading.log;
        let entries = self.ledger.entries(&ids, log).await?.into_iter();
        let entries = entries.map(|entry| (IdHash::of(&entry.external_id), entry));
        let entries: HashMap<_, _> = entries.collect();
        let keys: Vec<_> = suspects
            .iter()
            .flat_map(|suspect| {
                let told = entries.get(&suspect.id).map(|entry| &entry.key);
                suspect.keys.iter().chain(told)
            })
            // What the ledger remembers of another table's key is not a key here.
            .filter(|key| self.schema.is_of(key))
            .cloned()
            .collect();
        let records = self.mapped(&keys).await?;
        Ok((entries, records))
    }

    /// Whether the table has any record in scope.
    ///
    /// # Errors
    /// When it could not be read.
    pub async fn somebody_is_in_scope(&self) -> Result<bool, RunError> {
        let now = self.now();
        let is_in_scope = |record| {
            !matches!(
                self.mapping.map(record, now),
                Mapped::OutOfScope { .. } | Mapped::Unidentified(_) | Mapped::Impossible(_)
            )
        };
        Ok(self
            .users
            .has(self.mapping.attributes(), is_in_scope)
            .await?)
    }

    /// What the mapping makes of the records under these keys, by the keys' canonical text.
    ///
    /// # Errors
    /// When any of them could not be read.
    pub async fn mapped(&self, keys: &[RecordKey]) -> Result<Records, RunError> {
        let found = self.users.reread(keys, self.mapping.attributes()).await?;
        let records = found.into_records();
        let believed = mutation::believed(keys, RecordKey::canonical).unwrap_or_default();
        let now = self.now();
        Ok(records
            .chain(believed)
            .map(|(key, record)| (key.canonical(), (key, self.mapping.map(record, now))))
            .collect())
    }

    /// The moment at which records are judged now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.ledger.clock.now()
    }
}
