//! `/api/v1/users/{id or login}`: the org's users.

use std::{sync::Arc, time::SystemTime};

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use crate::{
    clock::iso,
    directory::{DirectoryUser, UserStatus},
    org::Org,
    refusal::Refusal,
};

pub(crate) async fn get(
    State(org): State<Arc<Org>>,
    Path(user): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let (state, _) = org.settled();
    if let Some(found) = state.directory.by_id(&user) {
        return Ok(Json(object(&found)));
    }
    match state.directory.by_login(&user) {
        Some(Some(found)) => Ok(Json(object(&found))),
        Some(None) => Ok(Json(somebody(&user, org.options.started))),
        None => Err(Refusal::not_found(&user, "User")),
    }
}

fn object(user: &DirectoryUser) -> Value {
    let value = |name| user.profile.get(name);
    let status = match user.status {
        UserStatus::Active => "ACTIVE",
        UserStatus::Deprovisioned => "DEPROVISIONED",
    };
    let mut profile = json!({
        "login": value("userName"),
        "mobilePhone": value("mobilePhone"),
        "secondEmail": value("secondEmail"),
    });
    for (name, value) in &user.profile {
        if name != "userName" {
            profile[name] = json!(value);
        }
    }
    json!({
        "id": user.id,
        "status": status,
        "created": iso(user.created),
        "activated": iso(user.created),
        "statusChanged": iso(user.last_updated),
        "lastLogin": Value::Null,
        "lastUpdated": iso(user.last_updated),
        "passwordChanged": Value::Null,
        "type": { "id": "otyemulated00default" },
        "profile": profile,
        "credentials": {
            "provider": { "type": "IMPORT", "name": "IMPORT" },
        },
    })
}

/// Somebody who is not from this source. Only the login is known.
fn somebody(login: &str, since: SystemTime) -> Value {
    json!({
        "id": "00uemulated000nobody",
        "status": "ACTIVE",
        "created": iso(since),
        "activated": iso(since),
        "statusChanged": iso(since),
        "lastLogin": Value::Null,
        "lastUpdated": iso(since),
        "passwordChanged": Value::Null,
        "type": { "id": "otyemulated00default" },
        "profile": { "login": login, "mobilePhone": Value::Null, "secondEmail": Value::Null },
        "credentials": {
            "provider": { "type": "OKTA", "name": "OKTA" },
        },
    })
}
