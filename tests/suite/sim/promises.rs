//! What must hold, whatever has happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use dynamodb_identity_source::{
    ledger::{IdHash, Ledger, Told},
    mapping::ExternalId,
};
use okta_emulator::{LoadKind, SessionStatus, UserStatus};

use super::{
    history::History,
    model::{PEOPLE, Wanted, id},
    world::{OF_ANOTHER_SOURCE, World},
};
use crate::support::{SOURCE, STATE};

pub const ENDS: &str = "it comes to an end";
pub const ENDS_WELL: &str = "what nothing disturbs ends well";
pub const EQUAL: &str = "Okta has what the table says";
pub const PROTECTED: &str = "nobody is deactivated who is to be active";
pub const UP_TO_DATE: &str = "nobody is deactivated, or let in, on what was true long ago";
pub const WELCOME: &str = "nobody is let in who is not to be active";
pub const LEDGER: &str = "the ledger says what Okta has";
pub const LIMIT: &str = "no run deactivates more than it may";
pub const ONE: &str = "one run works at a time";
pub const RULES: &str = "Okta's rules are kept";
pub const OTHERS: &str = "who is of another source stays as they are";
pub const NOTHING_ELSE: &str = "nothing is called but import sessions";
pub const ONCE: &str = "one session is open at a time";

/// How old may be what a load is based on.
const OLD: Duration = Duration::from_secs(120);

/// A promise that was broken.
#[derive(Debug, Clone)]
pub struct Broken {
    pub promise: &'static str,
    pub how: String,
}

impl Broken {
    pub fn of(promise: &'static str, how: impl fmt::Display) -> Self {
        Self {
            promise,
            how: how.to_string(),
        }
    }
}

/// Looks at all of it, once all is done.
pub async fn kept(world: &World, history: &History) -> Result<(), Broken> {
    rules(world)?;
    loads(world)?;
    limits(world, history)?;
    directory(world)?;
    ledger(world).await
}

fn rules(world: &World) -> Result<(), Broken> {
    if let Some(violation) = world.okta.violations().first() {
        return Err(Broken::of(RULES, violation));
    }
    if let Some(breach) = world.tables.watcher().breaches.first() {
        return Err(Broken::of(ONE, breach));
    }
    let source = format!("/api/v1/identity-sources/{SOURCE}/sessions");
    for request in world.okta.requests() {
        if !request.path.starts_with(&source) {
            return Err(Broken::of(NOTHING_ELSE, request.path));
        }
    }
    let sessions: Vec<_> = world
        .okta
        .sessions()
        .into_iter()
        .filter(|session| !session.foreign)
        .collect();
    for (one, next) in sessions.iter().zip(sessions.iter().skip(1)) {
        let closed = one.triggered.or(one.ended);
        if closed.is_none_or(|closed| closed > next.created) {
            return Err(Broken::of(ONCE, format!("{} and {}", one.id, next.id)));
        }
    }
    Ok(())
}

/// Looks at every load there ever was: at who was in it, and at what the table said of them.
fn loads(world: &World) -> Result<(), Broken> {
    let (model, watcher) = (world.model.borrow(), world.tables.watcher());
    for session in world.okta.sessions() {
        for user in world.okta.session_users(&session.id) {
            let run = watcher.opened_by.get(&session.id);
            let Some(run) = run.filter(|run| !watcher.told.contains(*run)) else {
                continue;
            };
            let person: u8 = user.external_id[1..].parse().unwrap();
            let loaded = world.since_the_beginning(user.loaded_at);
            let began = watcher.began[run];
            let recent = loaded.saturating_sub(OLD);
            let how = || {
                format!(
                    "{} by {run} in {} at {} ms",
                    user.external_id,
                    session.id,
                    loaded.as_millis()
                )
            };
            let (promise, is): (_, fn(super::model::Standing) -> bool) = match user.loaded {
                LoadKind::Delete => (PROTECTED, |standing| standing.protected),
                LoadKind::Upsert => (WELCOME, |standing| !standing.welcome),
            };
            if model.throughout(person, (began, loaded), is) {
                return Err(Broken::of(promise, how()));
            }
            if model.throughout(person, (recent, loaded), is) {
                return Err(Broken::of(UP_TO_DATE, how()));
            }
        }
    }
    Ok(())
}

fn limits(world: &World, history: &History) -> Result<(), Broken> {
    let watcher = world.tables.watcher();
    let mut deactivated: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for session in world.okta.sessions() {
        let Some(run) = watcher
            .opened_by
            .get(&session.id)
            .filter(|_| session.status == SessionStatus::Completed)
        else {
            continue;
        };
        let users = world.okta.session_users(&session.id).into_iter();
        let leavers = users.filter(|user| user.loaded == LoadKind::Delete);
        deactivated
            .entry(run.clone())
            .or_default()
            .extend(leavers.map(|user| user.external_id));
    }
    for (run, users) in deactivated {
        let allowed = history
            .limit
            .max(watcher.allowed.get(&run).copied().unwrap_or(0));
        if users.len() as u64 > allowed {
            return Err(Broken::of(
                LIMIT,
                format!("{run} deactivates {}, {allowed} are allowed", users.len()),
            ));
        }
    }
    Ok(())
}

fn directory(world: &World) -> Result<(), Broken> {
    let model = world.model.borrow();
    let other = world.okta.user(OF_ANOTHER_SOURCE);
    if other.is_none_or(|user| user.status != UserStatus::Active) {
        return Err(Broken::of(OTHERS, OF_ANOTHER_SOURCE));
    }
    for person in 0..PEOPLE {
        let user = world.okta.user(&id(person));
        let active = user
            .as_ref()
            .filter(|user| user.status == UserStatus::Active);
        let agrees = match model.wanted(person) {
            Wanted::Anything => true,
            Wanted::NotActive => active.is_none(),
            Wanted::Active(profile) => active.is_some_and(|user| user.profile == profile),
        };
        if !agrees {
            let how = format!(
                "{}: wanted {:?}, Okta has {user:?}",
                id(person),
                model.wanted(person)
            );
            return Err(Broken::of(EQUAL, how));
        }
    }
    Ok(())
}

async fn ledger(world: &World) -> Result<(), Broken> {
    let ledger = Ledger::new(world.client(), STATE.to_owned(), world.clock);
    let people: Vec<_> = (0..PEOPLE)
        .map(|person| ExternalId::parse(id(person)).unwrap())
        .collect();
    let hashes: Vec<_> = people.iter().map(IdHash::of).collect();
    let entries = ledger.entries(&hashes).await.unwrap();
    let doubtful = ledger.sessions().await.unwrap().doubtful();
    for (person, external_id) in (0..PEOPLE).zip(&people) {
        let entry = entries
            .iter()
            .find(|entry| entry.external_id == *external_id);
        let user = world.okta.user(external_id.as_str());
        let active = user.is_some_and(|user| user.status == UserStatus::Active);
        let in_doubt = entry.is_some_and(|entry| {
            entry
                .session
                .as_ref()
                .is_none_or(|session| doubtful.contains(session))
        });
        let says_active = entry.is_some_and(|entry| matches!(entry.told, Told::Active(_)));
        let excused = in_doubt && world.model.borrow().wanted(person) == Wanted::Anything;
        if (says_active != active || in_doubt) && !excused {
            return Err(Broken::of(
                LEDGER,
                format!("{external_id}: active is {active}, the ledger says {entry:?}"),
            ));
        }
    }
    Ok(())
}
