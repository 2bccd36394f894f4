//! The issued access tokens.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use crate::ids::Ids;

/// How a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    Dpop,
}

impl Scheme {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// Why a presented token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenFlaw {
    /// Unknown, revoked, expired, or presented in the wrong scheme.
    Invalid(&'static str),
    /// The proof is not valid.
    Proof(&'static str),
    /// A proof with this nonce is required.
    Nonce(String),
}

#[derive(Debug, Default)]
pub(super) struct Tokens {
    given: HashMap<String, Given>,
    count: usize,
    ids: Ids,
}

#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) scopes: Vec<String>,
    pub(super) expires: SystemTime,
    /// The key that a DPoP token is bound to.
    pub(super) thumbprint: Option<String>,
}

impl Tokens {
    pub(super) fn give(
        &mut self,
        scopes: Vec<String>,
        thumbprint: Option<String>,
        now: SystemTime,
        lifetime: Duration,
    ) -> String {
        self.given.retain(|_, given| given.expires > now);
        let token = self.ids.token();
        self.given.insert(
            token.clone(),
            Given {
                scopes,
                expires: now + lifetime,
                thumbprint,
            },
        );
        self.count += 1;
        token
    }

    pub(super) fn find(&self, token: &str, now: SystemTime) -> Option<&Given> {
        self.given.get(token).filter(|given| given.expires > now)
    }

    pub(super) fn revoke_all(&mut self) {
        self.given.clear();
    }

    /// The number of tokens ever issued.
    pub(super) fn count(&self) -> usize {
        self.count
    }
}
