//! A private key as a JWK (RFC 7517), the form in which Okta hands it out.

use aws_lc_rs::rsa::{KeyPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Deserialize;

use super::key::SigningKey;
use crate::okta::credentials_error::KeyError;

/// The members of a JWK that matter. What is missing is found when it is used.
#[derive(Deserialize)]
pub(super) struct PrivateJwk {
    kty: String,
    kid: Option<String>,
    crv: Option<String>,
    x: Option<SecretString>,
    y: Option<SecretString>,
    n: Option<SecretString>,
    e: Option<SecretString>,
    d: Option<SecretString>,
    p: Option<SecretString>,
    q: Option<SecretString>,
    dp: Option<SecretString>,
    dq: Option<SecretString>,
    qi: Option<SecretString>,
}

impl PrivateJwk {
    pub(super) fn key_id(self) -> Option<String> {
        self.kid
    }

    pub(super) fn signing_key(&self) -> Result<SigningKey, KeyError> {
        match self.kty.as_str() {
            "RSA" => self.rsa(),
            "EC" => self.ec(),
            _ => Err(KeyError::Unusable),
        }
    }

    fn rsa(&self) -> Result<SigningKey, KeyError> {
        let [n, e] = [&self.n, &self.e].map(bytes);
        let [d, p, q] = [&self.d, &self.p, &self.q].map(bytes);
        let [dp, dq, qi] = [&self.dp, &self.dq, &self.qi].map(bytes);
        let (n, e) = (n?, e?);
        let pair = KeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents {
                n: without_zeros(n.expose_secret()),
                e: without_zeros(e.expose_secret()),
            },
            d: d?.expose_secret(),
            p: p?.expose_secret(),
            q: q?.expose_secret(),
            dP: dp?.expose_secret(),
            dQ: dq?.expose_secret(),
            qInv: qi?.expose_secret(),
        });
        SigningKey::from_rsa_pair(&pair.map_err(|_| KeyError::Unusable)?)
    }

    fn ec(&self) -> Result<SigningKey, KeyError> {
        let (algorithm, curve, length) = match self.crv.as_deref() {
            Some("P-256") => (Algorithm::ES256, &ECDSA_P256_SHA256_FIXED_SIGNING, 32),
            Some("P-384") => (Algorithm::ES384, &ECDSA_P384_SHA384_FIXED_SIGNING, 48),
            _ => return Err(KeyError::Unusable),
        };
        let [d, x, y] = [&self.d, &self.x, &self.y].map(bytes);
        let (d, x, y) = (d?, x?, y?);
        let d = padded(d.expose_secret(), length)?;
        let mut point = vec![4];
        for coordinate in [x, y] {
            point.extend_from_slice(padded(coordinate.expose_secret(), length)?.expose_secret());
        }
        let pair = EcdsaKeyPair::from_private_key_and_public_key(curve, d.expose_secret(), &point);
        SigningKey::from_ec(algorithm, &pair.map_err(|_| KeyError::Unusable)?)
    }
}

fn bytes(member: &Option<SecretString>) -> Result<SecretSlice<u8>, KeyError> {
    let text = member.as_ref().ok_or(KeyError::Incomplete)?.expose_secret();
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    Ok(bytes.map_err(|_| KeyError::Unusable)?.into())
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// A number padded to its curve's length. Some writers leave out zeros.
fn padded(number: &[u8], length: usize) -> Result<SecretSlice<u8>, KeyError> {
    let number = without_zeros(number);
    let zeros = length.checked_sub(number.len()).ok_or(KeyError::Unusable)?;
    let mut whole = vec![0; zeros];
    whole.reserve_exact(number.len());
    whole.extend_from_slice(number);
    Ok(whole.into())
}
