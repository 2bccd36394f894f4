//! Access tokens: a service app's `private_key_jwt` at the org's own token
//! endpoint (Okta's guide "Implement OAuth for Okta with a service app").

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde::Serialize;

use super::ServiceApp;
use super::proof::{Prover, Request, unique};
use super::skew::Skew;
use crate::okta::credentials_error::KeyError;
use crate::okta::error::{Error, Refusal};
use crate::okta::line::{ATTEMPTS, Exchange, Line, Verdict, backoff};
use crate::okta::{pacing, wire};

/// The call, in logs and errors.
pub(super) const CALL: &str = "POST /oauth2/v1/token";

/// How long an assertion is valid. Okta allows an hour, and a request takes seconds.
const ASSERTED_FOR: i64 = 300;

/// A token is renewed this long before it ends, or, if its life is short, when a quarter of it is
/// left.
const RENEWED_BEFORE: Duration = Duration::from_secs(60);

/// The longest token life that is believed. Okta's live an hour.
const LONGEST_LIFE: u64 = 24 * 60 * 60;

/// What the credentials have given us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// An API token, which may do what its admin may.
    ApiToken,
    /// An access token of a service app.
    AccessToken {
        /// Whether it is bound to our key by DPoP.
        dpop: bool,
        /// The scopes that Okta granted, of those that were asked for.
        scopes: Vec<String>,
    },
}

pub(super) struct AccessToken {
    pub(super) value: SecretString,
    pub(super) dpop: bool,
    pub(super) scopes: Vec<String>,
    /// When to fetch another one.
    pub(super) good_until: Timestamp,
}

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

impl ServiceApp {
    fn assertion(&self, audience: &str, now: Timestamp) -> Result<String, KeyError> {
        let now = now.as_second();
        self.key.sign(
            |header| header.kid = Some(self.key_id.clone()),
            &Assertion {
                iss: &self.client_id,
                sub: &self.client_id,
                aud: audience,
                iat: now,
                exp: now.saturating_add(ASSERTED_FOR),
                jti: unique()?,
            },
        )
    }
}

/// Fetches a token. `nonce` is what Okta last wanted to see in a proof here.
pub(super) async fn fetch(
    line: &Line,
    scopes: &str,
    app: &ServiceApp,
    prover: &Prover,
    skew: &Skew,
    nonce: &mut Option<String>,
    deadline: Timestamp,
) -> Result<AccessToken, Error> {
    let clock = line.clock();
    let url = line.org().at(&["oauth2", "v1", "token"]);
    let (mut failures, mut challenges, mut corrected) = (0, 0, false);
    loop {
        let began = clock.now();
        let now = skew.now(clock);
        let proof = prover.prove(&Request {
            method: &Method::POST,
            url: &url,
            token_hash: None,
            nonce: nonce.as_deref(),
            now,
        });
        let assertion = app.assertion(url.as_str(), now).map_err(unusable)?;
        let request = line
            .http()
            .await?
            .post(url.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("dpop", proof.map_err(unusable)?)
            .body(form(&assertion, scopes));
        let error = match line.exchange(CALL, request, deadline).await? {
            Exchange::Answered { headers, verdict } => {
                let challenge = new_nonce(&headers);
                let challenged = challenge.is_some();
                if challenged {
                    *nonce = challenge;
                }
                match verdict {
                    Verdict::Done { body, request_id } => {
                        return read(&body.unwrap_or_default(), began).ok_or(Error::Unreadable {
                            call: CALL,
                            request_id,
                        });
                    }
                    Verdict::RateLimited => {
                        let again = pacing::again(&headers, clock.now());
                        line.rest(CALL, again, deadline).await?;
                        continue;
                    }
                    Verdict::Refused(refusal) => {
                        let wants_nonce = refusal.code.as_deref() == Some("use_dpop_nonce");
                        if wants_nonce && challenged && challenges < 2 {
                            challenges += 1;
                            continue;
                        }
                        // Okta finds the assertion or the proof too old or too new by its clock,
                        // which the answer tells.
                        if !corrected && skew.correct(clock, pacing::date(&headers)) {
                            corrected = true;
                            continue;
                        }
                        return Err(denied(refusal));
                    }
                    Verdict::Unavailable(refusal) => Error::Unavailable(refusal),
                }
            }
            Exchange::Failed { error, sent: _ } => error,
        };
        failures += 1;
        if failures >= ATTEMPTS {
            return Err(error);
        }
        let again = clock.now() + backoff(failures);
        line.rest(CALL, again, deadline).await?;
    }
}

/// The body of a token request. A signed token has no character to escape.
fn form(assertion: &str, scopes: &str) -> String {
    format!(
        "grant_type=client_credentials&scope={scopes}\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
         &client_assertion={assertion}"
    )
}

/// The nonce that an answer wants to see in proofs from now on.
pub(super) fn new_nonce(headers: &HeaderMap) -> Option<String> {
    Some(headers.get("dpop-nonce")?.to_str().ok()?.to_owned())
}

fn read(body: &[u8], began: Timestamp) -> Option<AccessToken> {
    let token: wire::Token = serde_json::from_slice(body).ok()?;
    let dpop = match token.token_type.to_ascii_lowercase().as_str() {
        "dpop" => true,
        "bearer" => false,
        _ => return None,
    };
    let life = Duration::from_secs(token.expires_in.min(LONGEST_LIFE));
    let good_for = life.saturating_sub(RENEWED_BEFORE.min(life / 4));
    (!good_for.is_zero()).then(|| AccessToken {
        value: token.access_token,
        dpop,
        scopes: token
            .scope
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        good_until: began + good_for,
    })
}

fn denied(refusal: Refusal) -> Error {
    match refusal.code.as_deref() {
        Some("invalid_scope" | "consent_required" | "access_denied") => Error::Forbidden(refusal),
        _ if refusal.status == StatusCode::BAD_REQUEST
            || refusal.status == StatusCode::UNAUTHORIZED =>
        {
            Error::Unauthorized(refusal)
        }
        _ => Error::refused(refusal),
    }
}

pub(super) fn unusable(error: KeyError) -> Error {
    Error::Credentials(error.into())
}
