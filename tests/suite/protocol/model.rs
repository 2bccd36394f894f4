//! What is checked: how large the world is, how it begins, and what must never be.

use dynamodb_identity_source::{
    guard::{Ask, Budget, Kind},
    ledger::{
        Charge, Due, SessionLog, due,
        log::{Carries, End, Telling},
    },
};

use super::{
    bug::Bug,
    search::{Model, Step},
    world::{Entry, Person, Profile, Status, World, begin, told, want},
};

/// How large the world is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub people: usize,
    /// How many profiles somebody active may have.
    pub profiles: Profile,
    /// How often the table changes.
    pub changes: u8,
    /// How many hours pass, all within a day.
    pub hours: u8,
    /// How much goes wrong.
    pub faults: u8,
    /// How many sessions are opened.
    pub sessions: usize,
    /// How many people may be deactivated.
    pub limit: u64,
    /// Whether single people are called about, too.
    pub calls: bool,
    /// Whether the log may be lost.
    pub log_may_be_lost: bool,
    /// Whether everybody is active at Okta and in the ledger, and is to leave.
    pub everybody_leaves: bool,
    pub bug: Option<Bug>,
}

impl Size {
    pub fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    pub fn due(&self, world: &World, who: usize) -> Due {
        let person = &world.people[who];
        let telling = person.entry.map(|entry| entry.telling);
        due(
            want(person.table),
            telling.and_then(|telling| world.log.standing(telling)),
        )
    }

    pub fn due_now(&self, world: &World, who: usize) -> bool {
        self.due(world, who) == Due::Tell
    }

    /// The people of a session, all charged but for those who do not fit, with the entries that
    /// they are to have.
    pub fn charge(&self, world: &mut World, people: &[usize], session: u64) -> Vec<(usize, Entry)> {
        let mut ask = Ask {
            kind: Kind::Deactivations,
            fresh: 0,
            moved: [].into(),
            approved: false,
        };
        let now = world.now();
        let paid = world.budget.paid();
        let of = |world: &World, who: usize| {
            let charge = world.people[who]
                .entry
                .and_then(|entry| entry.deactivation)?;
            Some((charge, paid.hour(charge, now)?))
        };
        for who in people.iter().filter(|who| world.people[**who].table == 0) {
            match of(world, *who) {
                Some((_, hour)) => *ask.moved.entry(hour).or_default() += 1,
                None => ask.fresh += 1,
            }
        }
        let mut withheld = false;
        let mut hour = None;
        if ask.fresh > 0 || !ask.moved.is_empty() {
            hour = world.budget.charge(&ask, session, self.limit, now).ok();
            if hour.is_none() {
                withheld = true;
                ask.fresh = 0;
                hour = world.budget.charge(&ask, session, self.limit, now).ok();
            }
        }
        let mut entries = Vec::new();
        for who in people {
            let person = &world.people[*who];
            let mut charge = person.entry.and_then(|entry| entry.deactivation);
            if person.table == 0
                && let Some(hour) = hour
            {
                charge = match of(world, *who) {
                    Some((charge, before)) => Some(Charge {
                        hour,
                        moved: Some((before, session)),
                        ..charge
                    }),
                    None => Some(Charge {
                        hour,
                        by: session,
                        approved: false,
                        moved: None,
                    }),
                };
            }
            if person.table == 0 && withheld && of(world, *who).is_none() {
                continue;
            }
            let entry = Entry {
                telling: Telling {
                    told: told(person.table),
                    session,
                    behind: person
                        .entry
                        .and_then(|entry| world.log.behind(entry.telling)),
                    doubtful: false,
                },
                deactivation: charge,
            };
            entries.push((*who, entry));
        }
        entries
    }
}

impl Model for Size {
    type State = World;

    fn first(&self) -> World {
        let profile = Profile::from(self.everybody_leaves);
        let mut world = World {
            people: vec![
                Person {
                    table: Profile::from(!self.everybody_leaves),
                    okta: None,
                    entry: None,
                    was_deactivated: false,
                };
                self.people
            ],
            changes: 0,
            hours: 0,
            faults: 0,
            sessions: Vec::new(),
            log: SessionLog::default(),
            budget: Budget::default(),
            run: None,
            late: None,
        };
        if self.everybody_leaves {
            let (place, number) = world.open(false);
            world.sessions[place].status = Status::Completed;
            world.log.starting(number, Carries::default());
            world.log.triggered(number, begin());
            world.log.ended(number, End::Landed, begin());
            for person in &mut world.people {
                person.okta = Some(profile);
                person.entry = Some(Entry {
                    telling: Telling {
                        told: told(profile),
                        session: number,
                        behind: None,
                        doubtful: false,
                    },
                    deactivation: None,
                });
            }
        }
        world
    }

    fn steps(&self, world: &World, after: &mut Vec<(Step, World)>) {
        self.surroundings(world, after);
        match &world.run {
            None => self.begin(world, after),
            Some(run) => self.go_on(world, run, after),
        }
    }

    fn broken(&self, world: &World) -> Option<&'static str> {
        let gone = world.people.iter().filter(|person| person.was_deactivated);
        if gone.count() as u64 > self.limit {
            return Some("more people were deactivated than the guard allows");
        }
        if world.faults == 0 && world.spent() > world.people.len() as u64 {
            return Some("people count more than once");
        }
        let is_pending = |status| matches!(status, Status::Open | Status::Triggered);
        let is_busy = world.run.is_some()
            || world.late.is_some()
            || world
                .sessions
                .iter()
                .any(|session| is_pending(session.status));
        if is_busy {
            return None;
        }
        let mut settled = world.clone();
        self.settle(&mut settled, true, None);
        self.settle_left_over(&mut settled);
        for (who, person) in settled.people.iter().enumerate() {
            let is_right =
                person.okta == Some(person.table) || (person.table == 0 && person.okta.is_none());
            match self.due(&settled, who) {
                Due::Nothing if !is_right => {
                    return Some("nothing is due, and Okta has something else");
                }
                Due::Wait => return Some("somebody waits, and there is nothing to wait for"),
                _ => {}
            }
        }
        let paid = (0..settled.people.len()).filter(|who| settled.is_paid(*who));
        // Who is free of charge for nothing lets others through in the end, which is looked for
        // where there is a bug.
        if self.bug.is_none() && paid.count() as u64 > settled.spent() {
            return Some("somebody is free of charge whom the budget does not have");
        }
        None
    }
}
