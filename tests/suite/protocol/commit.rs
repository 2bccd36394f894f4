//! The trigger, which is the commit, and what may come of it.

use dynamodb_identity_source::ledger::log::{Carries, End};

use super::{
    books::cancel,
    bug::Bug,
    model::Size,
    search::Step,
    world::{At, Run, Status, World},
};

impl Size {
    /// The import is started, which is the commit.
    pub fn start(&self, world: &World, run: &Run, after: &mut Vec<(Step, World)>) {
        let fault = world.faults < self.faults;
        let (place, number) = (run.session, run.number);
        let mut push = |what, mut next: World, is_fault: bool| {
            next.faults += u8::from(is_fault);
            after.push((Step(what, place), next));
        };
        let mut gone = world.clone();
        gone.run = None;
        if fault {
            let mut next = gone.clone();
            let _ = cancel(&mut next, place);
            self.ended(&mut next, number, End::Nothing);
            push("somebody pauses: it is cancelled", next, true);
        }
        gone.log.starting(number, carries(world, place));
        if self.has(Bug::HoldsBeforeTrigger) {
            self.ended(&mut gone, number, End::Landed);
        }
        if fault {
            push("the run dies before the trigger", gone.clone(), true);
        }
        if gone.sessions[place].status != Status::Open {
            push("Okta refuses the trigger", gone, false);
            return;
        }
        let only_leavers = gone.sessions[place]
            .tells
            .iter()
            .all(|(_, profile)| *profile == 0);
        let mut tells = gone.sessions[place].tells.iter();
        let shows_created = only_leavers && tells.all(|(who, _)| gone.people[*who].okta.is_none());
        let lags = self.has(Bug::CreatedIsLanded) && only_leavers && fault;
        if shows_created || lags {
            // Okta was asked for each of them, or it was only waited.
            let older = gone.log.has_older_unended(number) && !self.has(Bug::CreatedIsLanded);
            for (asked, what) in [
                (true, "CREATED, and Okta knows nobody"),
                (false, "CREATED for long"),
            ] {
                let mut next = gone.clone();
                let _ = cancel(&mut next, place);
                let end = if asked || !older {
                    End::Landed
                } else {
                    End::Nothing
                };
                self.ended(&mut next, number, end);
                push(what, next, !shows_created);
            }
        }
        if shows_created {
            return;
        }
        if fault {
            let mut next = gone.clone();
            next.sessions[place].trigger_on_its_way = true;
            push("the run dies with the trigger on its way", next, true);
        }
        gone.sessions[place].status = Status::Triggered;
        if fault {
            push("the answer to the trigger is lost", gone.clone(), true);
        }
        self.triggered(&mut gone, number);
        if self.has(Bug::EntryAfterTrigger) {
            gone.run = Some(Run {
                at: At::Triggered,
                ..run.clone()
            });
        }
        push("its import is started", gone, false);
    }
}

/// What the log has of a session's load.
pub fn carries(world: &World, place: usize) -> Carries {
    let tells = &world.sessions[place].tells;
    let deactivations = tells.iter().filter(|(_, profile)| *profile == 0).count() as u64;
    Carries {
        upserts: tells.len() as u64 - deactivations,
        deactivations,
        again: None,
        by_push: false,
        confirms: false,
        groups: false,
        may_change_groups: false,
    }
}
