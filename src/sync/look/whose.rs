//! Where the records about some people are.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use crate::{
    ledger::IdHash,
    mapping::ExternalId,
    sync::{
        RunError,
        hand::{Hand, who},
    },
    users::RecordKey,
};

/// The keys of the records about some people.
#[derive(Debug, Default)]
pub(in crate::sync) struct Whose {
    pub(in crate::sync) keys: BTreeMap<IdHash, Vec<RecordKey>>,
    /// How many records had to be read for it, if the whole table had to be read.
    pub(in crate::sync) scanned: Option<u64>,
}

/// Where the records about some people are, or would be. If a record's key identifies the person,
/// their external id says so. Else only a read of the whole table does.
///
/// # Errors
/// When it could not be read completely.
pub(in crate::sync) async fn whose(
    people: &[ExternalId],
    hand: &Hand<'_>,
) -> Result<Whose, RunError> {
    let mut whose = Whose::default();
    if hand.by_key() {
        for id in people {
            let key = hand.mapping.key_of(id, hand.schema);
            whose.keys.insert(IdHash::of(id), key.into_iter().collect());
        }
        return Ok(whose);
    }
    let asked: Arc<HashSet<_>> = Arc::new(people.iter().map(IdHash::of).collect());
    let mut pages = hand.users.read_all(hand.mapping.attributes(), {
        let (mapping, asked) = (Arc::clone(hand.mapping), Arc::clone(&asked));
        let now = hand.now();
        move |schema, record| {
            let key = schema.key_of(record.attributes());
            let mapped = mapping.map(record, now);
            let id = who(&mapped).map(IdHash::of);
            let theirs = id.filter(|id| asked.contains(id)).zip(key);
            Some(theirs)
        }
    });
    let mut scanned = 0;
    while let Some(page) = pages.next().await? {
        for theirs in page.into_iter().flatten() {
            scanned += 1;
            if let Some((id, key)) = theirs {
                whose.keys.entry(id).or_default().push(key);
            }
        }
    }
    whose.scanned = Some(scanned);
    Ok(whose)
}
