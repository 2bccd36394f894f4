//! `/oauth2/v1/token`, where a service app gets its access tokens.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Form, Json,
    extract::{State, rejection::FormRejection},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde_json::Value;

use crate::{
    authorize::{Caller, DPOP_NONCE, epoch_seconds},
    oauth::{Call, Denial, TokenRequest},
    org::Org,
    refusal::{Refusal, Shape},
};

/// The path, which the gate admits without a token.
pub(crate) const PATH: &str = "/oauth2/v1/token";

pub(crate) async fn give(
    State(org): State<Arc<Org>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(form) = form.map_err(|_| {
        refuse(Denial {
            status: 400,
            error: "invalid_request",
            description: "The request body must be application/x-www-form-urlencoded.",
            nonce: None,
        })
    })?;
    let caller = Caller {
        method: &method,
        uri: &uri,
        headers: &headers,
    };
    let field = |name| form.get(name).map(String::as_str);
    let request = TokenRequest {
        grant_type: field("grant_type"),
        scope: field("scope"),
        assertion_type: field("client_assertion_type"),
        assertion: field("client_assertion"),
        proof: caller.proof(),
    };
    let url = caller.url();
    let (mut state, now) = org.settled();
    let Some(oauth) = &mut state.oauth else {
        return Err(refuse(Denial {
            status: 401,
            error: "invalid_client",
            description: "Invalid value for 'client_id' parameter.",
            nonce: None,
        }));
    };
    let call = Call {
        method: method.as_str(),
        url: &url,
        now: epoch_seconds(now),
    };
    let token: Value = oauth.give(&request, call, now).map_err(refuse)?;
    // A client that used a proof gets the nonce, which spares it the next challenge.
    let nonce = request.proof.map(|_| [(DPOP_NONCE, oauth.nonce(now))]);
    Ok((nonce.map(AppendHeaders), Json(token)).into_response())
}

fn refuse(denial: Denial) -> Refusal {
    let status = StatusCode::from_u16(denial.status).unwrap_or(StatusCode::BAD_REQUEST);
    let refusal = Refusal {
        shape: Shape::OAuth,
        ..Refusal::plain(status, denial.error, denial.description)
    };
    match denial.nonce {
        Some(nonce) => refusal.with_header(DPOP_NONCE, nonce),
        None => refusal,
    }
}
