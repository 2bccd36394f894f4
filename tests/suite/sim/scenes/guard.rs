//! Scenes about the guard, the switch and pushes.

use fastrand::Rng;
use okta_emulator::{Applied, Effect, SessionEnd};

use super::{HOUR, LATER, after, alone, forbidden, newest_of_the_stream, okta, put, run};
use crate::sim::{
    dates::{Period, midnight},
    generate::{PLAIN, invoke, now, pick},
    history::{Act, Death, History, Invocation, Layout, Row, Step, What},
    limit::Limit,
    model::PEOPLE,
};

/// Every record vanishes, one by one, and the stream tells of each; now and then a full run looks.
pub fn everybody_vanishes(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let people = rng.u8(8..14);
    let mut steps = alone(history, people);
    history.deactivations = pick(rng, &[Limit::count(3), Limit::share(10)]);
    let pause = pick(rng, &[400_000, 2 * HOUR]);
    for slot in 0..people {
        steps.push(after(pause, Act::Delete { slot }));
        steps.push(now(newest_of_the_stream(1)));
        if rng.u32(0..4) == 0 {
            steps.push(after(400_000, run()));
        }
    }
    steps
}

/// A share is of the most people within a day, however many have left meanwhile.
pub fn crowd_leaves_in_parts(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, PEOPLE);
    history.deactivations = Limit::share(40);
    history.entities = 200;
    history.requests = 50;
    for leaving in [0..5, 5..9] {
        steps.push(after(2 * HOUR, run()));
        steps.push(after(2 * HOUR, run()));
        steps.extend(leaving.map(|slot| after(1_000, put(slot, slot, false, 0))));
        steps.push(after(LATER, run()));
    }
    steps
}

/// Who leaves, returns, and leaves again is one person.
pub fn leaves_twice(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 5);
    history.deactivations = Limit::count(2);
    history.updates = Limit::share(50);
    for active in [false, true, false] {
        steps.push(after(LATER, put(0, 0, active, 0)));
        steps.push(now(run()));
    }
    steps.extend([after(LATER, put(1, 1, false, 0)), now(run())]);
    steps
}

/// What was charged is given back, and then charged again.
pub fn dies_before_the_trigger(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 5);
    let leaves = rng.bool();
    let change = |slot: u8| put(slot, slot, !leaves, 3);
    history.deactivations = Limit::count(1);
    history.updates = Limit::count(1);
    steps.extend([
        after(LATER, change(0)),
        now(okta("/sessions/*/start-import", 20, forbidden())),
        now(run()),
        after(LATER, run()),
        after(LATER, change(1)),
        now(run()),
    ]);
    steps
}

/// An import that ended in ERROR may have been done, whoever died before they had noted that they
/// started it. Who was in it returns, and another leaves.
pub fn fails_and_another_leaves(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 5);
    history.deactivations = Limit::count(1);
    history.updates = Limit::share(50);
    history.watch = 60;
    let dies = Invocation {
        what: What::Schedule,
        timeout: 900,
        death: Some(Death::Okta {
            call: pick(rng, &[5, 5, 5, 4]),
        }),
    };
    let fails = Effect::ImportEnds {
        how: SessionEnd::Error,
        applied: Applied::All,
    };
    steps.extend([
        after(LATER, put(0, 0, false, 0)),
        now(okta("/sessions/*/start-import", 1, fails)),
        now(Act::Invoke(dies)),
        after(LATER, put(0, 0, true, 0)),
        now(put(1, 1, false, 0)),
        now(run()),
    ]);
    steps
}

/// Somebody leaves who was not on the list that was approved.
pub fn approved_of_another(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 6);
    let leaves = rng.bool();
    let change = |slot: u8| put(slot, slot, !leaves, 3);
    history.deactivations = Limit::count(0);
    history.updates = Limit::count(0);
    steps.extend([
        after(LATER, change(0)),
        now(change(1)),
        now(run()),
        after(LATER, change(2)),
        now(invoke(What::Approve { nth: 0 })),
        after(1_000, invoke(What::Approve { nth: 0 })),
        after(1_000, run()),
        after(LATER, invoke(What::Approve { nth: 0 })),
        after(1_000, run()),
        after(LATER, change(0)),
        now(run()),
    ]);
    if rng.bool() {
        let died = Invocation {
            what: What::Approve { nth: 1 },
            timeout: 900,
            death: Some(Death::After(10)),
        };
        steps.push(after(LATER, Act::Invoke(died)));
    }
    steps
}

