//! Issues tokens to the service app, and checks them in API calls.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use jsonwebtoken::jwk::JwkSet;
use serde_json::{Value, json};

use super::{
    app::{Dpop, ServiceApp, read_keys},
    assertion::{self, Expected},
    nonces::Nonces,
    proof::{self, Call},
    tokens::{Scheme, TokenFlaw, Tokens},
};

/// The only kind of client authentication for which Okta grants its scopes.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The org's authorization server for one service app.
#[derive(Debug)]
pub(crate) struct AuthorizationServer {
    client_id: String,
    keys: JwkSet,
    dpop: Dpop,
    lifetime: Duration,
    granted: Vec<String>,
    /// Whether the app has an admin role.
    pub(crate) role: bool,
    /// Whether API calls must carry a nonce, too.
    pub(crate) nonce_in_calls: bool,
    nonces: Nonces,
    tokens: Tokens,
    used_assertions: HashSet<String>,
    used_proofs: HashSet<String>,
    /// Token requests so far, including refused ones.
    pub(crate) requests: usize,
}

/// The fields of a token request, as sent.
#[derive(Debug, Default)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) grant_type: Option<&'a str>,
    pub(crate) scope: Option<&'a str>,
    pub(crate) assertion_type: Option<&'a str>,
    pub(crate) assertion: Option<&'a str>,
    /// The `DPoP` header.
    pub(crate) proof: Option<&'a str>,
}

/// Why no token is issued.
#[derive(Debug)]
pub(crate) struct Denial {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
    /// The nonce to try again with.
    pub(crate) nonce: Option<String>,
}

impl Denial {
    fn new(status: u16, error: &'static str, description: &'static str) -> Self {
        Self {
            status,
            error,
            description,
            nonce: None,
        }
    }
}

impl AuthorizationServer {
    pub(crate) fn new(app: &ServiceApp, now: SystemTime) -> Result<Self, String> {
        Ok(Self {
            client_id: app.client_id.clone(),
            keys: read_keys(&app.jwks)?,
            dpop: app.dpop,
            lifetime: app.token_lifetime,
            granted: app.scopes.clone(),
            role: true,
            nonce_in_calls: false,
            nonces: Nonces::new(now),
            tokens: Tokens::default(),
            used_assertions: HashSet::new(),
            used_proofs: HashSet::new(),
            requests: 0,
        })
    }

    /// Answers a token request with the body of a token response.
    ///
    /// The assertion is checked, and used up, before the proof. So a nonce
    /// challenge costs the client its assertion, as it does at Okta.
    pub(crate) fn give(
        &mut self,
        request: &TokenRequest<'_>,
        call: Call<'_>,
        now: SystemTime,
    ) -> Result<Value, Denial> {
        self.requests += 1;
        if request.grant_type != Some("client_credentials") {
            return Err(Denial::new(
                400,
                "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server.",
            ));
        }
        self.authenticate(request, call)?;
        let bound_to = self.bind(request.proof, call, now)?;
        let scopes: Vec<String> = request
            .scope
            .unwrap_or_default()
            .split_whitespace()
            .filter(|scope| self.granted.iter().any(|granted| granted == scope))
            .map(str::to_owned)
            .collect();
        if scopes.is_empty() {
            return Err(Denial::new(
                400,
                "consent_required",
                "You are not allowed any of the requested scopes.",
            ));
        }
        let scheme = match bound_to {
            Some(_) => Scheme::Dpop,
            None => Scheme::Bearer,
        };
        let scope = scopes.join(" ");
        let token = self.tokens.give(scopes, bound_to, now, self.lifetime);
        Ok(json!({
            "token_type": scheme.name(),
            "expires_in": self.lifetime.as_secs(),
            "access_token": token,
            "scope": scope,
        }))
    }

    fn authenticate(&mut self, request: &TokenRequest<'_>, call: Call<'_>) -> Result<(), Denial> {
        let invalid = |description| Denial::new(401, "invalid_client", description);
        let assertion = request.assertion.ok_or_else(|| {
            invalid(
                "Client authentication failed. Either the client or the client credentials are \
                 invalid.",
            )
        })?;
        if request.assertion_type != Some(ASSERTION_TYPE) {
            return Err(invalid("The client_assertion_type is invalid."));
        }
        let expected = Expected {
            client_id: &self.client_id,
            keys: &self.keys,
            url: call.url,
            now: call.now,
        };
        assertion::check(assertion, &expected, &mut self.used_assertions).map_err(invalid)
    }

