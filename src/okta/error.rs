//! What can go wrong with a call, with one variant for each thing that a caller does about it.

use std::fmt;

use jiff::Timestamp;

use super::credentials_error::CredentialsError;

/// Why a call to Okta gave no answer that it could use.
///
/// Never carries a body, a profile or a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There was no time left for it. Nothing is wrong: go on later.
    #[error("no time left for {call}{}", later(*resume_at))]
    OutOfTime {
        /// Method and path template of the call.
        call: &'static str,
        /// When Okta would have accepted it, if it had to wait for a limit or a retry.
        resume_at: Option<Timestamp>,
    },
    /// 401: Okta does not accept the credentials.
    #[error(
        "{0}: check that the API token, or the service app's client id, key id and key, are \
         active and belong to this org"
    )]
    Unauthorized(Refusal),
    /// 403: the credentials may not do this.
    #[error(
        "{0}: the token's admin, or the service app, needs a role that may manage the identity \
         source, and a service app the scopes okta.identitySources.manage and \
         okta.identitySources.read"
    )]
    Forbidden(Refusal),
    /// 404: the identity source, or the session, is not there.
    #[error("{0}: check the org URL and the identity source id")]
    NotFound(Refusal),
    /// Another 4xx: Okta understood and said no. Sending it again changes nothing.
    #[error("{0}")]
    Refused(Refusal),
    /// 5xx, as often as it was tried. It may work later.
    #[error("{0}")]
    Unavailable(Refusal),
    /// Okta could not be reached or the connection broke, as often as it was tried.
    #[error("no answer from Okta to {call}")]
    Unreachable {
        /// Method and path template of the call.
        call: &'static str,
        /// What broke, without the URL. `None` if the answer took too long or broke off.
        source: Option<reqwest::Error>,
    },
    /// Okta said yes in unknown words.
    #[error("Okta's answer to {call} cannot be read{}", request(request_id.as_deref()))]
    Unreadable {
        /// Method and path template of the call.
        call: &'static str,
        /// Okta's id of the request.
        request_id: Option<String>,
    },
    /// The credentials cannot be used as they are.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The HTTP client could not be built, for example for lack of root certificates.
    #[error("the HTTP client cannot be built")]
    Client(#[source] reqwest::Error),
}

impl Error {
    /// What a 4xx means.
    pub(super) fn refused(refusal: Refusal) -> Self {
        match (refusal.status, refusal.code.as_deref()) {
            (401, _) | (400, Some("invalid_dpop_proof" | "use_dpop_nonce")) => {
                Self::Unauthorized(refusal)
            }
            (403, _) => Self::Forbidden(refusal),
            (404, _) => Self::NotFound(refusal),
            _ => Self::Refused(refusal),
        }
    }

    /// The same for another call that waited for the same. `None` if it does not follow that it
    /// failed for that call, too.
    pub(super) fn again(&self) -> Option<Self> {
        Some(match self {
            Self::OutOfTime { .. } | Self::Client(_) => return None,
            Self::Unauthorized(refusal) => Self::Unauthorized(refusal.clone()),
            Self::Forbidden(refusal) => Self::Forbidden(refusal.clone()),
            Self::NotFound(refusal) => Self::NotFound(refusal.clone()),
            Self::Refused(refusal) => Self::Refused(refusal.clone()),
            Self::Unavailable(refusal) => Self::Unavailable(refusal.clone()),
            Self::Unreachable { call, source: _ } => Self::Unreachable { call, source: None },
            Self::Unreadable { call, request_id } => Self::Unreadable {
                call,
                request_id: request_id.clone(),
            },
            Self::Credentials(error) => Self::Credentials(error.clone()),
        })
    }
}

/// What Okta said when it said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Method and path template of the call, like `POST /sessions`.
    pub call: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Okta's `errorCode`, like `E0000001`.
    pub code: Option<String>,
    /// Okta's `errorSummary`.
    pub summary: Option<String>,
    /// Okta's `errorCauses`.
    pub causes: Vec<String>,
    /// Okta's `x-okta-request-id`, which its support asks for.
    pub request_id: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            call,
            status,
            code,
            summary,
            causes,
            request_id,
        } = self;
        write!(f, "Okta answered {call} with {status}")?;
        if let Some(code) = code {
            write!(f, " {code}")?;
        }
        if let Some(summary) = summary {
            write!(f, ": {summary}")?;
        }
        if !causes.is_empty() {
            write!(f, " ({})", causes.join("; "))?;
        }
        f.write_str(&request(request_id.as_deref()))
    }
}

fn request(id: Option<&str>) -> String {
    id.map(|id| format!(" [request {id}]")).unwrap_or_default()
}

fn later(resume_at: Option<Timestamp>) -> String {
    resume_at
        .map(|at| format!(": Okta accepts it again at {at:.0}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_as_a_sentence() {
        let refusal = Refusal {
            call: "POST /sessions",
            status: 400,
            code: Some("E0000001".into()),
            summary: Some("Api validation failed".into()),
            causes: vec!["Too soon".into()],
            request_id: Some("abc".into()),
        };

        assert_eq!(
            refusal.to_string(),
            "Okta answered POST /sessions with 400 E0000001: Api validation failed (Too soon) [request abc]"
        );
    }

    #[test]
    fn running_out_of_time_says_until_when() {
        let error = Error::OutOfTime {
            call: "GET /sessions",
            resume_at: Timestamp::from_second(0).ok(),
        };

        assert_eq!(
            error.to_string(),
            "no time left for GET /sessions: Okta accepts it again at 1970-01-01T00:00:00Z"
        );
    }
}
