//! `/api/v1/apps/{app}/users`: the app's users.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, Uri},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::paging;
use crate::{
    authorize::Caller,
    clock::{iso, since},
    directory::{DirectoryUser, Listing, UserStatus},
    org::Org,
    refusal::Refusal,
};

type Answer<T> = Result<T, Refusal>;

pub(crate) async fn users(
    State(org): State<Arc<Org>>,
    Path(app): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Answer<Response> {
    check_app(&org, &app)?;
    let caller = Caller {
        method: &method,
        uri: &uri,
        headers: &headers,
    };
    let asked = |name| query.get(name).map(String::as_str);
    let limit = paging::limit(asked("limit"), 50, 500)?;
    let (state, now) = org.settled();
    let began = since(now, std::time::SystemTime::UNIX_EPOCH);
    let after = paging::place(asked("after"))?
        .map(|place| read_place(&place, began, org.options.page_link_life))
        .transpose()?;
    let listing = Listing {
        after: after.as_deref(),
        begins: asked("q").unwrap_or_default(),
        most: limit,
        deactivated: org.options.deactivated_listed_as.is_some(),
    };
    let (users, more) = state.directory.list(&listing, now);

    let url = caller.url();
    let link = |after: Option<&str>, relation| {
        let limit = limit.to_string();
        let fields = [
            ("after", after),
            ("limit", Some(&*limit)),
            ("q", asked("q")),
        ];
        paging::link(&paging::with_query(&url, &fields), relation)
    };
    let next = users.last().filter(|_| more).and_then(|last| {
        let place = format!("{}:{}", began.as_millis(), last.external_id);
        link(Some(&paging::cursor(&place)), "next")
    });
    let links = [link(asked("after"), "self"), next].into_iter().flatten();
    let origin = caller.origin();
    let body: Vec<Value> = users
        .iter()
        .map(|user| object(&org, &origin, user))
        .collect();
    Ok((AppendHeaders(links), Json(body)).into_response())
}

/// The externalId in a cursor, unless it was made too long ago.
fn read_place(place: &str, now: Duration, life: Option<Duration>) -> Answer<String> {
    let (made, external_id) = place.split_once(':').ok_or_else(paging::unknown_cursor)?;
    let made = made.parse().map_err(|_| paging::unknown_cursor())?;
    let age = now.saturating_sub(Duration::from_millis(made));
    if life.is_some_and(|life| age > life) {
        return Err(paging::unknown_cursor());
    }
    Ok(external_id.to_owned())
}

pub(crate) async fn user(
    State(org): State<Arc<Org>>,
    Path((app, id)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Answer<Json<Value>> {
    check_app(&org, &app)?;
    let caller = Caller {
        method: &method,
        uri: &uri,
        headers: &headers,
    };
    let listed = |user: &DirectoryUser| {
        let shown = org.options.deactivated_listed_as.is_some();
        user.assigned && (shown || user.status == UserStatus::Active)
    };
    let (state, _) = org.settled();
    let user = state.directory.by_id(&id).filter(listed);
    let user = user.ok_or_else(|| Refusal::not_found(&id, "AppUser"))?;
    Ok(Json(object(&org, &caller.origin(), &user)))
}

pub(super) fn check_app(org: &Org, app: &str) -> Answer<()> {
    match app == org.options.identity_source {
        true => Ok(()),
        false => Err(Refusal::not_found(app, "AppInstance")),
    }
}

/// Every attribute of the app is present. Those without a value are null.
fn object(org: &Org, origin: &str, user: &DirectoryUser) -> Value {
    let profile: Map<String, Value> = org
        .options
        .attributes()
        .map(|name| (name.to_owned(), json!(user.profile.get(name))))
        .collect();
    let status = match user.status {
        UserStatus::Active => "ACTIVE",
        UserStatus::Deprovisioned => org
            .options
            .deactivated_listed_as
            .as_deref()
            .unwrap_or("DEPROVISIONED"),
    };
    let app = &org.options.identity_source;
    json!({
        "id": user.id,
        "externalId": user.external_id,
        "created": iso(user.created),
        "lastUpdated": iso(user.last_updated),
        "scope": "USER",
        "status": status,
        "statusChanged": iso(user.last_updated),
        "passwordChanged": Value::Null,
        "syncState": "SYNCHRONIZED",
        "lastSync": iso(user.last_updated),
        "credentials": { "userName": user.profile.get("userName") },
        "profile": profile,
        "_links": {
            "app": { "href": format!("{origin}/api/v1/apps/{app}") },
            "user": { "href": format!("{origin}/api/v1/users/{}", user.id) },
        },
    })
}
