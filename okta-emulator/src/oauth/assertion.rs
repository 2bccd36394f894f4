//! The client assertion: the JWT with which a service app proves who it is.

use std::collections::HashSet;

use jsonwebtoken::{decode_header, jwk::JwkSet};

use super::jwt::{self, ALGORITHMS};

/// How far ahead `exp` may lie. Okta, "Build a JWT for client authentication".
const LONGEST_LIFE: i64 = 3600;
/// How far the client's clock may run ahead of Okta's.
const LEEWAY: i64 = 60;

/// What an assertion is checked against.
pub(super) struct Expected<'a> {
    pub(super) client_id: &'a str,
    pub(super) keys: &'a JwkSet,
    /// The URL that was called, which `aud` must name.
    pub(super) url: &'a str,
    /// Seconds since the epoch.
    pub(super) now: i64,
}

/// `Err` is Okta's error description.
pub(super) fn check(
    assertion: &str,
    expected: &Expected<'_>,
    used: &mut HashSet<String>,
) -> Result<(), &'static str> {
    let header =
        decode_header(assertion).map_err(|_| "The client_assertion token is not a valid JWT.")?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err("The client_assertion signing algorithm is not supported.");
    }
    let only_key = match expected.keys.keys.as_slice() {
        [key] => Some(key),
        _ => None,
    };
    let key = match &header.kid {
        Some(kid) => expected.keys.find(kid),
        None => only_key,
    };
    let key = key.ok_or("The client_assertion JWT kid is invalid.")?;
    let claims = jwt::verified(assertion, &header, key)
        .ok_or("The client_assertion signature is invalid.")?;

    let is_client = |claim| jwt::text(&claims, claim) == Some(expected.client_id);
    if !is_client("iss") || !is_client("sub") {
        return Err("The issuer and subject claims for client_assertion must be the client_id.");
    }
    let audience = claims.get("aud");
    let names_us = audience.is_some_and(|audience| match audience {
        serde_json::Value::Array(all) => all.iter().any(|one| one == expected.url),
        one => one == expected.url,
    });
    if !names_us {
        return Err(
            "The audience claim for client_assertion must be the endpoint invoked for the request.",
        );
    }
    let expires = jwt::seconds(&claims, "exp")
        .ok_or("The client_assertion token must contain an expiration.")?;
    if expires <= expected.now {
        return Err("The client_assertion token is expired.");
    }
    if jwt::seconds(&claims, "iat").is_some_and(|issued| issued > expected.now + LEEWAY) {
        return Err("The client_assertion token is not yet valid.");
    }
    if expires > expected.now + LONGEST_LIFE {
        return Err("The client_assertion token has an expiration too far into the future.");
    }
    let id = jwt::text(&claims, "jti").ok_or("The client_assertion token must contain a jti.")?;
    if !used.insert(id.to_owned()) {
        return Err("The client_assertion token has already been used.");
    }
    Ok(())
}
