//! What chance alone would rarely bring about: a scene at the end of most histories.

pub mod fast;
mod guard;
mod okta;
mod trouble;

use fastrand::Rng;
use okta_emulator::Effect;

use super::{
    generate::{PLAIN, invoke, now},
    history::{Act, DatabaseEffect, DatabaseFault, History, OktaFault, Row, Step, What},
};

/// Milliseconds in which a cooldown passes and a run comes to its end.
const LATER: u64 = 1_300_000;
const HOUR: u64 = 3_600_000;

/// Seeds until all scenes come again.
const TURN: u64 = 25;

type Scene = fn(&mut History, &mut Rng) -> Vec<Step>;

/// Adds the scene of this seed.
pub fn scene(history: &mut History, rng: &mut Rng) {
    const SCENES: [Scene; 24] = [
        trouble::refused_trigger,
        trouble::answers_get_lost,
        trouble::records_move,
        trouble::import_fails,
        trouble::deletes_get_lost,
        trouble::another_record,
        trouble::slow_scan_then_back,
        guard::everybody_vanishes,
        guard::crowd_leaves_in_parts,
        guard::leaves_twice,
        guard::dies_before_the_trigger,
        guard::fails_and_another_leaves,
        trouble::sleeps_for_days,
        trouble::entries_arrive_late,
        trouble::another_org,
        guard::approved_of_another,
        guard::pushes_overtake,
        guard::paused_at_work,
        trouble::hundreds_of_sessions,
        guard::paused_while_it_waits,
        guard::batch_without_time,
        trouble::waits_with_people_in_hand,
        trouble::half_is_not_read,
        guard::a_day_ends,
    ];
    // One history in so many has one about what Okta has.
    let nth = usize::try_from(history.seed % TURN).unwrap();
    let scene = match SCENES.get(nth) {
        Some(scene) => *scene,
        None => okta::of(history.seed / TURN),
    };
    let steps = scene(history, rng);
    history.steps.extend(steps);
}

/// Whether the scene of this seed is one about what Okta has.
pub fn is_about_okta(seed: u64) -> bool {
    seed % TURN == TURN - 1
}

/// Everything before is forgotten: a scene that is played by itself.
fn alone(history: &mut History, people: u8) -> Vec<Step> {
    history.steps.clear();
    history.people = people;
    history.lag = 0;
    history.skew = 0;
    history.cooldown = 30;
    history.import = 2;
    let mut steps: Vec<_> = (0..people)
        .map(|slot| now(put(slot, slot, true, 0)))
        .collect();
    steps.push(now(run()));
    steps
}

fn pair(history: &History, rng: &mut Rng) -> (u8, u8, Vec<Step>) {
    let slot = rng.u8(0..history.people);
    let other = (slot + 1) % history.people;
    let start = vec![
        after(1_000, put(slot, slot, true, 0)),
        now(put(other, other, true, 0)),
        now(run()),
    ];
    (slot, other, start)
}

fn after(after: u64, act: Act) -> Step {
    Step { after, act }
}

fn put(slot: u8, person: u8, active: bool, version: u8) -> Act {
    let row = Row {
        person,
        active,
        version,
        ..PLAIN
    };
    Act::Put { slot, row }
}

fn run() -> Act {
    invoke(What::Schedule)
}

fn newest_of_the_stream(count: usize) -> Act {
    invoke(What::Stream {
        from: usize::MAX,
        count,
        backwards: false,
        again: false,
    })
}

fn slow_scan(skip: usize, times: usize, milliseconds: u64) -> Act {
    Act::Database(DatabaseFault {
        call: "Scan users",
        skip,
        times,
        effect: DatabaseEffect::Slow(milliseconds),
    })
}

pub fn forbidden() -> Effect {
    Effect::Status {
        status: 403,
        code: "E0000006".to_owned(),
        causes: Vec::new(),
    }
}

fn okta(path: &'static str, times: u64, effect: Effect) -> Act {
    Act::Okta(OktaFault {
        method: "POST",
        path,
        nth: 1,
        times,
        effect,
    })
}
