//! Histories from seeds.

use fastrand::Rng;

use super::{
    history::{Act, Death, Flaw, History, Invocation, Layout, Row, Step, What},
    model::PEOPLE,
    scenes::scene,
};
use crate::support::crash::Moment;

/// The history that this seed stands for.
pub fn history(seed: u64) -> History {
    let mut chance = Chance {
        rng: Rng::with_seed(seed),
        layout: Layout::Key,
        people: 0,
        stormy: 0,
        hot: 0,
    };
    let rng = &mut chance.rng;
    chance.layout = if rng.bool() {
        Layout::Key
    } else {
        Layout::Attribute
    };
    chance.people = rng.u8(3..=PEOPLE);
    chance.stormy = rng.u32(0..4);
    let mut steps: Vec<_> = (0..chance.people)
        .filter(|_| chance.rng.u32(0..6) > 0)
        .map(|slot| Step {
            after: 0,
            act: Act::Put {
                slot,
                row: Row {
                    person: slot,
                    ..PLAIN
                },
            },
        })
        .collect();
    if chance.rng.u32(0..5) > 0 {
        let first = Invocation {
            what: What::Schedule,
            timeout: 900,
            death: None,
        };
        steps.push(Step {
            after: 0,
            act: Act::Invoke(first),
        });
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
    steps.extend(scene(seed, chance.layout, chance.people, &mut chance.rng));
    let rng = &mut chance.rng;
    History {
        seed,
        layout: chance.layout,
        limit: pick(rng, &[1, 2, 3, 100, 100]),
        watch: pick(rng, &[0, 5, 60]),
        cooldown: pick(rng, &[0, 30, 300]),
        entities: pick(rng, &[1, 2, 3, 200]),
        requests: pick(rng, &[2, 3, 4, 50]),
        steps,
    }
}

pub const PLAIN: Row = Row {
    person: 0,
    active: true,
    in_scope: true,
    version: 0,
    flaw: Flaw::None,
};

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
    /// Milliseconds: often within a run, sometimes longer than a cooldown.
    fn pause(&mut self) -> u64 {
        let rng = &mut self.rng;
        if self.hot > 0 {
            self.hot -= 1;
            return rng.u64(0..60);
        }
        match rng.u32(0..10) {
            0..4 => rng.u64(0..80),
            4..6 => rng.u64(80..2_000),
            6..8 => rng.u64(2_000..40_000),
            _ => rng.u64(40_000..340_000),
        }
    }

    fn act(&mut self) -> Act {
        match self.rng.u32(0..if self.hot > 0 { 62 } else { 100 }) {
            0..45 => self.edit(),
            45..62 => Act::Invoke(self.invocation()),
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

    fn slot(&mut self) -> u8 {
        self.rng.u8(0..self.people)
    }

    fn edit(&mut self) -> Act {
        let slot = self.slot();
        if self.layout == Layout::Attribute
            && self.rng.u32(0..if self.hot > 0 { 2 } else { 4 }) == 0
        {
            return Act::Move {
                from: slot,
                to: self.slot(),
            };
        }
        if self.rng.u32(0..5) == 0 {
            return Act::Delete { slot };
        }
        let of_another = self.layout == Layout::Attribute && self.rng.u32(0..4) == 0;
        let person = if of_another { self.slot() } else { slot };
        let rng = &mut self.rng;
        let flaw = match (rng.u32(0..12), self.layout) {
            (0..2, _) => Flaw::Content,
            (2, Layout::Attribute) => Flaw::Nobody,
            _ => Flaw::None,
        };
        let row = Row {
            person,
            active: rng.u32(0..3) > 0,
            in_scope: rng.u32(0..6) > 0,
            version: rng.u8(0..3),
            flaw,
        };
        Act::Put { slot, row }
    }

    fn invocation(&mut self) -> Invocation {
        let what = match self.rng.u32(0..10) {
            0..5 => What::Schedule,
            5..7 => What::Sync { allow: None },
            7 => What::Sync {
                allow: Some(self.rng.u64(0..6)),
            },
            8 => What::Plan,
            _ => What::Push {
                slots: (0..self.rng.usize(1..4)).map(|_| self.slot()).collect(),
            },
        };
        self.dying(what)
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
