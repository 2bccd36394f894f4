//! What a run does that has the lease, step by step, and where it may die.

use dynamodb_identity_source::ledger::log::End;

use super::{
    books::{Misread, cancel},
    bug::Bug,
    model::Size,
    search::Step,
    surroundings::said,
    world::{At, Entry, Run, Status, World},
};

/// As many imports under way keep sessions with upserts from being opened.
const BACKLOG: usize = 2;

impl Size {
    /// Somebody takes the lease, settles what is unsettled, and opens a session if there is
    /// anybody to tell.
    pub fn begin(&self, world: &World, after: &mut Vec<(Step, World)>) {
        self.begin_with(world, None, after);
        for misread in self.misreads(world) {
            self.begin_with(world, Some(misread), after);
        }
    }

    fn begin_with(
        &self,
        world: &World,
        misread: Option<(usize, Misread)>,
        after: &mut Vec<(Step, World)>,
    ) {
        let (what, about) = misread.map_or(("a run begins", 0), |(place, misread)| {
            (said(misread), place)
        });
        let mut world = world.clone();
        world.faults += u8::from(misread.is_some());
        let before = (world.log.clone(), world.budget.clone());
        self.settle(&mut world, true, misread);
        self.settle_left_over(&mut world);
        let leavers_only = world.log.unended() >= BACKLOG;
        let is_due = |world: &World, who: usize| self.may_be_told(world, who, leavers_only);
        let due: Vec<_> = (0..world.people.len())
            .filter(|who| is_due(&world, *who))
            .collect();
        if due.is_empty() || world.sessions.len() == self.sessions || world.faults < self.faults {
            // It goes without a session, or dies before it has one.
            if (&world.log, &world.budget) != (&before.0, &before.1) {
                after.push((Step(what, about), world.clone()));
            }
        }
        if due.is_empty() || world.sessions.len() == self.sessions {
            return;
        }
        let mut next = world.clone();
        // Okta opens one only where no other is open.
        for place in 0..next.sessions.len() {
            if next.sessions[place].status == Status::Open {
                let _ = cancel(&mut next, place);
            }
        }
        let (session, number) = next.open(false);
        next.run = Some(Run {
            at: At::Opened,
            session,
            number,
            leavers_only,
            entries: Vec::new(),
        });
        after.push((
            Step(
                if misread.is_none() {
                    "a run opens a session"
                } else {
                    what
                },
                about,
            ),
            next,
        ));
        if self.calls && misread.is_none() {
            due.iter().for_each(|who| self.call(&world, *who, after));
        }
    }

    fn may_be_told(&self, world: &World, who: usize, leavers_only: bool) -> bool {
        self.due_now(world, who) && (!leavers_only || world.people[who].table == 0)
    }

    /// Somebody is told by a call, unless a session may still carry them.
    fn call(&self, world: &World, who: usize, after: &mut Vec<(Step, World)>) {
        let telling = world.people[who].entry.map(|entry| entry.telling);
        let ignores = self.has(Bug::CallIgnoresImports);
        if !ignores && telling.is_some_and(|telling| world.log.behind(telling).is_some()) {
            return;
        }
        let mut next = world.clone();
        let (session, number) = next.open(true);
        let guarded = Size {
            limit: if self.has(Bug::CallIsNotCharged) {
                u64::MAX
            } else {
                self.limit
            },
            ..*self
        };
        let mut entries = guarded.charge(&mut next, &[who], number);
        let Some((_, entry)) = entries.first_mut() else {
            return;
        };
        if ignores {
            entry.telling.behind = None;
        }
        let entry = (who, *entry);
        next.sessions[session]
            .tells
            .push((who, next.people[who].table));
        if !self.has(Bug::EntryAfterCall) && !next.write(entry, false) {
            return;
        }
        next.run = Some(Run {
            at: At::Calls,
            session,
            number,
            leavers_only: false,
            entries,
        });
        after.push((Step("a run prepares a call about somebody", who), next));
    }

