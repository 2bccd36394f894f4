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

use super::{Entities, check_source, groups::check_groups};
use crate::{
    load::{self, GroupLoadKind, LoadKind},
    log::Event,
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
    let id = session["id"].as_str().unwrap_or_default();
    let event = Event::session("system.import.session.created", id);
    state.log.add(now, event);
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
    let event = Event::session("system.import.session.cancelled", &session);
    state.log.add(now, event);
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
        log,
        ..
    } = &mut *state;
    let object = sessions.start_import(&session, now, &course, violations)?;
    let event = Event::session("system.import.session.triggered", &session);
    log.add(now, event);
    Ok(Json(object))
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

pub(crate) async fn bulk_groups(
    State(org): State<Arc<Org>>,
    Path((source, session, load)): Path<(String, String, String)>,
    Extension(course): Extension<Course>,
    body: Bytes,
) -> Answer<StatusCode> {
    let (kind, event) = match load.as_str() {
        "bulk-groups-upsert" => (
            GroupLoadKind::Upsert,
            "system.identity_sources.bulk_group_upsert",
        ),
        "bulk-groups-delete" => (
            GroupLoadKind::Delete,
            "system.identity_sources.bulk_group_delete",
        ),
        "bulk-group-memberships-upsert" => (
            GroupLoadKind::Join,
            "system.identity_sources.bulk_group_membership_upsert",
        ),
        "bulk-group-memberships-delete" => (
            GroupLoadKind::Leave,
            "system.identity_sources.bulk_group_membership_delete",
        ),
        _ => return Err(Refusal::not_found(&load, "Endpoint")),
    };
    check_groups(&org, &source)?;
    let load = load::read_groups(kind, &body);
    let (mut state, now) = org.settled();
    let org::State {
        sessions,
        violations,
        log,
        ..
    } = &mut *state;
    sessions.load_groups(&session, load, now, &course, violations)?;
    log.add(now, Event::session(event, &session));
    Ok(StatusCode::ACCEPTED)
}

fn bulk(
    org: &Org,
    session: &str,
    kind: LoadKind,
    body: &[u8],
    course: &Course,
) -> Answer<Response> {
    // Reading takes long and needs no lock.
    let load = load::read(kind, body, &org.options);
    let entities = Entities(load.as_ref().map_or(0, |load| load.entities.len()));
    let (mut state, now) = org.settled();
    let org::State {
        sessions,
        directory,
        violations,
        log,
        ..
    } = &mut *state;
    let answer = sessions.load(session, load, directory, now, course, violations);
    let response = match answer {
        Ok(()) => {
            let event = match kind {
                LoadKind::Upsert => "system.identity_sources.bulk_upsert",
                LoadKind::Delete => "system.identity_sources.bulk_delete",
            };
            log.add(now, Event::session(event, session));
            StatusCode::ACCEPTED.into_response()
        }
        Err(refusal) => refusal.into_response(),
    };
    Ok((Extension(entities), response).into_response())
}
