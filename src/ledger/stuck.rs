//! Who is stuck: records that cannot be sent, and users that Okta refuses.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{IdHash, Ledger, LedgerError, Told};
use crate::{dynamodb::Item, mapping::Fingerprint};

/// How many shelves there are, one for each first digit of a key. Each is an item of the state
/// table.
const SHELVES: usize = 16;
/// What a shelf holds, in bytes as they are counted here. DynamoDB's limit is 400 KB an item, and
/// every run reads all shelves.
const SHELF: usize = 100_000;
/// How much is kept of a reason or a record's key, in characters, and how many reasons.
const TEXT: usize = 400;
const REASONS: usize = 5;

/// What somebody who is stuck is found by: their external id, or the key of a record without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StuckKey(IdHash);

impl StuckKey {
    /// The key of a user.
    #[must_use]
    pub fn of_user(id: IdHash) -> Self {
        Self(id)
    }

    /// The key of a record without an external id, as it is displayed.
    #[must_use]
    pub fn of_record(record: &str) -> Self {
        Self(IdHash::of_text(&format!("record {record}")))
    }
}

/// Somebody who is stuck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StuckEntry {
    /// The external id, if it is known.
    pub external_id: Option<String>,
    /// The record's key, such as `id=alice`.
    pub record: Option<String>,
    /// Why.
    pub reasons: Vec<String>,
    /// When a run first found them stuck.
    pub since: Timestamp,
    /// When a run last found them stuck.
    pub last: Timestamp,
    /// How many runs found them stuck.
    pub times: u64,
    /// What Okta refused. As long as it would be told the same, it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub print: Option<Print>,
    /// Whether full runs tell it again all the same: Okta refused it inside an import, for a reason
    /// that may pass.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// What Okta refused to be told, as text: a profile's fingerprint, or `inactive`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Print(String);

impl From<Told> for Print {
    fn from(told: Told) -> Self {
        Self(match told {
            Told::Active(print) => hex(&print),
            Told::Inactive => "inactive".to_owned(),
        })
    }
}

fn hex(print: &Fingerprint) -> String {
    let bytes = print.as_bytes().iter();
    bytes.fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// All who are stuck, as far as there is room to remember them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stuck {
    entries: BTreeMap<StuckKey, StuckEntry>,
    beyond: u64,
}

/// A shelf as it is in the state table.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Shelf {
    pk: String,
    entries: BTreeMap<String, StuckEntry>,
    /// How many are not among the entries for lack of room, in all.
    #[serde(default)]
    beyond: u64,
}

impl Stuck {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (StuckKey, &StuckEntry)> {
        self.entries.iter().map(|(key, entry)| (*key, entry))
    }

    /// How many are remembered.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // Nobody asks.
    pub fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// What is remembered under a key.
    #[must_use]
    pub fn get(&self, key: StuckKey) -> Option<&StuckEntry> {
        self.entries.get(&key)
    }

    /// How many there are apart from those that are remembered, as the last full run found.
    #[must_use]
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    /// Remembers somebody. Texts are cut so that many fit.
    pub fn insert(&mut self, key: StuckKey, mut entry: StuckEntry) {
        entry.reasons.truncate(REASONS);
        for text in entry.reasons.iter_mut().chain(&mut entry.record) {
            cut(text);
        }
        self.entries.insert(key, entry);
    }

    /// Forgets somebody.
    pub fn remove(&mut self, key: StuckKey) {
        self.entries.remove(&key);
    }

    /// Remembers that there are this many more.
    pub fn set_beyond(&mut self, beyond: u64) {
        self.beyond = beyond;
    }

    /// People who fit, on their shelves: the refused first, then those who have been stuck longest.
    /// People who do not fit are only tried again.
    fn shelves(&self) -> Vec<Shelf> {
        let mut shelves: Vec<_> = (0..SHELVES)
            .map(|number| Shelf {
                pk: pk(number),
                entries: BTreeMap::new(),
                beyond: 0,
            })
            .collect();
        let mut room = [SHELF; SHELVES];
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|(_, entry)| (entry.print.is_none(), entry.since));
        let mut beyond = self.beyond;
        for (key, entry) in entries {
            let number = key.0.first_digit();
            match room[number].checked_sub(entry.size()) {
                Some(rest) => {
                    room[number] = rest;
                    shelves[number].entries.insert(key.0.hex(), entry.clone());
                }
                None => beyond += 1,
            }
        }
        shelves[0].beyond = beyond;
        shelves
    }

    fn from_shelves(shelves: Vec<Shelf>) -> Self {
        Self {
            beyond: shelves.iter().map(|shelf| shelf.beyond).sum(),
            entries: shelves
                .into_iter()
                .flat_map(|shelf| shelf.entries)
                .filter_map(|(hex, entry)| Some((StuckKey(IdHash::from_hex(&hex)?), entry)))
                .collect(),
        }
    }
}

