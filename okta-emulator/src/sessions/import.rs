//! What becomes of sessions as time passes: triggered ones are imported one
//! after another, and open ones without requests expire.
//!
//! Nothing runs in the background. The first to look at the sessions settles
//! what has happened since the last look.

use std::{sync::Arc, time::SystemTime};

use super::{
    apply::{Imported, import, repeat},
    book::Book,
    status::SessionStatus,
};
use crate::{clock::since, log::Event};

impl Book {
    /// Brings all sessions up to date at `now`.
    pub(crate) fn settle(&mut self, now: SystemTime, org: &mut Imported<'_>) {
        if let Some(life) = self.expiry {
            for session in self.sessions.iter_mut() {
                if session.status.is_active() && since(now, session.last_request) >= life {
                    let at = session.last_request + life;
                    session.move_to(SessionStatus::Expired, at);
                    let event = Event::session("system.import.session.expired", &session.id);
                    org.log.add(at, event);
                }
            }
        }
        while let Some(due) = self.due.first_entry()
            && due.key().0 <= now
        {
            let ((at, _), id) = due.remove_entry();
            self.import(&id, at, org);
        }
    }

    /// Schedules the session's import for that time, after those that are
    /// already due then.
    pub(super) fn put_on(&mut self, id: Arc<str>, at: SystemTime) {
        self.put_on += 1;
        self.due.insert((at, self.put_on), id);
    }

    fn import(&mut self, id: &str, at: SystemTime, org: &mut Imported<'_>) {
        let found = self.sessions.iter_mut().find(|session| *session.id == *id);
        // Meanwhile it may have been forgotten or forced into another status.
        let Some(session) = found else { return };
        if session.status == SessionStatus::Triggered {
            import(session, at, org);
            session.imported = true;
            if let Some(after) = session.course.repeats {
                let id = Arc::clone(&session.id);
                self.put_on(id, at + after);
            }
        } else if session.imported && session.course.repeats.take().is_some() {
            repeat(session, at, org);
            session.last_updated = at;
            session.drop_profiles();
        }
    }
}
