//! `/api/v1/identity-sources/{source}/groups`: one group at a time, effective
//! at once.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{OriginalUri, Path, Query, State},
    http::{HeaderMap, Method, StatusCode},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{check_source, deleted, noting, paging};
use crate::{
    authorize::Caller,
    groups::{GroupChange, GroupHappened, GroupOutcome, GroupView},
    load,
    org::{self, Org},
    refusal::Refusal,
};

type Answer<T> = Result<T, Refusal>;

/// Okta's name for a group that it cannot find.
const GROUP_KIND: &str = "IdentitySourceGroup";

pub(crate) async fn create(
    State(org): State<Arc<Org>>,
    Path(source): Path<String>,
    body: Bytes,
) -> Answer<Json<Value>> {
    check_groups(&org, &source)?;
    let read = load::group(&body);
    let (mut state, _) = org.settled();
    let work = noting(&mut state, "single group", read)?;
    if state.groups.group(&work.group).is_some() {
        return Err(Refusal::validation(
            "externalId",
            [format!(
                "externalId: the group {} already exists",
                work.group
            )],
        ));
    }
    apply(&mut state, &work.group, &work.change)?;
    found(&state, &work.group).map(|group| Json(object(&group)))
}

pub(crate) async fn get(
    State(org): State<Arc<Org>>,
    Path((source, group)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    check_groups(&org, &source)?;
    let (state, _) = org.settled();
    found(&state, &group).map(|group| Json(object(&group)))
}

pub(crate) async fn update(
    State(org): State<Arc<Org>>,
    Path((source, group)): Path<(String, String)>,
    body: Bytes,
) -> Answer<Json<Value>> {
    check_groups(&org, &source)?;
    let read = load::group_profile(&body);
    let (mut state, _) = org.settled();
    let change = noting(&mut state, "single group", read)?;
    let group = found(&state, &group)?.external_id;
    apply(&mut state, &group, &change)?;
    found(&state, &group).map(|group| Json(object(&group)))
}

pub(crate) async fn delete(
    State(org): State<Arc<Org>>,
    Path((source, group)): Path<(String, String)>,
) -> Answer<StatusCode> {
    check_groups(&org, &source)?;
    let (mut state, _) = org.settled();
    let group = found(&state, &group)?.external_id;
    apply(&mut state, &group, &GroupChange::Delete)?;
    Ok(deleted(&org))
}

pub(crate) async fn members(
    State(org): State<Arc<Org>>,
    Path((source, group)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Answer<Response> {
    check_groups(&org, &source)?;
    let asked = |name| query.get(name).map(String::as_str);
    let limit = paging::limit(asked("limit"), 200, 1_000)?;
    let after = paging::place(asked("after"))?;
    let (state, _) = org.settled();
    let group = found(&state, &group)?;
    let mut members = group
        .members
        .iter()
        .filter(|member| after.as_ref().is_none_or(|after| *member > after));
    let page: Vec<&String> = members.by_ref().take(limit).collect();
    let next = members.next().and(page.last()).and_then(|last| {
        let caller = Caller {
            method: &method,
            uri: &uri,
            headers: &headers,
        };
        let (cursor, limit) = (paging::cursor(last), limit.to_string());
        let fields = [("after", Some(&*cursor)), ("limit", Some(&*limit))];
        paging::link(&paging::with_query(&caller.url(), &fields), "next")
    });
    let body = Json(json!({ "memberExternalIds": page }));
    Ok((AppendHeaders(next), body).into_response())
}

pub(crate) async fn join(
    State(org): State<Arc<Org>>,
    Path((source, group)): Path<(String, String)>,
    body: Bytes,
) -> Answer<StatusCode> {
    check_groups(&org, &source)?;
    let read = load::member(&body);
    let (mut state, _) = org.settled();
    let member = noting(&mut state, "single membership", read)?;
    let group = found(&state, &group)?.external_id;
    apply(&mut state, &group, &GroupChange::Join { member })?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn leave(
    State(org): State<Arc<Org>>,
    Path((source, group, member)): Path<(String, String, String)>,
) -> Answer<StatusCode> {
    check_groups(&org, &source)?;
    let (mut state, _) = org.settled();
    let group = found(&state, &group)?;
    if !group.members.contains(&member) {
        return Err(Refusal::not_found(&member, "IdentitySourceGroupMember"));
    }
    apply(
        &mut state,
        &group.external_id,
        &GroupChange::Leave { member },
    )?;
    Ok(StatusCode::NO_CONTENT)
}

/// Groups exist only if the app imports them.
pub(super) fn check_groups(org: &Org, source: &str) -> Answer<()> {
    check_source(org, source)?;
    if org.options.import_groups {
        return Ok(());
    }
    Err(Refusal::validation(
        "identitySourceId",
        ["Group import is not enabled for the identity source".to_owned()],
    ))
}

fn found(state: &org::State, group: &str) -> Answer<GroupView> {
    let found = state.groups.find(group);
    found.ok_or_else(|| Refusal::not_found(group, GROUP_KIND))
}

/// Refuses here what an import would ignore.
fn apply(state: &mut org::State, group: &str, change: &GroupChange) -> Answer<()> {
    let org::State {
        groups, directory, ..
    } = state;
    let GroupOutcome { happened, why } =
        groups.apply(group, change, |member| directory.knows(member));
    match happened {
        GroupHappened::Failed => Err(Refusal::validation("profile", why)),
        GroupHappened::Ignored => Err(Refusal::validation("memberExternalId", why)),
        _ => Ok(()),
    }
}

fn object(group: &GroupView) -> Value {
    json!({
        "id": group.id,
        "externalId": group.external_id,
        "profile": {
            "displayName": group.display_name,
            "description": group.description,
        },
    })
}
