//! Why credentials cannot be used. Every call may end like this, and says it in these words.

/// Why credentials cannot be used. Says what to do, and never what they were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Not the JSON that was expected.
    #[error(
        "the Okta credentials cannot be read: write them as the JSON object {{\"apiToken\":\"…\"}} \
         or {{\"clientId\":\"…\",\"privateKey\":\"PEM or JWK\",\"keyId\":\"…\"}}"
    )]
    NotUnderstood,
    /// A JSON string, which may hold the JSON of credentials.
    #[error(
        "the Okta credentials are a JSON string, which usually means JSON that was encoded twice: \
         store the object itself, without quotes around it"
    )]
    EncodedTwice,
    /// The token is empty or has characters that no token has.
    #[error("the Okta apiToken is empty or has spaces or line breaks in it: copy it again")]
    NotAToken,
    /// A service app without one of its members.
    #[error(
        "the Okta credentials have no {0}: a service app needs clientId, privateKey and keyId, \
         as the app's General tab in Okta's admin console shows them"
    )]
    Missing(&'static str),
    /// The private key cannot be used.
    #[error("the Okta privateKey {0}")]
    Key(#[from] KeyError),
    /// The secret cannot be read.
    #[error("the secret {arn} with the Okta credentials cannot be read: {why}")]
    Secret {
        /// Which one.
        arn: String,
        /// What AWS says, and what to do about it.
        why: String,
    },
}

/// Why a private key cannot sign. Each reads after "the Okta privateKey".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither PEM nor a JWK.
    #[error("is neither PEM nor a JWK: copy all of it, the lines -----BEGIN and -----END included")]
    NotUnderstood,
    /// PEM with a passphrase.
    #[error("is encrypted: remove the passphrase, with openssl pkcs8 for example")]
    Encrypted,
    /// The half that Okta has.
    #[error("is the public half: take the private one, which Okta shows only when it makes it")]
    Public,
    /// A JWK that is public, or incomplete.
    #[error(
        "is a JWK without all its private members (d, and for RSA p, q, dp, dq and qi as well)"
    )]
    Incomplete,
    /// A kind of key that Okta or we do not accept, or a damaged one.
    #[error("is damaged or of a kind other than RSA of 2048 bits or more, or EC on P-256 or P-384")]
    Unusable,
}
