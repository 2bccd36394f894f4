//! The identity source: it exists, is ours to use, and is free.

use super::{advice, report::Notes};
use crate::{
    ledger::SessionLog,
    okta::{Error, SessionInfo},
};

/// `sessions` is what Okta gave when it was asked for the active ones.
pub(super) fn check(
    sessions: Option<&Result<Vec<SessionInfo>, Error>>,
    log: Option<&SessionLog>,
) -> Notes {
    let sessions = match sessions {
        None | Some(Err(Error::Unauthorized(_) | Error::Credentials(_))) => {
            return Notes::skipped("credentials");
        }
        Some(Err(error)) => {
            let mut notes = Notes::default();
            notes.fail(advice::said(error), advice::on_okta(error));
            return notes;
        }
        Some(Ok(sessions)) => sessions,
    };
    let mut notes = Notes::default();
    notes.found("it exists and its sessions can be listed");
    if sessions.is_empty() {
        notes.found("no session is active");
    }
    for session in sessions {
        let since = session
            .created
            .map(|at| format!(" since {at:.0}"))
            .unwrap_or_default();
        let told = format!("session {} is {}{since}", session.id, session.status);
        let ours = log.is_some_and(|log| log.knows(&session.id));
        if ours {
            notes.found(format!("{told}, opened by a run of this function"));
        } else if session.status.is_active() {
            notes.warn(
                format!("{told}, opened by something else"),
                "find out which other program loads this identity source and stop it, because Okta \
                 allows one session at a time; the next run cancels this one",
            );
        } else {
            notes.found(told);
        }
    }
    notes
}
