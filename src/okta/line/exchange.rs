//! One request and its answer, classified.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};

use super::Line;
use crate::metrics;
use crate::okta::absence;
use crate::okta::error::{Error, Refusal};
use crate::okta::patience::within;
use crate::okta::wire;

/// How long to wait for one answer. Calls were seen to take 1 to 2 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of one request.
pub(in crate::okta) enum Exchange {
    Answered {
        headers: HeaderMap,
        verdict: Verdict,
    },
    /// The connection broke, or the answer took too long: perhaps done, perhaps
    /// not. Without a connection it was not even sent.
    Failed { error: Error, sent: bool },
}

/// What an answer says.
pub(in crate::okta) enum Verdict {
    /// 2xx.
    Done {
        /// `None` if the connection broke in the middle of it.
        body: Option<Vec<u8>>,
        request_id: Option<String>,
    },
    /// 429: nothing was done.
    RateLimited,
    /// Another 4xx, or a 3xx: no, and trying again does not help.
    Refused(Refusal),
    /// 5xx: perhaps done, perhaps not.
    Unavailable(Refusal),
}

impl Line {
    /// Sends a request and waits for the answer, as long as there is patience and time. An error
    /// means that it was not sent.
    pub(in crate::okta) async fn exchange(
        &self,
        call: &'static str,
        request: RequestBuilder,
        deadline: Timestamp,
    ) -> Result<Exchange, Error> {
        let clock = self.clock();
        let time = clock.until(deadline).min(PATIENCE);
        if time.is_zero() {
            return Err(Error::OutOfTime {
                call,
                resume_at: None,
            });
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let failed = |source, sent| Exchange::Failed {
            error: Error::Unreachable { call, source },
            sent,
        };
        let Some(answer) = within(clock, time, answer(request)).await else {
            tracing::warn!(call, seconds = time.as_secs(), "no answer in time");
            metrics::okta_request(None);
            return Ok(failed(None, true));
        };
        let (status, headers, body) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                metrics::okta_request(None);
                let error = error.without_url();
                let sent = !error.is_connect();
                tracing::warn!(call, sent, %error, "the connection failed");
                return Ok(failed(Some(error), sent));
            }
        };
        metrics::okta_request(Some(status.as_u16()));
        let request_id = text(&headers, "x-okta-request-id");
        let verdict = if status.is_success() {
            tracing::debug!(call, status = status.as_u16(), request_id, "answered");
            Verdict::Done { body, request_id }
        } else {
            let body = body.unwrap_or_default();
            let refusal = wire::refusal(call, status.as_u16(), request_id, &headers, &body);
            self.tell(status, refusal)
        };
        Ok(Exchange::Answered { headers, verdict })
    }

    fn tell(&self, status: StatusCode, refusal: Refusal) -> Verdict {
        let Refusal {
            call,
            status: number,
            code,
            request_id,
            ..
        } = &refusal;
        if code.as_deref() == Some("use_dpop_nonce") {
            // Every process begins like this, and nobody has to know.
            tracing::debug!(
                call,
                status = number,
                code,
                request_id,
                "Okta wants a nonce"
            );
        } else if status == StatusCode::NOT_FOUND && absence::is_an_answer(call) {
            tracing::debug!(call, status = number, request_id, "nobody there");
        } else {
            tracing::warn!(call, status = number, code, request_id, "Okta refused");
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.rate_limited.fetch_add(1, Ordering::Relaxed);
            Verdict::RateLimited
        } else if status.is_server_error() {
            Verdict::Unavailable(refusal)
        } else {
            Verdict::Refused(refusal)
        }
    }
}

async fn answer(
    request: RequestBuilder,
) -> Result<(StatusCode, HeaderMap, Option<Vec<u8>>), reqwest::Error> {
    let mut response = request.send().await?;
    let headers = std::mem::take(response.headers_mut());
    let status = response.status();
    let body = response.bytes().await.ok().map(Vec::from);
    Ok((status, headers, body))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
