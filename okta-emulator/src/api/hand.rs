//! `/_emulator/users/{externalId}` and `/_emulator/logins/{login}`: what an
//! admin does, for tests and tools.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use crate::{
    directory::{Action, DirectoryUser},
    org::Org,
};

type Answer<T> = Result<T, (StatusCode, Json<Value>)>;

/// The user as the directory has it.
pub(crate) async fn user(
    State(org): State<Arc<Org>>,
    Path(user): Path<String>,
) -> Answer<Json<DirectoryUser>> {
    let found = org.settled().0.directory.user(&user);
    found.map(Json).ok_or_else(|| {
        refuse(
            StatusCode::NOT_FOUND,
            &format!("nobody has the externalId {user}"),
        )
    })
}

/// Takes `{"do": "edit", "attribute": "lastName", "value": "Byron"}` or
/// `{"do": "deactivate"}`; likewise `reactivate`, `unassign` and `delete`.
pub(crate) async fn act(
    State(org): State<Arc<Org>>,
    Path(user): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    let action: Action = serde_json::from_slice(&body)
        .map_err(|error| refuse(StatusCode::BAD_REQUEST, &error.to_string()))?;
    let (mut state, now) = org.settled();
    state
        .act(&user, &action, now)
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|why| refuse(StatusCode::CONFLICT, &why))
}

/// Gives the login to somebody who is not from this source.
pub(crate) async fn occupy(State(org): State<Arc<Org>>, Path(login): Path<String>) -> StatusCode {
    org.settled().0.directory.occupy_login(&login);
    StatusCode::NO_CONTENT
}

/// Takes the login from somebody who is not from this source.
pub(crate) async fn vacate(State(org): State<Arc<Org>>, Path(login): Path<String>) -> StatusCode {
    org.settled().0.directory.vacate_login(&login);
    StatusCode::NO_CONTENT
}

fn refuse(status: StatusCode, why: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": why })))
}
