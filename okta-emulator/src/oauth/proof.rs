//! DPoP proofs, RFC 9449.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    decode_header,
    jwk::{Jwk, ThumbprintHash},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::jwt::{self, ALGORITHMS, Claims};

/// How old a proof may be, and how far ahead its clock may run, in seconds.
const OLDEST: i64 = 300;
const LEEWAY: i64 = 60;

/// Members of a JWK that make it a private key.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The call that a proof must be for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    /// Without a query or fragment.
    pub(crate) url: &'a str,
    /// Seconds since the epoch.
    pub(crate) now: i64,
}

/// A valid proof.
#[derive(Debug)]
pub(super) struct Proof {
    /// The thumbprint of the key that signed it.
    pub(super) thumbprint: String,
    pub(super) nonce: Option<String>,
    claims: Claims,
}

impl Proof {
    /// Whether it was made for this access token.
    pub(super) fn is_for(&self, token: &str) -> bool {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
        jwt::text(&self.claims, "ath") == Some(&hash)
    }
}

/// `Err` is Okta's error description.
pub(super) fn check(
    proof: &str,
    call: Call<'_>,
    used: &mut HashSet<String>,
) -> Result<Proof, &'static str> {
    const NOT_A_JWT: &str = "The DPoP proof JWT is invalid.";
    const NO_KEY: &str = "'jwk' in the DPoP proof JWT header is invalid.";

    let raw = jwt::raw_header(proof).ok_or(NOT_A_JWT)?;
    if jwt::text(&raw, "typ") != Some("dpop+jwt") {
        return Err("'typ' in the DPoP proof JWT header is invalid.");
    }
    let header =
        decode_header(proof).map_err(|_| "'alg' in the DPoP proof JWT header is invalid.")?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err("'alg' in the DPoP proof JWT header is invalid.");
    }
    let members = raw.get("jwk").and_then(Value::as_object).ok_or(NO_KEY)?;
    if PRIVATE.iter().any(|member| members.contains_key(*member)) {
        return Err(NO_KEY);
    }
    let key: Jwk = header.jwk.clone().ok_or(NO_KEY)?;
    let claims =
        jwt::verified(proof, &header, &key).ok_or("The DPoP proof JWT signature is invalid.")?;

    if jwt::text(&claims, "htm") != Some(call.method) {
        return Err("'htm' claim in the DPoP proof JWT is invalid.");
    }
    if jwt::text(&claims, "htu") != Some(call.url) {
        return Err("'htu' claim in the DPoP proof JWT is invalid.");
    }
    let issued = jwt::seconds(&claims, "iat");
    if !issued.is_some_and(|at| (call.now - OLDEST..=call.now + LEEWAY).contains(&at)) {
        return Err("'iat' claim in the DPoP proof JWT is invalid.");
    }
    let id = jwt::text(&claims, "jti").ok_or("'jti' claim in the DPoP proof JWT is invalid.")?;
    if !used.insert(id.to_owned()) {
        return Err("The DPoP proof JWT has already been used.");
    }
    Ok(Proof {
        thumbprint: key.thumbprint(ThumbprintHash::SHA256).map_err(|_| NO_KEY)?,
        nonce: jwt::text(&claims, "nonce").map(str::to_owned),
        claims,
    })
}
