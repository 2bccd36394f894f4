//! What a run makes of the sessions whose end was not seen, as the program's books have it.

use dynamodb_identity_source::{
    ledger::{
        Number,
        log::{Charges, End, State},
    },
    okta::{Cancelled, SessionStatus},
    sync::{Seen, after_cancelling, left_over, seen},
};

use super::{
    bug::Bug,
    model::Size,
    world::{Status, World, begin},
};

/// A look at a session that does not say how it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misread {
    /// It cannot be looked at.
    Failed,
    /// Okta's answer is from before it was opened.
    NotYetThere,
    /// Okta's answer is from before its import was started.
    StillOpen,
    /// Okta's answer is from before its import ended.
    StillImporting,
}

impl Size {
    /// Looks at every session whose end was not seen. Whoever has the lease cancels those that are
    /// open. One look, at the session in this place, may be misread.
    pub fn settle(&self, world: &mut World, lease: bool, misread: Option<(usize, Misread)>) {
        let listed: Vec<_> = world
            .log
            .listed()
            .map(|(number, session)| (number, World::place(&session.id), session.state))
            .collect();
        for (number, place, state) in listed {
            if self.has(Bug::GivenUpIsForgotten) && state == State::GivenUp {
                continue;
            }
            let status = world.sessions[place].status;
            let misread = misread.filter(|(it, _)| *it == place);
            let read = match misread.map(|(_, misread)| misread) {
                None => Some(status.as_read()),
                Some(Misread::Failed) => continue,
                Some(Misread::NotYetThere) => None,
                Some(Misread::StillOpen) => Some(SessionStatus::InProgress),
                Some(Misread::StillImporting) => Some(SessionStatus::Triggered),
            };
            let mut seen = seen(state, read.as_ref());
            if seen == Seen::Open && lease {
                seen = after_cancelling(state, &cancel(world, place));
            }
            match seen {
                Seen::Ended(end) => self.ended(world, number, end),
                Seen::Importing => self.triggered(world, number),
                Seen::Open | Seen::Nothing => {}
            }
        }
        for place in 0..world.sessions.len() {
            if let Some(number) = world.sessions[place].call {
                settle_call(world, number, place);
            }
        }
    }

    /// Decides about charges that a run which died has left undecided.
    pub fn settle_left_over(&self, world: &mut World) {
        if !self.has(Bug::GivenBackByAny) {
            for (number, given_back) in left_over(&world.log, &world.budget) {
                let now = world.now();
                world.budget.settle(number, given_back, now);
            }
        }
    }

    /// A session ended.
    pub fn ended(&self, world: &mut World, number: Number, end: End) {
        let now = world.now();
        if self.has(Bug::GivenBackByAny) && end == End::Nothing {
            for who in 0..world.people.len() {
                let entry = world.people[who].entry;
                if let Some(entry) = entry.filter(|entry| entry.telling.session == number)
                    && let Some(charge) = entry.deactivation
                {
                    world.budget.settle(charge.by, true, now);
                }
            }
        }
        let charges = world.log.ended(number, end, begin());
        let given_back = charges == Charges::GivenBack
            || (end == End::Error && self.has(Bug::GivenBackAfterError));
        if !self.has(Bug::GivenBackByAny) || given_back {
            world.budget.settle(number, given_back, now);
        }
    }

    /// An import was started: its charges stand.
    pub fn triggered(&self, world: &mut World, number: Number) {
        world.log.triggered(number, begin());
        if !self.has(Bug::GivenBackByAny) {
            let now = world.now();
            world.budget.settle(number, false, now);
        }
    }
}

/// So long after it was numbered that a call has ended which was answered, or was never sent by a
/// run that died. One that is on its way arrives before.
fn settle_call(world: &mut World, number: Number, place: usize) {
    let is_at_work = world.run.as_ref().is_some_and(|run| run.session == place);
    match world.sessions[place].status {
        Status::Triggered => {}
        Status::Open if is_at_work => {}
        Status::Open => {
            world.sessions[place].status = Status::Closed;
            world.log.call_ended(number, false);
        }
        _ => world.log.call_ended(number, true),
    }
}

/// Cancels a session, if that is still possible.
pub fn cancel(world: &mut World, place: usize) -> Cancelled {
    let session = &mut world.sessions[place];
    match session.status {
        Status::Open | Status::Closed => {
            session.status = Status::Closed;
            session.trigger_on_its_way = false;
            Cancelled::Done
        }
        status => Cancelled::TooLate(status.as_read()),
    }
}
