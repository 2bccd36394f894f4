//! What Okta is shown to let us in.
//!
//! [`Credentials`] are what an admin gives us: an API token, or a service app's key. [`Authority`]
//! turns them into what a call carries, and handles what Okta objects to: it fetches and renews
//! access tokens, binds them by DPoP, reads a rotated secret again, and corrects a wrong clock. No
//! secret leaves this place other than in a header that is marked sensitive.

mod authority;
mod authorization;
mod jwk;
mod key;
mod key_text;
mod proof;
mod renewal;
mod secret;
mod skew;
mod token;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

pub(super) use self::authority::{Authority, Pardons, Shown};
use self::key::SigningKey;
use self::key_text::KeyText;
pub use self::secret::Secret;
pub use self::token::Grant;
use super::credentials_error::CredentialsError;

/// How the function proves who it is. Never shows a secret.
#[derive(Clone)]
pub enum Credentials {
    /// An API token of an admin: `Authorization: SSWS {token}`.
    ApiToken(SecretString),
    /// A service app of Okta's OAuth 2.0, which signs for its access tokens.
    ServiceApp(ServiceApp),
}

/// A service app and its private key.
#[derive(Clone)]
pub struct ServiceApp {
    client_id: String,
    key_id: String,
    key: SigningKey,
}

/// Where credentials come from.
#[derive(Debug)]
pub enum CredentialsFrom {
    /// They are at hand.
    Given(Credentials),
    /// They are read when first needed, and again when Okta refuses them.
    Secret(Box<Secret>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    api_token: Option<SecretString>,
    client_id: Option<String>,
    private_key: Option<KeyText>,
    key_id: Option<String>,
}

impl Credentials {
    /// Reads `{"apiToken":"…"}`, or `{"clientId":"…","privateKey":"…","keyId":"…"}` with the key as
    /// PEM (PKCS#1, PKCS#8 or SEC1) or as a JWK, either as text or as an object.
    ///
    /// # Errors
    /// JSON of another shape, a token that no header can carry, or a key that cannot sign.
    pub fn parse(json: &str) -> Result<Self, CredentialsError> {
        let json = json.trim_start_matches('\u{feff}').trim();
        if json.starts_with('"') {
            return Err(CredentialsError::EncodedTwice);
        }
        let written: Written =
            serde_json::from_str(json).map_err(|_| CredentialsError::NotUnderstood)?;
        match written {
            Written {
                api_token: Some(token),
                client_id: None,
                private_key: None,
                key_id: None,
            } => Self::api_token(token),
            Written {
                api_token: None,
                client_id,
                private_key,
                key_id,
            } if client_id.is_some() || private_key.is_some() => {
                Self::service_app(client_id, private_key, key_id)
            }
            _ => Err(CredentialsError::NotUnderstood),
        }
    }

    fn api_token(token: SecretString) -> Result<Self, CredentialsError> {
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialsError::NotAToken);
        }
        Ok(Self::ApiToken(token))
    }

    fn service_app(
        client_id: Option<String>,
        private_key: Option<KeyText>,
        key_id: Option<String>,
    ) -> Result<Self, CredentialsError> {
        let missing = CredentialsError::Missing;
        let filled = |text: &String| !text.trim().is_empty();
        let private_key = private_key.ok_or(missing("privateKey"))?;
        let client_id = client_id.filter(filled).ok_or(missing("clientId"))?;
        let (key, own_id) = private_key.parse()?;
        let key_id = key_id.or(own_id).filter(filled).ok_or(missing("keyId"))?;
        Ok(Self::ServiceApp(ServiceApp {
            client_id: client_id.trim().to_owned(),
            key_id: key_id.trim().to_owned(),
            key,
        }))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiToken(_) => f.write_str("Credentials::ApiToken(…)"),
            Self::ServiceApp(app) => app.fmt(f),
        }
    }
}

impl fmt::Debug for ServiceApp {
    /// The ids and the kind of key, not the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceApp")
            .field("client_id", &self.client_id)
            .field("key_id", &self.key_id)
            .field("key", &self.key)
            .finish()
    }
}

impl From<Credentials> for CredentialsFrom {
    fn from(credentials: Credentials) -> Self {
        Self::Given(credentials)
    }
}

impl From<Secret> for CredentialsFrom {
    fn from(secret: Secret) -> Self {
        Self::Secret(Box::new(secret))
    }
}

#[cfg(test)]
mod tests;
