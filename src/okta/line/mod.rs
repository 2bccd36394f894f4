//! The line to an org: one request and its answer, and what every answer tells apart from its
//! content.
//!
//! It sends nothing that nobody asked for, and repeats nothing: what a request shows to be let in,
//! and whether it is sent once more, is up to the callers.

mod exchange;
mod heard;
mod rest;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::OnceCell;

pub(super) use self::exchange::{Exchange, Verdict};
pub use self::heard::Heard;
use self::heard::LastHeard;
pub(super) use self::rest::{ATTEMPTS, backoff};
use super::error::Error;
use super::org::OrgUrl;
use crate::{clock::Clock, version::USER_AGENT};

/// How long an idle connection is kept. A frozen function's connections die unnoticed, so a new one
/// is safer after a pause.
const KEEP_IDLE: Duration = Duration::from_secs(50);

/// The line to one org, and what has gone over it.
#[derive(Debug)]
pub(in crate::okta) struct Line {
    org: OrgUrl,
    clock: Clock,
    http: OnceCell<reqwest::Client>,
    requests: AtomicU64,
    rate_limited: AtomicU64,
    pub(in crate::okta) heard: LastHeard,
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

impl Line {
    pub(in crate::okta) fn new(org: OrgUrl, clock: Clock) -> Self {
        Self {
            org,
            clock,
            http: OnceCell::new(),
            requests: AtomicU64::new(0),
            rate_limited: AtomicU64::new(0),
            heard: LastHeard::default(),
        }
    }

    pub(in crate::okta) fn stats(&self) -> Stats {
        Stats {
            requests: self.requests.load(Ordering::Relaxed),
            rate_limited: self.rate_limited.load(Ordering::Relaxed),
        }
    }

    pub(in crate::okta) fn org(&self) -> &OrgUrl {
        &self.org
    }

    pub(in crate::okta) fn clock(&self) -> Clock {
        self.clock
    }

    /// The HTTP client, built when first needed: it loads the system's root certificates, which
    /// takes longer than everything else at a cold start.
    pub(in crate::okta) async fn http(&self) -> Result<&reqwest::Client, Error> {
        let build = async || {
            let Self { org, clock, .. } = self;
            let mut client = reqwest::Client::builder()
                .user_agent(USER_AGENT)
                // Nobody else may see our credentials.
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
        self.http.get_or_try_init(build).await
    }
}
