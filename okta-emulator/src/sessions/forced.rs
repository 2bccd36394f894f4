//! What only tests and faults can do to a session, and no client.

use std::time::SystemTime;

use super::{book::Book, session::Session, status::SessionStatus};

impl Book {
    /// Opens a session as another client would leave it, even if others are
    /// open.
    pub(crate) fn open_foreign(&mut self, now: SystemTime) -> String {
        let mut session = Session::opened(self.ids.session(), now);
        session.foreign = true;
        let id = session.id.to_string();
        self.sessions.push(session);
        id
    }

    pub(crate) fn force(&mut self, id: &str, status: SessionStatus, now: SystemTime) -> bool {
        let Ok(index) = self.touch(id, now) else {
            return false;
        };
        let session = &mut self.sessions[index];
        session.moved_by_client = false;
        session.move_to(status, now);
        true
    }

    /// Ends an open session this way now, and a triggered one when it is due.
    pub(crate) fn doom(&mut self, id: &str, end: SessionStatus, now: SystemTime) {
        let found = self.sessions.iter_mut().find(|session| *session.id == *id);
        if let Some(session) = found {
            if session.status == SessionStatus::Triggered {
                session.ends(end);
            } else if session.status.is_active() {
                session.moved_by_client = false;
                session.move_to(end, now);
            }
        }
    }

    pub(crate) fn forget(&mut self, id: &str) -> bool {
        let before = self.sessions.len();
        self.sessions.retain(|session| *session.id != *id);
        self.sessions.len() < before
    }

    pub(crate) fn end_cooldown(&mut self) {
        self.cooled_at = SystemTime::UNIX_EPOCH;
    }
}
