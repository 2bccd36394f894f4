//! Reads signed tokens. Their times are checked elsewhere, with the emulator's own clock.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, jwk::Jwk};
use serde_json::{Map, Value};

pub(super) type Claims = Map<String, Value>;

/// The algorithms that Okta accepts, except ES512, which the library lacks.
pub(super) const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::ES256,
    Algorithm::ES384,
];

/// The claims of a token that this key signed.
pub(super) fn verified(token: &str, header: &Header, key: &Jwk) -> Option<Claims> {
    let key = DecodingKey::from_jwk(key).ok()?;
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode::<Claims>(token, &key, &validation)
        .ok()
        .map(|token| token.claims)
}

/// The header as it was sent, with members that a struct would not keep.
pub(super) fn raw_header(token: &str) -> Option<Claims> {
    let encoded = token.split('.').next()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

pub(super) fn text<'claims>(claims: &'claims Claims, name: &str) -> Option<&'claims str> {
    claims.get(name).and_then(Value::as_str)
}

/// A time claim, in seconds since the epoch.
pub(super) fn seconds(claims: &Claims, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|seconds| seconds as i64))
}
