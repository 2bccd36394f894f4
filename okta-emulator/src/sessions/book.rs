//! All sessions of the identity source, and what the API does with them.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use super::{
    course::Course,
    session::{Session, SessionGroup, SessionUser, SessionView},
    status::SessionStatus,
};
use crate::{ids::Ids, options::Options, refusal::Refusal};

/// Okta's name for a session that it cannot find.
const SESSION_KIND: &str = "IdentitySourceSession";

/// Every session so far, oldest first.
#[derive(Debug)]
pub(crate) struct Book {
    pub(super) sessions: Vec<Session>,
    /// The imports to come, by their time and by the order in which they were
    /// scheduled.
    pub(super) due: BTreeMap<(SystemTime, u64), Arc<str>>,
    pub(super) put_on: u64,
    identity_source: String,
    pub(super) max_bulk_requests: u32,
    cooldown: Duration,
    cancel_cooldown: Duration,
    pub(super) expiry: Option<Duration>,
    import_time: Duration,
    status_lag: Duration,
    /// When a session can be opened after the last trigger.
    pub(super) cooled_at: SystemTime,
    /// When the last waiting session will have been processed.
    busy_until: SystemTime,
    pub(super) ids: Ids,
}

impl Book {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            sessions: Vec::new(),
            due: BTreeMap::new(),
            put_on: 0,
            identity_source: options.identity_source.clone(),
            max_bulk_requests: options.max_bulk_requests,
            cooldown: options.cooldown,
            cancel_cooldown: options.cancel_cooldown,
            expiry: options.expiry,
            import_time: options.import_time,
            status_lag: options.status_lag,
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
        let mut session = Session::opened(self.ids.session(), now);
        session.lag = self.status_lag;
        let object = session.object(&self.identity_source, now);
        self.sessions.push(session);
        Ok(object)
    }

    /// Whether a session is triggered and not yet imported.
    pub(crate) fn is_importing(&self) -> bool {
        let mut all = self.sessions.iter();
        all.any(|session| session.status == SessionStatus::Triggered)
    }

    /// The open and triggered ones. Closed ones are not listed.
    pub(crate) fn active(&self, now: SystemTime) -> Vec<Value> {
        self.sessions
            .iter()
            .filter(|session| {
                session.status.is_active() || session.status == SessionStatus::Triggered
            })
            .map(|session| session.object(&self.identity_source, now))
            .collect()
    }

    pub(crate) fn get(&mut self, id: &str, now: SystemTime) -> Result<Value, Refusal> {
        let index = self.touch(id, now)?;
        Ok(self.sessions[index].object(&self.identity_source, now))
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
        self.cooled_at = self.cooled_at.max(now + self.cancel_cooldown);
        Ok(())
    }

    pub(crate) fn start_import(
        &mut self,
        id: &str,
        now: SystemTime,
        course: &Course,
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
        session.course.clone_from(&course.import);
        if let Some(status) = &course.session_ends {
            session.ends(status.clone());
        }
        let takes = course.import.takes.unwrap_or(self.import_time);
        let due = match course.import.wakes {
            // Later sessions overtake one that sleeps.
            Some(sleep) => now + sleep + takes,
            None => {
                self.busy_until = self.busy_until.max(now) + takes;
                self.busy_until
            }
        };
        session.due = Some(due);
        let id = Arc::clone(&session.id);
        let object = session.object(&self.identity_source, now);
        self.put_on(id, due);
        self.cooled_at = now + course.cooldown.unwrap_or(self.cooldown);
        Ok(object)
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

    /// How long until a session can be opened, with regard to the last trigger
    /// only.
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

    pub(crate) fn groups(&self, id: &str) -> Option<&[SessionGroup]> {
        let found = self.sessions.iter().find(|session| *session.id == *id);
        found.map(|session| session.groups.as_slice())
    }

    /// The sessions that the user was loaded into, in the order in which they
    /// were opened.
    pub(crate) fn of_user(&self, external_id: &str) -> Vec<(SessionView, SessionUser)> {
        self.sessions
            .iter()
            .filter_map(|session| Some((session.view(), session.user(external_id)?)))
            .collect()
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
