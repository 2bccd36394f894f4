//! One call to Okta: waited for, authorized, sent, repeated where that is
//! right, and its answer told apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use tokio::sync::OnceCell;

use super::calls::Calls;
use super::credentials::Credentials;
use super::error::{Error, Refusal};
use super::org::{IdentitySourceId, OrgUrl};
use super::pacing::Pacer;
use super::patience::within;
use super::session::Budget;
use super::wire;
use crate::clock::Clock;

/// How long one answer is waited for. Calls were seen to take 1 to 2 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a call is sent that meets broken connections or 5xx.
const ATTEMPTS: u32 = 5;

/// The wait before the second attempt is up to this, and doubles from there.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);

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
    org: OrgUrl,
    source: IdentitySourceId,
    credentials: Credentials,
    clock: Clock,
    http: OnceCell<reqwest::Client>,
    pacer: Pacer,
    requests: AtomicU64,
    rate_limited: AtomicU64,
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

/// A call: where to and with what.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Below `/api/v1/identity-sources/{id}/`.
    pub(super) path: &'a [&'a str],
    /// Method and path template, for logs and errors.
    pub(super) name: &'static str,
    pub(super) body: Option<Vec<u8>>,
    pub(super) repeat: Repeat<'a>,
}

/// When a call may be sent again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Repeat<'a> {
    /// Twice is as good as once.
    Freely,
    /// Only if Okta did nothing about it: after 429 or without a connection.
    Untouched,
    /// As long as the session takes requests: every attempt that was sent uses
    /// one up. The caller takes the first out of the budget.
    Within(&'a Budget),
}

impl Repeat<'_> {
    /// Whether an attempt may be made after one that Okta may have done.
    fn once_more(self) -> bool {
        match self {
            Self::Freely => true,
            Self::Untouched => false,
            Self::Within(budget) => budget.take(),
        }
    }
}

/// A 2xx.
#[derive(Debug)]
pub(super) struct Answer {
    call: &'static str,
    request_id: Option<String>,
    /// `None` if the connection broke in the middle of it.
    body: Option<Vec<u8>>,
}

impl Answer {
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        let body = self.body.as_deref().unwrap_or_default();
        serde_json::from_slice(body).map_err(|_| Error::Unreadable {
            call: self.call,
            request_id: self.request_id.clone(),
        })
    }
}

/// No usable answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// Okta may have done it all the same.
    pub(super) maybe_done: bool,
    /// The last request that was taken out of a budget was not sent, or does
    /// not count.
    pub(super) unspent: bool,
}

impl Failure {
    /// For calls where it does not matter what Okta may have done.
    pub(super) fn into_error(self) -> Error {
        self.error
    }
}

/// What became of one attempt.
enum Attempt {
    Done(Answer),
    /// 429, and when to try again. Nothing was done.
    RateLimited(Timestamp),
    /// Another 4xx: no, and that is that.
    Refused(Refusal),
    /// 5xx, a connection that broke, an answer that took too long: perhaps
    /// done, perhaps not. Without a connection it was not even sent.
    Failed {
        error: Error,
        sent: bool,
    },
}

impl Okta {
    /// A client for one identity source. Nothing is loaded, connected or read
    /// before the first call.
    #[must_use]
    pub fn new(
        org: OrgUrl,
        source: IdentitySourceId,
        credentials: Credentials,
        clock: Clock,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                org,
                source,
                credentials,
                clock,
                http: OnceCell::new(),
                pacer: Pacer::new(clock),
                requests: AtomicU64::new(0),
                rate_limited: AtomicU64::new(0),
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

    pub(super) fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// Makes a call, as often as it takes and is right.
    pub(super) async fn call(
        &self,
        deadline: Timestamp,
        call: Call<'_>,
    ) -> Result<Answer, Failure> {
        let mut maybe_done = false;
        let mut attempts = 0;
        loop {
            let failure = |error, maybe_done, unspent| Failure {
                error,
                maybe_done,
                unspent,
            };
            let (error, sent) = match self.attempt(deadline, &call).await {
                Ok(Attempt::Done(answer)) => return Ok(answer),
                Ok(Attempt::Refused(refusal)) => {
                    // Whether Okta counts a request that it refuses for its
                    // content is not said, so it is taken to.
                    let unspent = refusal.status != 400;
                    return Err(failure(refused(refusal), maybe_done, unspent));
                }
                Ok(Attempt::RateLimited(again)) => {
                    self.rest(&call, again, deadline)
                        .await
                        .map_err(|error| failure(error, maybe_done, true))?;
                    continue;
                }
                Ok(Attempt::Failed { error, sent }) => (error, sent),
                Err(error) => return Err(failure(error, maybe_done, true)),
            };
            attempts += 1;
            maybe_done |= sent;
            let repeated = attempts < ATTEMPTS && (!sent || call.repeat.once_more());
            if !repeated {
                return Err(failure(error, maybe_done, !sent));
            }
            let again = self.shared.clock.now() + backoff(attempts);
            self.rest(&call, again, deadline)
                .await
                .map_err(|error| failure(error, maybe_done, true))?;
        }
    }

    /// Sends it once. An error means that it was not sent.
    async fn attempt(&self, deadline: Timestamp, call: &Call<'_>) -> Result<Attempt, Error> {
        let Shared {
            credentials,
            clock,
            pacer,
            ..
        } = &*self.shared;
        let out_of_time = |resume_at| Error::OutOfTime {
            call: call.name,
            resume_at,
        };
        let authorization = credentials.authorization()?;
        let http = self.http().await?;
        let mut url = vec!["api", "v1", "identity-sources", self.shared.source.as_str()];
        url.extend(call.path);
        let url = self.shared.org.at(&url);

        let permit = pacer.turn(deadline).await.map_err(out_of_time)?;
        let time = clock.until(deadline).min(PATIENCE);
        if time.is_zero() {
            permit.unused();
            return Err(out_of_time(None));
        }
        self.shared.requests.fetch_add(1, Ordering::Relaxed);
        let request = self.request(http, call, url, authorization);
        let Some(answer) = within(*clock, time, exchange(request)).await else {
            tracing::warn!(
                call = call.name,
                seconds = time.as_secs(),
                "no answer in time"
            );
            return Ok(Attempt::Failed {
                error: unreachable(call.name, None),
                sent: true,
            });
        };
        let (status, headers, body) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let error = error.without_url();
                let sent = !error.is_connect();
                tracing::warn!(call = call.name, sent, %error, "the connection failed");
                if !sent {
                    permit.unused();
                }
                return Ok(Attempt::Failed {
                    error: unreachable(call.name, Some(error)),
                    sent,
                });
            }
        };

