//! What chance alone would rarely bring about: a scene at the end of most histories.

use fastrand::Rng;
use okta_emulator::{Applied, Effect, SessionEnd};

use super::{
    generate::{PLAIN, invoke, now, pick},
    history::{
        Act, DatabaseEffect, DatabaseFault, Death, History, Invocation, Layout, OktaFault, Row,
        Step, What,
    },
    limit::Limit,
    model::PEOPLE,
};

/// Milliseconds in which a cooldown passes and a run comes to its end.
const LATER: u64 = 1_300_000;
const HOUR: u64 = 3_600_000;

type Scene = fn(&mut History, &mut Rng) -> Vec<Step>;

/// Adds the scene of this seed, or none.
pub fn scene(history: &mut History, rng: &mut Rng) {
    const SCENES: [Scene; 17] = [
        refused_trigger,
        answers_get_lost,
        records_move,
        import_fails,
        deletes_get_lost,
        another_record,
        slow_scan_then_back,
        everybody_vanishes,
        crowd_leaves_in_parts,
        leaves_twice,
        dies_before_the_trigger,
        fails_and_another_leaves,
        sleeps_for_days,
        entries_arrive_late,
        another_org,
        approved_of_another,
        pushes_overtake,
    ];
    let nth = usize::try_from(history.seed % 20).unwrap();
    if let Some(scene) = SCENES.get(nth) {
        let steps = scene(history, rng);
        history.steps.extend(steps);
    }
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

fn refused_trigger(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let (slot, other, mut steps) = pair(history, rng);
    steps.extend([
        after(LATER, put(slot, slot, false, 0)),
        now(put(other, other, true, 3)),
        now(okta("/sessions/*/start-import", 1, forbidden())),
        now(run()),
    ]);
    steps
}

/// More loads than a session takes, once each is repeated.
fn answers_get_lost(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let (_, _, mut steps) = pair(history, rng);
    steps.push(after(
        LATER,
        okta("/sessions/*/bulk-upsert", 6, Effect::CloseAfter),
    ));
    steps.extend((0..history.people).map(|slot| now(put(slot, slot, true, 4))));
    steps.push(now(run()));
    steps
}

/// Records get other keys while some segments of the table are read already and others are not.
fn records_move(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    if history.layout != Layout::Attribute {
        return Vec::new();
    }
    let (slot, _, mut steps) = pair(history, rng);
    steps.extend([after(LATER, slow_scan(0, 1, 5_000)), now(run())]);
    for turn in 0..history.people / 2 {
        let from = (slot + turn) % history.people;
        let to = history.people + turn;
        steps.push(after(rng.u64(100..1_000), Act::Move { from, to }));
    }
    steps
}

fn import_fails(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let (slot, _, mut steps) = pair(history, rng);
    let how = SessionEnd::Error;
    steps.extend([
        after(LATER, put(slot, slot, true, 3)),
        now(okta(
            "/sessions/*/start-import",
            1,
            Effect::SessionEnds { how },
        )),
        now(run()),
    ]);
    steps
}

fn deletes_get_lost(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let (slot, other, mut steps) = pair(history, rng);
    steps.extend([
        after(LATER, put(slot, slot, false, 0)),
        now(put(other, other, true, 3)),
        now(okta("/sessions/*/bulk-delete", 5, Effect::CloseBefore)),
        now(run()),
    ]);
    steps
}

fn another_record(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    if history.layout == Layout::Key {
        return Vec::new();
    }
    let (slot, _, mut steps) = pair(history, rng);
    let elsewhere = if history.layout == Layout::Folded {
        slot + PEOPLE
    } else {
        history.people
    };
    steps.extend([
        after(LATER, put(elsewhere, slot, true, 0)),
        now(put(slot, slot, false, 0)),
        now(newest_of_the_stream(1)),
        after(LATER, Act::Delete { slot }),
        now(newest_of_the_stream(1)),
    ]);
    steps
}

fn slow_scan_then_back(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let (slot, _, mut steps) = pair(history, rng);
    steps.extend([
        after(LATER, put(slot, slot, false, 0)),
        now(slow_scan(rng.usize(0..6), 1, rng.u64(130_000..300_000))),
        now(run()),
        after(rng.u64(300..20_000), put(slot, slot, true, 0)),
    ]);
    steps
}

/// Every record vanishes, one by one, and the stream tells of each; now and then a full run looks.
fn everybody_vanishes(history: &mut History, rng: &mut Rng) -> Vec<Step> {
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
fn crowd_leaves_in_parts(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, PEOPLE);
    history.deactivations = Limit::share(40);
    history.entities = 200;
    history.requests = 50;
    steps.push(after(LATER, run()));
    for leaving in [0..5, 5..9] {
        steps.extend(leaving.map(|slot| now(put(slot, slot, false, 0))));
        steps.push(after(LATER, run()));
    }
    steps
}

/// Who leaves, returns, and leaves again is one person.
fn leaves_twice(history: &mut History, _: &mut Rng) -> Vec<Step> {
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
fn dies_before_the_trigger(history: &mut History, rng: &mut Rng) -> Vec<Step> {
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

/// An import that ended in ERROR may have been done.
fn fails_and_another_leaves(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 5);
    history.deactivations = Limit::count(1);
    history.updates = Limit::share(50);
    history.watch = 60;
    let fails = Effect::ImportEnds {
        how: SessionEnd::Error,
        applied: Applied::All,
    };
    steps.extend([
        after(LATER, put(0, 0, false, 0)),
        now(okta("/sessions/*/start-import", 1, fails)),
        now(run()),
        after(LATER, put(0, 0, true, 0)),
        now(put(1, 1, false, 0)),
        now(run()),
    ]);
    steps
}

/// An import sleeps for days, while others are done.
fn sleeps_for_days(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 6);
    history.deactivations = Limit::count(100);
    history.updates = Limit::share(50);
    let hours = pick(rng, &[26, 90]);
    let sleeps = Effect::ImportWakes {
        after: std::time::Duration::from_secs(hours * 3_600),
    };
    let first = rng.bool();
    steps.extend([
        after(LATER, okta("/sessions/*/start-import", 1, sleeps)),
        now(put(0, 0, first, 1)),
        now(run()),
        after(LATER, put(0, 0, true, 2)),
    ]);
    for turn in 0..9 {
        let slot = 1 + turn % 5;
        steps.push(after(8 * HOUR, put(slot, slot, turn % 10 < 5, 1)));
        steps.push(now(run()));
    }
    steps
}

/// What a run that died has written arrives after another's.
fn entries_arrive_late(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 4);
    history.updates = Limit::share(50);
    let slow = DatabaseFault {
        call: "PutItem identity-source-state user#",
        skip: 0,
        times: 1,
        effect: DatabaseEffect::Late(1_000_000),
    };
    steps.extend([
        after(LATER, put(0, 0, true, 1)),
        now(Act::Database(slow)),
        now(run()),
        after(400_000, put(0, 0, true, 2)),
        now(run()),
        after(700_000, put(0, 0, true, 1)),
        after(HOUR, run()),
    ]);
    steps
}

/// The function is deployed with another name of the org.
fn another_org(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 5);
    history.deactivations = Limit::count(100);
    steps.extend([
        after(LATER, put(0, 0, false, 0)),
        now(run()),
        after(LATER, Act::Rebind),
        now(put(1, 1, false, 0)),
        now(put(2, 2, true, 2)),
        now(run()),
        after(rng.u64(0..100_000), newest_of_the_stream(2)),
        after(LATER, invoke(What::Sync { rebind: true })),
        after(LATER, run()),
    ]);
    steps
}

/// Somebody leaves who was not on the list that was approved.
fn approved_of_another(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 6);
    let leaves = rng.bool();
    let change = |slot: u8| put(slot, slot, !leaves, 3);
    history.deactivations = Limit::count(1);
    history.updates = Limit::count(1);
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
fn pushes_overtake(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 3);
    history.deactivations = pick(rng, &[Limit::count(0), Limit::count(100)]);
    history.updates = Limit::share(50);
    for _ in 0..rng.usize(3..7) {
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

fn forbidden() -> Effect {
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
