//! The JSON that goes over the wire. Nothing outside this module sees it.

use serde::Deserialize;

use super::error::Refusal;
use super::session::{SessionId, SessionInfo, SessionStatus};

/// Longest text of Okta's that is kept of one message, in characters.
const LONGEST_MESSAGE: usize = 500;

/// Most causes of one refusal that are kept.
const MOST_CAUSES: usize = 20;

/// A session object. Fields that are not used are left out, as Okta adds some
/// now and then.
#[derive(Deserialize)]
pub(super) struct Session {
    id: String,
    status: String,
    #[serde(default)]
    created: Option<String>,
}

impl From<Session> for SessionInfo {
    fn from(session: Session) -> Self {
        Self {
            id: SessionId::from(session.id),
            status: SessionStatus::from(session.status),
            created: session.created.and_then(|at| at.parse().ok()),
        }
    }
}

/// Okta's error body; all of it may be missing.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Problem {
    error_code: Option<String>,
    error_summary: Option<String>,
    error_causes: Vec<Cause>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Cause {
    error_summary: Option<String>,
}

/// What a refused call's body says, as far as it says anything.
pub(super) fn refusal(
    call: &'static str,
    status: u16,
    request_id: Option<String>,
    body: &[u8],
) -> Refusal {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    Refusal {
        call,
        status,
        code: problem.error_code.map(shorten),
        summary: problem.error_summary.map(shorten),
        causes: problem
            .error_causes
            .into_iter()
            .filter_map(|cause| cause.error_summary)
            .take(MOST_CAUSES)
            .map(shorten)
            .collect(),
        request_id,
    }
}

fn shorten(text: String) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_read_and_strange_members_are_passed_over() {
        let body = r#"{"id":"aps1","identitySourceId":"0oa1","status":"CREATED","importType":"INCREMENTAL","created":"2026-05-13T05:52:24.000Z","lastUpdated":"x","new":[1]}"#;

        let info: SessionInfo = serde_json::from_str::<Session>(body).unwrap().into();

        assert_eq!(info.id.as_str(), "aps1");
        assert_eq!(info.status, SessionStatus::Created);
        assert_eq!(
            info.created,
            "2026-05-13T05:52:24Z".parse().map(Some).unwrap()
        );
    }

    #[test]
    fn a_status_nobody_knows_is_kept_as_it_is() {
        let body = r#"{"id":"aps1","status":"PAUSED"}"#;

        let info: SessionInfo = serde_json::from_str::<Session>(body).unwrap().into();

        assert_eq!(info.status, SessionStatus::Other("PAUSED".into()));
        assert_eq!(info.created, None);
    }

    #[test]
    fn a_refusal_survives_any_body() {
        let body = r#"{"errorCode":"E0000001","errorSummary":"Api validation failed","errorLink":"E0000001","errorId":"oae","errorCauses":[{"errorSummary":"Too soon"},{}]}"#;
        let read = refusal("POST /sessions", 400, Some("req".into()), body.as_bytes());
        assert_eq!(read.code.as_deref(), Some("E0000001"));
        assert_eq!(read.causes, ["Too soon"]);

        for body in [&b"<html>"[..], b"", b"[]", b"null", b"\xff"] {
            let read = refusal("POST /sessions", 502, None, body);
            assert_eq!((read.code, read.causes), (None, vec![]));
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let long = "é".repeat(LONGEST_MESSAGE + 1);

        assert_eq!(shorten(long).chars().count(), LONGEST_MESSAGE + 1);
        assert_eq!(shorten("short".into()), "short");
    }
}