    /// The thumbprint of the key that the token will be bound to, if any.
    fn bind(
        &mut self,
        proof: Option<&str>,
        call: Call<'_>,
        now: SystemTime,
    ) -> Result<Option<String>, Denial> {
        let invalid = |description| Denial::new(400, "invalid_dpop_proof", description);
        let Some(proof) = proof else {
            return match self.dpop {
                Dpop::Required => Err(invalid("The DPoP proof JWT header is missing.")),
                Dpop::Allowed => Ok(None),
            };
        };
        let proof = proof::check(proof, call, &mut self.used_proofs).map_err(invalid)?;
        match proof.nonce {
            Some(nonce) if self.nonces.takes(&nonce, now) => Ok(Some(proof.thumbprint)),
            nonce => Err(Denial {
                nonce: Some(self.nonces.current(now).to_owned()),
                ..Denial::new(
                    400,
                    "use_dpop_nonce",
                    match nonce {
                        Some(_) => "The DPoP proof JWT nonce is invalid.",
                        None => "Authorization server requires nonce in DPoP proof.",
                    },
                )
            }),
        }
    }

    /// Checks a token that an API call presents, and returns its scopes.
    pub(crate) fn take(
        &mut self,
        scheme: Scheme,
        token: &str,
        proof: Option<&str>,
        call: Call<'_>,
        now: SystemTime,
    ) -> Result<Vec<String>, TokenFlaw> {
        let given = self
            .tokens
            .find(token, now)
            .cloned()
            .ok_or(TokenFlaw::Invalid("The access token is invalid."))?;
        let bound_to = match (scheme, given.thumbprint) {
            (Scheme::Bearer, None) => return Ok(given.scopes),
            (Scheme::Bearer, Some(_)) => {
                return Err(TokenFlaw::Invalid("The access token is bound by DPoP."));
            }
            (Scheme::Dpop, None) => {
                return Err(TokenFlaw::Invalid("The access token is not bound by DPoP."));
            }
            (Scheme::Dpop, Some(thumbprint)) => thumbprint,
        };
        let proof = proof.ok_or(TokenFlaw::Proof("The DPoP proof JWT header is missing."))?;
        let proof = proof::check(proof, call, &mut self.used_proofs).map_err(TokenFlaw::Proof)?;
        if proof.thumbprint != bound_to {
            return Err(TokenFlaw::Proof(
                "The DPoP proof JWT key is not the one that the access token is bound to.",
            ));
        }
        if !proof.is_for(token) {
            return Err(TokenFlaw::Proof(
                "'ath' claim in the DPoP proof JWT is invalid.",
            ));
        }
        let nonce = proof.nonce.as_deref();
        let nonce_holds = nonce.is_some_and(|nonce| self.nonces.takes(nonce, now));
        if self.nonce_in_calls && !nonce_holds {
            return Err(TokenFlaw::Nonce(self.nonces.current(now).to_owned()));
        }
        Ok(given.scopes)
    }

    pub(crate) fn tokens_given(&self) -> usize {
        self.tokens.count()
    }

    /// The current nonce.
    pub(crate) fn nonce(&mut self, now: SystemTime) -> String {
        self.nonces.current(now).to_owned()
    }

    pub(crate) fn register(&mut self, jwks: &str) -> Result<(), String> {
        self.keys = read_keys(jwks)?;
        Ok(())
    }

    pub(crate) fn grant(&mut self, scopes: Vec<String>) {
        self.granted = scopes;
    }

    pub(crate) fn revoke_tokens(&mut self) {
        self.tokens.revoke_all();
    }

    pub(crate) fn rotate_nonce(&mut self, now: SystemTime) {
        self.nonces.rotate(now);
    }

    pub(crate) fn invalidate_nonces(&mut self, now: SystemTime) {
        self.nonces.invalidate(now);
    }
}
