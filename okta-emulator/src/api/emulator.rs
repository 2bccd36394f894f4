//! `/_emulator`: the org seen from inside, for tests and tools. It needs no
//! token and counts against no limit.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    clock::iso_exact,
    directory::DirectoryUser,
    faults::{Fault, FaultView},
    org::Org,
};

/// What to include in addition to the summary.
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
        "now": iso_exact(now),
        "identitySourceId": org.options.identity_source,
        "directory": {
            "users": state.directory.len(),
            "active": state.directory.active(),
        },
        "groups": state.groups.len(),
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

/// All faults, including those that will not strike again.
pub(crate) async fn faults(State(org): State<Arc<Org>>) -> Json<Vec<FaultView>> {
    Json(org.settled().0.faults.views())
}

/// Takes a fault such as `{"method": "POST", "path": "/sessions", "nth": 1,
/// "times": 1, "effect": {"type": "closeAfter"}}`. Without a method it applies
/// to all methods, with `"times": null` it strikes for ever.
pub(crate) async fn inject(
    State(org): State<Arc<Org>>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), (StatusCode, Json<Value>)> {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => {
            let id = org.settled().0.faults.inject(fault);
            Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
        }
        Err(error) => {
            let why = json!({ "error": error.to_string() });
            Err((StatusCode::BAD_REQUEST, Json(why)))
        }
    }
}

/// Removes one fault.
pub(crate) async fn remove_fault(State(org): State<Arc<Org>>, Path(id): Path<u64>) -> StatusCode {
    if org.settled().0.faults.remove(id) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

/// Removes all faults.
pub(crate) async fn clear_faults(State(org): State<Arc<Org>>) -> StatusCode {
    org.settled().0.faults.clear();
    StatusCode::NO_CONTENT
}
