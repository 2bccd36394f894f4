//! What happens around the runs: the table changes, Okta works when it likes, writes and requests
//! arrive late, time passes.

use dynamodb_identity_source::ledger::SessionLog;
use jiff::SignedDuration;

use super::{
    books::Misread,
    bug::Bug,
    model::Size,
    search::Step,
    world::{AtOkta, Status, World, begin},
};

impl Size {
    pub fn surroundings(&self, world: &World, after: &mut Vec<(Step, World)>) {
        self.table_changes(world, after);
        self.late_things_arrive(world, after);
        for place in 0..world.sessions.len() {
            self.okta_works(world, place, after);
        }
        self.somebody_looks(world, after);
        if world.faults < self.faults {
            self.time_passes(world, after);
        }
        self.the_log_shrinks(world, after);
        if world.hours < self.hours {
            let mut next = world.clone();
            next.hours += 1;
            after.push((Step("an hour passes", next.hours.into()), next));
        }
    }

    fn table_changes(&self, world: &World, after: &mut Vec<(Step, World)>) {
        if world.changes == self.changes {
            return;
        }
        for (who, person) in world.people.iter().enumerate() {
            for profile in (0..=self.profiles).filter(|profile| *profile != person.table) {
                let mut next = world.clone();
                next.changes += 1;
                next.people[who].table = profile;
                let what = if profile == 0 {
                    "a record says inactive"
                } else {
                    "a record says active"
                };
                after.push((Step(what, who), next));
            }
        }
    }

    fn late_things_arrive(&self, world: &World, after: &mut Vec<(Step, World)>) {
        if let Some(late) = world.late {
            let mut next = world.clone();
            next.late = None;
            let _ = next.write(late, self.has(Bug::LateWriteReplaces));
            after.push((Step("a dead run's write arrives", late.0), next));
        }
        for (place, session) in world.sessions.iter().enumerate() {
            if session.trigger_on_its_way {
                let mut next = world.clone();
                let session = &mut next.sessions[place];
                session.trigger_on_its_way = false;
                session.status = Status::Triggered;
                after.push((Step("a dead run's trigger arrives", place), next));
            }
        }
    }

    fn okta_works(&self, world: &World, place: usize, after: &mut Vec<(Step, World)>) {
        let session = &world.sessions[place];
        let fault = world.faults < self.faults;
        let mut end = |what, status, who: &[(usize, u8)], fault: bool| {
            let mut next = world.clone();
            next.faults += u8::from(fault);
            next.sessions[place].status = status;
            who.iter().for_each(|tell| next.import(*tell));
            after.push((Step(what, place), next));
        };
        match session.status {
            Status::Triggered => {
                end("it is imported", Status::Completed, &session.tells, false);
                if fault && session.call.is_some() {
                    end("the call is refused", Status::Completed, &[], true);
                } else if fault {
                    end("ERROR without effect", Status::Error, &[], true);
                    end(
                        "ERROR with all applied",
                        Status::Error,
                        &session.tells,
                        true,
                    );
                    if let [first, second] = session.tells[..] {
                        end(
                            "ERROR with the first applied",
                            Status::Error,
                            &[first],
                            true,
                        );
                        end(
                            "ERROR with the second applied",
                            Status::Error,
                            &[second],
                            true,
                        );
                    }
                }
            }
            Status::Open
                if fault
                    && session.call.is_none()
                    && world.run.as_ref().is_none_or(|run| run.session != place) =>
            {
                let mut next = world.clone();
                next.faults += 1;
                next.sessions[place].status = Status::Expired;
                next.sessions[place].trigger_on_its_way = false;
                after.push((Step("it expires", place), next));
            }
            _ => {}
        }
    }

    /// A run that begins, or watches, looks at the sessions without having the lease.
    fn somebody_looks(&self, world: &World, after: &mut Vec<(Step, World)>) {
        let mut look = |what, place, misread: Option<(usize, Misread)>| {
            let mut next = world.clone();
            self.settle(&mut next, false, misread);
            if next != *world {
                next.faults += u8::from(misread.is_some());
                after.push((Step(what, place), next));
            }
        };
        look("a run looks", 0, None);
        for (place, misread) in self.misreads(world) {
            look(said(misread), place, Some((place, misread)));
        }
    }

    /// How looks may be misread.
    pub fn misreads(&self, world: &World) -> Vec<(usize, Misread)> {
        if world.faults == self.faults {
            return Vec::new();
        }
        let listed = world
            .log
            .listed()
            .map(|(_, session)| World::place(&session.id));
        let possible = |place: usize| {
            let session = &world.sessions[place];
            let lags = match session.status {
                _ if session.call.is_some() => [].as_slice(),
                Status::Open => &[Misread::Failed, Misread::NotYetThere],
                Status::Triggered => &[Misread::Failed, Misread::NotYetThere, Misread::StillOpen],
                Status::Closed | Status::Expired => &[Misread::Failed, Misread::StillOpen],
                Status::Completed | Status::Error => {
                    &[Misread::Failed, Misread::StillOpen, Misread::StillImporting]
                }
            };
            lags.iter().map(move |lag| (place, *lag))
        };
        listed.flat_map(possible).collect()
    }

    /// A day passes in which an import does not end.
    fn time_passes(&self, world: &World, after: &mut Vec<(Step, World)>) {
        let mut next = world.clone();
        next.faults += 1;
        let day = begin() + SignedDuration::from_hours(30 * i64::from(next.faults));
        let Some(id) = next.log.give_up(day) else {
            return;
        };
        let place = World::place(&id);
        let session = &world.sessions[place];
        let is_at_work = world.run.as_ref().is_some_and(|run| run.session == place);
        if session.call.is_none() && !session.status.is_final() && !is_at_work {
            after.push((Step("it is given up", place), next));
        }
    }

    /// What no entry names is forgotten once no late write can name it; and the log may be lost.
    fn the_log_shrinks(&self, world: &World, after: &mut Vec<(Step, World)>) {
        if world.late.is_some() || world.run.is_some() {
            return;
        }
        let mut next = world.clone();
        let entries = world.people.iter().filter_map(|person| person.entry);
        let sessions =
            entries.flat_map(|entry| [Some(entry.telling.session), entry.telling.behind]);
        let named = sessions
            .flatten()
            .filter(|number| world.log.is_exception(*number));
        next.log.forget(
            &named.collect(),
            world.log.last(),
            begin() + SignedDuration::from_hours(10),
        );
        if next.log != world.log {
            after.push((Step("what no entry names is forgotten", 0), next));
        }
        let is_pending = |session: &AtOkta| session.status == Status::Triggered;
        if self.log_may_be_lost
            && world.faults < self.faults
            && !world.sessions.iter().any(is_pending)
        {
            let mut next = world.clone();
            next.faults += 1;
            next.log = SessionLog::default();
            after.push((Step("the log is lost", 0), next));
        }
    }
}

/// A misread look, as a step.
pub fn said(misread: Misread) -> &'static str {
    match misread {
        Misread::Failed => "a session cannot be looked at",
        Misread::NotYetThere => "Okta says that it is not there yet",
        Misread::StillOpen => "Okta says that it is still open",
        Misread::StillImporting => "Okta says that it is still importing",
    }
}
