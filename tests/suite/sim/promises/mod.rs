//! What must hold, whatever has happened.

mod budget;
mod calls;
mod groups;
mod loads;
mod settled;
mod single;

use std::{fmt, time::Duration};

pub use single::{done, landed};

use okta_emulator::Effect;

use super::{
    history::{Act, History},
    world::{OF_ANOTHER_SOURCE, World},
};
use crate::support::SOURCE;

pub const ENDS: &str = "it comes to an end";
pub const ENDS_WELL: &str = "what nothing disturbs ends well";
pub const EQUAL: &str = "Okta has what the table says";
pub const PROTECTED: &str = "nobody is deactivated who is to be active";
pub const UP_TO_DATE: &str = "nobody is deactivated, or let in, on what was true long ago";
pub const WELCOME: &str = "nobody is let in who is not to be active";
pub const LEDGER: &str = "the ledger says what Okta has";
pub const LIMIT: &str = "within a day no more people are deactivated than may be";
pub const UPDATES: &str = "within a day no more people are changed than may be";
pub const FITS: &str = "what fits the limit is not withheld";
pub const HELD: &str = "an empty table deactivates nobody";
pub const ONE: &str = "one run works at a time";
pub const LET_GO: &str = "nobody waits with the lease in hand";
pub const RULES: &str = "Okta's rules are kept";
pub const OTHERS: &str = "who is of another source stays as they are";
pub const NOTHING_ELSE: &str = "nothing is called but import sessions and single users";
pub const ONCE: &str = "one session is open at a time";
pub const SMALL_ITEMS: &str = "no item of the state table grows";
pub const WAITS: &str = "nobody waits for ever";
pub const PAUSED: &str = "nothing is told while the switch is set to paused";
pub const BOUND: &str = "a ledger of something else stops every run";
pub const LANDED: &str = "a push that succeeds has landed";
pub const MEMBERS: &str = "everybody is in the groups that the table gives them, and in no other";
pub const STAYS: &str = "nobody is taken out of a group that their record gives";
pub const RETURNS: &str = "nobody is let in again with groups that the table does not give them";
pub const FOREIGN: &str = "groups of others stay as they are";
pub const REMOVALS: &str = "within a day no more memberships are taken away than may be";
pub const DONE: &str = "a batch that is done was told";

/// An upsert waits for the end of two imports, each given up a day after the one before it.
pub const WAITED_FOR: Duration = Duration::from_secs(55 * 3_600);

/// How far clocks may disagree for a lease to keep runs apart.
const LEASE_ALLOWS: u64 = 1;

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
    rules(world, history)?;
    if history.skew <= LEASE_ALLOWS {
        one_at_a_time(world)?;
    }
    if history.is_calm() {
        let_go(world)?;
        budget::fits(world, history)?;
    }
    paused(world, history)?;
    loads::kept(world)?;
    calls::kept(world)?;
    budget::kept(world, history)?;
    settled::small(world)?;
    settled::directory(world)?;
    settled::ledger(world, history).await?;
    groups::kept(world, history)
}

fn rules(world: &World, history: &History) -> Result<(), Broken> {
    // Whoever is told another status than a session has cannot know that it takes no import yet.
    let lies = |act: &Act| match act {
        Act::Okta(fault) => matches!(fault.effect, Effect::AnswerStatus { .. }),
        _ => false,
    };
    let is_lied_to = history.steps.iter().any(|step| lies(&step.act));
    let is_excused = |violation: &String| is_lied_to && violation.ends_with("while CREATED");
    let violations = world.okta.violations();
    if let Some(violation) = violations.iter().find(|one| !is_excused(one)) {
        return Err(Broken::of(RULES, violation));
    }
    let source = format!("/api/v1/identity-sources/{SOURCE}");
    for request in world.okta.requests() {
        let is_session = request.path.starts_with(&format!("{source}/sessions"));
        let of_users = request.path.starts_with(&format!("{source}/users"));
        let at = world.since_the_beginning(request.at);
        let of_groups = request.path.starts_with(&format!("{source}/groups/"))
            && request.method == "GET"
            && history.teams.is_some();
        let looks = of_users && (request.method == "GET" || world.was_proven(at));
        // What Okta made of imports, and what it has.
        let beyond = ["/api/v1/logs", "/api/v1/users/", "/api/v1/apps/"];
        let checks =
            request.method == "GET" && beyond.iter().any(|path| request.path.starts_with(path));
        if !is_session && !looks && !checks && !of_groups {
            return Err(Broken::of(NOTHING_ELSE, request.path));
        }
    }
    let other = world.okta.user(OF_ANOTHER_SOURCE);
    if other.is_none_or(|user| user.status != okta_emulator::UserStatus::Active) {
        return Err(Broken::of(OTHERS, OF_ANOTHER_SOURCE));
    }
    Ok(())
}

fn one_at_a_time(world: &World) -> Result<(), Broken> {
    if let Some(breach) = world.tables.watcher().breaches.first() {
        return Err(Broken::of(ONE, breach));
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

/// Whoever is refused a session lets go of the lease at once.
fn let_go(world: &World) -> Result<(), Broken> {
    const AT_ONCE: Duration = Duration::from_secs(10);
    let requests = world.okta.requests();
    for held in &world.tables.watcher().leases {
        let to = held.to.unwrap_or(Duration::MAX);
        let refused = requests.iter().find(|request| {
            let at = world.since_the_beginning(request.at);
            let opens = request.method == "POST" && request.path.ends_with("/sessions");
            opens && request.status == 400 && (held.from..to).contains(&at)
        });
        let opened = |since: Duration| {
            let mut sessions = world.okta.sessions().into_iter();
            sessions.any(|session| {
                let at = world.since_the_beginning(session.created);
                (since..to.min(since + AT_ONCE)).contains(&at)
            })
        };
        if let Some(refused) = refused {
            let at = world.since_the_beginning(refused.at);
            if to - at > AT_ONCE && !opened(at) {
                let how = format!("{} is refused a session at {} ms", held.run, at.as_millis());
                return Err(Broken::of(LET_GO, how));
            }
        }
    }
    Ok(())
}

/// What was asked for before the switch was set may still arrive.
fn paused(world: &World, history: &History) -> Result<(), Broken> {
    let slack = Duration::from_secs(if history.is_calm() { 10 } else { 150 });
    for (from, to) in &world.seen.borrow().paused {
        for request in world.okta.requests() {
            let at = world.since_the_beginning(request.at);
            let calls = request.path.contains("/users") && request.method != "GET";
            let tells =
                calls || request.path.contains("/bulk-") || request.path.ends_with("start-import");
            if tells && at > *from + slack && to.is_none_or(|to| at < to) {
                let how = format!("{} at {} ms", request.path, at.as_millis());
                return Err(Broken::of(PAUSED, how));
            }
        }
    }
    Ok(())
}
