//! What every call to Okta passes through: the rate limit, the token, Okta's
//! headers, and the record of what was asked and answered.

use std::{sync::Arc, time::SystemTime};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    api,
    authorize::{Caller, authorize},
    clock::http_date,
    org::{Org, RequestView},
    rate::Standing,
    refusal::Refusal,
};

/// Read no more of a body than this; Okta refuses far smaller ones.
const READ_AT_MOST: usize = 16 * 1024 * 1024;

/// How many users a bulk request carried, told by its handler.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entities(pub(crate) usize);

pub(crate) async fn pass(State(org): State<Arc<Org>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, READ_AT_MOST).await else {
        return Refusal::malformed().into_response();
    };
    wait_half(&org).await;

    let mut call = Call {
        at: org.clock.now(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        bytes: body.len(),
        standing: None,
    };
    let caller = Caller {
        method: &parts.method,
        uri: &parts.uri,
        headers: &parts.headers,
    };
    let response = match admit(&org, &mut call, &caller) {
        Ok(()) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(refusal) => refusal.into_response(),
    };
    let response = finish(&org, call, response);

    wait_half(&org).await;
    dated(&org, response)
}

struct Call {
    at: SystemTime,
    method: String,
    path: String,
    bytes: usize,
    standing: Option<Standing>,
}

fn admit(org: &Org, call: &mut Call, caller: &Caller<'_>) -> Result<(), Refusal> {
    if call.path == api::token::PATH {
        // The authorization server counts for itself, and asks for no token.
        return Ok(());
    }
    let (mut state, now) = org.settled();
    match state.rate.count(now) {
        Ok(standing) => call.standing = Some(standing),
        Err(standing) => {
            call.standing = Some(standing);
            return Err(Refusal::too_many_calls());
        }
    }
    authorize(caller, &mut state, now)
}

/// Renders a refusal, adds Okta's headers, and records the call.
fn finish(org: &Org, call: Call, response: Response) -> Response {
    let (mut state, _) = org.settled();
    let refusal = response.extensions().get::<Refusal>().cloned();
    let error = refusal.as_ref().map(|refusal| refusal.code.clone());
    let entities = response.extensions().get::<Entities>().map_or(0, |e| e.0);
    let mut response = match refusal {
        Some(refusal) => refusal.render(&state.ids.error()),
        None => response,
    };

    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&state.ids.request()) {
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
    state.requests.push(RequestView {
        at: call.at,
        method: call.method,
        path: call.path,
        status: response.status().as_u16(),
        error,
        bytes: call.bytes,
        entities,
    });
    response
}

fn dated(org: &Org, mut response: Response) -> Response {
    if let Ok(date) = HeaderValue::from_str(&http_date(org.clock.now())) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

async fn wait_half(org: &Org) {
    let half = org.options.call_time / 2;
    if !half.is_zero() {
        tokio::time::sleep(half).await;
    }
}
