//! Who was still to tell when full runs ended, one after another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{IdHash, Ledger, LedgerError, Versioned};

/// The key of the item.
const PK: &str = "pending";
/// How many people are followed.
const FOLLOWED: usize = 100;

/// For how many full runs each person was pending, by the hash of their external id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Pending(BTreeMap<String, u32>);

impl Ledger {
    /// Remembers the first people who are still to tell at the end of a full run. Gives over how
    /// many full runs one of them was.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn still_pending(
        &self,
        people: impl Iterator<Item = IdHash>,
    ) -> Result<u32, LedgerError> {
        let items = self.items([PK.to_owned()]).await?;
        let mut pending = Versioned::<Pending>::from_item(items.first())?;
        let before = std::mem::take(&mut pending.value.0);
        let now = people.take(FOLLOWED).map(IdHash::hex).map(|id| {
            let runs = before.get(&id).copied().unwrap_or(0);
            (id, runs + 1)
        });
        pending.value.0 = now.collect();
        let longest = pending.value.0.values().max().copied().unwrap_or(0);
        if pending.value.0 != before {
            // If another full run is quicker, it has counted the same.
            let _ = self.write(PK, &mut pending).await?;
        }
        Ok(longest)
    }
}
