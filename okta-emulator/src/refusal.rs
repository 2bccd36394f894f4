//! Okta's error answers.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Why a call is refused. Becomes Okta's error body at the gate, where it gets
/// its error id.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) summary: String,
    pub(crate) causes: Vec<String>,
}

impl Refusal {
    /// 400 E0000001. `what` is the part of the call that did not pass.
    pub(crate) fn validation(what: &str, causes: impl IntoIterator<Item = String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "E0000001",
            summary: format!("Api validation failed: {what}"),
            causes: causes.into_iter().collect(),
        }
    }

    /// 400 E0000003: no body, or one that is not the JSON that was asked for.
    pub(crate) fn malformed() -> Self {
        Self::plain(
            StatusCode::BAD_REQUEST,
            "E0000003",
            "The request body was not well-formed.",
        )
    }

    /// 401 E0000011.
    pub(crate) fn bad_token() -> Self {
        Self::plain(
            StatusCode::UNAUTHORIZED,
            "E0000011",
            "Invalid token provided",
        )
    }

    /// 404 E0000007.
    pub(crate) fn not_found(id: &str, kind: &str) -> Self {
        Self::plain(
            StatusCode::NOT_FOUND,
            "E0000007",
            &format!("Not found: Resource not found: {id} ({kind})"),
        )
    }

    /// 405 E0000022.
    pub(crate) fn wrong_method() -> Self {
        Self::plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "E0000022",
            "The endpoint does not support the provided HTTP method",
        )
    }

    /// 429 E0000047.
    pub(crate) fn too_many_calls() -> Self {
        Self::plain(
            StatusCode::TOO_MANY_REQUESTS,
            "E0000047",
            "API call exceeded rate limit due to too many requests.",
        )
    }

    pub(crate) fn plain(status: StatusCode, code: &'static str, summary: &str) -> Self {
        Self {
            status,
            code,
            summary: summary.to_owned(),
            causes: Vec::new(),
        }
    }

    pub(crate) fn body(&self, error_id: &str) -> Value {
        let causes: Vec<Value> = self
            .causes
            .iter()
            .map(|cause| json!({ "errorSummary": cause }))
            .collect();
        json!({
            "errorCode": self.code,
            "errorSummary": self.summary,
            "errorLink": self.code,
            "errorId": error_id,
            "errorCauses": causes,
        })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