/// Pushes come in another order than they were made in.
pub fn pushes_overtake(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 3);
    history.deactivations = pick(
        rng,
        &[Limit::count(0), Limit::count(100), Limit::count(100)],
    );
    history.updates = Limit::count(100);
    for _ in 0..rng.usize(6..12) {
        let row = Row {
            person: 5,
            active: rng.u32(0..3) > 0,
            version: rng.u8(0..2),
            ..PLAIN
        };
        let push = What::Push {
            rows: vec![(5, row)],
            seconds_ago: pick(rng, &[0, 0, 3_000, 6_000]),
        };
        steps.push(after(pick(rng, &[400_000, LATER]), invoke(push)));
        if rng.u32(0..3) == 0 {
            steps.push(after(LATER, run()));
        }
    }
    steps
}

/// The switch is set in the middle of a run, and set back hours later.
pub fn paused_at_work(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 8);
    history.deactivations = Limit::count(100);
    history.updates = Limit::share(50);
    history.entities = 1;
    history.requests = 50;
    steps.push(after(LATER, put(0, 0, false, 5)));
    steps.extend((1..8).map(|slot| now(put(slot, slot, slot > 3, 5))));
    steps.extend([
        now(run()),
        after(rng.u64(1..300), invoke(What::Pause)),
        after(LATER, put(1, 1, true, 6)),
        now(run()),
        after(1_000, newest_of_the_stream(1)),
        after(4 * HOUR, invoke(What::Resume)),
        after(LATER, run()),
    ]);
    steps
}

/// The switch is set while a run waits for Okta to open a session.
pub fn paused_while_it_waits(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 4);
    history.cooldown = 300;
    history.deactivations = Limit::count(100);
    history.updates = Limit::share(50);
    steps.extend([
        after(30_000, put(0, 0, false, 0)),
        now(run()),
        after(60_000, invoke(What::Pause)),
        after(4 * HOUR, invoke(What::Resume)),
        after(LATER, run()),
    ]);
    steps
}

/// A stream batch has less time than Okta's cooldown takes.
pub fn batch_without_time(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 4);
    history.layout = Layout::Key;
    history.cooldown = 300;
    history.watch = 60;
    history.deactivations = Limit::count(100);
    let newest = What::Stream {
        from: usize::MAX,
        count: 1,
        backwards: false,
        again: false,
    };
    let short = Invocation {
        what: newest,
        timeout: 110,
        death: None,
    };
    steps.extend([
        after(90_000, put(0, 0, false, 0)),
        after(1_000, Act::Invoke(short)),
    ]);
    steps
}

/// On one day everybody's time is over, or begins.
pub fn a_day_ends(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let people = rng.u8(8..14);
    let mut steps = alone(history, people);
    history.deactivations = pick(rng, &[Limit::count(3), Limit::count(100)]);
    history.updates = Limit::count(100);
    let at = midnight(0);
    // Who comes is known already, or not.
    if rng.bool() {
        steps.retain(|step| !matches!(step.act, Act::Put { slot: 0, .. }));
    }
    let (comes, leaves) = ((Some(at), None), (None, Some(at)));
    for slot in 0..people {
        let (from, until) = if slot == 0 { comes } else { leaves };
        let row = Row {
            person: slot,
            period: Period { from, until },
            ..PLAIN
        };
        steps.push(after(1_000, Act::Put { slot, row }));
    }
    let before = u64::from(at) * 60_000 - 10 * LATER;
    steps.extend([
        now(run()),
        after(before, run()),
        after(9 * LATER, newest_of_the_stream(3)),
        after(rng.u64(0..2 * LATER), run()),
        after(2 * LATER, run()),
    ]);
    steps
}
