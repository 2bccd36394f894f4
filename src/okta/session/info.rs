//! What Okta tells about a session.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Okta's id of a session, `aps…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

impl SessionId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for SessionId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The status of a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SessionStatus {
    /// Open. Nothing that Okta can use has been loaded.
    Created,
    /// Open and loaded.
    InProgress,
    /// Being imported, or waiting for its turn.
    Triggered,
    /// Imported.
    Completed,
    /// Cancelled. What was loaded is dropped.
    Closed,
    /// Nothing was sent for 24 hours. What was loaded is dropped.
    Expired,
    /// The import failed: the data must be loaded again in another session.
    Error,
    /// One that was not known when this was written.
    Other(String),
}

impl SessionStatus {
    /// Whether it is open: it can be loaded and cancelled, and keeps others from being opened.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Created | Self::InProgress)
    }

    /// Okta's word for it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "CREATED",
            Self::InProgress => "IN_PROGRESS",
            Self::Triggered => "TRIGGERED",
            Self::Completed => "COMPLETED",
            Self::Closed => "CLOSED",
            Self::Expired => "EXPIRED",
            Self::Error => "ERROR",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for SessionStatus {
    fn from(word: String) -> Self {
        match word.as_str() {
            "CREATED" => Self::Created,
            "IN_PROGRESS" => Self::InProgress,
            "TRIGGERED" => Self::Triggered,
            "COMPLETED" => Self::Completed,
            "CLOSED" => Self::Closed,
            "EXPIRED" => Self::Expired,
            "ERROR" => Self::Error,
            _ => Self::Other(word),
        }
    }
}

impl From<SessionStatus> for String {
    fn from(status: SessionStatus) -> Self {
        match status {
            SessionStatus::Other(word) => word,
            known => known.as_str().to_owned(),
        }
    }
}

impl fmt::Display for SessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What Okta tells about a session. It never tells counts or errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its id.
    pub id: SessionId,
    /// Its status.
    pub status: SessionStatus,
    /// When it was opened, by Okta's clock.
    pub created: Option<Timestamp>,
}

/// A session as it comes over the wire, without fields that are not used. Okta adds some now and
/// then.
#[derive(Deserialize)]
pub(super) struct Written {
    id: String,
    status: String,
    #[serde(default)]
    created: Option<String>,
}

impl From<Written> for SessionInfo {
    fn from(session: Written) -> Self {
        Self {
            id: SessionId::from(session.id),
            status: SessionStatus::from(session.status),
            created: session.created.and_then(|at| at.parse().ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_read_and_strange_members_are_passed_over() {
        let body = r#"{"id":"aps1","identitySourceId":"0oa1","status":"CREATED","importType":"INCREMENTAL","created":"2026-05-13T05:52:24.000Z","lastUpdated":"x","new":[1]}"#;

        let info: SessionInfo = serde_json::from_str::<Written>(body).unwrap().into();

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

        let info: SessionInfo = serde_json::from_str::<Written>(body).unwrap().into();

        assert_eq!(info.status, SessionStatus::Other("PAUSED".into()));
        assert_eq!(info.created, None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_okta_could_say_does_harm(
            body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
        ) {
            let _ = serde_json::from_slice::<Vec<Written>>(&body);
        }
    }
}
