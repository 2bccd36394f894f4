//! A service app as a client has it: its key, its assertions and its proofs.

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine, engine::general_purpose};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use okta_emulator::{Emulator, Options, ServiceApp};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::UNIX_EPOCH,
};

use crate::support::{Answer, Okta};

pub(crate) const CLIENT: &str = "0oaclient";
pub(crate) const SCOPES: &str = "okta.identitySources.manage okta.identitySources.read";

/// A private key and its public half.
pub(crate) struct Key {
    algorithm: Algorithm,
    private: EncodingKey,
    pub(crate) public: Jwk,
}

impl Key {
    pub(crate) fn ec() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = pair.to_pkcs8v1().unwrap();
        Self::new(Algorithm::ES256, EncodingKey::from_ec_der(der.as_ref()))
    }

    pub(crate) fn rsa() -> Self {
        let der = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der();
        let body = general_purpose::STANDARD.encode(der.unwrap().as_ref());
        let kind = "PRIVATE KEY";
        let pem = format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n");
        let private = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        Self::new(Algorithm::RS256, private)
    }

    fn new(algorithm: Algorithm, private: EncodingKey) -> Self {
        let mut public = Jwk::from_encoding_key(&private, algorithm).unwrap();
        public.common.key_id = Some("key-1".to_owned());
        Self {
            algorithm,
            private,
            public,
        }
    }

    pub(crate) fn jwks(&self) -> String {
        json!({ "keys": [self.public] }).to_string()
    }

    pub(crate) fn sign(&self, header: impl FnOnce(&mut Header), claims: &Value) -> String {
        let mut head = Header::new(self.algorithm);
        header(&mut head);
        encode(&head, claims, &self.private).unwrap()
    }
}

/// A client with a registered key, and one for its proofs.
pub(crate) struct App {
    pub(crate) okta: Okta,
    pub(crate) key: Key,
    pub(crate) proof_key: Key,
    pub(crate) nonce: Option<String>,
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut ServiceApp)) -> Self {
        Self::of(Key::ec(), change).await
    }

    pub(crate) async fn of(key: Key, change: impl FnOnce(&mut ServiceApp)) -> Self {
        let mut app = ServiceApp::new(CLIENT, key.jwks());
        change(&mut app);
        Self {
            okta: Okta::with(|options: &mut Options| options.service_app = Some(app)).await,
            key,
            proof_key: Key::ec(),
            nonce: None,
        }
    }

    pub(crate) fn emulator(&self) -> &Emulator {
        &self.okta.emulator
    }

    pub(crate) fn token_url(&self) -> String {
        format!("{}/oauth2/v1/token", self.emulator().url())
    }

    pub(crate) fn now(&self) -> u64 {
        let now = self.emulator().now().duration_since(UNIX_EPOCH);
        now.unwrap().as_secs()
    }

    /// The claims of a good assertion.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": CLIENT, "sub": CLIENT, "aud": self.token_url(),
            "iat": self.now(), "exp": self.now() + 300, "jti": unique(),
        })
    }

    pub(crate) fn assertion(&self, claims: &Value) -> String {
        self.key
            .sign(|head| head.kid = Some("key-1".to_owned()), claims)
    }

    /// The claims of a good proof.
    pub(crate) fn proof_claims(&self, method: &str, url: &str, token: Option<&str>) -> Value {
        let mut claims = json!({ "htm": method, "htu": url, "iat": self.now(), "jti": unique() });
        if let Some(nonce) = &self.nonce {
            claims["nonce"] = json!(nonce);
        }
        if let Some(token) = token {
            let hash = general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(token));
            claims["ath"] = json!(hash);
        }
        claims
    }

    pub(crate) fn proof(&self, claims: &Value) -> String {
        let header = |head: &mut Header| {
            head.typ = Some("dpop+jwt".to_owned());
            head.jwk = Some(self.proof_key.public.clone());
        };
        self.proof_key.sign(header, claims)
    }

    pub(crate) async fn ask(&self, assertion: &str, proof: Option<&str>, scopes: &str) -> Answer {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", scopes),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ];
        let mut request = self.okta.raw(Method::POST, "/oauth2/v1/token").form(&form);
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        self.okta.send(request).await
    }

    /// Asks for a token with a good assertion and a good proof.
    pub(crate) async fn ask_well(&self) -> Answer {
        let proof = self.proof(&self.proof_claims("POST", &self.token_url(), None));
        self.ask(&self.assertion(&self.claims()), Some(&proof), SCOPES)
            .await
    }

    /// Gets a token bound by DPoP, nonce and all.
    pub(crate) async fn token(&mut self) -> String {
        let challenge = self.ask_well().await;
        if challenge.status == 400 {
            self.nonce = Some(challenge.header("dpop-nonce").to_owned());
        }
        let answer = self.ask_well().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn sessions_path(&self) -> String {
        let source = &self.emulator().options().identity_source;
        format!("/api/v1/identity-sources/{source}/sessions")
    }

    /// Calls the API with a token bound by DPoP and a good proof.
    pub(crate) async fn call(&self, method: Method, path: &str, token: &str) -> Answer {
        let url = format!("{}{path}", self.emulator().url());
        let proof = self.proof(&self.proof_claims(method.as_str(), &url, Some(token)));
        self.call_with(method, path, token, &proof).await
    }

    pub(crate) async fn call_with(
        &self,
        method: Method,
        path: &str,
        token: &str,
        proof: &str,
    ) -> Answer {
        let request = self.okta.raw(method, path);
        let request = request.header("authorization", format!("DPoP {token}"));
        self.okta.send(request.header("dpop", proof)).await
    }
}

fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("jti-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
