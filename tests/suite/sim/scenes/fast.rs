//! The fast lane: in some histories single-user calls are proven, and go wrong in every way.
//!
//! That is drawn from other numbers, so that all other histories stay as they were.

use std::time::Duration;

use fastrand::Rng;
use okta_emulator::Effect;

use super::{HOUR, LATER, after, alone, newest_of_the_stream, put, run};
use crate::sim::{
    generate::{invoke, now, pick},
    history::{Act, Death, History, Invocation, OktaFault, Step, What},
    limit::Limit,
};

type Scene = fn(&mut History, &mut Rng) -> Vec<Step>;

const SCENES: [Scene; 6] = [
    everything,
    everything,
    import_wakes_after_a_call,
    half_is_taken,
    dies_after_a_call,
    two_leave_where_one_may,
];

/// Plays with single-user calls in every fourth history.
pub fn fast(history: &mut History) {
    let mut rng = Rng::with_seed(history.seed ^ 0x000f_a571);
    if rng.u32(0..4) > 0 {
        return;
    }
    let scene = SCENES[rng.usize(0..SCENES.len())];
    history.steps = scene(history, &mut rng);
}

/// As the history was, with calls, and more batches that they tell.
fn everything(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = std::mem::take(&mut history.steps);
    let proven = rng.usize(0..=steps.len() / 2);
    steps.insert(proven, now(Act::Prove));
    for _ in 0..rng.usize(4..12) {
        let slot = rng.u8(0..history.people);
        let place = rng.usize(proven + 1..=steps.len());
        let change = put(slot, slot, rng.bool(), rng.u8(0..4));
        let mut told = vec![
            after(rng.u64(0..60_000), change),
            after(rng.u64(0..3_000), batch(rng)),
        ];
        if rng.bool() {
            told.insert(1, now(fault(rng)));
        }
        steps.splice(place..place, told);
    }
    steps
}

/// A batch that may be cut short.
fn batch(rng: &mut Rng) -> Act {
    let death = match rng.u32(0..8) {
        0 => Some(Death::Okta {
            call: rng.usize(1..4),
        }),
        1 => Some(Death::After(rng.u64(0..4_000))),
        _ => None,
    };
    Act::Invoke(Invocation {
        what: What::Stream {
            from: usize::MAX,
            count: rng.usize(1..4),
            backwards: false,
            again: rng.u32(0..4) == 0,
        },
        timeout: pick(rng, &[20, 60, 900]),
        death,
    })
}

/// A call that is late by up to two minutes, lost before or after the work, half-applied, refused,
/// of somebody unknown, or not permitted.
fn fault(rng: &mut Rng) -> Act {
    let status = |status: u16| Effect::Status {
        status,
        code: "E0000001".to_owned(),
        causes: Vec::new(),
    };
    let seconds = rng.u64(1..118);
    let effect = match rng.u32(0..12) {
        0 | 1 => Effect::DoneLater {
            after: Duration::from_secs(seconds),
        },
        2 => Effect::CloseBefore,
        3 | 4 => Effect::CloseAfter,
        5 => Effect::HalfApplied,
        6 => status(400),
        7 => status(404),
        8 => status(pick(rng, &[403, 405])),
        9 => status(500),
        10 => Effect::NotJson,
        _ => Effect::Delay {
            time: Duration::from_secs(seconds.min(40)),
        },
    };
    let (method, path) = pick(
        rng,
        &[
            ("POST", "/users"),
            ("PATCH", "/users/*"),
            ("DELETE", "/users/*"),
            ("GET", "/users/*"),
        ],
    );
    Act::Okta(OktaFault {
        method,
        path,
        nth: 1,
        times: pick(rng, &[1, 1, 2]),
        effect,
    })
}

/// An import that carries somebody sleeps, and wakes after a call has told that they left.
fn import_wakes_after_a_call(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 4);
    history.watch = 0;
    history.deactivations = Limit::count(100);
    let wakes = Effect::ImportWakes {
        after: Duration::from_secs(3 * 3_600),
    };
    steps.extend([
        after(LATER, Act::Prove),
        now(put(0, 0, true, 2)),
        now(super::okta("/sessions/*/start-import", 1, wakes)),
        now(run()),
        after(60_000, put(0, 0, false, 2)),
        after(1_000, newest_of_the_stream(1)),
        after(LATER, run()),
        after(HOUR, run()),
        after(4 * HOUR, run()),
    ]);
    steps
}

/// Okta says that somebody was changed, and has taken half of it.
fn half_is_taken(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 4);
    let (method, path, slot) = pick(rng, &[("PATCH", "/users/*", 0), ("POST", "/users", 5)]);
    steps.extend([
        after(LATER, Act::Prove),
        now(Act::Okta(OktaFault {
            method,
            path,
            nth: 1,
            times: 1,
            effect: Effect::HalfApplied,
        })),
        now(put(slot, slot, true, 2)),
        after(1_000, newest_of_the_stream(1)),
    ]);
    steps
}

/// A run dies when Okta has done a call, and the record is as it was before.
fn dies_after_a_call(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 4);
    let dies = Invocation {
        what: What::Stream {
            from: usize::MAX,
            count: 1,
            backwards: false,
            again: false,
        },
        timeout: 900,
        death: Some(Death::Okta { call: 1 }),
    };
    steps.extend([
        after(LATER, Act::Prove),
        now(put(0, 0, true, 2)),
        after(1_000, Act::Invoke(dies)),
        after(10_000, put(0, 0, true, 0)),
        after(LATER, run()),
    ]);
    steps
}

/// Two leave, each in a batch, and one of them may.
fn two_leave_where_one_may(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 5);
    history.deactivations = Limit::count(1);
    steps.push(after(LATER, Act::Prove));
    for slot in 0..2 {
        steps.push(after(60_000, put(slot, slot, false, 0)));
        steps.push(after(1_000, newest_of_the_stream(1)));
    }
    steps.push(after(LATER, invoke(What::Schedule)));
    steps
}
