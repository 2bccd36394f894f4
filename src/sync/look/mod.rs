//! A look finds suspects: people on which record and ledger disagree.
//!
//! The whole table compared with the whole ledger, the keys of a stream batch, the records of a
//! push: all give the same thing. Looking writes nothing and holds no lease, however long it takes.

mod compare;
mod found;
mod groups;
mod login;
mod one_login;
mod packed;
mod parts;
mod seen;
mod whole;
mod whose;

use jiff::Timestamp;
use serde_json::Value;

pub use compare::Comparison;
pub(super) use compare::most_held;
pub use found::{Counts, Found, Held};
pub use groups::{GroupsFound, Wanted};
pub use packed::{Chunk, Packed};
pub(super) use whose::whose;

use super::{
    RunError,
    hand::{Circumstances, Hand, subject},
};
pub use super::{
    hand::Whole,
    suspect::{MemberSuspect, Pushed, Suspect},
};
use crate::{mapping::ExternalId, users::RecordKey};

/// What a run looks at.
#[derive(Debug, Clone)]
pub enum Source {
    /// The whole users table.
    Table,
    /// These people, wherever their records are: somebody wants them told now.
    People(Vec<ExternalId>),
    /// The records under these keys, as they are now: something happened to them.
    Keys(Vec<RecordKey>),
    /// Records that came with the event, in the users table's shape as plain JSON.
    Payload {
        /// The records.
        records: Vec<Value>,
        /// When the push was made, by its sender's clock.
        at: Timestamp,
    },
}

/// Looks at what a source says.
///
/// # Errors
/// When the tables could not be read completely.
pub async fn look(
    source: &Source,
    hand: &Hand<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<Found, RunError> {
    let mut found = match source {
        Source::Table => whole::look(hand, circumstances).await?,
        Source::People(people) => parts::people(people, hand, circumstances).await?,
        Source::Keys(keys) => parts::keys(keys, hand, circumstances).await?,
        Source::Payload { records, at } => {
            parts::payload(records, *at, hand, circumstances).await?
        }
    };
    name_duplicates(&mut found, hand, circumstances).await?;
    found.reject_duplicates();
    one_login::reject(&mut found, hand, circumstances).await?;
    Ok(found)
}

/// Names the records that the ledger leads to, if they are still about the same user.
async fn name_duplicates(
    found: &mut Found,
    hand: &Hand<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<(), RunError> {
    let log = &circumstances.reading.log;
    let entries = hand.ledger.entries(&found.half_named(), log).await?;
    let keys: Vec<_> = entries
        .into_iter()
        .map(|entry| entry.key)
        .filter(|key| hand.schema.is_of(key))
        .collect();
    for (key, mapped) in hand.mapped(&keys).await?.values() {
        if let Some(id) = subject(mapped) {
            found.name(id, key);
        }
    }
    Ok(())
}
