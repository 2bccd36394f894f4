//! `/api/v1/identity-sources/{source}/sessions`.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{Entities, check_source};
use crate::{
    load::{self, LoadKind},
    org::{self, Org},
    refusal::Refusal,
    sessions::Course,
};

type Answer<T> = Result<T, Refusal>;

pub(crate) async fn list(
    State(org): State<Arc<Org>>,
    Path(source): Path<String>,
) -> Answer<Json<Vec<Value>>> {
    check_source(&org, &source)?;
    let (state, now) = org.settled();
    Ok(Json(state.sessions.active(now)))
}

pub(crate) async fn create(
    State(org): State<Arc<Org>>,
    Path(source): Path<String>,
) -> Answer<(StatusCode, Json<Value>)> {
    check_source(&org, &source)?;
    let (mut state, now) = org.settled();
    let session = state.sessions.create(now)?;
    Ok((StatusCode::CREATED, Json(session)))
}

pub(crate) async fn get(
    State(org): State<Arc<Org>>,
    Path((source, session)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    check_source(&org, &source)?;
    let (mut state, now) = org.settled();
    state.sessions.get(&session, now).map(Json)
}

pub(crate) async fn cancel(
    State(org): State<Arc<Org>>,
    Path((source, session)): Path<(String, String)>,
) -> Answer<StatusCode> {
    check_source(&org, &source)?;
    let (mut state, now) = org.settled();
    state.sessions.cancel(&session, now)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn start_import(
    State(org): State<Arc<Org>>,
    Path((source, session)): Path<(String, String)>,
    Extension(course): Extension<Course>,
) -> Answer<Json<Value>> {
    check_source(&org, &source)?;
    let (mut state, now) = org.settled();
    let org::State {
        sessions,
        violations,
        ..
    } = &mut *state;
    sessions
        .start_import(&session, now, &course, violations)
        .map(Json)
}

pub(crate) async fn bulk_upsert(
    State(org): State<Arc<Org>>,
    Path((source, session)): Path<(String, String)>,
    Extension(course): Extension<Course>,
    body: Bytes,
) -> Answer<Response> {
    check_source(&org, &source)?;
    bulk(&org, &session, LoadKind::Upsert, &body, &course)
}

pub(crate) async fn bulk_delete(
    State(org): State<Arc<Org>>,
    Path((source, session)): Path<(String, String)>,
    Extension(course): Extension<Course>,
    body: Bytes,
) -> Answer<Response> {
    check_source(&org, &source)?;
    bulk(&org, &session, LoadKind::Delete, &body, &course)
}

fn bulk(
    org: &Org,
    session: &str,
    kind: LoadKind,
    body: &[u8],
    course: &Course,
) -> Answer<Response> {
    // Reading takes long and needs no lock.
    let load = load::read(kind, body, org.options.max_entities);
    let entities = Entities(load.as_ref().map_or(0, |load| load.entities.len()));
    let (mut state, now) = org.settled();
    let org::State {
        sessions,
        directory,
        violations,
        ..
    } = &mut *state;
    let answer = sessions.load(session, load, directory, now, course, violations);
    let response = answer.map_or_else(IntoResponse::into_response, |()| {
        StatusCode::ACCEPTED.into_response()
    });
    Ok((Extension(entities), response).into_response())
}
