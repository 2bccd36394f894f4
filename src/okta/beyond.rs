//! What Okta tells apart from import sessions, as far as the credentials may see it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::calls::Calls;
use super::client::Okta;
use super::credentials::CredentialsFrom;
use super::error::Error;
use super::org::{IdentitySourceId, OrgUrl};
use super::scopes;
use crate::clock::Clock;

/// What was denied is asked for again after this, so a scope that is granted later is noticed.
const DENIED_FOR: Duration = Duration::from_secs(60 * 60);

/// The ways to what Okta tells apart from import sessions. No run needs any of them, and a service
/// app gets a token of its own for each, so a missing scope breaks nothing else.
#[derive(Debug, Clone)]
pub struct Beyond {
    /// The identity source's users, one by one: what every run may see, at a pace of its own,
    /// because Okta counts these calls separately.
    pub singles: Okta,
    /// The System Log: `okta.logs.read`.
    pub logs: Permitted,
    /// The org's users: `okta.users.read`.
    pub users: Permitted,
    /// The app's users, the holder of a login or all of them: `okta.apps.read`.
    pub apps: Permitted,
}

/// A way that may be closed, which shows on trying.
#[derive(Debug, Clone)]
pub struct Permitted {
    okta: Okta,
    denied: Arc<Mutex<Option<Timestamp>>>,
    clock: Clock,
}

impl Beyond {
    /// Ways into one org. Credentials in a secret are read for each way when it is first used.
    pub fn new(
        org: &OrgUrl,
        source: &IdentitySourceId,
        [singles, logs, users, apps]: [CredentialsFrom; 4],
        clock: Clock,
    ) -> Self {
        let way = |scope, credentials| Permitted {
            okta: Okta::asking_for(scope, org.clone(), source.clone(), credentials, clock),
            denied: Arc::default(),
            clock,
        };
        Self {
            singles: Okta::for_reading(org.clone(), source.clone(), singles, clock),
            logs: way(scopes::LOGS, logs),
            users: way(scopes::USERS, users),
            apps: way(scopes::APPS, apps),
        }
    }
}

impl Permitted {
    /// Makes a call, unless Okta is known to deny it. `None` if it does.
    ///
    /// # Errors
    /// As every call: no time, no answer.
    pub async fn ask<T>(
        &self,
        deadline: Timestamp,
        call: impl AsyncFnOnce(Calls) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if self.is_denied() {
            return Ok(None);
        }
        match self.insist(deadline, call).await {
            Ok(answer) => Ok(Some(answer)),
            Err(Error::Forbidden(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a call even if Okta is known to deny it: for a caller who asks for exactly this, and
    /// may have granted it since.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn insist<T>(
        &self,
        deadline: Timestamp,
        call: impl AsyncFnOnce(Calls) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let answer = call(self.okta.by(deadline)).await;
        match &answer {
            Ok(_) => *self.lock() = None,
            Err(Error::Forbidden(_)) => *self.lock() = Some(self.clock.now()),
            Err(_) => {}
        }
        answer
    }

    /// Whether Okta is known to deny it.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        let now = self.clock.now();
        self.lock().is_some_and(|at| now < at + DENIED_FOR)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
