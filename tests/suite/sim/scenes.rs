//! What chance alone would rarely bring about: a scene at the end of most histories.

use fastrand::Rng;
use okta_emulator::{Effect, SessionEnd};

use super::{
    generate::PLAIN,
    history::{Act, DatabaseEffect, DatabaseFault, Invocation, Layout, OktaFault, Row, Step, What},
};

/// Milliseconds in which a cooldown passes and a run comes to its end.
const LATER: u64 = 900_000;

/// The scene of this seed, or none.
pub fn scene(seed: u64, layout: Layout, people: u8, rng: &mut Rng) -> Vec<Step> {
    let slot = rng.u8(0..people);
    let other = (slot + 1) % people;
    let start = [
        (1_000, put(slot, slot, true, 0)),
        (0, put(other, other, true, 0)),
        (0, run()),
    ];
    let then: Vec<_> = match (seed % 8, layout) {
        (0, _) => vec![
            (LATER, put(slot, slot, false, 0)),
            (0, put(other, other, true, 3)),
            (0, okta("/sessions/*/start-import", 1, forbidden())),
            (0, run()),
        ],
        (1, _) => answers_get_lost(people),
        (3, Layout::Attribute) => records_move(slot, people, rng),
        (4, _) => vec![
            (LATER, put(slot, slot, true, 3)),
            (
                0,
                okta(
                    "/sessions/*/start-import",
                    1,
                    Effect::SessionEnds {
                        how: SessionEnd::Error,
                    },
                ),
            ),
            (0, run()),
        ],
        (5, _) => vec![
            (LATER, put(slot, slot, false, 0)),
            (0, put(other, other, true, 3)),
            (0, okta("/sessions/*/bulk-delete", 5, Effect::CloseBefore)),
            (0, run()),
        ],
        (6, Layout::Attribute) => vec![
            (LATER, put(people, slot, true, 0)),
            (0, put(slot, slot, false, 0)),
            (0, newest_of_the_stream()),
        ],
        (7, _) => vec![
            (LATER, put(slot, slot, false, 0)),
            (0, slow_scan(rng.usize(0..8), 1, rng.u64(130_000..300_000))),
            (0, run()),
            (rng.u64(300..20_000), put(slot, slot, true, 0)),
        ],
        _ => return Vec::new(),
    };
    let steps = start.into_iter().chain(then);
    steps.map(|(after, act)| Step { after, act }).collect()
}

/// More loads than a session takes, once each is repeated.
fn answers_get_lost(people: u8) -> Vec<(u64, Act)> {
    let changed = (0..people).map(|slot| (0, put(slot, slot, true, 4)));
    let lost = okta("/sessions/*/bulk-upsert", 6, Effect::CloseAfter);
    [(LATER, lost)]
        .into_iter()
        .chain(changed)
        .chain([(0, run())])
        .collect()
}

/// Records get other keys while some segments of the table are read already and others are not.
fn records_move(slot: u8, people: u8, rng: &mut Rng) -> Vec<(u64, Act)> {
    let mut steps = vec![(LATER, slow_scan(0, 4, 5_000)), (0, run())];
    for turn in 0..people / 2 {
        let from = (slot + turn) % people;
        steps.push((
            rng.u64(100..1_000),
            Act::Move {
                from,
                to: people + turn,
            },
        ));
    }
    steps
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
    Act::Invoke(Invocation {
        what: What::Schedule,
        timeout: 900,
        death: None,
    })
}

fn newest_of_the_stream() -> Act {
    let what = What::Stream {
        from: usize::MAX,
        count: 1,
        backwards: false,
        again: false,
    };
    Act::Invoke(Invocation {
        what,
        timeout: 900,
        death: None,
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
