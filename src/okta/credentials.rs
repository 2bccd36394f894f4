//! What Okta is shown to let us in.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// How the function proves who it is. Never shows a secret.
#[derive(Clone)]
pub enum Credentials {
    /// An API token of an admin: `Authorization: SSWS {token}`.
    ApiToken(SecretString),
}

/// Why credentials cannot be used. Says what to do, and never what they were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Not the JSON that was expected.
    #[error(
        "the Okta credentials are not understood: write them as the JSON object \
         {{\"apiToken\":\"…\"}}"
    )]
    NotUnderstood,
    /// The token is empty or has characters that no token has.
    #[error("the Okta apiToken is empty or has spaces or line breaks in it: copy it again")]
    NotAToken,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    api_token: SecretString,
}

impl Credentials {
    /// Reads `{"apiToken":"…"}`.
    ///
    /// # Errors
    /// JSON of another shape, or a token that no header can carry.
    pub fn parse(json: &str) -> Result<Self, CredentialsError> {
        let written: Written =
            serde_json::from_str(json).map_err(|_| CredentialsError::NotUnderstood)?;
        let token = written.api_token.expose_secret();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialsError::NotAToken);
        }
        Ok(Self::ApiToken(written.api_token))
    }

    /// The `Authorization` header of a call.
    pub(super) fn authorization(&self) -> Result<HeaderValue, CredentialsError> {
        let Self::ApiToken(token) = self;
        let mut value = HeaderValue::try_from(format!("SSWS {}", token.expose_secret()))
            .map_err(|_| CredentialsError::NotAToken)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::ApiToken(_) = self;
        f.write_str("Credentials::ApiToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_token_becomes_a_sensitive_header() {
        let credentials = Credentials::parse(r#"{"apiToken":"00abc-_def"}"#).unwrap();

        let header = credentials.authorization().unwrap();

        assert_eq!(header.to_str().unwrap(), "SSWS 00abc-_def");
        assert!(header.is_sensitive());
    }

    #[test]
    fn what_is_not_understood_is_not_repeated() {
        for (json, error) in [
            ("hush", CredentialsError::NotUnderstood),
            ("{}", CredentialsError::NotUnderstood),
            (r#"{"apiToken":7}"#, CredentialsError::NotUnderstood),
            (r#"{"apiToken":""}"#, CredentialsError::NotAToken),
            (r#"{"apiToken":"hush\n"}"#, CredentialsError::NotAToken),
        ] {
            let refused = Credentials::parse(json).unwrap_err();
            assert_eq!(refused, error, "{json}");
            assert!(!format!("{refused} {refused:?}").contains("hush"));
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let credentials = Credentials::parse(r#"{"apiToken":"hush"}"#).unwrap();

        let shown = format!("{credentials:?} {:?}", credentials.authorization());

        assert!(!shown.contains("hush"), "{shown}");
    }
}
