//! What becomes of sessions as time goes by: triggered ones are imported one
//! after another, and open ones that nobody touches expire.
//!
//! Nothing sleeps in the background: whoever looks at the sessions first
//! settles what has happened since the last look.

use std::time::{Duration, SystemTime};

use super::{
    book::Book,
    session::{Session, SessionStatus},
};
use crate::{clock::since, directory::Directory, load::LoadKind};

/// How long an open session lives without a request.
const IDLE_LIFE: Duration = Duration::from_hours(24);

impl Book {
    /// Brings all sessions to where they stand at `now`.
    pub(crate) fn settle(&mut self, now: SystemTime, directory: &mut Directory) {
        for session in self.sessions.iter_mut() {
            if session.status.is_active() && since(now, session.last_request) >= IDLE_LIFE {
                session.move_to(SessionStatus::Expired, session.last_request + IDLE_LIFE);
            }
        }
        while let Some(id) = self.queue.front() {
            let session = self.sessions.iter_mut().find(|session| session.id == *id);
            let due = session.filter(|session| session.status == SessionStatus::Triggered);
            match due.and_then(|session| session.due.map(|due| (session, due))) {
                Some((_, due)) if due > now => break,
                Some((session, due)) => import(session, due, directory),
                // Forgotten, or forced into another status meanwhile.
                None => {}
            }
            self.queue.pop_front();
        }
    }
}

/// Deactivations come first, so that a login that changes hands within one
/// session is free when its new holder arrives.
fn import(session: &mut Session, at: SystemTime, directory: &mut Directory) {
    if let Some(fate) = session.fate.take() {
        session.moved_by_client = false;
        session.move_to(fate, at);
        return;
    }
    for kind in [LoadKind::Delete, LoadKind::Upsert] {
        for (external_id, loaded) in &mut session.loaded {
            if loaded.kind != kind {
                continue;
            }
            let outcome = match kind {
                LoadKind::Upsert => directory.upsert(external_id, &loaded.profile, at),
                LoadKind::Delete => directory.delete(external_id, at),
            };
            session.results.add(outcome.happened);
            loaded.outcome = Some(outcome);
        }
    }
    session.move_to(SessionStatus::Completed, at);
}
