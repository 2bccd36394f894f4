//! Histories from seeds.

use fastrand::Rng;

use super::{
    dates::{self, Period},
    history::{Act, Death, Deed, Flaw, History, Invocation, Layout, Row, Step, What},
    limit::Limit,
    model::PEOPLE,
    scenes::{fast::fast, is_about_okta, scene},
    teams,
};
use crate::support::crash::Moment;

/// The history that this seed stands for.
pub fn history(seed: u64) -> History {
    let mut rng = Rng::with_seed(seed);
    let layout = pick(
        &mut rng,
        &[
            Layout::Key,
            Layout::Key,
            Layout::Attribute,
            Layout::Attribute,
            Layout::Folded,
        ],
    );
    let people = rng.u8(3..=8);
    let mut chance = Chance {
        layout,
        people,
        stormy: rng.u32(0..4),
        hot: 0,
        rng,
    };
    let mut steps: Vec<_> = (0..people)
        .filter(|_| chance.rng.u32(0..6) > 0)
        .map(|slot| {
            now(Act::Put {
                slot,
                row: Row {
                    person: slot,
                    ..PLAIN
                },
            })
        })
        .collect();
    if chance.rng.u32(0..5) > 0 {
        steps.push(now(invoke(What::Schedule)));
        steps.push(Step {
            after: 330_000,
            act: Act::Invoke(chance.invocation()),
        });
    }
    for _ in 0..chance.rng.usize(10..=26) {
        steps.push(Step {
            after: chance.pause(),
            act: chance.act(),
        });
    }
    let rng = &mut chance.rng;
    let mut history = History {
        seed,
        layout,
        people,
        deactivations: pick(
            rng,
            &[
                Limit::count(1),
                Limit::count(2),
                Limit::count(3),
                Limit::share(10),
                Limit::count(100),
                Limit::count(100),
            ],
        ),
        updates: pick(
            rng,
            &[
                Limit::share(50),
                Limit::share(50),
                Limit::count(1),
                Limit::count(3),
            ],
        ),
        watch: pick(rng, &[0, 5, 60]),
        cooldown: pick(rng, &[0, 30, 300]),
        import: pick(rng, &[2, 2, 2, 60, 1_200]),
        lag: pick(rng, &[0, 0, 0, 0, 8, 22]),
        listing_lag: 0,
        skew: pick(rng, &[0, 0, 1, 4]),
        blind: false,
        entities: pick(rng, &[1, 2, 3, 200]),
        requests: pick(rng, &[2, 3, 4, 50]),
        teams: None,
        steps,
    };
    dates::add(&mut history);
    history.blind = Rng::with_seed(seed ^ 0x00b1_19d0).u32(0..4) == 0;
    scene(&mut history, &mut chance.rng);
    admins(&mut history);
    fast(&mut history);
    if history.verifies() {
        // Elsewhere nothing would put right what an adoption believes.
        let rng = &mut Rng::with_seed(history.seed ^ 0x0015_1a65);
        history.listing_lag = pick(rng, &[0, 0, 20, 600]);
    }
    teams::add(&mut history);
    history
}

/// Now and then somebody changes people at Okta. That is drawn from other numbers, so that all else
/// stays as it was.
fn admins(history: &mut History) {
    let mut rng = Rng::with_seed(history.seed ^ 0x000a_d319);
    // A scene about what Okta has brings its own.
    if rng.u32(0..4) > 0 || is_about_okta(history.seed) {
        return;
    }
    for nth in 0..rng.u8(1..=4) {
        let deed = match rng.u32(0..8) {
            0..4 => Deed::Edit(nth),
            4 => Deed::Deactivate,
            5 => Deed::Reactivate,
            6 => Deed::Delete,
            _ => Deed::Unassign,
        };
        let person = rng.u8(0..history.people);
        let place = rng.usize(0..=history.steps.len());
        let after = rng.u64(0..60_000);
        let act = Act::Admin { person, deed };
        history.steps.insert(place, Step { after, act });
    }
}

pub const PLAIN: Row = Row {
    person: 0,
    active: true,
    in_scope: true,
    version: 0,
    flaw: Flaw::None,
    period: Period::ALWAYS,
    teams: 0,
};

/// At once.
pub fn now(act: Act) -> Step {
    Step { after: 0, act }
}

/// An invocation that nothing disturbs.
pub fn invoke(what: What) -> Act {
    Act::Invoke(Invocation {
        what,
        timeout: 900,
        death: None,
    })
}

pub struct Chance {
    pub rng: Rng,
    layout: Layout,
    pub people: u8,
    /// How much goes wrong: 0 is nothing.
    stormy: u32,
    /// How many of the next steps come while a run is under way.
    hot: u32,
}

/// One of these.
pub fn pick<T: Clone>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.usize(0..all.len())].clone()
}

