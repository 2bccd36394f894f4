//! The service app, as an admin registers it.

use std::{fs, path::Path, str::FromStr, time::Duration};

use jsonwebtoken::{
    DecodingKey,
    jwk::{Jwk, JwkSet},
};

/// A service app that may ask for tokens.
#[derive(Clone, Debug)]
pub struct ServiceApp {
    /// The client id, `0oa…`.
    pub client_id: String,
    /// The registered public keys: a JWK set, or a single JWK, as JSON.
    pub jwks: String,
    /// Whether the app demands DPoP.
    pub dpop: Dpop,
    /// How long a token lives.
    pub token_lifetime: Duration,
    /// The scopes that the admin granted.
    pub scopes: Vec<String>,
}

impl ServiceApp {
    /// An app as Okta makes a new one: DPoP required, tokens that live an
    /// hour; with the three scopes that this API and the app's profile need.
    pub fn new(client_id: impl Into<String>, jwks: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            jwks: jwks.into(),
            dpop: Dpop::Required,
            token_lifetime: Duration::from_secs(3600),
            scopes: [
                "okta.identitySources.manage",
                "okta.identitySources.read",
                "okta.schemas.read",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }

    /// An app whose public keys stand in a file.
    ///
    /// # Errors
    /// When the file cannot be read. What is in it is looked at when the
    /// emulator starts.
    pub fn from_file(client_id: impl Into<String>, jwks: &Path) -> std::io::Result<Self> {
        Ok(Self::new(client_id, fs::read_to_string(jwks)?))
    }
}

/// Whether token requests must carry a DPoP proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dpop {
    /// They must. New service apps are so by default.
    Required,
    /// They may: without a proof a plain bearer token is given.
    Allowed,
}

impl FromStr for Dpop {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "required" => Ok(Self::Required),
            "allowed" => Ok(Self::Allowed),
            _ => Err("expected required or allowed".to_owned()),
        }
    }
}

/// Reads a JWK set or a single JWK.
pub(super) fn read_keys(json: &str) -> Result<JwkSet, String> {
    let set: Result<JwkSet, _> = serde_json::from_str(json);
    let set = set.or_else(|_| {
        serde_json::from_str::<Jwk>(json)
            .map(|key| JwkSet { keys: vec![key] })
            .map_err(|error| format!("neither a JWK set nor a JWK: {error}"))
    })?;
    if set.keys.is_empty() {
        return Err("the JWK set has no keys".to_owned());
    }
    for key in &set.keys {
        let id = key.common.key_id.as_deref().unwrap_or("without a kid");
        DecodingKey::from_jwk(key)
            .map_err(|error| format!("the key {id} cannot be used: {error}"))?;
    }
    Ok(set)
}
