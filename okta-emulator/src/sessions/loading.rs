//! Loads users into an open session.

use std::{collections::btree_map::Entry, time::SystemTime};

use super::{
    book::Book,
    course::Course,
    session::{Loaded, Session, SessionGroup},
    status::SessionStatus,
};
use crate::{
    directory::Directory,
    groups::GroupWork,
    load::{Entity, Flaw, Load, LoadKind},
    refusal::Refusal,
};

impl Book {
    pub(crate) fn load(
        &mut self,
        id: &str,
        load: Result<Load, Flaw>,
        directory: &Directory,
        now: SystemTime,
        course: &Course,
        violations: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        let (session, load) = self.open(id, load, (now, course), violations)?;
        let Load {
            kind,
            entities,
            oddities,
        } = load;
        if let Some(refusal) = course.refuses(&entities) {
            return Err(refusal);
        }
        violations.extend(oddities.into_iter().map(|oddity| format!("{id}: {oddity}")));
        // Okta's trap: a bulk-delete with no known user is accepted and leaves the
        // session CREATED, in which no import can be started.
        let counts = entities
            .iter()
            .any(|entity| kind == LoadKind::Upsert || directory.knows(&entity.external_id));
        for entity in entities {
            if let Some(external_id) = put(session, kind, entity, now) {
                violations.push(format!(
                    "{id}: {external_id} twice in one session, with different content"
                ));
            }
        }
        session.requests += 1;
        session.last_updated = now;
        if counts {
            session.begin(now, course.status_lags);
        }
        Ok(())
    }

    /// Loads groups and memberships. They advance the session whether Okta knows
    /// them or not.
    pub(crate) fn load_groups(
        &mut self,
        id: &str,
        load: Result<Vec<GroupWork>, Flaw>,
        now: SystemTime,
        course: &Course,
        violations: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        let (session, works) = self.open(id, load, (now, course), violations)?;
        session.groups.extend(works.into_iter().map(|work| {
            let GroupWork { group, change } = work;
            SessionGroup {
                group,
                change,
                loaded_at: now,
                outcome: None,
            }
        }));
        session.requests += 1;
        session.last_updated = now;
        session.begin(now, course.status_lags);
        Ok(())
    }

    /// The session, if it takes this load.
    fn open<T>(
        &mut self,
        id: &str,
        load: Result<T, Flaw>,
        (now, course): (SystemTime, &Course),
        violations: &mut Vec<String>,
    ) -> Result<(&mut Session, T), Refusal> {
        let index = self.touch(id, now)?;
        let most = self.max_bulk_requests;
        let session = &mut self.sessions[index];
        if !session.status.is_active() {
            // The client cannot help it if a load arrives late.
            if session.moved_by_client && !course.is_late {
                violations.push(format!("{id}: loaded while {}", session.status));
            }
            return Err(Refusal::validation(
                "importSessionId",
                [format!(
                    "Data can only be loaded into a session that is in CREATED or IN_PROGRESS \
                     status. Session={id} is in {} status",
                    session.status
                )],
            ));
        }
        let load = load.map_err(|flaw| {
            violations.push(format!("{id}: {}", flaw.violation));
            *flaw.refusal
        })?;
        if session.requests >= most {
            violations.push(format!("{id}: more than {most} bulk requests"));
            return Err(Refusal::validation(
                "importSessionId",
                [format!(
                    "At most {most} bulk requests are allowed in a session"
                )],
            ));
        }
        Ok((session, load))
    }
}

/// Returns the externalId of a user who is already in the session with something
/// else to do.
fn put(session: &mut Session, kind: LoadKind, entity: Entity, now: SystemTime) -> Option<String> {
    let loaded = Loaded {
        kind,
        profile: entity.profile,
        at: now,
        outcome: None,
        again: None,
    };
    session.deletes += usize::from(kind == LoadKind::Delete);
    match session.loaded.entry(entity.external_id) {
        Entry::Vacant(place) => {
            place.insert(loaded);
            None
        }
        Entry::Occupied(mut before) => {
            session.deletes -= usize::from(before.get().kind == LoadKind::Delete);
            let same = before.get().kind == kind && before.get().profile == loaded.profile;
            before.insert(loaded);
            (!same).then(|| before.key().clone())
        }
    }
}

impl Session {
    /// What an accepted load does to the status.
    fn begin(&mut self, now: SystemTime, lag: Option<std::time::Duration>) {
        if self.status == SessionStatus::Created {
            self.lags_until = now + lag.unwrap_or(self.lag);
        }
        self.status = SessionStatus::InProgress;
    }
}
