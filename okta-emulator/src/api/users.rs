//! `/api/v1/identity-sources/{source}/users`: one user at a time, effective at
//! once.

use std::{sync::Arc, time::SystemTime};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Map, Value, json};

use super::{check_source, deleted, noting};
use crate::{
    clock::iso,
    directory::{Attributes, DirectoryUser, Happened, Outcome, UserStatus},
    load::{self, Flaw},
    log::Event,
    org::{self, Org},
    refusal::Refusal,
    sessions::Course,
    unknowns::SingleDelete,
};

type Answer<T> = Result<T, Refusal>;

/// Okta's name for a user that it cannot find.
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
    Extension(course): Extension<Course>,
    body: Bytes,
) -> Answer<Json<Value>> {
    check_source(&org, &source)?;
    let read = load::object(&body).and_then(|mut fields| {
        let external_id =
            load::external_id(&mut fields).map_err(|flaw| invalid("externalId", vec![flaw]))?;
        Ok((external_id, profile(fields)?))
    });
    let (mut state, now) = org.settled();
    let (external_id, sent) = noting(&mut state, "single user", read)?;
    if present(&state, &external_id).is_ok() {
        return Err(Refusal::validation(
            "externalId",
            [format!("externalId: the user {external_id} already exists")],
        ));
    }
    let outcome = state
        .directory
        .upsert(&external_id, &course.taken(sent), now);
    let event = "system.identity_sources.user.create";
    answer(&mut state, &external_id, outcome, event, now)
}

pub(crate) async fn replace(
    State(org): State<Arc<Org>>,
    Path((source, user)): Path<(String, String)>,
    Extension(course): Extension<Course>,
    body: Bytes,
) -> Answer<Json<Value>> {
    change(&org, &source, &user, &body, &course, true)
}

pub(crate) async fn update(
    State(org): State<Arc<Org>>,
    Path((source, user)): Path<(String, String)>,
    Extension(course): Extension<Course>,
    body: Bytes,
) -> Answer<Json<Value>> {
    change(&org, &source, &user, &body, &course, false)
}

pub(crate) async fn delete(
    State(org): State<Arc<Org>>,
    Path((source, user)): Path<(String, String)>,
) -> Answer<StatusCode> {
    check_source(&org, &source)?;
    let (mut state, now) = org.settled();
    let switch = state.single_delete;
    let found = state.directory.user(&user).filter(|user| {
        user.assigned
            && (user.status == UserStatus::Active || switch != SingleDelete::UnknownNextTime)
    });
    let found = found.ok_or_else(|| Refusal::not_found(&user, USER_KIND))?;
    let importing = state.sessions.is_importing();
    match switch {
        SingleDelete::DoesNothing => {}
        SingleDelete::NothingDuringImports if importing => {}
        SingleDelete::Deactivates
        | SingleDelete::UnknownNextTime
        | SingleDelete::NothingDuringImports => {
            state.directory.delete(&user, now);
        }
        SingleDelete::CutsTheTie => cut_the_tie(&mut state, &user, now),
        SingleDelete::DeactivatesAndCutsTheTie => {
            state.directory.delete(&user, now);
            cut_the_tie(&mut state, &user, now);
        }
    }
    let event = "system.identity_sources.user.delete";
    state
        .log
        .add(now, Event::user(event, &user, Some(&found.id)));
    Ok(deleted(&org))
}

fn cut_the_tie(state: &mut org::State, user: &str, now: SystemTime) {
    // The user existed a moment ago.
    let _ = state.directory.unassign(user, now);
}

fn change(
    org: &Org,
    source: &str,
    user: &str,
    body: &[u8],
    course: &Course,
    replace: bool,
) -> Answer<Json<Value>> {
    check_source(org, source)?;
    let read = load::object(body).and_then(profile);
    let (mut state, now) = org.settled();
    let mut sent = noting(&mut state, "single user", read)?;
    let before = present(&state, user)?;
    if replace {
        for name in before.profile.into_keys() {
            sent.entry(name).or_insert(None);
        }
    }
    let outcome = state.directory.upsert(user, &course.taken(sent), now);
    let event = "system.identity_sources.user.update";
    answer(&mut state, user, outcome, event, now)
}

/// The profile of a single-user body. Okta's API description requires
/// userName and email in each, even in a PATCH.
fn profile(mut fields: Map<String, Value>) -> Result<Attributes, Flaw> {
    let Some(Value::Object(sent)) = fields.remove("profile") else {
        return Err(invalid(
            "profile",
            vec!["profile: The field cannot be left blank".to_owned()],
        ));
    };
    let sent = load::attributes(sent).map_err(|flaws| invalid("profile", flaws))?;
    let missing: Vec<String> = ["userName", "email"]
        .into_iter()
        .filter(|required| !sent.contains_key(*required))
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

/// A user that the source has. One that was deleted from it is gone here, but
/// stays in the directory.
fn present(state: &org::State, user: &str) -> Answer<DirectoryUser> {
    state
        .directory
        .user(user)
        .filter(|user| user.assigned && user.status == UserStatus::Active)
        .ok_or_else(|| Refusal::not_found(user, USER_KIND))
}

fn answer(
    state: &mut org::State,
    user: &str,
    outcome: Outcome,
    event: &'static str,
    now: SystemTime,
) -> Answer<Json<Value>> {
    if matches!(outcome.happened, Happened::Failed | Happened::Ignored) {
        return Err(Refusal::validation("profile", outcome.why));
    }
    let user = present(state, user)?;
    let event = Event::user(event, &user.external_id, Some(&user.id));
    state.log.add(now, event);
    Ok(Json(object(&user)))
}

/// Two base attributes are null if they have no value. Others without a value
/// are absent.
fn object(user: &DirectoryUser) -> Value {
    let mut profile = json!(user.profile);
    for name in ["mobilePhone", "secondEmail"] {
        if profile.get(name).is_none() {
            profile[name] = Value::Null;
        }
    }
    json!({
        "id": app_user_id(&user.id),
        "externalId": user.external_id,
        "created": iso(user.created),
        "lastUpdated": iso(user.last_updated),
        "profile": profile,
    })
}

/// The id of the app's user, `0ua…`. It cannot be derived from the user's id,
/// `00u…`, nor the other way round.
fn app_user_id(user: &str) -> String {
    let own: String = user.chars().skip(3).collect();
    format!("0ua{}", own.chars().rev().collect::<String>())
}
