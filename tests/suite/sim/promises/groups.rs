//! What holds of groups.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use okta_emulator::{GroupChange, GroupHappened, Happened, LoadKind, SessionGroup, UserStatus};

use super::{Broken, FOREIGN, MEMBERS, REMOVALS, RETURNS, STAYS};
use crate::sim::{
    history::{Act, History},
    model::PEOPLE,
    records::{id, person},
    teams::{TEAMS, Teams, group, is_in},
    world::{OF_ANOTHER_SOURCE, World},
};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// A load may arrive a while after it was charged, by a clock that is late.
const WINDOW: Duration = Duration::from_secs(24 * 3_600 - 300);
/// What shares allow at least.
const AT_LEAST: u64 = 20;
/// Throughout the two minutes before.
const BEFORE: Duration = Duration::from_secs(120);

pub fn kept(world: &World, history: &History) -> Result<(), Broken> {
    let Some(teams) = history.teams else {
        return Ok(());
    };
    foreign(world, teams)?;
    stays(world)?;
    removals(world, teams)?;
    returns(world, history)?;
    if world.model.borrow().lost {
        return Ok(());
    }
    members(world, teams)
}

/// Whose group it is stays as it is.
fn foreign(world: &World, teams: Teams) -> Result<(), Broken> {
    if !teams.foreign {
        return Ok(());
    }
    let groups = world.okta.groups();
    let theirs = groups.get(&group(TEAMS - 1));
    let members = BTreeSet::from([OF_ANOTHER_SOURCE.to_owned()]);
    let is_same = theirs.is_some_and(|it| it.display_name == "Theirs" && it.members == members);
    if is_same {
        return Ok(());
    }
    Err(Broken::of(FOREIGN, format!("{theirs:?}")))
}

/// Once all is done, everybody is in the groups that the table gives them, and in no other.
fn members(world: &World, teams: Teams) -> Result<(), Broken> {
    let model = world.model.borrow();
    let groups = world.okta.groups();
    for who in 0..PEOPLE {
        let Some(wanted) = model.teams(who) else {
            continue;
        };
        let user = world.okta.user(&id(who));
        if user.is_none_or(|user| user.status != UserStatus::Active) {
            continue;
        }
        for team in (0..TEAMS).filter(|team| !(teams.foreign && *team == TEAMS - 1)) {
            let there = groups.get(&group(team));
            let is_member = there.is_some_and(|it| it.members.contains(&id(who)));
            if is_member != is_in(wanted, team) {
                let how = format!("{} in {}: {is_member}", id(who), group(team));
                return Err(Broken::of(MEMBERS, how));
            }
        }
    }
    Ok(())
}

/// Somebody who left a group in an import, or perhaps did.
struct Leave {
    at: Duration,
    team: u8,
    person: u8,
    /// Whether they were let in again in the same session: they were in no group that counted, and
    /// to tell it once more is free as well.
    returns: bool,
}

/// Who was taken out of groups.
fn leaves(world: &World) -> Vec<Leave> {
    let mut leaves = Vec::new();
    for session in world.okta.sessions() {
        if session.foreign || session.triggered.is_none() {
            continue;
        }
        let users = world.okta.session_users(&session.id).into_iter();
        let let_in: BTreeSet<_> = users
            .filter(|user| user.loaded == LoadKind::Upsert)
            .map(|user| user.external_id)
            .collect();
        for SessionGroup {
            group,
            change,
            loaded_at,
            ..
        } in world.okta.session_groups(&session.id)
        {
            if let GroupChange::Leave { member } = change {
                leaves.push(Leave {
                    at: world.since_the_beginning(loaded_at),
                    team: group[1..].parse().unwrap(),
                    person: person(&member),
                    returns: let_in.contains(&member),
                });
            }
        }
    }
    leaves.sort_by_key(|leave| leave.at);
    leaves
}

/// Nobody is taken out of a group that their record gave throughout the two minutes before.
fn stays(world: &World) -> Result<(), Broken> {
    let model = world.model.borrow();
    for leave in leaves(world).into_iter().filter(|leave| !leave.returns) {
        let from = leave.at.saturating_sub(BEFORE);
        let gave = model.throughout(leave.person, (from, leave.at), |standing| {
            is_in(standing.teams, leave.team)
        });
        if gave && leave.at > BEFORE {
            let Leave {
                at, team, person, ..
            } = leave;
            let how = format!(
                "{} out of {} at {} ms",
                id(person),
                group(team),
                at.as_millis()
            );
            return Err(Broken::of(STAYS, how));
        }
    }
    Ok(())
}

