//! The private keys that sign: a service app's own, and the one for DPoP.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::okta::credentials_error::KeyError;

/// A key and the algorithm that it signs with.
#[derive(Clone)]
pub(super) struct SigningKey {
    algorithm: Algorithm,
    key: EncodingKey,
}

impl SigningKey {
    /// A new key on P-256.
    pub(super) fn generate() -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| KeyError::Unusable)?;
        Self::from_ec(Algorithm::ES256, &pair)
    }

    pub(super) fn from_pem(text: &str) -> Result<Self, KeyError> {
        // Line breaks that were escaped once more on their way into the secret.
        let text = SecretString::from(text.replace("\\n", "\n"));
        let text = text.expose_secret();
        match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
            Ok(PrivateKeyDer::Pkcs1(der)) => {
                let der = der.secret_pkcs1_der();
                RsaKeyPair::from_der(der).map_err(|_| KeyError::Unusable)?;
                Ok(Self::from_rsa(EncodingKey::from_rsa_der(der)))
            }
            Ok(PrivateKeyDer::Sec1(der)) => Self::from_ec_der(der.secret_sec1_der()),
            Ok(PrivateKeyDer::Pkcs8(der)) => {
                let der = der.secret_pkcs8_der();
                match RsaKeyPair::from_pkcs8(der) {
                    Ok(pair) => Self::from_rsa_pair(&pair),
                    Err(_) => Self::from_ec_der(der),
                }
            }
            _ if text.contains("ENCRYPTED PRIVATE KEY") => Err(KeyError::Encrypted),
            _ if text.contains("BEGIN PUBLIC KEY") || text.contains("BEGIN CERTIFICATE") => {
                Err(KeyError::Public)
            }
            _ => Err(KeyError::NotUnderstood),
        }
    }

    fn from_ec_der(der: &[u8]) -> Result<Self, KeyError> {
        let p256 = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
        if let Ok(pair) = p256 {
            return Self::from_ec(Algorithm::ES256, &pair);
        }
        let p384 = EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_FIXED_SIGNING, der);
        Self::from_ec(Algorithm::ES384, &p384.map_err(|_| KeyError::Unusable)?)
    }

    /// From a pair on the curve that belongs to the algorithm.
    pub(super) fn from_ec(algorithm: Algorithm, pair: &EcdsaKeyPair) -> Result<Self, KeyError> {
        // The library reads EC keys as PKCS#8 only.
        let der = pair.to_pkcs8v1().map_err(|_| KeyError::Unusable)?;
        Ok(Self {
            algorithm,
            key: EncodingKey::from_ec_der(der.as_ref()),
        })
    }

    /// From a pair that has been checked.
    pub(super) fn from_rsa_pair(pair: &RsaKeyPair) -> Result<Self, KeyError> {
        // The library signs with PKCS#1, which it finds in the PEM of a PKCS#8.
        let der = pair.as_der().map_err(|_| KeyError::Unusable)?;
        let body = SecretString::from(STANDARD.encode(der.as_ref()));
        let pem = SecretString::from(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            body.expose_secret()
        ));
        let key = EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes());
        Ok(Self::from_rsa(key.map_err(|_| KeyError::Unusable)?))
    }

    fn from_rsa(key: EncodingKey) -> Self {
        Self {
            algorithm: Algorithm::RS256,
            key,
        }
    }

    /// The public half.
    pub(super) fn public(&self) -> Result<Jwk, KeyError> {
        Jwk::from_encoding_key(&self.key, self.algorithm).map_err(|_| KeyError::Unusable)
    }

    /// A signed token with these claims; `label` completes its header.
    pub(super) fn sign(
        &self,
        label: impl FnOnce(&mut Header),
        claims: &impl Serialize,
    ) -> Result<String, KeyError> {
        let mut header = Header::new(self.algorithm);
        label(&mut header);
        encode(&header, claims, &self.key).map_err(|_| KeyError::Unusable)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?}, …)", self.algorithm)
    }
}
