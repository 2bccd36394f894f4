//! Okta's error answers.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Why a call is refused. The gate turns it into an error body with an error
/// id.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) summary: String,
    pub(crate) causes: Vec<String>,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) shape: Shape,
}

/// The format of a refusal's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The management API's: errorCode, errorSummary, and so on.
    Api,
    /// The authorization server's: error and error_description.
    OAuth,
    /// Empty: a header says everything.
    Empty,
}

impl Refusal {
    /// 400 E0000001. `what` is the part of the call that is invalid.
    pub(crate) fn validation(what: &str, causes: impl IntoIterator<Item = String>) -> Self {
        Self {
            causes: causes.into_iter().collect(),
            ..Self::plain(
                StatusCode::BAD_REQUEST,
                "E0000001",
                &format!("Api validation failed: {what}"),
            )
        }
    }

    /// 400 E0000003: no body, or one that is not the expected JSON.
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

    /// 403 E0000006.
    pub(crate) fn forbidden() -> Self {
        Self::plain(
            StatusCode::FORBIDDEN,
            "E0000006",
            "You do not have permission to perform the requested action",
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

    pub(crate) fn plain(status: StatusCode, code: &str, summary: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            summary: summary.to_owned(),
            causes: Vec::new(),
            headers: Vec::new(),
            shape: Shape::Api,
        }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer that is sent.
    pub(crate) fn render(&self, error_id: &str) -> Response {
        let body = match self.shape {
            Shape::Api => self.body(error_id),
            Shape::OAuth => json!({ "error": self.code, "error_description": self.summary }),
            Shape::Empty => Value::Null,
        };
        let mut response = match self.shape {
            Shape::Empty => self.status.into_response(),
            Shape::Api | Shape::OAuth => (self.status, Json(body)).into_response(),
        };
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }

    fn body(&self, error_id: &str) -> Value {
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