impl StuckEntry {
    /// About as much as DynamoDB counts.
    fn size(&self) -> usize {
        /// The key, the names, the times, the numbers.
        const FRAME: usize = 250;
        let texts = self.reasons.iter().chain(&self.record);
        let texts = texts.chain(&self.external_id);
        FRAME + texts.map(String::len).sum::<usize>()
    }
}

fn pk(number: usize) -> String {
    format!("stuck#{number:x}")
}

fn cut(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(TEXT) {
        text.truncate(end);
        text.push('…');
    }
}

impl Ledger {
    /// Who is stuck. A shelf that cannot be understood, because another release wrote it, is empty:
    /// its people are tried again.
    ///
    /// # Errors
    /// When the state table could not be read.
    pub async fn stuck(&self) -> Result<Stuck, LedgerError> {
        let items = self.items((0..SHELVES).map(pk)).await?;
        let shelves = items.into_iter().filter_map(|item| {
            serde_dynamo::from_item(item)
                .inspect_err(|error| tracing::warn!(%error, "a shelf of the stuck cannot be read"))
                .ok()
        });
        Ok(Stuck::from_shelves(shelves.collect()))
    }

    /// Writes who is stuck now, if that has changed since `before` was read.
    ///
    /// # Errors
    /// When not all could be written.
    pub async fn keep_stuck(&self, before: &Stuck, now: &Stuck) -> Result<(), LedgerError> {
        let changed = now
            .shelves()
            .into_iter()
            .zip(before.shelves())
            .filter(|(now, before)| now != before)
            .map(|(now, _)| serde_dynamo::to_item(now))
            .collect::<Result<Vec<Item>, _>>()
            .map_err(|error| LedgerError::because("writing", error))?;
        self.put(changed).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u64, reason: &str, print: Option<Told>) -> (StuckKey, StuckEntry) {
        let id = format!("user{n}");
        let at = Timestamp::from_second(1_800_000_000 + n as i64).unwrap();
        let entry = StuckEntry {
            reasons: vec![reason.to_owned()],
            external_id: Some(id.clone()),
            record: None,
            since: at,
            last: at,
            times: 1,
            print: print.map(Print::from),
            again: false,
        };
        (StuckKey(IdHash::of_text(&id)), entry)
    }

    #[test]
    fn where_there_is_no_room_for_all_the_quarantined_and_the_longest_stuck_are_remembered() {
        let mut stuck = Stuck::default();
        let long = "é".repeat(10_000);
        for n in 0..4_000 {
            let (key, entry) = entry(n, &long, None);
            stuck.insert(key, entry);
        }
        let refused = [4_001, 4_002].map(|n| entry(n, &long, Some(Told::Inactive)));
        for (key, entry) in refused.clone() {
            stuck.insert(key, entry);
        }

        let shelves = stuck.shelves();

        for shelf in &shelves {
            let item: Item = serde_dynamo::to_item(shelf).unwrap();
            let bytes = format!("{item:?}").len();
            assert!(shelf.entries.len() > 80 && bytes < 400_000, "{bytes}");
        }
        let remembered = Stuck::from_shelves(shelves);
        assert_eq!(remembered.len() + remembered.beyond(), 4_002);
        for (key, _) in refused {
            assert!(remembered.get(key).is_some());
        }
        let rest: Vec<_> = remembered
            .iter()
            .filter(|(_, it)| it.print.is_none())
            .collect();
        let latest = rest
            .iter()
            .map(|(_, it)| it.since.as_second())
            .max()
            .unwrap();
        assert!(latest < 1_800_000_000 + 3_000, "{latest}");
        // What was read is what is written again.
        assert_eq!(Stuck::from_shelves(remembered.shelves()), remembered);
    }
}
