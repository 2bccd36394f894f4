//! What every call to Okta passes through: its faults, the rate limit, the
//! token, Okta's headers, and the record of request and answer.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    api::{self, Entities},
    authorize::{Caller, authorize},
    buckets::Bucket,
    clock::http_date,
    faults::{Answer, HangUp, Instead, Struck, spoil},
    org::{Org, RequestView},
    rate::Standing,
    refusal::Refusal,
};

/// The most that is read of a body. Okta refuses far smaller ones.
const READ_AT_MOST: usize = 16 * 1024 * 1024;

pub(crate) async fn pass(State(org): State<Arc<Org>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, READ_AT_MOST).await else {
        return Refusal::malformed().into_response();
    };
    let hang_up: HangUp = parts.extensions.get().cloned().unwrap_or_default();
    let half = org.options.call_time / 2;
    let mut call = Call::of(&org, &parts, body.len());
    let struck = strike(&org, &call);
    call.faults.clone_from(&struck.names);
    wait(half + struck.delay).await;

    let response = match struck.instead.clone() {
        Some(Instead::Close) => {
            record(&org, call, 0, None, 0);
            match hang_up.now().await {}
        }
        Some(Instead::Refuse(refusal)) => refusal.into_response(),
        instead => match admit(&org, &mut call, &parts) {
            Ok(()) => {
                parts.extensions.insert(struck.course.clone());
                let request = Request::from_parts(parts, Body::from(body));
                if let Some(Instead::Later(after)) = instead {
                    tokio::spawn(async move {
                        wait(after).await;
                        next.run(request).await;
                    });
                    record(&org, call, 0, None, 0);
                    match hang_up.now().await {}
                }
                let response = next.run(request).await;
                doom(&org, &call.path, &struck);
                response
            }
            Err(refusal) => refusal.into_response(),
        },
    };
    let mut response = finish(&org, call, response);

    wait(half + struck.delay_answer).await;
    for answer in &struck.answer {
        response = ruin(answer, response, &hang_up).await;
    }
    dated(&org, response)
}

struct Call {
    at: SystemTime,
    method: String,
    path: String,
    user_agent: Option<String>,
    bytes: usize,
    faults: Vec<String>,
    standing: Option<Standing>,
}

impl Call {
    fn of(org: &Org, parts: &Parts, bytes: usize) -> Self {
        Self {
            at: org.clock.now(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            user_agent: parts
                .headers
                .get(header::USER_AGENT)
                .and_then(|name| name.to_str().ok())
                .map(str::to_owned),
            bytes,
            faults: Vec::new(),
            standing: None,
        }
    }
}

/// The path below the identity source, such as `/sessions`.
pub(crate) fn source_path<'path>(org: &Org, path: &'path str) -> Option<&'path str> {
    path.strip_prefix("/api/v1/identity-sources/")?
        .strip_prefix(org.options.identity_source.as_str())
}

fn strike(org: &Org, call: &Call) -> Struck {
    let (mut state, _) = org.settled();
    let source_path = source_path(org, &call.path);
    Struck::by(state.faults.strike(&call.method, &call.path, source_path))
}

fn admit(org: &Org, call: &mut Call, parts: &Parts) -> Result<(), Refusal> {
    let (mut state, now) = org.settled();
    match state.rates.count(Bucket::of(&call.path), now) {
        Ok(standing) => call.standing = Some(standing),
        Err(standing) => {
            call.standing = Some(standing);
            return Err(Refusal::too_many_calls());
        }
    }
    if call.path == api::token::PATH {
        return Ok(());
    }
    let caller = Caller {
        method: &parts.method,
        uri: &parts.uri,
        headers: &parts.headers,
    };
    authorize(&caller, &mut state, now)
}

/// Ends the session that the call names, if a fault says so.
fn doom(org: &Org, path: &str, struck: &Struck) {
    let Some(end) = &struck.course.session_ends else {
        return;
    };
    let session = source_path(org, path)
        .and_then(|path| path.strip_prefix("/sessions/"))
        .and_then(|path| path.split('/').next());
    if let Some(session) = session {
        let (mut state, now) = org.settled();
        state.sessions.doom(session, end.clone(), now);
    }
}

/// Renders a refusal, adds Okta's headers, and records the call.
fn finish(org: &Org, call: Call, response: Response) -> Response {
    let (error_id, request_id) = {
        let (mut state, _) = org.settled();
        (state.ids.error(), state.ids.request())
    };
    let refusal = response.extensions().get::<Refusal>().cloned();
    let entities = response.extensions().get::<Entities>().map_or(0, |e| e.0);
    let mut response = match &refusal {
        Some(refusal) => refusal.render(&error_id),
        None => response,
    };

    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert("x-okta-request-id", id);
    }
    if let Some(standing) = call.standing {
        let mut tell = |name, number: u64| {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(number));
        };
        tell("x-rate-limit-limit", standing.limit.into());
        tell("x-rate-limit-remaining", standing.remaining.into());
        tell("x-rate-limit-reset", standing.reset);
    }
    let error = refusal.map(|refusal| refusal.code);
    record(org, call, response.status().as_u16(), error, entities);
    response
}

fn record(org: &Org, call: Call, status: u16, error: Option<String>, entities: usize) {
    let (mut state, _) = org.settled();
    state.requests.push(RequestView {
        at: call.at,
        method: call.method,
        path: call.path,
        status,
        error,
        user_agent: call.user_agent,
        bytes: call.bytes,
        entities,
        faults: call.faults,
    });
}

/// Applies a fault to a finished answer.
async fn ruin(answer: &Answer, response: Response, hang_up: &HangUp) -> Response {
    if matches!(answer, Answer::Close) {
        match hang_up.now().await {}
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if matches!(answer, Answer::Truncate) && body.is_empty() {
        match hang_up.now().await {}
    }
    spoil(answer, Response::from_parts(parts, Body::empty()), &body)
}

fn dated(org: &Org, mut response: Response) -> Response {
    if let Ok(date) = HeaderValue::from_str(&http_date(org.clock.now())) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