/// Whoever is let in again leaves, in the same session, the groups that their record does not give.
fn returns(world: &World, history: &History) -> Result<(), Broken> {
    let may_be_refused = |act: &Act| matches!(act, Act::Okta(_) | Act::LoseState);
    if history.steps.iter().any(|step| may_be_refused(&step.act)) {
        return Ok(());
    }
    let model = world.model.borrow();
    let mut in_groups: BTreeSet<(String, String)> = BTreeSet::new();
    let mut sessions = world.okta.sessions();
    sessions.sort_by_key(|session| session.ended);
    for session in sessions {
        let groups = world.okta.session_groups(&session.id);
        for user in world.okta.session_users(&session.id) {
            let happened = user.outcome.map(|outcome| outcome.happened);
            if happened != Some(Happened::Reactivated) {
                continue;
            }
            let at = world.since_the_beginning(user.loaded_at);
            let who = person(&user.external_id);
            for team in 0..TEAMS {
                let gone = model.throughout(who, (at.saturating_sub(BEFORE), at), |standing| {
                    !is_in(standing.teams, team)
                });
                let leaves = groups.iter().any(|loaded| {
                    let is_theirs = loaded.group == group(team);
                    is_theirs
                        && matches!(&loaded.change, GroupChange::Leave { member }
                            if *member == user.external_id)
                });
                let was_in = in_groups.contains(&(group(team), user.external_id.clone()));
                if gone && was_in && !leaves {
                    let how = format!("{} in {} by {}", user.external_id, group(team), session.id);
                    return Err(Broken::of(RETURNS, how));
                }
            }
        }
        for loaded in groups {
            let happened = loaded.outcome.map(|outcome| outcome.happened);
            match (happened, loaded.change) {
                (
                    Some(GroupHappened::Joined | GroupHappened::Unchanged),
                    GroupChange::Join { member },
                ) => {
                    in_groups.insert((loaded.group, member));
                }
                (Some(_), GroupChange::Leave { member }) => {
                    in_groups.remove(&(loaded.group, member));
                }
                (Some(GroupHappened::Deleted), _) => {
                    in_groups.retain(|(group, _)| *group != loaded.group);
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Within a day no more memberships are taken away than may be.
fn removals(world: &World, teams: Teams) -> Result<(), Broken> {
    let seen = world.seen.borrow();
    let mut free: BTreeMap<(u8, u8), Duration> = BTreeMap::new();
    let mut counted: Vec<Leave> = Vec::new();
    for leave in leaves(world) {
        let who = (leave.team, leave.person);
        let approved = leave.returns
            || seen.approvals.iter().any(|approval| {
                let is_theirs = |(person, print): &(u8, Option<String>)| {
                    let of_groups = print
                        .as_ref()
                        .is_some_and(|it| it.starts_with("AQEBAQEBAQ"));
                    *person == leave.person && of_groups
                };
                (approval.at..approval.at + DAY + HOUR).contains(&leave.at)
                    && approval.people.iter().any(is_theirs)
            });
        if approved || free.get(&who).is_some_and(|until| leave.at < *until) {
            free.insert(who, leave.at + DAY + HOUR);
        } else {
            counted.push(leave);
        }
    }
    for (place, last) in counted.iter().enumerate() {
        let within: BTreeSet<_> = counted[..=place]
            .iter()
            .filter(|leave| leave.at + WINDOW > last.at)
            .map(|leave| (leave.team, leave.person))
            .collect();
        let allowed = teams.removals.of(most_told(world, last.at), AT_LEAST);
        if within.len() as u64 > allowed {
            let how = format!(
                "{within:?} within a day until {} ms, {allowed} are allowed",
                last.at.as_millis()
            );
            return Err(Broken::of(REMOVALS, how));
        }
    }
    Ok(())
}

/// Of no more memberships a share is taken.
fn most_told(world: &World, until: Duration) -> u64 {
    let mut told = BTreeSet::new();
    for session in world.okta.sessions() {
        for loaded in world.okta.session_groups(&session.id) {
            if let GroupChange::Join { member } = loaded.change
                && world.since_the_beginning(loaded.loaded_at) <= until
            {
                told.insert((loaded.group, member));
            }
        }
    }
    told.len() as u64
}
