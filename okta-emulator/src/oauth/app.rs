//! The service app, as an admin registers it.

use std::{fs, path::Path, str::FromStr, time::Duration};

use jsonwebtoken::{
    DecodingKey,
    jwk::{Jwk, JwkSet},
};

/// A service app that can request tokens.
#[derive(Clone, Debug)]
pub struct ServiceApp {
    /// The client id, `0oa…`.
    pub client_id: String,
    /// The registered public keys: a JWK set, or a single JWK, as JSON.
    pub jwks: String,
    /// Whether the app requires DPoP.
    pub dpop: Dpop,
    /// How long a token lives.
    pub token_lifetime: Duration,
    /// The scopes that the admin granted.
    pub scopes: Vec<String>,
}

impl ServiceApp {
    /// An app like a new one at Okta: DPoP required, tokens that live an hour,
    /// and the three scopes that this API and the app's profile need.
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

    /// An app with its public keys in a file.
    ///
    /// # Errors
    /// When the file cannot be read. Its content is checked when the emulator
    /// starts.
    pub fn from_file(client_id: impl Into<String>, jwks: &Path) -> std::io::Result<Self> {
        Ok(Self::new(client_id, fs::read_to_string(jwks)?))
    }
}

/// Whether token requests must carry a DPoP proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dpop {
    /// They must. This is the default of new service apps.
    Required,
    /// They may. Without a proof they get a plain bearer token.
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
