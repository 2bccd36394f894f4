//! One attempt at a call: its turn, its authorization, its answer told apart.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};

use super::call::{Answer, Api, Call};
use super::{Okta, Shared};
use crate::okta::error::{Error, Refusal};
use crate::okta::patience::within;
use crate::okta::wire;

/// How long one answer is waited for. Calls were seen to take 1 to 2 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of one attempt.
pub(super) enum Attempt {
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
    /// Sends it once. An error means that it was not sent.
    pub(super) async fn attempt(
        &self,
        deadline: Timestamp,
        call: &Call<'_>,
    ) -> Result<Attempt, Error> {
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
        let mut url = match call.api {
            Api::IdentitySource => vec!["api", "v1", "identity-sources"],
            Api::AppSchema => vec!["api", "v1", "meta", "schemas", "apps"],
        };
        url.push(self.shared.source.as_str());
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
        let sent_at = clock.now();
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

        self.heard(sent_at, text(&headers, "date"));
        let request_id = text(&headers, "x-okta-request-id");
        if status.is_success() {
            permit.answered(&headers);
            let body = match body {
                Ok(body) => Some(body),
                Err(error) => {
                    let error = error.without_url();
                    tracing::warn!(call = call.name, request_id, %error, "the answer broke off");
                    if call.repeat.is_free() {
                        return Ok(Attempt::Failed {
                            error: unreachable(call.name, Some(error)),
                            sent: true,
                        });
                    }
                    // Okta did it; what it says about it is lost.
                    None
                }
            };
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
}

async fn exchange(
    request: reqwest::RequestBuilder,
) -> Result<(StatusCode, HeaderMap, Result<Vec<u8>, reqwest::Error>), reqwest::Error> {
    let mut response = request.send().await?;
    let headers = std::mem::take(response.headers_mut());
    let status = response.status();
    let body = response.bytes().await.map(Vec::from);
    Ok((status, headers, body))
}

fn unreachable(call: &'static str, source: Option<reqwest::Error>) -> Error {
    Error::Unreachable { call, source }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
