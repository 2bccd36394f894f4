//! What comes over the wire, whatever the request was: refusals, their challenges, and tokens.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use secrecy::SecretString;
use serde::Deserialize;

use super::error::Refusal;

/// How much of a message of Okta's is kept, in characters.
const LONGEST_MESSAGE: usize = 500;

/// How many causes of one refusal are kept.
const MOST_CAUSES: usize = 20;

/// The answer to a token request.
#[derive(Deserialize)]
pub(super) struct Token {
    pub(super) token_type: String,
    pub(super) access_token: SecretString,
    /// Seconds.
    pub(super) expires_in: u64,
    #[serde(default)]
    pub(super) scope: Option<String>,
}

/// Okta's error body, or that of OAuth 2.0. All of it may be missing.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Problem {
    #[serde(rename = "errorCode", alias = "error")]
    code: Option<String>,
    #[serde(rename = "errorSummary", alias = "error_description")]
    summary: Option<String>,
    #[serde(rename = "errorCauses")]
    causes: Vec<Cause>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Cause {
    #[serde(rename = "errorSummary")]
    summary: Option<String>,
}

/// What the `WWW-Authenticate` header of a refusal says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) error: Option<String>,
    description: Option<String>,
}

/// Reads `WWW-Authenticate` as far as it matters. If a DPoP proof is wrong, Okta says so there and
/// nowhere else.
pub(super) fn challenge(headers: &HeaderMap) -> Challenge {
    let said = headers
        .get(WWW_AUTHENTICATE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let quoted = |name: &str| {
        let (_, rest) = said.split_once(name)?;
        let (text, _) = rest.split_once('"')?;
        Some(shorten(text.to_owned()))
    };
    Challenge {
        error: quoted(" error=\""),
        description: quoted(" error_description=\""),
    }
}

/// What a refused call's answer says, if it says anything.
pub(super) fn refusal(
    call: &'static str,
    status: u16,
    request_id: Option<String>,
    headers: &HeaderMap,
    body: &[u8],
) -> Refusal {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let challenge = challenge(headers);
    Refusal {
        call,
        status,
        code: problem.code.map(shorten).or(challenge.error),
        summary: problem.summary.map(shorten).or(challenge.description),
        causes: problem
            .causes
            .into_iter()
            .filter_map(|cause| cause.summary)
            .take(MOST_CAUSES)
            .map(shorten)
            .collect(),
        request_id,
    }
}

fn shorten(text: String) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_survives_any_body() {
        let body = r#"{"errorCode":"E0000001","errorSummary":"Api validation failed","errorLink":"E0000001","errorId":"oae","errorCauses":[{"errorSummary":"Too soon"},{}]}"#;
        let read = refusal(
            "POST /sessions",
            400,
            Some("req".into()),
            &HeaderMap::new(),
            body.as_bytes(),
        );
        assert_eq!(read.code.as_deref(), Some("E0000001"));
        assert_eq!(read.causes, ["Too soon"]);

        for body in [&b"<html>"[..], b"", b"[]", b"null", b"\xff"] {
            let read = refusal("POST /sessions", 502, None, &HeaderMap::new(), body);
            assert_eq!((read.code, read.causes), (None, vec![]));
        }
    }

    #[test]
    fn an_authorization_server_has_words_of_its_own() {
        let body = r#"{"error":"invalid_client","error_description":"The token is expired."}"#;

        let read = refusal(
            "POST /oauth2/v1/token",
            401,
            None,
            &HeaderMap::new(),
            body.as_bytes(),
        );

        assert_eq!(read.code.as_deref(), Some("invalid_client"));
        assert_eq!(read.summary.as_deref(), Some("The token is expired."));
    }

    #[test]
    fn a_refusal_without_a_body_is_explained_by_its_challenge() {
        let mut headers = HeaderMap::new();
        let said = r#"DPoP algs="ES256", realm="https://o", error="invalid_dpop_proof", error_description="'htu' is invalid.", resource="/""#;
        headers.insert(WWW_AUTHENTICATE, said.parse().unwrap());

        let read = refusal("GET /sessions", 400, None, &headers, b"");

        assert_eq!(read.code.as_deref(), Some("invalid_dpop_proof"));
        assert_eq!(read.summary.as_deref(), Some("'htu' is invalid."));
        for strange in ["", "DPoP", "DPoP error=invalid", "DPoP error=\"cut off"] {
            headers.insert(WWW_AUTHENTICATE, strange.parse().unwrap());
            assert_eq!(challenge(&headers), Challenge::default(), "{strange}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_okta_could_say_does_harm(
            body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            json in r#"(\{|"error|"errorSummary|Causes|":|"|\[|\]|\}|,|null|1|é){0,20}"#,
            said in r#"( error="| error_description="|DPoP|"|, |=|[ -~]){0,12}"#,
        ) {
            let mut headers = HeaderMap::new();
            headers.insert(WWW_AUTHENTICATE, said.parse().unwrap());
            refusal("GET /sessions", 400, None, &headers, &body);
            refusal("GET /sessions", 400, None, &headers, json.as_bytes());
            let _ = serde_json::from_str::<Token>(&json);
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let long = "é".repeat(LONGEST_MESSAGE + 1);

        assert_eq!(shorten(long).chars().count(), LONGEST_MESSAGE + 1);
        assert_eq!(shorten("short".into()), "short");
    }
}
