//! All sessions of the identity source, and what the API does with them.

use std::{
    collections::{VecDeque, btree_map::Entry},
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use super::session::{Loaded, Session, SessionStatus, SessionUser, SessionView};
use crate::{
    directory::Directory,
    faults::Work,
    ids::Ids,
    load::{Flaw, Load, LoadKind},
    options::Options,
    refusal::Refusal,
};

/// What Okta calls a session where it cannot find one.
const SESSION_KIND: &str = "IdentitySourceSession";

/// Every session there ever was, oldest first.
#[derive(Debug)]
pub(crate) struct Book {
    pub(super) sessions: Vec<Session>,
    /// Triggered sessions in the order in which Okta processes them.
    pub(super) queue: VecDeque<Arc<str>>,
    identity_source: String,
    max_bulk_requests: u32,
    cooldown: Duration,
    import_time: Duration,
    /// When a session may be opened again after the last trigger.
    pub(super) cooled_at: SystemTime,
    /// When the last session of the queue will have been processed.
    busy_until: SystemTime,
    pub(super) ids: Ids,
}

impl Book {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            sessions: Vec::new(),
            queue: VecDeque::new(),
            identity_source: options.identity_source.clone(),
            max_bulk_requests: options.max_bulk_requests,
            cooldown: options.cooldown,
            import_time: options.import_time,
            cooled_at: SystemTime::UNIX_EPOCH,
            busy_until: SystemTime::UNIX_EPOCH,
            ids: Ids::default(),
        }
    }

    pub(crate) fn create(&mut self, now: SystemTime) -> Result<Value, Refusal> {
        let active = self
            .sessions
            .iter()
            .any(|session| session.status.is_active());
        if active || now < self.cooled_at {
            return Err(Refusal::validation(
                "importSession",
                [
                    "Only one active import session per identity source is allowed to be \
                     created every 5 minutes"
                        .to_owned(),
                ],
            ));
        }
        let session = Session::opened(self.ids.session(), now);
        let object = session.object(&self.identity_source);
        self.sessions.push(session);
        Ok(object)
    }

    pub(crate) fn active(&self) -> Vec<Value> {
        self.sessions
            .iter()
            .filter(|session| session.status.is_active())
            .map(|session| session.object(&self.identity_source))
            .collect()
    }

    pub(crate) fn get(&mut self, id: &str, now: SystemTime) -> Result<Value, Refusal> {
        let index = self.touch(id, now)?;
        Ok(self.sessions[index].object(&self.identity_source))
    }

    pub(crate) fn cancel(&mut self, id: &str, now: SystemTime) -> Result<(), Refusal> {
        let index = self.touch(id, now)?;
        let session = &mut self.sessions[index];
        if !session.status.is_active() {
            return Err(Refusal::validation(
                "importSessionId",
                [
                    "Only a session that is in CREATED or IN_PROGRESS status can be canceled."
                        .to_owned(),
                ],
            ));
        }
        session.move_to(SessionStatus::Closed, now);
        Ok(())
    }

    pub(crate) fn load(
        &mut self,
        id: &str,
        load: Result<Load, Flaw>,
        directory: &Directory,
        now: SystemTime,
        work: &Work,
        violations: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        let index = self.touch(id, now)?;
        let most = self.max_bulk_requests;
        let session = &mut self.sessions[index];
        if !session.status.is_active() {
            if session.moved_by_client {
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

        let Load {
            kind,
            entities,
            oddities,
        } = load;
        if let Some(refusal) = work.refuses(&entities) {
            return Err(refusal);
        }
        violations.extend(oddities.into_iter().map(|oddity| format!("{id}: {oddity}")));
        // Okta's trap: a bulk-delete in which it knows nobody is accepted and
        // leaves the session CREATED, in which no import can be started.
        let counts = kind == LoadKind::Upsert
            || entities
                .iter()
                .any(|entity| directory.knows(&entity.external_id));
        for entity in entities {
            let loaded = Loaded {
                kind,
                profile: entity.profile,
                at: now,
                outcome: None,
            };
            session.deletes += usize::from(kind == LoadKind::Delete);
            match session.loaded.entry(entity.external_id) {
                Entry::Vacant(place) => {
                    place.insert(loaded);
                }
                Entry::Occupied(mut before) => {
                    session.deletes -= usize::from(before.get().kind == LoadKind::Delete);
                    let same = before.get().kind == kind && before.get().profile == loaded.profile;
                    if !same {
                        violations.push(format!(
                            "{id}: {} twice in one session, and not the same",
                            before.key()
                        ));
                    }
                    before.insert(loaded);
                }
            }
        }
        session.requests += 1;
        session.last_updated = now;
        if counts {
            session.status = SessionStatus::InProgress;
        }
        Ok(())
    }

    pub(crate) fn start_import(
        &mut self,
        id: &str,
        now: SystemTime,
        work: &Work,
        violations: &mut Vec<String>,
    ) -> Result<Value, Refusal> {
        let index = self.touch(id, now)?;
        let session = &mut self.sessions[index];
        if session.status != SessionStatus::InProgress {
            if session.status == SessionStatus::Created && session.moved_by_client {
                violations.push(format!("{id}: import started while CREATED"));
            }
            return Err(Refusal::validation(
                "importSessionId",
                [format!(
                    "Session={id} should be in IN_PROGRESS status in order to be processed"
                )],
            ));
        }
        session.move_to(SessionStatus::Triggered, now);
        session.triggered = Some(now);
        session.fate.clone_from(&work.session_ends);
        let takes = work.import_takes.unwrap_or(self.import_time);
        self.busy_until = self.busy_until.max(now) + takes;
        session.due = Some(self.busy_until);
        self.queue.push_back(Arc::clone(&session.id));
        self.cooled_at = now + work.cooldown.unwrap_or(self.cooldown);
        Ok(session.object(&self.identity_source))
    }

    pub(crate) fn views(&self) -> Vec<SessionView> {
        self.sessions.iter().map(Session::view).collect()
    }

    pub(crate) fn view(&self, id: &str) -> Option<SessionView> {
        self.sessions
            .iter()
            .find(|session| *session.id == *id)
            .map(Session::view)
    }

    /// How long until a session can be opened, as far as the last trigger is
    /// concerned.
    pub(crate) fn cooldown_left(&self, now: SystemTime) -> Option<Duration> {
        let left = self.cooled_at.duration_since(now).ok()?;
        (!left.is_zero()).then_some(left)
    }

    pub(crate) fn users(&self, id: &str) -> Option<Vec<SessionUser>> {
        self.sessions
            .iter()
            .find(|session| *session.id == *id)
            .map(Session::users)
    }

    pub(super) fn touch(&mut self, id: &str, now: SystemTime) -> Result<usize, Refusal> {
        let index = self
            .sessions
            .iter()
            .position(|session| *session.id == *id)
            .ok_or_else(|| Refusal::not_found(id, SESSION_KIND))?;
        self.sessions[index].last_request = now;
        Ok(index)
    }
}
