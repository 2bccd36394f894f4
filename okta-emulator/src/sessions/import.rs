//! What becomes of sessions as time goes by: triggered ones are imported one
//! after another, and open ones that nobody touches expire.
//!
//! Nothing sleeps in the background: whoever looks at the sessions first
//! settles what has happened since the last look.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    book::Book,
    course::{Applied, Ending},
    session::{Loaded, Session},
    status::SessionStatus,
};
use crate::{
    clock::since,
    directory::{Directory, Outcome},
    load::LoadKind,
};

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
        while let Some(due) = self.due.first_entry()
            && due.key().0 <= now
        {
            let ((at, _), id) = due.remove_entry();
            self.import(&id, at, directory);
        }
    }

    /// Has the session imported at that time, and after those that are due
    /// then already.
    pub(super) fn put_on(&mut self, id: Arc<str>, at: SystemTime) {
        self.put_on += 1;
        self.due.insert((at, self.put_on), id);
    }

    fn import(&mut self, id: &str, at: SystemTime, directory: &mut Directory) {
        let found = self.sessions.iter_mut().find(|session| *session.id == *id);
        // It may have been forgotten, or forced into another status meanwhile.
        let Some(session) = found else { return };
        if session.status == SessionStatus::Triggered {
            import(session, at, directory);
            session.imported = true;
            if let Some(after) = session.course.repeats {
                let id = Arc::clone(&session.id);
                self.put_on(id, at + after);
            }
        } else if session.imported && session.course.repeats.take().is_some() {
            apply(session, &Applied::All, at, directory, |loaded, outcome| {
                loaded.again = Some(outcome);
            });
            session.last_updated = at;
            session.drop_profiles();
        }
    }
}

fn import(session: &mut Session, at: SystemTime, directory: &mut Directory) {
    let (status, applied) = match ending(session) {
        Some(ending) => {
            session.moved_by_client = ending.status == SessionStatus::Completed;
            (ending.status, ending.applied)
        }
        None => (SessionStatus::Completed, Applied::All),
    };
    let mut results = session.results;
    apply(session, &applied, at, directory, |loaded, outcome| {
        results.add(outcome.happened);
        loaded.outcome = Some(outcome);
    });
    session.results = results;
    session.move_to(status, at);
}

fn ending(session: &Session) -> Option<Ending> {
    let fits = |ending: &&Ending| {
        ending.with.as_ref().is_none_or(|poison| {
            session
                .loaded
                .iter()
                .any(|(external_id, loaded)| poison.is(external_id, &loaded.profile))
        })
    };
    session.course.endings.iter().find(fits).cloned()
}

/// Deactivations come first, so that a login that changes hands within one
/// session is free when its new holder arrives, where deactivation frees it.
fn apply(
    session: &mut Session,
    applied: &Applied,
    at: SystemTime,
    directory: &mut Directory,
    mut told: impl FnMut(&mut Loaded, Outcome),
) {
    let refuses = &session.course.refuses;
    for kind in [LoadKind::Delete, LoadKind::Upsert] {
        for (place, (external_id, loaded)) in session.loaded.iter_mut().enumerate() {
            if loaded.kind != kind || !applied.takes(place, external_id, &loaded.profile) {
                continue;
            }
            let refused = refuses
                .iter()
                .find(|(poison, _)| poison.is(external_id, &loaded.profile));
            let outcome = match (refused, kind) {
                (Some((_, why)), _) => Outcome::refused(why.clone()),
                (None, LoadKind::Upsert) => directory.upsert(external_id, &loaded.profile, at),
                (None, LoadKind::Delete) => directory.delete(external_id, at),
            };
            told(loaded, outcome);
        }
    }
}
