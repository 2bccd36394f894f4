//! Looks at the whole table.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;

use super::{Comparison, Found};
use crate::{
    ledger::IdHash,
    mapping::Mapped,
    metrics,
    sync::{
        RunError,
        hand::{Circumstances, Hand, Whole},
    },
};

/// Compares the whole users table with the whole ledger.
pub(super) async fn look(
    hand: &Hand<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<Found, RunError> {
    let book = hand.ledger.read_book(circumstances.reading.clone()).await?;
    metrics::ledger(book.len());
    let comparison = Comparison::new(&book, circumstances.refusals, circumstances.approved);
    let mut comparison = comparison
        .keeping_to(hand.app)
        .giving_groups(hand.mapping.gives_groups());
    let mut pages = hand.users.read_all(hand.mapping.attributes(), {
        let (mapping, now) = (Arc::clone(hand.mapping), circumstances.reading.now);
        move |schema, record| {
            Some((
                schema.key_of(record.attributes())?,
                mapping.judge(record, now),
            ))
        }
    });
    let mut next: Option<Timestamp> = None;
    while let Some(page) = pages.next().await? {
        for (key, judged) in page.into_iter().flatten() {
            comparison.take(key, judged.mapped);
            next = next.into_iter().chain(judged.next).min();
        }
    }
    let mut found = comparison.finish();
    found.next_date = next;
    found.named = book.named().clone();
    Ok(found)
}

impl Whole {
    /// Reads the whole table for other records about these people.
    ///
    /// # Errors
    /// When it could not be read completely.
    pub async fn read(
        hand: &Hand<'_>,
        people: impl Iterator<Item = IdHash>,
    ) -> Result<Self, RunError> {
        let asked: Arc<HashSet<_>> = Arc::new(people.collect());
        let mut pages = hand.users.read_all(hand.mapping.attributes(), {
            let (mapping, asked) = (Arc::clone(hand.mapping), Arc::clone(&asked));
            let now = hand.now();
            move |_, record| match mapping.map(record, now) {
                Mapped::Active(id, _) | Mapped::Rejected(id, _) | Mapped::Upcoming(id) => {
                    Some(IdHash::of(&id))
                        .filter(|id| asked.contains(id))
                        .map(Some)
                }
                Mapped::Unidentified(_) => Some(None),
                Mapped::Inactive(_) | Mapped::OutOfScope { .. } | Mapped::Impossible(_) => None,
            }
        });
        let (mut stay, mut unidentified) = (HashSet::new(), false);
        while let Some(page) = pages.next().await? {
            for found in page.into_iter().flatten() {
                match found {
                    Some(id) => drop(stay.insert(id)),
                    None => unidentified = true,
                }
            }
        }
        drop(pages);
        Ok(Self {
            asked: Arc::try_unwrap(asked).unwrap_or_else(|asked| (*asked).clone()),
            stay,
            unidentified,
            ended: hand.ledger.clock.now(),
        })
    }
}