    /// The run that has the lease goes on, or dies.
    pub fn go_on(&self, world: &World, run: &Run, after: &mut Vec<(Step, World)>) {
        let fault = world.faults < self.faults;
        if fault {
            let mut next = world.clone();
            next.faults += 1;
            next.run = None;
            after.push((Step("the run dies", run.session), next));
        }
        let mut next = world.clone();
        match run.at {
            At::Opened => self.load(world, run, after),
            At::Loaded => {
                if fault && world.late.is_none() {
                    self.die_while_writing(world, run, after);
                }
                let late = self.has(Bug::EntryAfterTrigger);
                let written = late || run.entries.iter().all(|entry| next.write(*entry, false));
                next.run = written.then(|| Run {
                    at: At::Recorded,
                    ..run.clone()
                });
                after.push((Step("entries are written", run.session), next));
            }
            At::Recorded => self.start(world, run, after),
            At::Triggered => {
                run.entries.iter().for_each(|entry| {
                    let _ = next.write(*entry, false);
                });
                next.run = None;
                after.push((Step("entries are written", run.session), next));
            }
            At::Calls => {
                next.sessions[run.session].status = Status::Triggered;
                next.run = Some(Run {
                    at: At::Called,
                    ..run.clone()
                });
                after.push((Step("the call is made", run.session), next));
            }
            At::Called => {
                // Whoever was charged may have been told.
                self.triggered(&mut next, run.number);
                if next.sessions[run.session].status == Status::Completed {
                    next.log.call_ended(run.number, true);
                }
                if self.has(Bug::EntryAfterCall) {
                    run.entries.iter().for_each(|entry| {
                        let _ = next.write(*entry, false);
                    });
                }
                next.run = None;
                after.push((Step("the call is noted", run.session), next));
            }
        }
    }

    /// Some of those who are due are in hand, charged and loaded.
    fn load(&self, world: &World, run: &Run, after: &mut Vec<(Step, World)>) {
        let is_due = |who: &usize| self.may_be_told(world, *who, run.leavers_only);
        let due: Vec<_> = (0..world.people.len()).filter(is_due).collect();
        let portions: &[Vec<usize>] = match due[..] {
            [] => &[vec![]],
            [one] => &[vec![one]],
            [one, another, ..] => &[vec![one], vec![another], vec![one, another]],
        };
        for portion in portions {
            let mut next = world.clone();
            let entries = self.charge(&mut next, portion, run.number);
            if entries.is_empty() {
                let _ = cancel(&mut next, run.session);
                self.ended(&mut next, run.number, End::Nothing);
                next.run = None;
                after.push((Step("there is nobody to load", run.session), next));
                continue;
            }
            if world.faults < self.faults && next.budget != world.budget {
                let mut dead = next.clone();
                dead.faults += 1;
                dead.run = None;
                after.push((Step("the run dies after a charge", run.session), dead));
            }
            let tells = entries
                .iter()
                .map(|(who, _)| (*who, world.people[*who].table));
            next.sessions[run.session].tells = tells.collect();
            next.run = Some(Run {
                at: At::Loaded,
                entries,
                ..run.clone()
            });
            after.push((
                Step("people are loaded, of whom the first is", portion[0]),
                next,
            ));
        }
    }

    /// One write is on its way when the run dies; the others were done, or never are.
    fn die_while_writing(&self, world: &World, run: &Run, after: &mut Vec<(Step, World)>) {
        for late in &run.entries {
            let others: Vec<&(usize, Entry)> =
                run.entries.iter().filter(|it| it.0 != late.0).collect();
            for done in [true, false] {
                if !done && others.is_empty() {
                    continue;
                }
                let mut next = world.clone();
                next.faults += 1;
                next.run = None;
                next.late = Some(*late);
                if done {
                    others.iter().for_each(|entry| {
                        let _ = next.write(**entry, false);
                    });
                }
                after.push((
                    Step("the run dies with a write on its way about", late.0),
                    next,
                ));
            }
        }
    }
}
