//! A service app's key, in every form in which it may be written down.

use std::sync::OnceLock;

use aws_lc_rs::{
    encoding::{AsBigEndian as _, AsDer as _, EcPrivateKeyBin, EcPrivateKeyRfc5915Der},
    rsa::{KeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, KeyPair as _,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use serde_json::{Value, json};

/// The id under which the public half is registered.
pub const KEY_ID: &str = "key-1";

/// A private key as its forms, and its public half as Okta registers it.
pub struct Key {
    /// What it is written as, and the writing.
    pub forms: Vec<(&'static str, Value)>,
    pub jwks: String,
}

impl Key {
    /// A new one on P-256.
    pub fn new() -> Self {
        Self::ec("P-256", &ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::ES256)
    }

    pub fn p384() -> Self {
        Self::ec("P-384", &ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::ES384)
    }

    /// One of RSA, the same in all tests, as it takes long to make.
    pub fn rsa() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(Self::new_rsa)
    }

    /// One of its forms.
    pub fn any(&self) -> Value {
        self.forms[0].1.clone()
    }

    /// The credentials of the service app that has it, on a single line.
    pub fn credentials(&self, client_id: &str) -> Value {
        let (_, jwk) = &self.forms[self.forms.len() - 1];
        json!({"clientId": client_id, "privateKey": jwk, "keyId": KEY_ID})
    }

    fn ec(curve: &str, how: &'static EcdsaSigningAlgorithm, algorithm: Algorithm) -> Self {
        let pair = EcdsaKeyPair::generate(how).unwrap();
        let pkcs8 = pair.to_pkcs8v1().unwrap();
        let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
        let d: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().unwrap();
        let (x, y) = {
            let point = &pair.public_key().as_ref()[1..];
            point.split_at(point.len() / 2)
        };
        let jwk = json!({
            "kty": "EC", "crv": curve, "kid": KEY_ID,
            "x": encode(x), "y": encode(y), "d": encode(d.as_ref()),
        });
        let sec1 = pem("EC PRIVATE KEY", sec1.as_ref());
        let parameters = pem("EC PARAMETERS", &[6, 1, 42]);
        Self {
            forms: vec![
                ("PKCS#8", json!(pem("PRIVATE KEY", pkcs8.as_ref()))),
                ("SEC1", json!(sec1)),
                ("SEC1 after its parameters", json!(parameters + &sec1)),
                ("a JWK", json!(jwk.to_string())),
                ("a JWK as an object", jwk),
            ],
            jwks: jwks(&EncodingKey::from_ec_der(pkcs8.as_ref()), algorithm),
        }
    }

    fn new_rsa() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = pem("PRIVATE KEY", pair.as_der().unwrap().as_ref());
        let key = EncodingKey::from_rsa_pem(pkcs8.as_bytes()).unwrap();
        let numbers = numbers(key.as_bytes());
        let mut jwk = json!({"kty": "RSA", "use": "sig", "kid": KEY_ID});
        let names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
        for (name, number) in names.iter().zip(&numbers[1..]) {
            jwk[name] = json!(encode(number));
        }
        Self {
            forms: vec![
                ("PKCS#8", json!(pkcs8)),
                ("PKCS#1", json!(pem("RSA PRIVATE KEY", key.as_bytes()))),
                ("a JWK", json!(jwk.to_string())),
                ("a JWK as an object", jwk),
            ],
            jwks: jwks(&key, Algorithm::RS256),
        }
    }
}

fn jwks(key: &EncodingKey, algorithm: Algorithm) -> String {
    let mut public = Jwk::from_encoding_key(key, algorithm).unwrap();
    public.common.key_id = Some(KEY_ID.to_owned());
    json!({ "keys": [public] }).to_string()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn pem(kind: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = (0..body.len())
        .step_by(64)
        .map(|at| &body[at..body.len().min(at + 64)])
        .collect();
    format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        lines.join("\n")
    )
}

/// The integers in a DER sequence of nothing else, without leading zeros.
fn numbers(der: &[u8]) -> Vec<&[u8]> {
    let (mut rest, _) = value(der);
    let mut numbers = Vec::new();
    while !rest.is_empty() {
        let (number, next) = value(rest);
        numbers.push(match number {
            [0, number @ ..] if !number.is_empty() => number,
            number => number,
        });
        rest = next;
    }
    numbers
}

/// The value of a DER element, and what comes after it.
fn value(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, head) = match usize::from(der[1]) {
        length @ 0..=127 => (length, 2),
        long => {
            let bytes = &der[2..2 + (long - 128)];
            let length = bytes
                .iter()
                .fold(0, |sum, byte| sum * 256 + usize::from(*byte));
            (length, 2 + bytes.len())
        }
    };
    der[head..].split_at(length)
}
