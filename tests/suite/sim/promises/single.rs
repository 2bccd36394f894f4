//! What holds when one batch or one push has succeeded.

use std::time::Duration;

use dynamodb_identity_source::{
    guard::{Kind, Memory},
    ledger::{Entry, IdHash, Ledger, Told, Versioned},
    mapping::ExternalId,
};
use okta_emulator::UserStatus;
use serde_json::Value;

use super::{Broken, DONE, LANDED};
use crate::{
    sim::{
        history::{Flaw, Layout},
        model::{PEOPLE, Wanted},
        records::{id, profile},
        seen::Push,
        world::World,
    },
    support::STATE,
};

/// A push that succeeded: Okta has what it says of those whom the table does not have.
pub fn landed(world: &World, push: &Push, began: Duration) -> Result<(), Broken> {
    let model = world.model.borrow();
    for (_, row) in &push.rows {
        let said = model.pushed.get(&row.person).into_iter().flatten();
        let newer = said
            .filter(|(at, other)| *at >= push.at && other != row)
            .count();
        let others = push
            .rows
            .iter()
            .filter(|(_, other)| other.person == row.person);
        let recorded = !model.throughout(row.person, (began, world.now()), |standing| {
            !standing.recorded
        });
        if newer > 0
            || others.count() > 1
            || recorded
            || row.flaw != Flaw::None
            || model.had_record.contains(&row.person)
            || model.unsettled.contains(&row.person)
        {
            continue;
        }
        let user = world.okta.user(&id(row.person));
        let active = user.filter(|user| user.status == UserStatus::Active);
        let agrees = if row.active && row.in_scope {
            active.is_some_and(|user| user.profile == profile(row))
        } else {
            active.is_none()
        };
        if !agrees && !super::settled::refused(world).contains(&row.person) {
            let how = format!("{} at {} ms", id(row.person), world.now().as_millis());
            return Err(Broken::of(LANDED, how));
        }
    }
    Ok(())
}

/// A stream batch that is done, in a world where nothing goes wrong: whoever its keys are about was
/// told what the table says, unless something keeps them back that a full run takes care of.
pub async fn done(world: &World, records: &[Value], began: Duration) {
    let (layout, calm) = (world.model.borrow().layout, world.calm);
    if !calm || layout != Layout::Key || records.is_empty() || is_kept_back(world).await {
        return;
    }
    let ledger = Ledger::new(world.client(), STATE.to_owned(), world.clock);
    let log = ledger.read_log().await.unwrap().value;
    if log.listed().next().is_some() || log.calls().next().is_some() {
        return;
    }
    for person in 0..PEOPLE {
        let keys = records
            .iter()
            .filter_map(|record| record["dynamodb"]["Keys"]["id"]["S"].as_str());
        if !keys.into_iter().any(|key| key == id(person)) {
            continue;
        }
        let hash = IdHash::of(&ExternalId::parse(id(person)).unwrap());
        let entries = ledger.entries(&[hash], &log).await.unwrap();
        let model = world.model.borrow();
        let pushed = model.pushed.contains_key(&person);
        let Some((wanted, since)) = model.wanted_since(person).filter(|_| !pushed) else {
            continue;
        };
        if since < began && !is_told(world, entries.first(), wanted, since) {
            let how = format!(
                "{} at {} ms: {wanted:?}",
                id(person),
                world.now().as_millis()
            );
            world.seen.borrow_mut().broken.push(Broken::of(DONE, how));
        }
    }
}

/// Whether somebody was told what they are to be since it is so.
fn is_told(world: &World, entry: Option<&Entry>, wanted: &Wanted, since: Duration) -> bool {
    match (wanted, entry.map(|entry| (entry.told, entry.at))) {
        (Wanted::Anything, _) | (Wanted::NotActive, None | Some((Told::Inactive, _))) => true,
        (Wanted::Active(profile), Some((Told::Active(_), at))) => {
            let now = world.clock.now();
            let at = world
                .now()
                .saturating_sub(now.duration_since(at).unsigned_abs());
            let same = |user: &okta_emulator::DirectoryUser| user.profile == *profile;
            at >= since
                || world
                    .okta
                    .user(&entry.map_or(String::new(), |entry| entry.external_id.to_string()))
                    .as_ref()
                    .is_some_and(same)
        }
        _ => false,
    }
}

/// Whether a latch is closed, or the switch is set to paused, or just was.
async fn is_kept_back(world: &World) -> bool {
    let ledger = Ledger::new(world.client(), STATE.to_owned(), world.clock);
    let guard: Versioned<Memory> = ledger.read_guard().await.unwrap();
    let latched = [Kind::Deactivations, Kind::Updates]
        .iter()
        .any(|kind| guard.value.latched(*kind).is_some());
    let seen = world.seen.borrow();
    latched || !seen.paused.is_empty() || seen.last_resume.is_some() || seen.rebound.is_some()
}
