//! Fetching what calls show: one at a time, for all of them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::authorization::Authorization;
use super::proof::{self, Prover};
use super::skew::Skew;
use super::token::{AccessToken, CALL, Grant, fetch, unusable};
use super::{Credentials, CredentialsFrom, ServiceApp};
use crate::okta::credentials_error::CredentialsError;
use crate::okta::error::Error;
use crate::okta::line::Line;

/// How long after its last read a secret that Okta refuses is not read again.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What is kept from one renewal to the next.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    known: Option<Known>,
    prover: Option<Arc<Prover>>,
    nonce: Option<String>,
    /// The last one that failed, for those who waited for it.
    pub(super) failed: Option<(u64, Error)>,
}

#[derive(Debug)]
struct Known {
    credentials: Credentials,
    /// The secret's text, and when it was read.
    read: Option<(SecretString, Timestamp)>,
}

/// What a renewal works with.
#[derive(Clone, Copy)]
pub(super) struct RenewalContext<'a> {
    pub(super) line: &'a Line,
    pub(super) scopes: &'static str,
    pub(super) from: &'a CredentialsFrom,
    pub(super) skew: &'a Skew,
    pub(super) deadline: Timestamp,
}

impl Renewal {
    pub(super) async fn renew(
        &mut self,
        context: RenewalContext<'_>,
    ) -> Result<Authorization, Error> {
        let mut credentials = self.credentials(context).await?;
        loop {
            let refused = match &credentials {
                Credentials::ApiToken(token) => return api_token(token),
                Credentials::ServiceApp(app) => match self.access_token(app, context).await {
                    Err(error @ Error::Unauthorized(_)) => error,
                    answer => return answer,
                },
            };
            if !self.read_again(context).await? {
                return Err(refused);
            }
            credentials = self.credentials(context).await?;
        }
    }

    async fn credentials(&mut self, context: RenewalContext<'_>) -> Result<Credentials, Error> {
        if let Some(known) = &self.known {
            return Ok(known.credentials.clone());
        }
        let known = match context.from {
            CredentialsFrom::Given(credentials) => Known {
                credentials: credentials.clone(),
                read: None,
            },
            CredentialsFrom::Secret(_) => read(context).await?,
        };
        let credentials = known.credentials.clone();
        self.known = Some(known);
        Ok(credentials)
    }

    /// Okta refuses the credentials: reads the secret again, if they are in one and it was not just
    /// read. True if it has others now.
    pub(super) async fn read_again(&mut self, context: RenewalContext<'_>) -> Result<bool, Error> {
        let Some(Known {
            read: Some((text, at)),
            ..
        }) = &self.known
        else {
            return Ok(false);
        };
        let now = context.line.clock().now();
        if now < *at + READ_AGAIN_AFTER {
            return Ok(false);
        }
        let known = match read(context).await {
            Ok(known) => known,
            // What Okta says about the ones at hand is then the error.
            Err(error @ Error::Credentials(CredentialsError::Secret { .. })) => {
                tracing::warn!(%error, "Okta refuses the credentials, and there are no others");
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let others = known
            .read
            .as_ref()
            .is_some_and(|(new, _)| new.expose_secret() != text.expose_secret());
        tracing::info!(
            others,
            "Okta refuses the credentials: read the secret again"
        );
        self.known = Some(known);
        Ok(others)
    }

    async fn access_token(
        &mut self,
        app: &ServiceApp,
        context: RenewalContext<'_>,
    ) -> Result<Authorization, Error> {
        let prover = match &self.prover {
            Some(prover) => Arc::clone(prover),
            None => Arc::clone(
                self.prover
                    .insert(Arc::new(Prover::new().map_err(unusable)?)),
            ),
        };
        let token = fetch(
            context.line,
            context.scopes,
            app,
            &prover,
            context.skew,
            &mut self.nonce,
            context.deadline,
        );
        let AccessToken {
            value,
            dpop,
            scopes,
            good_until,
        } = Box::pin(token).await?;
        tracing::debug!(dpop, ?scopes, %good_until, "Okta gave an access token");
        Ok(Authorization {
            authorization: header(if dpop { "DPoP" } else { "Bearer" }, &value).ok_or(
                Error::Unreadable {
                    call: CALL,
                    request_id: None,
                },
            )?,
            proof: dpop.then(|| (prover, proof::hash(value.expose_secret()))),
            good_until: Some(good_until),
            grant: Grant::AccessToken { dpop, scopes },
        })
    }
}

async fn read(context: RenewalContext<'_>) -> Result<Known, Error> {
    let RenewalContext { line, deadline, .. } = context;
    let CredentialsFrom::Secret(secret) = context.from else {
        return Err(Error::Credentials(CredentialsError::NotUnderstood));
    };
    let Some(text) = secret.read(line.clock(), deadline).await? else {
        return Err(Error::OutOfTime {
            call: "GetSecretValue",
            resume_at: None,
        });
    };
    Ok(Known {
        credentials: Credentials::parse(text.expose_secret())?,
        read: Some((text, line.clock().now())),
    })
}

fn api_token(token: &SecretString) -> Result<Authorization, Error> {
    Ok(Authorization {
        authorization: header("SSWS", token).ok_or(CredentialsError::NotAToken)?,
        proof: None,
        good_until: None,
        grant: Grant::ApiToken,
    })
}

fn header(scheme: &str, token: &SecretString) -> Option<HeaderValue> {
    let text = SecretString::from(format!("{scheme} {}", token.expose_secret()));
    let mut value = HeaderValue::try_from(text.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
