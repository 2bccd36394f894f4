//! Every single-user call there ever was: who was told to leave, and what the table said of them.

use std::time::Duration;

use super::{Broken, PROTECTED};
use crate::sim::{records::person, world::World};

/// How old may be what a call is based on.
const OLD: Duration = Duration::from_secs(120);
/// A record that gets another key twice within so long may be missed.
const MOVES: Duration = Duration::from_secs(1_200);

/// A call that deactivates somebody.
pub struct Deletion {
    pub at: Duration,
    pub external_id: String,
}

/// All of them, whatever came of them.
pub fn deletions(world: &World) -> Vec<Deletion> {
    let requests = world.okta.requests().into_iter();
    let deletions = requests.filter(|request| request.method == "DELETE");
    deletions
        .filter_map(|request| {
            let (_, external_id) = request.path.split_once("/users/")?;
            Some(Deletion {
                at: world.since_the_beginning(request.at),
                external_id: external_id.to_owned(),
            })
        })
        .collect()
}

pub fn kept(world: &World) -> Result<(), Broken> {
    let model = world.model.borrow();
    let exact = model.layout == crate::sim::history::Layout::Key;
    for Deletion { at, external_id } in deletions(world) {
        let person = person(&external_id);
        let recent = at.saturating_sub(OLD);
        let moves = model.moves.iter();
        let moved = moves
            .filter(|(moved, who)| *who == person && at < *moved + MOVES && *moved < at)
            .count();
        if moved > 1 || (model.pushed.contains_key(&person) && !exact) {
            continue;
        }
        if model.throughout(person, (recent, at), |standing| standing.protected) {
            let how = format!("{external_id} by a call at {} ms", at.as_millis());
            return Err(Broken::of(PROTECTED, how));
        }
    }
    Ok(())
}
