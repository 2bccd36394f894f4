//! What is counted of sessions and calls for metrics.

use std::time::Duration;

use crate::{
    metrics::{FAST_LANE_SECONDS, SESSIONS, SESSIONS_FAILED, leaver_told},
    okta::{self, SessionId, SessionStatus},
};

/// A session was seen to have ended. `None` if Okta no longer knows it.
pub(super) fn session_ended(id: &SessionId, status: Option<&SessionStatus>) {
    if let Some(SessionStatus::Error | SessionStatus::Expired) = status {
        SESSIONS_FAILED.add(1);
    }
    let status = status.map_or("OTHER", SessionStatus::as_str);
    tracing::info!(session = %id, status, "the session has ended");
    SESSIONS.add_as(status);
}

/// A single-user call has told somebody, this long after the change.
pub(super) fn told_by_call(age: Duration, kind: okta::Kind) {
    FAST_LANE_SECONDS.is(age.as_secs_f64());
    if kind == okta::Kind::Deactivate {
        leaver_told(age);
    }
}
