//! In hand: the records and entries of some people, read now, and what is to be told of them.
//!
//! What is told is what is true now. So a suspicion does not age, nothing is planned twice, and it
//! does not matter who else was at work meanwhile.

mod about;
mod case;
mod member;
mod person;
mod pushed;
mod ready;
mod wanted;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

pub(super) use about::{subject, to_be_sent, to_be_told};
pub(crate) use about::{told_of, whom};
pub use case::{AtHand, Elsewhere, Known, Outcome, Why, outcome};
pub(super) use member::Member;
use person::Person;
pub(super) use pushed::stranger;
pub use ready::{Cost, Ready};
pub(crate) use wanted::{Wanted, Wants};

use super::{Aside, Reject, RunError, look::Suspect, look::Whole};
use crate::{
    guard::Approved,
    ledger::{Entry, IdHash, Ledger, Reading},
    mapping::{Mapped, Mapping},
    mutation,
    okta::ProfileSchema,
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
    /// The app's rules for profiles, where they are known.
    pub app: Option<&'a ProfileSchema>,
}

/// What else is known when people are taken in hand.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// What became of sessions and of charges.
    pub reading: &'a Reading,
    /// Whom Okta refuses.
    pub aside: &'a Aside,
    /// Of whom somebody has approved.
    pub approved: &'a Approved,
    /// What a read of the whole table has found, which ended just now.
    pub whole: Option<&'a Whole>,
}

/// Somebody in hand.
#[derive(Debug)]
pub struct InHand {
    /// Whom it is about.
    pub suspect: Suspect,
    /// What is to be done about them.
    pub decision: Decision,
    /// What the records about them say, by which it was decided.
    pub at_hand: AtHand,
    /// The entry that is to remember a push which says nothing new, and when the push was made.
    pub noted: Option<Box<Noted>>,
}

/// A push that says nothing new, and the entry that is to remember it.
#[derive(Debug)]
pub struct Noted {
    /// The entry as it was read.
    pub entry: Entry,
    /// When the push was made.
    pub at: Timestamp,
    /// Whether it says that they are to be active.
    pub stays: bool,
    /// Whether there is no entry yet.
    pub is_new: bool,
}

/// What the mapping makes of records, by the canonical text of their keys.
pub type Records = BTreeMap<String, (RecordKey, Mapped)>;

/// What is to be done about somebody.
#[derive(Debug)]
pub enum Decision {
    /// They are told.
    Tell(Box<Ready>),
    /// They are told once the sessions that may carry them have ended.
    Wait,
    /// A push says what Okta was told already, by an import that has not ended, or was overtaken by
    /// another that is not done: it is not done either.
    UnderWay(Stays),
    /// Nothing: Okta was told, or there is nothing to tell.
    Nothing(Stays),
    /// Our checks turn their record away.
    Rejected(Reject),
    /// Okta turned them away, and would be told the same.
    Refused(Reject),
    /// Only a look at the whole table can say.
    NextLook,
    /// They are to be inactive, and the ledger does not know them.
    Stranger,
}

/// How those are who stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// Active, as Okta was told.
    Active,
    /// Inactive, as Okta was told.
    Inactive,
    /// Not of this identity source.
    OutOfScope,
    /// Their first day is yet to come.
    Upcoming,
    /// Nobody can say, or there is nothing about them.
    AsTheyAre,
}

impl Hand<'_> {
    /// Whether the key of a record identifies the person.
    #[must_use]
    pub fn by_key(&self) -> bool {
        self.mapping.identifies_by(self.schema)
    }

    /// Takes people in hand: reads their records and entries, consistently, and decides.
    ///
    /// # Errors
    /// When any of them could not be read.
    pub async fn take(
        &self,
        suspects: &[Suspect],
        circumstances: &Circumstances<'_>,
    ) -> Result<Vec<InHand>, RunError> {
        let (mut entries, records) = self.read(suspects, circumstances).await?;
        Ok(suspects
            .iter()
            .map(|suspect| {
                let entry = entries.remove(&suspect.id);
                let person = Person {
                    hand: self,
                    circumstances,
                    suspect,
                    entry: entry.as_ref(),
                };
                let decision = person.decide(&records);
                InHand {
                    suspect: suspect.clone(),
                    noted: person.noted(&records, &decision),
                    at_hand: person.at_hand(&records).0,
                    decision: person.or_under_way(decision),
                }
            })
            .collect())
    }

    /// The entries of these people, and what the mapping makes of their records, both read now.
    async fn read(
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
            // What the ledger remembers of another table's key is no key.
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
