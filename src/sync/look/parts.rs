//! Looks at some people. The cost depends on their number, not on the size of the directory.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::Value;

use super::{Found, Pushed, Suspect, Whole, found::Duplicate, whose};
use crate::{
    guard::{Kind, Target},
    ledger::{Again, IdHash, StuckKey, Told},
    mapping::{ExternalId, Mapped},
    sync::{
        Reject, RunError,
        hand::{Circumstances, Decision, Hand, InHand, Stays, Why, stranger, who},
    },
    users::{Record, RecordKey},
};

/// The people that the records under these keys are about, or were about.
///
/// If a record is absent, only its key can tell the person. If it does not, the next look at the
/// whole table finds out.
pub(super) async fn keys(
    keys: &[RecordKey],
    hand: &Hand<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<Found, RunError> {
    let mut found = Found::default();
    let records = hand.mapped(keys).await?;
    let mut people: BTreeMap<IdHash, Vec<RecordKey>> = BTreeMap::new();
    let mut absent = 0;
    for key in keys {
        let id = match records.get(&key.canonical()) {
            Some((_, Mapped::Unidentified(reasons))) => {
                found.counts.scanned += 1;
                found.unidentified += 1;
                let reject = Reject::of(None, Some(key.to_string()));
                found.rejected.add(reject.because(reasons.clone()));
                continue;
            }
            Some((_, Mapped::Impossible(reasons))) => {
                found.counts.scanned += 1;
                let reject = Reject::of(None, Some(key.to_string()));
                found.rejected.add(reject.because(reasons.clone()));
                continue;
            }
            Some((_, mapped)) => {
                found.counts.scanned += 1;
                if matches!(mapped, Mapped::OutOfScope { .. }) {
                    found.counts.out_of_scope += 1;
                }
                let Some(who) = who(mapped).cloned() else {
                    continue;
                };
                Some(who)
            }
            None if hand.by_key() => hand.mapping.external_id(key.to_item().into()),
            None => None,
        };
        match id {
            Some(id) => people.entry(IdHash::of(&id)).or_default().push(key.clone()),
            None => absent += 1,
        }
    }
    if absent > 0 {
        tracing::info!(
            absent,
            "the next full run finds out which people these records were about"
        );
    }
    let suspects = people.into_iter().map(|(id, keys)| suspect(id, keys, None));
    let suspects: Vec<_> = suspects.collect();
    look_at(suspects, &mut found, hand, circumstances, false).await?;
    let records = keys.iter().map(|key| StuckKey::of_record(&key.to_string()));
    found.looked_at.extend(records);
    Ok(found)
}

/// These people, wherever their records are.
///
/// # Errors
/// [`RunError::Nobody`] if neither a record nor an entry is about one of them: then nobody is told.
pub(super) async fn people(
    people: &[ExternalId],
    hand: &Hand<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<Found, RunError> {
    let mut found = Found::default();
    let whose = whose(people, hand).await?;
    if let Some(records) = whose.scanned {
        tracing::info!(
            records,
            "the whole table was read to find some people, because a record's key does not \
             identify the person"
        );
    }
    let distinct: BTreeSet<_> = people.iter().map(IdHash::of).collect();
    let ids: Vec<_> = distinct.iter().copied().collect();
    let log = &circumstances.reading.log;
    let entries = hand.ledger.entries(&ids, log).await?;
    let mut known: HashSet<_> = entries
        .iter()
        .map(|entry| IdHash::of(&entry.external_id))
        .collect();
    let keys: Vec<_> = whose.keys.values().flatten().cloned().collect();
    for (_, mapped) in hand.mapped(&keys).await?.values() {
        found.counts.scanned += 1;
        found.counts.out_of_scope += u64::from(matches!(mapped, Mapped::OutOfScope { .. }));
        known.extend(who(mapped).map(IdHash::of));
    }
    found.counts.scanned = whose.scanned.unwrap_or(found.counts.scanned);
    let strange: Vec<_> = people
        .iter()
        .enumerate()
        .filter(|(_, id)| !known.contains(&IdHash::of(id)))
        .map(|(place, _)| place)
        .collect();
    if !strange.is_empty() {
        return Err(RunError::Nobody(strange));
    }
    let mut keys = whose.keys;
    let suspects = distinct
        .into_iter()
        .map(|id| suspect(id, keys.remove(&id).unwrap_or_default(), None));
    look_at(suspects.collect(), &mut found, hand, circumstances, true).await?;
    Ok(found)
}

/// The people that these records are about. People with a record in the table are told what the
/// table says.
pub(super) async fn payload(
    records: &[Value],
    at: Timestamp,
    hand: &Hand<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<Found, RunError> {
    let mut found = Found::default();
    found.counts.scanned = records.len() as u64;
    let mut people: BTreeMap<IdHash, (ExternalId, Vec<Pushed>)> = BTreeMap::new();
    for (place, value) in records.iter().enumerate() {
        let record = Record::from_json(value).and_then(|record| {
            let key = hand.schema.key_of(record.attributes());
            let key = key.filter(|key| hand.schema.is_of(key)).ok_or_else(|| {
                let names: Vec<_> = hand.schema.names().collect();
                format!(
                    "lacks the users table's key ({}) or has it as another type",
                    names.join(", ")
                )
            })?;
            Ok((key, record))
        });
        let reject = match record {
            Err(why) => Reject::of(None, None).because(vec![format!("records[{place}]: {why}")]),
            Ok((key, record)) => match hand.mapping.map(record, hand.now()) {
                Mapped::Unidentified(reasons) | Mapped::Impossible(reasons) => {
                    Reject::of(None, Some(key.to_string())).because(reasons)
                }
                mapped => {
                    if let Some(id) = who(&mapped).cloned() {
                        let (_, pushed) = people
                            .entry(IdHash::of(&id))
                            .or_insert_with(|| (id, Vec::new()));
                        // A record that is in the push twice is one record.
                        let is_same = |other: &Pushed| other.key == key && other.mapped == mapped;
                        if !pushed.iter().any(is_same) {
                            pushed.push(Pushed { key, mapped, at });
                        }
                    }
                    continue;
                }
            },
        };
        found.unidentified += 1;
        found.rejected.add(reject);
    }
    let mut suspects = Vec::with_capacity(people.len());
    for (id, (external_id, mut pushed)) in people {
        let keys: Vec<_> = pushed.iter().map(|pushed| pushed.key.clone()).collect();
        match pushed.pop() {
            Some(one) if pushed.is_empty() => {
                suspects.push(suspect(id, keys, Some(Arc::new(one))));
            }
            _ => {
                let mut duplicate = Duplicate::new(external_id, false);
                keys.iter().skip(1).for_each(|key| duplicate.take(key));
                keys.iter().for_each(|key| duplicate.name(key));
                found.duplicates.push(duplicate);
                found.looked_at.insert(StuckKey::of_user(id));
            }
        }
    }
    look_at(suspects, &mut found, hand, circumstances, false).await?;
    Ok(found)
}

fn suspect(id: IdHash, keys: Vec<RecordKey>, pushed: Option<Arc<Pushed>>) -> Suspect {
    Suspect {
        id,
        keys,
        charge: None,
        target: Target::from(Told::Inactive),
        again: Again::AsEver,
        pushed,
        place: None,
        confirms: false,
    }
}

/// Takes people in hand and keeps those to tell. If a record's key does not identify the person,
/// people who seem to leave are looked for in the whole table. What single-user calls have told is
/// confirmed only with `confirms`. Else the next full run does it.
async fn look_at(
    suspects: Vec<Suspect>,
    found: &mut Found,
    hand: &Hand<'_>,
    circumstances: &Circumstances<'_>,
    confirms: bool,
) -> Result<(), RunError> {
    let looked = suspects.iter().map(|suspect| StuckKey::of_user(suspect.id));
    found.looked_at.extend(looked);
    let mut in_hand = hand.take(&suspects, circumstances).await?;
    let unsure = |one: &InHand| matches!(one.decision, Decision::NextLook);
    let whole;
    if in_hand.iter().any(unsure) {
        let (unsure, sure): (Vec<_>, _) = in_hand.into_iter().partition(unsure);
        in_hand = sure;
        let suspects: Vec<_> = unsure.into_iter().map(|one| one.suspect).collect();
        // An unknown person cannot be deactivated.
        let ids: BTreeSet<_> = suspects.iter().map(|suspect| suspect.id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let log = &circumstances.reading.log;
        let known: HashSet<_> = hand
            .ledger
            .entries(&ids, log)
            .await?
            .iter()
            .map(|entry| IdHash::of(&entry.external_id))
            .collect();
        let (suspects, strangers): (Vec<_>, Vec<_>) = suspects
            .into_iter()
            .partition(|suspect| known.contains(&suspect.id));
        found.counts.inactive += strangers.len() as u64;
        found.counts.strangers += strangers.len() as u64;
        let noted = strangers
            .iter()
            .filter_map(|suspect| stranger(suspect.pushed.as_deref()?, hand.now()));
        found.noted.extend(noted);
        if !suspects.is_empty() {
            whole = Whole::read(hand, suspects.iter().map(|suspect| suspect.id)).await?;
            let circumstances = Circumstances {
                whole: Some(&whole),
                ..*circumstances
            };
            in_hand.extend(hand.take(&suspects, &circumstances).await?);
        }
    }
    for InHand {
        suspect,
        decision,
        noted,
        at_hand: _,
    } in in_hand
    {
        found.noted.extend(noted);
        let decision = match decision {
            Decision::Tell(ready) if ready.confirms && !confirms => {
                Decision::Nothing(match ready.told {
                    Told::Active(_) => Stays::Active,
                    Told::Inactive => Stays::Inactive,
                })
            }
            decision => decision,
        };
        take(found, suspect, decision, circumstances);
    }
    Ok(())
}

fn take(
    found: &mut Found,
    mut suspect: Suspect,
    decision: Decision,
    circumstances: &Circumstances<'_>,
) {
    let counts = &mut found.counts;
    match decision {
        Decision::Tell(ready) => {
            suspect.charge = ready.cost.to_charge();
            suspect.target = ready.told.into();
            suspect.confirms = ready.confirms;
            found.behind += u64::from(ready.behind.is_some());
            if let Some(entry) = &ready.before {
                suspect.again = circumstances.reading.of(entry).again(ready.told);
            }
            match ready.told {
                Told::Active(_) => {
                    counts.active += 1;
                    counts.upserts += 1;
                    counts.updates_charged += u64::from(suspect.charge == Some(Kind::Updates));
                    found.upserts.push(suspect);
                }
                Told::Inactive => {
                    counts.inactive += u64::from(ready.why == Some(Why::Inactive));
                    counts.deactivations += 1;
                    counts.deactivations_charged += u64::from(suspect.charge.is_some());
                    found.leavers.push(suspect);
                }
            }
        }
        Decision::Wait => {
            counts.active += 1;
            counts.waiting += 1;
        }
        Decision::UnderWay(stays) => {
            counts.active += u64::from(stays == Stays::Active);
            counts.inactive += u64::from(stays == Stays::Inactive);
            counts.waiting += 1;
        }
        Decision::Nothing(Stays::Active) => {
            counts.active += 1;
            counts.unchanged += 1;
        }
        Decision::Nothing(Stays::Inactive) => {
            counts.inactive += 1;
            counts.unchanged += 1;
        }
        // Their record is counted.
        Decision::Nothing(Stays::OutOfScope) => {}
        Decision::Nothing(Stays::Upcoming) => counts.upcoming += 1,
        Decision::Nothing(Stays::AsTheyAre) | Decision::NextLook => {}
        Decision::Stranger => {
            counts.inactive += 1;
            counts.strangers += 1;
        }
        Decision::Rejected(reject) => found.rejected.add(reject),
        Decision::Refused(reject) => {
            counts.active += 1;
            found.refused.add(reject);
        }
    }
}
