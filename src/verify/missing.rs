//! Those whom the table has and Okta does not list.

use std::sync::Arc;

use super::{
    VerifyError,
    answer::Findings,
    came::{Came, no_time, under_way},
    listed::Hashes,
    people::{People, Somebody},
    progress::Progress,
};
use crate::{ledger::IdHash, mapping::Mapped, sync::Time};

/// How many are judged at a time.
const AT_A_TIME: usize = 500;

/// Reads the whole table for those who are not listed. What it finds counts once it has seen all of
/// it.
pub(super) async fn look(
    people: &mut People<'_>,
    progress: &mut Progress,
    time: &Time,
) -> Result<Came, VerifyError> {
    // A list of nobody says rather that it was not ours to see.
    people.may.adopt &= !progress.listed.is_empty();
    if people.may.adopt && people.number().await?.is_none() {
        return Ok(under_way(time));
    }
    let mut pages = people
        .hand
        .users
        .read_all(people.hand.mapping.attributes(), {
            let (mapping, now) = (Arc::clone(people.hand.mapping), people.hand.now());
            let (adopts, listed) = (people.may.adopt, Arc::clone(&progress.listed));
            move |schema, record| {
                let key = schema.key_of(record.attributes())?;
                let id = match mapping.map(record, now) {
                    Mapped::Active(id, _) => IdHash::of(&id),
                    Mapped::Inactive(id) if adopts => IdHash::of(&id),
                    _ => return None,
                };
                (!listed.contains(id)).then_some((id, Some(key)))
            }
        });
    let mut findings = Findings::default();
    let mut looked_at = Hashes::default();
    let mut batch = Vec::new();
    let mut all_read = false;
    loop {
        // Who came by push alone is in the ledger, and nowhere else.
        let found = match pages.next().await? {
            Some(page) => page.into_iter().flatten().collect(),
            None => {
                all_read = true;
                let pushed = people.hand.ledger.pushed().await?.into_iter();
                let pushed = pushed.filter(|id| !progress.listed.contains(*id));
                pushed.map(|id| (id, None)).collect::<Vec<_>>()
            }
        };
        for (id, key) in found {
            if looked_at.insert(id) {
                batch.push(Somebody {
                    id,
                    listed: None,
                    keys: key.into_iter().collect(),
                });
            }
        }
        while batch.len() >= AT_A_TIME || all_read && !batch.is_empty() {
            let rest = batch.split_off(batch.len().min(AT_A_TIME));
            let mut some = std::mem::replace(&mut batch, rest);
            // Pages arrive in any order; what is named of one and the same table is to be the same.
            some.sort_unstable_by_key(|somebody| somebody.id);
            let until = Some(progress.now.first);
            people.judge(&some, None, until, &mut findings).await?;
            if let Some(later) = no_time(time) {
                // Who was adopted has an entry the next time, and whoever is doubtful has drifted no
                // more: they are counted now.
                progress.now.findings.counts.adopted += findings.counts.adopted;
                if people.may.repair {
                    progress.now.findings.drifted += findings.drifted;
                }
                return Ok(later);
            }
        }
        if all_read {
            break;
        }
    }
    // That Okta lacks them as they are to be is nothing to be counted.
    findings.counts.same = 0;
    progress.now.findings.add(findings);
    Ok(Came::ToTheEnd)
}
