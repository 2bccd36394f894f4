//! What calls show Okta, and what to do when Okta objects.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName};
use reqwest::{Method, Url};
use tokio::sync::{Mutex, MutexGuard as AsyncGuard};

use super::CredentialsFrom;
use super::authorization::Authorization;
use super::proof::Request;
use super::renewal::{Renewal, RenewalContext};
use super::skew::Skew;
use super::token::{CALL, Grant, new_nonce, unusable};
use crate::clock::Clock;
use crate::okta::error::{Error, Refusal};
use crate::okta::line::Line;
use crate::okta::{pacing, wire};

const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Keeps what calls show, and renews it.
#[derive(Debug)]
pub(in crate::okta) struct Authority {
    from: CredentialsFrom,
    /// What a service app asks for.
    scopes: &'static str,
    clock: Clock,
    skew: Skew,
    current: StdMutex<Current>,
    /// Held while one is fetched, so that all wait for the same.
    renewal: Mutex<Renewal>,
    failures: AtomicU64,
}

#[derive(Debug, Default)]
struct Current {
    authorization: Option<Arc<Authorization>>,
    /// What Okta last wanted to see in the proofs of API calls.
    nonce: Option<String>,
}

/// What one call has shown.
pub(in crate::okta) struct Shown {
    pub(in crate::okta) headers: HeaderMap,
    authorization: Arc<Authorization>,
}

/// How often a call has come back with a fixed objection: each thing once, and the nonce twice,
/// because it may change in between.
#[derive(Debug, Default)]
pub(in crate::okta) struct Pardons {
    nonces: u8,
    renewed: bool,
    corrected: bool,
}

impl Authority {
    pub(in crate::okta) fn new(from: CredentialsFrom, scopes: &'static str, clock: Clock) -> Self {
        Self {
            from,
            scopes,
            clock,
            skew: Skew::default(),
            current: StdMutex::default(),
            renewal: Mutex::default(),
            failures: AtomicU64::new(0),
        }
    }

    /// Makes sure that there is something to show.
    pub(in crate::okta) async fn ready(
        &self,
        line: &Line,
        deadline: Timestamp,
    ) -> Result<Grant, Error> {
        if let Some(authorization) = self.good_authorization() {
            return Ok(authorization.grant.clone());
        }
        let before = self.failures.load(Ordering::SeqCst);
        let mut renewal = self.renewal(deadline).await?;
        if let Some(authorization) = self.good_authorization() {
            return Ok(authorization.grant.clone());
        }
        if let Some((number, error)) = &renewal.failed
            && *number > before
            && let Some(error) = error.again()
        {
            return Err(error);
        }
        match Box::pin(renewal.renew(self.context(line, deadline))).await {
            Ok(authorization) => {
                let grant = authorization.grant.clone();
                self.lock().authorization = Some(Arc::new(authorization));
                Ok(grant)
            }
            Err(error) => {
                let number = self.failures.fetch_add(1, Ordering::SeqCst) + 1;
                renewal.failed = error.again().map(|error| (number, error));
                Err(error)
            }
        }
    }

    /// The headers of one request. `None` if there is nothing valid to show any more.
    pub(in crate::okta) fn show(&self, method: &Method, url: &Url) -> Result<Option<Shown>, Error> {
        let Some(authorization) = self.good_authorization() else {
            return Ok(None);
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.authorization.clone());
        if let Some((prover, hash)) = &authorization.proof {
            let nonce = self.lock().nonce.clone();
            let proof = prover.prove(&Request {
                method,
                url,
                token_hash: Some(hash),
                nonce: nonce.as_deref(),
                now: self.skew.now(self.clock),
            });
            headers.insert(DPOP, proof.map_err(unusable)?);
        }
        Ok(Some(Shown {
            headers,
            authorization,
        }))
    }

    /// Reads an answer: any may bring another nonce.
    pub(in crate::okta) fn heard(&self, headers: &HeaderMap) {
        if let Some(nonce) = new_nonce(headers) {
            self.lock().nonce = Some(nonce);
        }
    }

    /// Fixes what Okta objects to. True if the call may be made again.
    pub(in crate::okta) async fn overcome(
        &self,
        line: &Line,
        shown: &Shown,
        refusal: &Refusal,
        headers: &HeaderMap,
        pardons: &mut Pardons,
        deadline: Timestamp,
    ) -> Result<bool, Error> {
        match wire::challenge(headers).error.as_deref() {
            Some("use_dpop_nonce") => {
                pardons.nonces += 1;
                Ok(new_nonce(headers).is_some() && pardons.nonces <= 2)
            }
            Some("invalid_dpop_proof") => Ok(!std::mem::replace(&mut pardons.corrected, true)
                && self.skew.correct(self.clock, pacing::date(headers))),
            _ if refusal.status == 401 && !std::mem::replace(&mut pardons.renewed, true) => {
                self.replace(line, &shown.authorization, deadline).await
            }
            _ => Ok(false),
        }
    }

    /// Okta no longer accepts this pass. True if there may be another.
    async fn replace(
        &self,
        line: &Line,
        refused: &Arc<Authorization>,
        deadline: Timestamp,
    ) -> Result<bool, Error> {
        let mut renewal = self.renewal(deadline).await?;
        let current = self.lock().authorization.clone();
        if !current.is_some_and(|authorization| Arc::ptr_eq(&authorization, refused)) {
            // Another call was told before us.
            return Ok(true);
        }
        let another = match refused.grant {
            Grant::AccessToken { .. } => true,
            Grant::ApiToken => Box::pin(renewal.read_again(self.context(line, deadline))).await?,
        };
        if another {
            self.lock().authorization = None;
        }
        Ok(another)
    }

    async fn renewal(&self, deadline: Timestamp) -> Result<AsyncGuard<'_, Renewal>, Error> {
        tokio::select! {
            biased;
            renewal = self.renewal.lock() => Ok(renewal),
            () = self.clock.sleep_until(deadline) => Err(Error::OutOfTime {
                call: CALL,
                resume_at: None,
            }),
        }
    }

    fn context<'a>(&'a self, line: &'a Line, deadline: Timestamp) -> RenewalContext<'a> {
        RenewalContext {
            line,
            scopes: self.scopes,
            from: &self.from,
            skew: &self.skew,
            deadline,
        }
    }

    fn good_authorization(&self) -> Option<Arc<Authorization>> {
        let authorization = self.lock().authorization.clone()?;
        let good = authorization
            .good_until
            .is_none_or(|until| self.clock.now() < until);
        good.then_some(authorization)
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