impl Chance {
    /// Milliseconds: often within a run, sometimes longer than a cooldown, now and then a day.
    fn pause(&mut self) -> u64 {
        let rng = &mut self.rng;
        if self.hot > 0 {
            self.hot -= 1;
            return rng.u64(0..60);
        }
        match rng.u32(0..40) {
            0..16 => rng.u64(0..80),
            16..24 => rng.u64(80..2_000),
            24..32 => rng.u64(2_000..40_000),
            32..38 => rng.u64(40_000..340_000),
            38 => rng.u64(340_000..20_000_000),
            _ => rng.u64(20_000_000..100_000_000),
        }
    }

    fn act(&mut self) -> Act {
        match self.rng.u32(0..if self.hot > 0 { 62 } else { 100 }) {
            0..42 => self.edit(),
            42..62 => Act::Invoke(self.invocation()),
            62..78 => Act::Invoke(self.delivery()),
            _ if self.stormy == 0 => self.edit(),
            78..87 => Act::Database(self.database_fault()),
            87..96 => Act::Okta(self.okta_fault()),
            96..98 => Act::Rotate {
                okta: self.rng.bool(),
                secret: self.rng.bool(),
            },
            98 => Act::ForeignSession,
            _ => Act::ForgetSession,
        }
    }

    fn person(&mut self) -> u8 {
        self.rng.u8(0..self.people)
    }

    /// Where a record is, or could be.
    fn slot(&mut self) -> u8 {
        let person = self.person();
        if self.layout == Layout::Folded && self.rng.u32(0..3) == 0 {
            person + PEOPLE
        } else {
            person
        }
    }

    fn edit(&mut self) -> Act {
        let slot = self.slot();
        let moves = self.rng.u32(0..if self.hot > 0 { 2 } else { 4 }) == 0;
        match self.layout {
            Layout::Attribute if moves => {
                return Act::Move {
                    from: slot,
                    to: self.person(),
                };
            }
            Layout::Folded if moves => {
                return Act::Move {
                    from: slot,
                    to: (slot + PEOPLE) % (2 * PEOPLE),
                };
            }
            _ => {}
        }
        if self.rng.u32(0..5) == 0 {
            return Act::Delete { slot };
        }
        let of_another = self.layout == Layout::Attribute && self.rng.u32(0..4) == 0;
        let person = if of_another {
            self.person()
        } else {
            slot % PEOPLE
        };
        let row = self.row(person);
        Act::Put { slot, row }
    }

    fn row(&mut self, person: u8) -> Row {
        let rng = &mut self.rng;
        let flaw = match (rng.u32(0..12), self.layout) {
            (0..2, _) => Flaw::Content,
            (2, Layout::Attribute) => Flaw::Nobody,
            _ => Flaw::None,
        };
        Row {
            person,
            active: rng.u32(0..3) > 0,
            in_scope: rng.u32(0..6) > 0,
            version: rng.u8(0..3),
            flaw,
            period: Period::ALWAYS,
            teams: 0,
        }
    }

    fn invocation(&mut self) -> Invocation {
        let what = match self.rng.u32(0..22) {
            0..11 => What::Schedule,
            11 => What::Sync { rebind: false },
            12 => What::Plan,
            13..15 => What::Approve {
                nth: pick(&mut self.rng, &[0, 0, 0, 1, 2]),
            },
            15..18 => self.push(),
            18 => What::PushAgain {
                nth: self.rng.usize(0..3),
            },
            19..21 => What::Verify {
                adopt: self.rng.bool(),
                repair: self.rng.bool(),
            },
            _ if self.rng.bool() => What::Pause,
            _ => What::Resume,
        };
        self.dying(what)
    }

    /// Records of people in the table, and of two whom it never has.
    fn push(&mut self) -> What {
        let count = self.rng.usize(1..4);
        let rows = (0..count).map(|_| {
            let person = self.rng.u8(0..self.people + 2);
            let row = self.row(person);
            let flaw = if row.flaw == Flaw::Nobody {
                Flaw::None
            } else {
                row.flaw
            };
            (person, Row { flaw, ..row })
        });
        What::Push {
            rows: rows.collect(),
            seconds_ago: pick(&mut self.rng, &[0, 0, 0, 30, 600]),
        }
    }

    fn delivery(&mut self) -> Invocation {
        let rng = &mut self.rng;
        let what = What::Stream {
            from: if rng.bool() { 0 } else { rng.usize(0..20) },
            count: rng.usize(1..8),
            backwards: rng.u32(0..4) == 0,
            again: rng.u32(0..4) == 0,
        };
        self.dying(what)
    }

    fn dying(&mut self, what: What) -> Invocation {
        let rng = &mut self.rng;
        self.hot = pick(rng, &[0, 0, 2, 5]);
        let death = match rng.u32(0..10) {
            _ if self.stormy == 0 => None,
            0 => Some(Death::Database {
                call: rng.usize(1..50),
                moment: if rng.bool() {
                    Moment::Before
                } else {
                    Moment::After
                },
            }),
            1 => Some(Death::Okta {
                call: rng.usize(1..10),
            }),
            2 => Some(Death::After(rng.u64(0..2_000))),
            _ => None,
        };
        Invocation {
            what,
            timeout: pick(rng, &[20, 60, 120, 400, 900, 900]),
            death,
        }
    }
}
