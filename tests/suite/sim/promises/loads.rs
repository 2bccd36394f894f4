//! Every load there ever was: who was in it, and what the table said of them.

use std::time::Duration;

use okta_emulator::LoadKind;

use super::{Broken, HELD, PROTECTED, UP_TO_DATE, WELCOME};
use crate::sim::{model::Standing, records::person, world::World};

/// How old may be what a load is based on.
const OLD: Duration = Duration::from_secs(120);
/// A record that gets another key twice within so long may be missed.
const MOVES: Duration = Duration::from_secs(1_200);

pub fn kept(world: &World) -> Result<(), Broken> {
    let (model, watcher) = (world.model.borrow(), world.tables.watcher());
    for session in world.okta.sessions() {
        let Some(run) = watcher.opened_by.get(&session.id) else {
            continue;
        };
        let Some(began) = watcher.began.get(run).copied() else {
            continue;
        };
        for user in world.okta.session_users(&session.id) {
            let person = person(&user.external_id);
            let loaded = world.since_the_beginning(user.loaded_at);
            let recent = loaded.saturating_sub(OLD);
            let how = || {
                format!(
                    "{} by {run} in {} at {} ms",
                    user.external_id,
                    session.id,
                    loaded.as_millis()
                )
            };
            // The table says nothing against those whom only pushes are about.
            let pushed = model.pushed.contains_key(&person);
            let (promise, is): (_, fn(&Standing) -> bool) = match user.loaded {
                LoadKind::Delete => (PROTECTED, |standing| standing.protected),
                LoadKind::Upsert if pushed => {
                    (WELCOME, |standing| standing.recorded && !standing.welcome)
                }
                LoadKind::Upsert => (WELCOME, |standing| !standing.welcome),
            };
            let moves = model.moves.iter();
            let moved = moves
                .filter(|(at, who)| *who == person && loaded < *at + MOVES && *at < loaded)
                .count();
            let exact = model.layout == super::super::history::Layout::Key;
            if moved > 1 || (pushed && !exact) {
                continue;
            }
            if model.throughout(person, (began, loaded), is) {
                return Err(Broken::of(promise, how()));
            }
            if model.throughout(person, (recent, loaded), is) {
                return Err(Broken::of(UP_TO_DATE, how()));
            }
            let from = began.max(recent);
            let is_held = |standing: &Standing| standing.empty;
            if user.loaded == LoadKind::Delete
                && !pushed
                && model.throughout(person, (from, loaded), is_held)
            {
                return Err(Broken::of(HELD, how()));
            }
        }
    }
    Ok(())
}
