//! Scenes about what goes wrong at Okta, in the tables, and between runs.

use fastrand::Rng;
use okta_emulator::{Effect, SessionEnd};

use super::{
    HOUR, LATER, after, alone, forbidden, newest_of_the_stream, okta, pair, put, run, slow_scan,
};
use crate::sim::{
    generate::{invoke, now, pick},
    history::{Act, DatabaseEffect, DatabaseFault, History, Layout, Step, What},
    limit::Limit,
    model::PEOPLE,
};

pub fn refused_trigger(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let (slot, other, mut steps) = pair(history, rng);
    steps.extend([
        after(LATER, put(slot, slot, false, 0)),
        now(put(other, other, true, 3)),
        now(okta("/sessions/*/start-import", 1, forbidden())),
        now(run()),
    ]);
    steps
}

/// Loads are done, or not, and nobody hears which: more of them than a session takes, or as many
/// as are tried of one.
pub fn answers_get_lost(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let (mut steps, times, effect) = if rng.bool() {
        (pair(history, rng).2, 6, Effect::CloseAfter)
    } else {
        history.blind = true;
        (by_themselves(history), 5, Effect::CloseBefore)
    };
    steps.push(after(LATER, okta("/sessions/*/bulk-upsert", times, effect)));
    steps.push(now(put(0, 0, false, 0)));
    steps.extend((1..history.people).map(|slot| now(put(slot, slot, true, 4))));
    steps.push(now(run()));
    steps
}

/// A few people, in a session with room for whatever is tried again.
fn by_themselves(history: &mut History) -> Vec<Step> {
    let steps = alone(history, 5);
    history.deactivations = Limit::count(100);
    history.updates = Limit::count(100);
    history.entities = 200;
    history.requests = 50;
    steps
}

/// Records get other keys while some segments of the table are read already and others are not.
pub fn records_move(history: &mut History, rng: &mut Rng) -> Vec<Step> {
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

pub fn import_fails(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = if rng.bool() {
        pair(history, rng).2
    } else {
        by_themselves(history)
    };
    let how = SessionEnd::Error;
    steps.extend([
        after(LATER, put(0, 0, true, 3)),
        now(okta(
            "/sessions/*/start-import",
            1,
            Effect::SessionEnds { how },
        )),
        now(run()),
    ]);
    steps
}

pub fn deletes_get_lost(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = if rng.bool() {
        pair(history, rng).2
    } else {
        by_themselves(history)
    };
    steps.extend([
        after(LATER, put(0, 0, false, 0)),
        now(put(1, 1, true, 3)),
        now(okta("/sessions/*/bulk-delete", 5, Effect::CloseBefore)),
        now(run()),
    ]);
    steps
}

pub fn another_record(history: &mut History, rng: &mut Rng) -> Vec<Step> {
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

pub fn slow_scan_then_back(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let (slot, _, mut steps) = pair(history, rng);
    steps.extend([
        after(LATER, put(slot, slot, false, 0)),
        now(slow_scan(rng.usize(0..6), 1, rng.u64(130_000..300_000))),
        now(run()),
        after(rng.u64(300..20_000), put(slot, slot, true, 0)),
    ]);
    steps
}

/// An import sleeps for days, while others are done.
pub fn sleeps_for_days(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 6);
    history.deactivations = Limit::count(100);
    history.updates = Limit::share(50);
    let hours = pick(rng, &[10, 26, 90]);
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

/// Okta makes a run wait for minutes, with people in hand who change their minds.
pub fn waits_with_people_in_hand(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 4);
    history.deactivations = Limit::count(100);
    history.updates = Limit::share(50);
    let later = [("retry-after".to_owned(), "170".to_owned())];
    let limited = Effect::RateLimited {
        headers: later.into(),
    };
    let leaves = rng.bool();
    let (first, then) = if history.layout == Layout::Attribute && rng.bool() {
        (Act::Delete { slot: 0 }, put(9, 0, true, 2))
    } else {
        (put(0, 0, !leaves, 1), put(0, 0, leaves, 2))
    };
    steps.extend([
        after(LATER, first),
        now(okta("/sessions", 1, limited)),
        now(run()),
        after(rng.u64(1_000..20_000), then),
    ]);
    steps
}

/// Half of the table cannot be read, and everybody's record has got another key.
pub fn half_is_not_read(history: &mut History, _: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 4);
    history.layout = Layout::Attribute;
    history.deactivations = Limit::count(100);
    let fails = |times| {
        Act::Database(DatabaseFault {
            call: "Scan users 1",
            skip: 0,
            times,
            effect: DatabaseEffect::InternalError,
        })
    };
    let moves = (0..4).map(|slot| {
        now(Act::Move {
            from: slot,
            to: slot + 8,
        })
    });
    steps.push(after(LATER, fails(40)));
    steps.extend(moves);
    steps.extend([now(run()), after(LATER, run())]);
    steps
}

/// What a run that died has written arrives after another's.
pub fn entries_arrive_late(history: &mut History, _: &mut Rng) -> Vec<Step> {
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
pub fn another_org(history: &mut History, rng: &mut Rng) -> Vec<Step> {
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

/// So many sessions that nothing may keep all of them: most land, some come to nothing.
pub fn hundreds_of_sessions(history: &mut History, rng: &mut Rng) -> Vec<Step> {
    let mut steps = alone(history, 3);
    history.cooldown = 0;
    history.watch = 5;
    history.updates = Limit::share(50);
    let turns = if rng.u32(0..20) == 0 { 300 } else { 8 };
    for turn in 0..turns {
        if rng.u32(0..4) == 0 {
            steps.push(now(okta("/sessions/*/start-import", 1, forbidden())));
        }
        let version = u8::try_from(turn % 7).unwrap();
        steps.push(after(rng.u64(30_000..600_000), put(0, 0, true, version)));
        steps.push(now(newest_of_the_stream(1)));
    }
    steps
}
