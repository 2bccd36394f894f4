//! Scenes about what Okta has beside what it was told: a ledger that is lost, people whom it refuses
//! inside an import, and an admin who takes the app from somebody.

use std::time::Duration;

use fastrand::Rng;
use okta_emulator::{Applied, Effect, SessionEnd};

use super::{HOUR, LATER, Scene, after, alone, okta, put, run};
use crate::sim::{
    generate::{invoke, now},
    history::{Act, DatabaseEffect, DatabaseFault, Deed, History, Step, What},
    limit::Limit,
};

const SCENES: [Scene; 5] = [
    ledger_is_lost,
    adoption_arrives_late,
    login_is_taken,
    app_is_taken_away,
    completed_too_early,
];

/// One of them.
pub(super) fn of(turn: u64) -> Scene {
    let turn = usize::try_from(turn).unwrap();
    SCENES[turn % SCENES.len()]
}

fn people(history: &mut History, count: u8) -> Vec<Step> {
    let steps = alone(history, count);
    history.deactivations = Limit::count(100);
    history.updates = Limit::share(50);
    steps
}

fn verify(adopt: bool, repair: bool) -> Act {
    invoke(What::Verify { adopt, repair })
}

/// Okta has people as they were when the ledger was lost: the same, others by now, some who left, and
/// some who left since. In every other history an admin was at work, so that the end is verified.
fn ledger_is_lost(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let edited = history.seed / 96 % 2 == 1;
    let mut steps = people(history, 7);
    steps.extend([
        after(LATER, put(0, 0, false, 0)),
        now(run()),
        after(LATER, Act::LoseState),
        now(put(1, 1, true, 1)),
        now(put(2, 2, false, 0)),
        now(put(7, 7, true, 0)),
        now(put(8, 8, false, 0)),
    ]);
    if edited {
        let deed = Deed::Edit(rng.u8(0..4));
        steps.push(now(Act::Admin { person: 3, deed }));
    }
    if rng.bool() {
        steps.push(now(Act::Delete { slot: 4 }));
    }
    steps.extend([
        after(1_000, verify(true, edited && rng.bool())),
        // Somebody changes while it looks.
        after(rng.u64(0..60), put(5, 5, rng.bool(), 2)),
        after(LATER, run()),
        after(LATER, put(6, 6, false, 0)),
        now(run()),
    ]);
    steps
}

/// An adoption writes an entry that arrives after a run's.
fn adoption_arrives_late(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = people(history, 3);
    let slow = DatabaseFault {
        call: "PutItem identity-source-state user#",
        skip: 0,
        times: 3,
        effect: DatabaseEffect::Late(1_000_000),
    };
    steps.extend([
        after(LATER, Act::LoseState),
        now(Act::Database(slow)),
        now(verify(true, false)),
        after(400_000, put(0, 0, true, 2)),
        now(put(1, 1, true, 2)),
        now(put(2, 2, true, 2)),
        now(run()),
        after(700_000, put(0, 0, true, 0)),
        now(put(1, 1, true, 0)),
        now(put(2, 2, true, 0)),
        after(HOUR, run()),
    ]);
    steps
}

/// Somebody's login is taken when they are let in, and comes free later, or only in the end. In every
/// other history they change meanwhile, or leave.
fn login_is_taken(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = people(history, 4);
    let (comes_free, changes) = (rng.bool(), history.seed / 96 % 2 == 1);
    steps.insert(0, now(Act::Occupy { person: 0 }));
    steps.extend([after(LATER, run()), after(LATER, put(1, 1, true, 3))]);
    if comes_free {
        steps.push(now(Act::Vacate { person: 0 }));
    }
    steps.extend([now(run()), after(LATER, run())]);
    if changes {
        steps.extend([after(LATER, put(0, 0, rng.bool(), 1)), now(run())]);
    }
    steps
}

/// Okta calls an import COMPLETED of which nobody or only some are applied yet, and applies all of it
/// later: before anybody has noticed, or after its people were told something else.
fn completed_too_early(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = people(history, 5);
    let applied = match rng.u8(0..3) {
        0 => Applied::Nobody,
        1 => Applied::Half,
        _ => Applied::First(1),
    };
    let how = SessionEnd::Completed;
    let late = Duration::from_secs(rng.u64(30..3_000));
    let start = "/sessions/*/start-import";
    steps.extend([
        after(LATER, put(0, 0, false, 0)),
        now(put(1, 1, true, 1)),
        now(put(2, 2, false, 0)),
        now(put(5, 5, true, 0)),
        now(okta(start, 1, Effect::ImportEnds { how, applied })),
        now(okta(start, 1, Effect::ImportRepeats { after: late })),
        now(run()),
        after(rng.u64(0..LATER), put(0, 0, rng.bool(), 2)),
        now(put(1, 1, rng.bool(), 2)),
        now(run()),
        after(LATER, put(5, 5, rng.bool(), 1)),
        now(run()),
    ]);
    steps
}

/// An admin takes the app from people, of whom one is to leave, one to change and one to come back.
fn app_is_taken_away(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = people(history, 5);
    steps.push(after(LATER, put(3, 3, false, 0)));
    steps.push(now(run()));
    for person in 0..4 {
        let deed = Deed::Unassign;
        steps.push(after(LATER / 4, Act::Admin { person, deed }));
    }
    steps.extend([
        now(put(0, 0, false, 0)),
        now(put(1, 1, true, 1)),
        now(put(3, 3, true, 0)),
    ]);
    if rng.bool() {
        steps.push(now(verify(rng.bool(), true)));
    }
    steps.extend([now(run()), after(LATER, run())]);
    steps
}
