//! Applies what a session was loaded with.

use std::time::SystemTime;

use super::{
    course::{Applied, Ending},
    session::{Counts, Loaded, Session, SessionGroup},
    status::SessionStatus,
};
use crate::{
    directory::{Directory, Happened, Outcome},
    groups::{GroupOutcome, Groups},
    load::LoadKind,
    log::{Event, SystemLog},
};

/// What an import changes, and where it is logged.
pub(crate) struct Imported<'a> {
    pub(crate) users: &'a mut Directory,
    pub(crate) groups: &'a mut Groups,
    pub(crate) log: &'a mut SystemLog,
}

/// Imports a triggered session, in the way that its course says.
pub(super) fn import(session: &mut Session, at: SystemTime, org: &mut Imported<'_>) {
    let (status, applied) = match ending(session) {
        Some(ending) => {
            session.moved_by_client = ending.status == SessionStatus::Completed;
            (ending.status, ending.applied)
        }
        None => (SessionStatus::Completed, Applied::All),
    };
    org.log
        .add(at, Event::session("system.import.start", &session.id));
    let mut results = session.results;
    apply(session, &applied, at, org, |loaded, outcome| {
        results.add(outcome.happened);
        loaded.outcome = Some(outcome);
    });
    session.results = results;
    if matches!(applied, Applied::All | Applied::Except(_)) {
        for loaded in &mut session.groups {
            loaded.outcome = Some(apply_group(loaded, org));
        }
    }
    let event = completed(&session.id, &results, &status);
    org.log.add(at, event);
    session.move_to(status, at);
}

/// Repeats all of it.
pub(super) fn repeat(session: &mut Session, at: SystemTime, org: &mut Imported<'_>) {
    apply(session, &Applied::All, at, org, |loaded, outcome| {
        loaded.again = Some(outcome);
    });
    for loaded in &session.groups {
        apply_group(loaded, org);
    }
}

fn completed(session: &str, results: &Counts, status: &SessionStatus) -> Event {
    let Counts {
        created,
        updated,
        unchanged,
        deactivated,
        reactivated,
        ignored: _,
        failed,
    } = results;
    let updated = updated + reactivated;
    let total = created + updated + unchanged + deactivated + failed;
    let mut event = Event::session("system.import.complete", session)
        .with("added_objects", created)
        .with("updated_objects", updated)
        .with("unchanged_objects", unchanged)
        .with("deleted_objects", deactivated)
        .with("total_objects", total);
    if *status != SessionStatus::Completed {
        let why = format!("The import session ended in {status}");
        event = event.with("error_message", &why);
        event.failed = Some(why);
    }
    event
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

/// Deactivations come first. So a login that changes hands within one session
/// is free when its new holder arrives, if deactivation frees logins.
fn apply(
    session: &mut Session,
    applied: &Applied,
    at: SystemTime,
    org: &mut Imported<'_>,
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
                (None, LoadKind::Upsert) => org.users.upsert(external_id, &loaded.profile, at),
                (None, LoadKind::Delete) => org.users.delete(external_id, at),
            };
            if let Some(event) = told_of(&session.id, external_id, &outcome, org.log) {
                org.log.add(at, event);
            }
            told(loaded, outcome);
        }
    }
}

/// What the log says about a user in an import: about refused ones always, about
/// others if it covers every user.
fn told_of(session: &str, external_id: &str, outcome: &Outcome, log: &SystemLog) -> Option<Event> {
    if let Some(refused) = &outcome.refused {
        return Some(Event::refused(session, external_id, refused));
    }
    let kind = match outcome.happened {
        Happened::Created => "system.import.user.create",
        Happened::Updated | Happened::Reactivated => "system.import.user.update",
        Happened::Deactivated => "system.import.user.delete",
        Happened::Unchanged | Happened::Ignored | Happened::Failed => return None,
    };
    log.every_user
        .then(|| Event::user(kind, external_id, None).with("importSessionId", session))
}

/// After the users, in loading order.
fn apply_group(loaded: &SessionGroup, org: &mut Imported<'_>) -> GroupOutcome {
    let users = &*org.users;
    org.groups
        .apply(&loaded.group, &loaded.change, |member| users.knows(member))
}
