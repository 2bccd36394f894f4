//! One attempt at a call: its turn, its authorization, its answer.

use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE};

use super::call::{Answer, Call, Query};
use super::{Okta, Shared};
use crate::okta::credentials::{Pardons, Shown};
use crate::okta::error::{Error, Refusal};
use crate::okta::line::{Exchange, Verdict};
use crate::okta::pacing::Permit;
use crate::okta::paging;

/// What became of one attempt.
pub(super) enum Attempt {
    Done(Answer),
    /// 429, and when to try again. Nothing was done.
    RateLimited(Timestamp),
    /// Okta objected to what it was shown, and that is fixed now. Nothing was done.
    Pardoned,
    /// Another 4xx: no, and trying again does not help.
    Refused(Refusal),
    /// 5xx, a connection that broke, an answer that took too long: perhaps done, perhaps not.
    /// Without a connection it was not even sent.
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
        pardons: &mut Pardons,
    ) -> Result<Attempt, Error> {
        let Shared {
            line,
            source,
            authority,
            ..
        } = &*self.shared;
        let mut url = call.api.path(source.as_str());
        url.extend(call.path);
        let mut url = line.org().at(&url);

        // A proof of possession is about the URL without its query (RFC 9449).
        let (permit, shown) = self.admission(deadline, call, &url).await?;
        match call.api.query() {
            Query::AsGiven(query) => url.set_query(Some(query)),
            Query::Pairs([]) => {}
            Query::Pairs(pairs) => {
                url.query_pairs_mut().extend_pairs(pairs);
            }
        }
        let mut request = line
            .http()
            .await?
            .request(call.method.clone(), url)
            .headers(shown.headers.clone())
            .header(ACCEPT, "application/json");
        if let Some(body) = &call.body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        let sent_at = line.clock().now();
        let (headers, verdict) = match line.exchange(call.name, request, deadline).await {
            Ok(Exchange::Answered { headers, verdict }) => (headers, verdict),
            Ok(Exchange::Failed { error, sent }) => {
                if !sent {
                    permit.unused();
                }
                return Ok(Attempt::Failed { error, sent });
            }
            Err(error) => {
                permit.unused();
                return Err(error);
            }
        };
        let date = headers.get("date").and_then(|date| date.to_str().ok());
        line.heard.hear(sent_at, line.clock().now(), date);
        authority.heard(&headers);
        let refusal = match verdict {
            Verdict::RateLimited => {
                return Ok(Attempt::RateLimited(permit.refused(&headers)));
            }
            Verdict::Done { body, request_id } => {
                permit.answered(&headers);
                return Ok(if body.is_none() && call.repeat.is_free() {
                    Attempt::Failed {
                        error: Error::Unreachable {
                            call: call.name,
                            source: None,
                        },
                        sent: true,
                    }
                } else {
                    // Okta has done it even without its body.
                    Attempt::Done(Answer {
                        call: call.name,
                        request_id,
                        body,
                        next: paging::next(&headers),
                    })
                });
            }
            Verdict::Unavailable(refusal) => {
                permit.answered(&headers);
                let error = Error::Unavailable(refusal);
                return Ok(Attempt::Failed { error, sent: true });
            }
            Verdict::Refused(refusal) => refusal,
        };
        permit.answered(&headers);
        let overcome = authority.overcome(line, &shown, &refusal, &headers, pardons, deadline);
        Ok(if overcome.await? {
            Attempt::Pardoned
        } else {
            Attempt::Refused(refusal)
        })
    }

    /// Waits for a turn, with something to show when it comes: a turn may take longer than a token
    /// lives.
    async fn admission(
        &self,
        deadline: Timestamp,
        call: &Call<'_>,
        url: &Url,
    ) -> Result<(Permit<'_>, Shown), Error> {
        let Shared {
            line,
            authority,
            pacer,
            ..
        } = &*self.shared;
        loop {
            authority.ready(line, deadline).await?;
            let permit = pacer.turn(deadline).await;
            let permit = permit.map_err(|resume_at| Error::OutOfTime {
                call: call.name,
                resume_at,
            })?;
            match authority.show(&call.method, url)? {
                Some(shown) => return Ok((permit, shown)),
                None => permit.unused(),
            }
        }
    }
}
