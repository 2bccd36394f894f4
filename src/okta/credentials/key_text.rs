//! A private key as it is written down, in any form in which people may have it.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::jwk::PrivateJwk;
use super::key::SigningKey;
use crate::okta::credentials_error::KeyError;

/// A private key as it is written down.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum KeyText {
    /// PEM, or a JWK as text.
    Text(SecretString),
    /// A JWK as an object.
    Jwk(Box<PrivateJwk>),
}

impl KeyText {
    /// The key, and its id if it has one of its own.
    pub(super) fn parse(self) -> Result<(SigningKey, Option<String>), KeyError> {
        let jwk = match self {
            Self::Jwk(jwk) => jwk,
            Self::Text(text) => {
                let text = text.expose_secret().trim();
                if !text.starts_with('{') {
                    return Ok((SigningKey::from_pem(text)?, None));
                }
                serde_json::from_str(text).map_err(|_| KeyError::Incomplete)?
            }
        };
        Ok((jwk.signing_key()?, jwk.key_id()))
    }
}
