//! The guard's limits, over the whole history.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use okta_emulator::LoadKind;

use super::{Broken, FITS, LIMIT, UPDATES, calls::deletions};
use crate::sim::{history::History, limit::Limit, records::person, world::World};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// A load may arrive a while after it was charged, by a clock that is late.
const WINDOW: Duration = Duration::from_secs(24 * 3_600 - 300);
/// What shares allow at least.
const DEACTIVATIONS_AT_LEAST: u64 = 5;
const UPDATES_AT_LEAST: u64 = 100;

/// Somebody was told something.
struct Telling {
    at: Duration,
    person: u8,
    print: Option<String>,
}

pub fn kept(world: &World, history: &History) -> Result<(), Broken> {
    let deactivations = deactivations(world, false);
    let limit = (history.deactivations, DEACTIVATIONS_AT_LEAST);
    within(world, &deactivations, limit, LIMIT)?;
    if world.seen.borrow().rebound.is_some() {
        return Ok(());
    }
    let limit = (history.updates, UPDATES_AT_LEAST);
    within(world, &updates(world), limit, UPDATES)
}

/// Who was deactivated, or at least in a session that may have been imported.
fn deactivations(world: &World, all: bool) -> Vec<Telling> {
    let mut tellings = Vec::new();
    for session in world.okta.sessions() {
        if session.foreign || (session.triggered.is_none() && !all) {
            continue;
        }
        for user in world.okta.session_users(&session.id) {
            if user.loaded == LoadKind::Delete {
                tellings.push(Telling {
                    at: world.since_the_beginning(user.loaded_at),
                    person: person(&user.external_id),
                    print: None,
                });
            }
        }
    }
    tellings.extend(deletions(world).into_iter().map(|deletion| Telling {
        at: deletion.at,
        person: person(&deletion.external_id),
        print: None,
    }));
    tellings.sort_by_key(|telling| telling.at);
    tellings
}

/// Who was told something else than the last time.
fn updates(world: &World) -> Vec<Telling> {
    let triggered: BTreeSet<_> = world
        .okta
        .sessions()
        .into_iter()
        .filter(|session| session.triggered.is_some())
        .map(|session| session.id)
        .collect();
    let mut last: BTreeMap<u8, Option<&String>> = BTreeMap::new();
    let mut tellings = Vec::new();
    let watcher = world.tables.watcher();
    let entries = watcher.entries.iter();
    let told = |session: &Option<String>| session.as_ref().is_none_or(|it| triggered.contains(it));
    for entry in entries.filter(|entry| told(&entry.session)) {
        let before = last.insert(entry.person, entry.print.as_ref());
        if before.is_some_and(|before| before != entry.print.as_ref()) && entry.print.is_some() {
            tellings.push(Telling {
                at: entry.at,
                person: entry.person,
                print: entry.print.clone(),
            });
        }
    }
    tellings
}

/// Those whom nobody has approved of. Who was approved of, and told, is free for a day.
fn unapproved<'t>(world: &World, tellings: &'t [Telling]) -> Vec<&'t Telling> {
    let seen = world.seen.borrow();
    let mut free: BTreeMap<u8, Duration> = BTreeMap::new();
    let mut left = Vec::new();
    for telling in tellings {
        let is_approved = seen.approvals.iter().any(|approval| {
            let who = (telling.person, telling.print.clone());
            let from = approval.at;
            (from..from + DAY + HOUR).contains(&telling.at) && approval.people.contains(&who)
        });
        let is_free = free
            .get(&telling.person)
            .is_some_and(|until| telling.at < *until);
        if is_approved || is_free {
            free.insert(telling.person, telling.at + DAY + HOUR);
        } else {
            left.push(telling);
        }
    }
    left
}

fn within(
    world: &World,
    tellings: &[Telling],
    (limit, at_least): (Limit, u64),
    promise: &'static str,
) -> Result<(), Broken> {
    let unapproved = unapproved(world, tellings);
    for (place, last) in unapproved.iter().enumerate() {
        let people: BTreeSet<_> = unapproved[..=place]
            .iter()
            .filter(|telling| telling.at + WINDOW > last.at)
            .map(|telling| telling.person)
            .collect();
        let allowed = limit.of(most_known(world, last.at), at_least);
        if people.len() as u64 > allowed {
            let how = format!(
                "{people:?} within a day until {} ms, {allowed} are allowed",
                last.at.as_millis()
            );
            return Err(Broken::of(promise, how));
        }
    }
    Ok(())
}

/// Of no more people a share is taken.
fn most_known(world: &World, until: Duration) -> u64 {
    let mut told = BTreeSet::new();
    for session in world.okta.sessions() {
        let users = world.okta.session_users(&session.id).into_iter();
        let told_active = users.filter(|user| {
            user.loaded == LoadKind::Upsert && world.since_the_beginning(user.loaded_at) <= until
        });
        told.extend(told_active.map(|user| user.external_id));
    }
    let watcher = world.tables.watcher();
    let called = watcher.entries.iter();
    let called = called.filter(|it| it.session.is_none() && it.print.is_some() && it.at <= until);
    told.extend(called.map(|entry| super::super::records::id(entry.person)));
    told.len().max(world.model.borrow().most_active(until)) as u64
}

/// Where nothing goes wrong, nobody is withheld for whom there is room.
pub fn fits(world: &World, history: &History) -> Result<(), Broken> {
    let all = deactivations(world, true);
    let unapproved = unapproved(world, &all);
    let seen = world.seen.borrow();
    for (place, run) in seen.full.iter().enumerate() {
        let people: BTreeSet<_> = unapproved
            .iter()
            .filter(|telling| telling.at + DAY + HOUR > run.began && telling.at < run.ended)
            .map(|telling| telling.person)
            .collect();
        let before = seen.full[..place].iter();
        let recent = before.filter(|before| before.ended + DAY > run.began);
        let base = recent.map(|before| before.active).max();
        let allowed = history
            .deactivations
            .of(base.unwrap_or(0), DEACTIVATIONS_AT_LEAST);
        if run.withheld > 0 && people.len() as u64 + run.withheld <= allowed {
            let how = format!(
                "{} are withheld at {} ms besides {people:?}, {allowed} are allowed",
                run.withheld,
                run.ended.as_millis()
            );
            return Err(Broken::of(FITS, how));
        }
    }
    Ok(())
}
