//! DPoP (RFC 9449): the proof, with each request, that we have the key which
//! the access token is bound to.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::jwk::Jwk;
use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::key::SigningKey;
use crate::okta::credentials_error::KeyError;

/// The key that access tokens are bound to. Each process makes a new one. It is never the service
/// app's own.
#[derive(Debug)]
pub(super) struct Prover {
    key: SigningKey,
    public: Jwk,
}

/// What a proof is for.
pub(super) struct Request<'a> {
    pub(super) method: &'a Method,
    pub(super) url: &'a Url,
    /// The hash of the access token, if it carries one.
    pub(super) token_hash: Option<&'a str>,
    /// What Okta wants to see in it, if it said so.
    pub(super) nonce: Option<&'a str>,
    /// The time by Okta's clock.
    pub(super) now: Timestamp,
}

#[derive(Serialize)]
struct Claims<'a> {
    htm: &'a str,
    htu: &'a str,
    iat: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl Prover {
    pub(super) fn new() -> Result<Self, KeyError> {
        let key = SigningKey::generate()?;
        let public = key.public()?;
        Ok(Self { key, public })
    }

    /// The `DPoP` header of a request, valid for this one.
    pub(super) fn prove(&self, request: &Request<'_>) -> Result<HeaderValue, KeyError> {
        let mut url = request.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        let proof = self.key.sign(
            |header| {
                header.typ = Some("dpop+jwt".to_owned());
                header.jwk = Some(self.public.clone());
            },
            &Claims {
                htm: request.method.as_str(),
                htu: url.as_str(),
                iat: request.now.as_second(),
                jti: unique()?,
                ath: request.token_hash,
                nonce: request.nonce,
            },
        )?;
        let mut header = HeaderValue::try_from(proof).map_err(|_| KeyError::Unusable)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// The hash of a token for its proofs.
pub(super) fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// An id that no other token has.
pub(super) fn unique() -> Result<String, KeyError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| KeyError::Unusable)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
