//! Opening a session, if Okta opens one.

use std::time::Duration;

use jiff::Timestamp;

use super::settle;
use crate::{
    okta::{self, Calls, Created, Open, Refusal, Session},
    sync::{Books, RunError},
};

/// How long our last trigger explains a refusal: Okta's guide says five minutes.
const TRIGGER_EXPLAINS: Duration = Duration::from_secs(6 * 60);

/// Whether a session could be opened.
pub(super) enum Opened {
    /// It is open.
    Yes(Session<Open>),
    /// Okta opens none yet.
    NotYet,
    /// There is no time left for asking.
    OutOfTime,
}

/// Opens a session. The first time (`clear`), it cancels what keeps one from being opened. It does
/// not fight another program that opens sessions all the time.
pub(super) async fn open(
    calls: &Calls,
    books: &Books,
    clear: &mut bool,
    now: Timestamp,
) -> Result<Opened, RunError> {
    loop {
        match calls.create_session().await {
            Ok(Created::Opened(session)) => return Ok(Opened::Yes(session)),
            Ok(Created::Ambiguous(error)) => {
                tracing::warn!(%error, "it is unknown whether Okta opened a session: looking");
                return Ok(match adopt(calls, books).await? {
                    Some(session) => Opened::Yes(session),
                    None => Opened::NotYet,
                });
            }
            Ok(Created::Refused(refusal)) => {
                tracing::info!(causes = ?refusal.causes, "Okta opens no session yet");
                if std::mem::take(clear) && settle::clear_the_way(calls, books).await? {
                    continue;
                }
                if is_cooldown(&refusal, calls, books, now).await? {
                    return Ok(Opened::NotYet);
                }
                return Err(okta::Error::Refused(refusal).into());
            }
            Err(okta::Error::OutOfTime { .. }) => return Ok(Opened::OutOfTime),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether a refusal means "not yet": its text says so, a session is active or being imported, or
/// our last trigger explains it. Any other 400 is an error, such as a permission that was revoked.
async fn is_cooldown(
    refusal: &Refusal,
    calls: &Calls,
    books: &Books,
    now: Timestamp,
) -> Result<bool, RunError> {
    if says_not_yet(refusal) {
        return Ok(true);
    }
    let triggered = books.log().last_triggered();
    if triggered.is_some_and(|at| at + TRIGGER_EXPLAINS > now) {
        return Ok(true);
    }
    Ok(!calls.active_sessions().await?.is_empty())
}

/// Okta's words are not documented. These are the ones that were recorded.
fn says_not_yet(refusal: &Refusal) -> bool {
    let texts = refusal.summary.iter().chain(&refusal.causes);
    texts.map(|text| text.to_lowercase()).any(|text| {
        let active = text.contains("active") && text.contains("session");
        active || text.contains("minutes") || text.contains("in progress")
    })
}

/// The session that a create opened whose answer was lost. Nothing is loaded into it, and we do not
/// know it yet.
async fn adopt(calls: &Calls, books: &Books) -> Result<Option<Session<Open>>, RunError> {
    let sessions = calls.active_sessions().await?;
    Ok(sessions
        .into_iter()
        .filter(|session| !books.log().knows(&session.id))
        .find_map(|session| calls.adopt(session)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(cause: &str) -> Refusal {
        Refusal {
            call: "POST /sessions",
            status: 400,
            code: Some("E0000001".to_owned()),
            summary: Some("Api validation failed: importSession".to_owned()),
            causes: vec![cause.to_owned()],
            request_id: None,
        }
    }

    #[test]
    fn only_what_will_pass_is_waited_for() {
        for cause in [
            "Only one active import session per identity source is allowed to be created every 5 minutes",
            "There is already an active session",
        ] {
            assert!(says_not_yet(&refusal(cause)), "{cause}");
        }
        for cause in ["The identity source is not enabled for imports", ""] {
            assert!(!says_not_yet(&refusal(cause)), "{cause}");
        }
    }
}