        let request_id = text(&headers, "x-okta-request-id");
        if status.is_success() {
            permit.answered(&headers);
            tracing::debug!(
                call = call.name,
                status = status.as_u16(),
                request_id,
                "answered"
            );
            return Ok(Attempt::Done(Answer {
                call: call.name,
                request_id,
                body,
            }));
        }
        let body = body.unwrap_or_default();
        let refusal = wire::refusal(call.name, status.as_u16(), request_id, &body);
        tracing::warn!(
            call = call.name,
            status = refusal.status,
            code = refusal.code,
            request_id = refusal.request_id,
            "Okta refused"
        );
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.shared.rate_limited.fetch_add(1, Ordering::Relaxed);
            return Ok(Attempt::RateLimited(permit.refused(&headers)));
        }
        permit.answered(&headers);
        Ok(if status.is_server_error() {
            Attempt::Failed {
                error: Error::Unavailable(refusal),
                sent: true,
            }
        } else {
            Attempt::Refused(refusal)
        })
    }

    fn request(
        &self,
        http: &reqwest::Client,
        call: &Call<'_>,
        url: Url,
        authorization: HeaderValue,
    ) -> reqwest::RequestBuilder {
        let request = http
            .request(call.method.clone(), url)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, authorization);
        match &call.body {
            Some(body) => request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone()),
            None => request,
        }
    }

    /// The HTTP client, built when first needed: it loads the system's root
    /// certificates, which takes longer than all else at a cold start.
    async fn http(&self) -> Result<&reqwest::Client, Error> {
        let build = async || {
            let Shared { org, clock, .. } = &*self.shared;
            let mut client = reqwest::Client::builder()
                .user_agent(concat!(
                    env!("CARGO_PKG_NAME"),
                    "/",
                    env!("CARGO_PKG_VERSION")
                ))
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

    async fn rest(
        &self,
        call: &Call<'_>,
        until: Timestamp,
        deadline: Timestamp,
    ) -> Result<(), Error> {
        if until >= deadline {
            return Err(Error::OutOfTime {
                call: call.name,
                resume_at: Some(until),
            });
        }
        self.shared.clock.sleep_until(until).await;
        Ok(())
    }
}

async fn exchange(
    request: reqwest::RequestBuilder,
) -> Result<(StatusCode, HeaderMap, Option<Vec<u8>>), reqwest::Error> {
    let mut response = request.send().await?;
    let headers = std::mem::take(response.headers_mut());
    let status = response.status();
    let body = response.bytes().await.ok().map(Vec::from);
    Ok((status, headers, body))
}

fn refused(refusal: Refusal) -> Error {
    match refusal.status {
        401 => Error::Unauthorized(refusal),
        403 => Error::Forbidden(refusal),
        404 => Error::NotFound(refusal),
        _ => Error::Refused(refusal),
    }
}

fn unreachable(call: &'static str, source: Option<reqwest::Error>) -> Error {
    Error::Unreachable { call, source }
}

/// Half of the wait is fixed and half is chance, so that calls which failed
/// together do not come back together.
fn backoff(attempts: u32) -> Duration {
    let most = FIRST_BACKOFF * 2_u32.saturating_pow(attempts.saturating_sub(1));
    most / 2 + most.mul_f64(fastrand::f64() / 2.0)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
