//! The connection to Okta, and calls over it: waited for, authorized, sent,
//! repeated where that is right.

mod attempt;
mod call;
mod exchange;
mod heard;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OnceCell;

pub(super) use self::call::{ATTEMPTS, Answer, Api, Call, Failure, Query, Repeat, backoff};
pub(super) use self::exchange::{Exchange, Verdict};
pub use self::heard::Heard;
use super::calls::Calls;
use super::credentials::{Authority, CredentialsFrom, Grant};
use super::error::Error;
use super::org::{IdentitySourceId, OrgUrl};
use super::pacing::Pacer;
use crate::{clock::Clock, version::USER_AGENT};

/// The scopes that the Identity Sources API asks for, and no more.
const SCOPES: &str = "okta.identitySources.manage+okta.identitySources.read";

/// How long an idle connection is kept. A frozen function's connections die
/// unnoticed, so that after a pause a new one is surer.
const KEEP_IDLE: Duration = Duration::from_secs(50);

/// The connection to one identity source of one org. Cheap to clone; clones
/// share connections, pacing and counts.
#[derive(Debug, Clone)]
pub struct Okta {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    scopes: &'static str,
    org: OrgUrl,
    source: IdentitySourceId,
    authority: Authority,
    clock: Clock,
    http: OnceCell<reqwest::Client>,
    pacer: Pacer,
    requests: AtomicU64,
    rate_limited: AtomicU64,
    heard: Mutex<Option<Heard>>,
}

/// What has been sent since the client was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Requests that were sent, every attempt counted.
    pub requests: u64,
    /// Answers 429.
    pub rate_limited: u64,
}

impl Stats {
    /// What has been sent since an `earlier` look.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            rate_limited: self.rate_limited.saturating_sub(earlier.rate_limited),
        }
    }
}

impl Okta {
    /// A client for one identity source. Nothing is loaded, connected or read
    /// before the first call.
    #[must_use]
    pub fn new(
        org: OrgUrl,
        source: IdentitySourceId,
        credentials: impl Into<CredentialsFrom>,
        clock: Clock,
    ) -> Self {
        Self::asking_for(SCOPES, org, source, credentials, clock)
    }

    /// A client that reads the app's profile schema, for which a service app needs a scope that
    /// nothing else needs: so it gets a token of its own.
    #[must_use]
    pub fn for_schemas(
        org: OrgUrl,
        source: IdentitySourceId,
        credentials: impl Into<CredentialsFrom>,
        clock: Clock,
    ) -> Self {
        Self::asking_for("okta.schemas.read", org, source, credentials, clock)
    }

    pub(in crate::okta) fn asking_for(
        scopes: &'static str,
        org: OrgUrl,
        source: IdentitySourceId,
        credentials: impl Into<CredentialsFrom>,
        clock: Clock,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                scopes,
                org,
                source,
                authority: Authority::new(credentials.into(), clock),
                clock,
                http: OnceCell::new(),
                pacer: Pacer::new(clock),
                requests: AtomicU64::new(0),
                rate_limited: AtomicU64::new(0),
                heard: Mutex::default(),
            }),
        }
    }

    /// The calls, each of which is over by `deadline`: no answer, wait or
    /// repetition goes past it.
    #[must_use]
    pub fn by(&self, deadline: Timestamp) -> Calls {
        Calls::new(self.clone(), deadline)
    }

    /// What has been sent so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            requests: self.shared.requests.load(Ordering::Relaxed),
            rate_limited: self.shared.rate_limited.load(Ordering::Relaxed),
        }
    }

    /// What the credentials get us; it is got where it is not there yet.
    pub(in crate::okta) async fn grant(&self, deadline: Timestamp) -> Result<Grant, Error> {
        self.shared.authority.ready(self, deadline).await
    }

    pub(in crate::okta) fn scopes(&self) -> &'static str {
        self.shared.scopes
    }

    pub(in crate::okta) fn org(&self) -> &OrgUrl {
        &self.shared.org
    }

    pub(in crate::okta) fn source(&self) -> &IdentitySourceId {
        &self.shared.source
    }

    pub(in crate::okta) fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// The HTTP client, built when first needed: it loads the system's root
    /// certificates, which takes longer than all else at a cold start.
    pub(in crate::okta) async fn http(&self) -> Result<&reqwest::Client, Error> {
        let build = async || {
            let Shared { org, clock, .. } = &*self.shared;
            let mut client = reqwest::Client::builder()
                .user_agent(USER_AGENT)
                // Nobody else is to see our credentials.
                .redirect(reqwest::redirect::Policy::none())
                .pool_idle_timeout(match clock {
                    Clock::System => Some(KEEP_IDLE),
                    // Its timer would make a paused clock jump.
                    Clock::Tokio { .. } => None,
                });
            if org.is_plain() {
                // This machine: no certificates, and no proxy on the way.
                client = client.no_proxy().tls_certs_only([]);
            }
            client.build().map_err(Error::Client)
        };
        self.shared.http.get_or_try_init(build).await
    }
}
