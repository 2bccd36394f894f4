//! `/_emulator`: what the org looks like from within, for tests and tools. It
//! needs no token and counts against no limit.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{clock::iso, directory::DirectoryUser, org::Org};

/// What to include beyond the summary.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    users: bool,
}

/// Sessions, violations and the directory's size; with `?users=true` the users
/// too.
pub(crate) async fn state(
    State(org): State<Arc<Org>>,
    Query(wanted): Query<Wanted>,
) -> Json<Value> {
    let (state, now) = org.settled();
    let mut answer = json!({
        "now": iso(now),
        "identitySourceId": org.options.identity_source,
        "directory": {
            "users": state.directory.len(),
            "active": state.directory.active(),
        },
        "sessions": state.sessions.views(),
        "requests": state.requests.len(),
        "violations": state.violations,
    });
    if wanted.users {
        let users: Vec<DirectoryUser> = state.directory.users().collect();
        answer["users"] = json!(users);
    }
    Json(answer)
}

/// Every call since the start.
pub(crate) async fn requests(State(org): State<Arc<Org>>) -> Json<Value> {
    let (state, _) = org.settled();
    Json(json!(state.requests))
}
