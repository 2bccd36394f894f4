//! People in the table that Okta does not list.

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

/// Reads the whole table for people who are not listed. What it finds counts once it has seen all
/// of it.
pub(super) async fn look(
    people: &mut People<'_>,
    progress: &mut Progress,
    time: &Time,
) -> Result<Came, VerifyError> {
    // An empty list more likely means that we may not see it.
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
        // People who came by push alone are in the ledger, and nowhere else.
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
            // Pages arrive in any order, but the same table must name the same people.
            some.sort_unstable_by_key(|somebody| somebody.id);
            let until = Some(progress.now.first);
            people.judge(&some, None, until, &mut findings).await?;
            if let Some(later) = no_time(time) {
                // Adopted people have an entry the next time, and doubtful people no longer count
                // as drifted: count them now.
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
    // People that Okta lacks as they must be lacking count for nothing.
    findings.counts.same = 0;
    progress.now.findings.add(findings);
    Ok(Came::ToTheEnd)
}
