//! Imports whose outcome for their people must still be seen.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, Number, Versioned, Written};
use crate::okta::SessionId;

/// The key of the item.
const PK: &str = "unchecked";
/// How many sessions are remembered. There is one in five minutes. The next verification finds what
/// was in the others.
const SESSIONS: usize = 40;
/// How much is kept of people, in bytes: an item stays small.
const PEOPLE: usize = 30_000;

/// Imports whose outcome for their people must still be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Unchecked {
    sessions: BTreeMap<Number, Import>,
    /// Whether Okta was seen not to show a deactivated person singly. Otherwise it says nothing
    /// that it shows somebody.
    pub leavers_vanish: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// Okta's id.
    pub id: SessionId,
    /// When it was about to be started.
    pub at: Timestamp,
    /// The external ids of the people who must still be asked for, one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// When it was first known to have landed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landed: Option<Timestamp>,
    /// When Okta's log was first seen to say that it is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete: Option<Timestamp>,
    /// Whether Okta's log has said all, or cannot be read.
    #[serde(default)]
    pub log_done: bool,
}

impl Import {
    fn bytes(&self) -> usize {
        self.people.iter().map(String::len).sum()
    }

    fn is_done(&self) -> bool {
        self.people.is_empty() && self.log_done
    }
}

impl Unchecked {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Number, &Import)> {
        self.sessions.iter().map(|(number, it)| (*number, it))
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, number: Number) -> Option<&Import> {
        self.sessions.get(&number)
    }

    /// Remembers one. Forgets the oldest if there is no room for it.
    pub fn insert(&mut self, number: Number, import: Import) {
        self.sessions.insert(number, import);
        while self.sessions.len() > SESSIONS {
            self.sessions.pop_first();
        }
        let mut bytes: usize = self.sessions.values().map(Import::bytes).sum();
        for import in self.sessions.values_mut() {
            if bytes > PEOPLE {
                bytes -= import.bytes();
                import.people.clear();
            }
        }
    }

    /// Changes one, and forgets it once there is nothing left to see.
    pub fn change(&mut self, number: Number, change: impl FnOnce(&mut Import)) {
        if let Some(import) = self.sessions.get_mut(&number) {
            change(import);
            if import.is_done() {
                self.sessions.remove(&number);
            }
        }
    }

    /// Forgets one.
    pub fn forget(&mut self, number: Number) {
        self.sessions.remove(&number);
    }
}

impl Ledger {
    /// Imports whose outcome for their people must still be seen.
    ///
    /// # Errors
    /// When the state table could not be read.
    pub async fn unchecked(&self) -> Result<Unchecked, LedgerError> {
        Ok(self.read_unchecked().await?.value)
    }

    /// Changes what is remembered about them, whatever others change at the same time. Gives what
    /// is there then.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn change_unchecked(
        &self,
        change: impl Fn(&mut Unchecked),
    ) -> Result<Unchecked, LedgerError> {
        loop {
            let mut unchecked = self.read_unchecked().await?;
            let before = unchecked.value.clone();
            change(&mut unchecked.value);
            if unchecked.value == before {
                return Ok(before);
            }
            match self.write(PK, &mut unchecked).await? {
                Written::Done => return Ok(unchecked.value),
                Written::Overtaken => {}
            }
        }
    }

    async fn read_unchecked(&self) -> Result<Versioned<Unchecked>, LedgerError> {
        let items = self.items([PK.to_owned()]).await?;
        Versioned::from_item(items.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_sessions_there_are_the_item_stays_small_and_the_newest_are_kept() {
        let mut unchecked = Unchecked::default();
        for number in 1..=200 {
            let import = Import {
                id: SessionId::from(format!("aps{number}")),
                at: Timestamp::UNIX_EPOCH,
                people: vec!["x".repeat(512); 25],
                landed: None,
                complete: None,
                log_done: false,
            };
            unchecked.insert(number, import);
        }

        let json = serde_json::to_string(&unchecked).unwrap();

        assert!(json.len() < 40_000, "{}", json.len());
        assert_eq!(unchecked.iter().count(), SESSIONS);
        assert_eq!(unchecked.get(200).unwrap().people.len(), 25);
    }
}
