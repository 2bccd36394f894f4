//! `/api/v1/identity-sources/{source}/users`: one user at a time, effective at
//! once.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Map, Value, json};

use super::check_source;
use crate::{
    clock::iso,
    directory::{Attributes, DirectoryUser, Happened, Outcome, UserStatus},
    load::{self, Flaw},
    org::{self, Org},
    refusal::Refusal,
};

type Answer<T> = Result<T, Refusal>;

/// What Okta calls a user where it cannot find one.
const USER_KIND: &str = "IdentitySourceUser";

pub(crate) async fn get(
    State(org): State<Arc<Org>>,
    Path((source, user)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    check_source(&org, &source)?;
    let (state, _) = org.settled();
    present(&state, &user).map(|user| Json(object(&user)))
}

pub(crate) async fn create(
    State(org): State<Arc<Org>>,
    Path(source): Path<String>,
    body: Bytes,
) -> Answer<Json<Value>> {
    check_source(&org, &source)?;
    let read = load::object(&body).and_then(|mut fields| {
        let external_id =
            load::external_id(&mut fields).map_err(|flaw| invalid("externalId", vec![flaw]))?;
        Ok((external_id, profile(fields, true)?))
    });
    let (mut state, now) = org.settled();
    let (external_id, sent) = noting(&mut state, read)?;
    if present(&state, &external_id).is_ok() {
        return Err(Refusal::validation(
            "externalId",
            [format!("externalId: the user {external_id} already exists")],
        ));
    }
    let outcome = state.directory.upsert(&external_id, &sent, now);
    answer(&state, &external_id, outcome)
}

pub(crate) async fn replace(
    State(org): State<Arc<Org>>,
    Path((source, user)): Path<(String, String)>,
    body: Bytes,
) -> Answer<Json<Value>> {
    change(&org, &source, &user, &body, true)
}

pub(crate) async fn update(
    State(org): State<Arc<Org>>,
    Path((source, user)): Path<(String, String)>,
    body: Bytes,
) -> Answer<Json<Value>> {
    change(&org, &source, &user, &body, false)
}

pub(crate) async fn delete(
    State(org): State<Arc<Org>>,
    Path((source, user)): Path<(String, String)>,
) -> Answer<StatusCode> {
    check_source(&org, &source)?;
    let (mut state, now) = org.settled();
    present(&state, &user)?;
    state.directory.delete(&user, now);
    Ok(StatusCode::NO_CONTENT)
}

fn change(org: &Org, source: &str, user: &str, body: &[u8], replace: bool) -> Answer<Json<Value>> {
    check_source(org, source)?;
    let read = load::object(body).and_then(|fields| profile(fields, replace));
    let (mut state, now) = org.settled();
    let mut sent = noting(&mut state, read)?;
    let before = present(&state, user)?;
    if replace {
        for name in before.profile.into_keys() {
            sent.entry(name).or_insert(None);
        }
    }
    let outcome = state.directory.upsert(user, &sent, now);
    answer(&state, user, outcome)
}

/// The profile of a single-user body. Okta's API description requires
/// userName and email wherever a whole profile is sent.
fn profile(mut fields: Map<String, Value>, whole: bool) -> Result<Attributes, Flaw> {
    let Some(Value::Object(sent)) = fields.remove("profile") else {
        return Err(invalid(
            "profile",
            vec!["profile: The field cannot be left blank".to_owned()],
        ));
    };
    let sent = load::attributes(sent).map_err(|flaws| invalid("profile", flaws))?;
    let missing: Vec<String> = ["userName", "email"]
        .into_iter()
        .filter(|required| whole && !sent.contains_key(*required))
        .map(|required| format!("{required}: The field cannot be left blank"))
        .collect();
    if missing.is_empty() {
        Ok(sent)
    } else {
        Err(invalid("profile", missing))
    }
}

fn invalid(what: &str, causes: Vec<String>) -> Flaw {
    let violation = causes.join("; ");
    Flaw::new(Refusal::validation(what, causes), violation)
}

fn noting<T>(state: &mut org::State, read: Result<T, Flaw>) -> Answer<T> {
    read.map_err(|flaw| {
        state
            .violations
            .push(format!("single user: {}", flaw.violation));
        *flaw.refusal
    })
}

/// A user that the source has: one that was deleted from it is gone here,
/// though the directory keeps it.
fn present(state: &org::State, user: &str) -> Answer<DirectoryUser> {
    state
        .directory
        .user(user)
        .filter(|user| user.assigned && user.status == UserStatus::Active)
        .ok_or_else(|| Refusal::not_found(user, USER_KIND))
}

fn answer(state: &org::State, user: &str, outcome: Outcome) -> Answer<Json<Value>> {
    match outcome.happened {
        Happened::Failed | Happened::Ignored => Err(Refusal::validation("profile", outcome.why)),
        _ => present(state, user).map(|user| Json(object(&user))),
    }
}

fn object(user: &DirectoryUser) -> Value {
    json!({
        "id": user.id,
        "externalId": user.external_id,
        "created": iso(user.created),
        "lastUpdated": iso(user.last_updated),
        "profile": user.profile,
    })
}
