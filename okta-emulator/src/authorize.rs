//! Who may make a call to the API: an API token, or an access token with the
//! call's scope.

use std::time::SystemTime;

use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};

use crate::{
    clock::since,
    oauth::{Call, Scheme, TokenFlaw},
    org::State,
    refusal::{Refusal, Shape},
};

/// The proof algorithms that Okta names in its challenges.
const DPOP_ALGORITHMS: &str = "RS256 RS384 RS512 ES256 ES384 ES512";

const DPOP: HeaderName = HeaderName::from_static("dpop");
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A call that asks for admission.
pub(crate) struct Caller<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
}

impl Caller<'_> {
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The `DPoP` header, if there is exactly one.
    pub(crate) fn proof(&self) -> Option<&str> {
        let mut all = self.headers.get_all(&DPOP).iter();
        let first = all.next().and_then(|value| value.to_str().ok());
        if all.next().is_some() { None } else { first }
    }

    /// The org's URL as this caller knows it.
    pub(crate) fn origin(&self) -> String {
        let host = self.header(&header::HOST).unwrap_or("localhost");
        format!("http://{host}")
    }

    /// The URL called, without its query.
    pub(crate) fn url(&self) -> String {
        self.origin() + self.uri.path()
    }

    fn scope(&self) -> &'static str {
        let path = self.uri.path();
        for (prefix, scope) in [
            ("/api/v1/meta/schemas/", "okta.schemas.read"),
            ("/api/v1/apps/", "okta.apps.read"),
            ("/api/v1/users/", "okta.users.read"),
            ("/api/v1/logs", "okta.logs.read"),
            ("/api/v1/mappings", "okta.profileMappings.read"),
        ] {
            if path.starts_with(prefix) {
                return scope;
            }
        }
        if self.method == Method::GET {
            "okta.identitySources.read"
        } else {
            "okta.identitySources.manage"
        }
    }
}

pub(crate) fn authorize(
    caller: &Caller<'_>,
    state: &mut State,
    now: SystemTime,
) -> Result<(), Refusal> {
    let Some(authorization) = caller.header(&header::AUTHORIZATION) else {
        state.violations.push(format!(
            "{} {} without a token",
            caller.method,
            caller.uri.path()
        ));
        return Err(Refusal::bad_token());
    };
    let Some((scheme, token)) = authorization.split_once(' ') else {
        return Err(Refusal::bad_token());
    };
    let scheme = match scheme {
        "SSWS" if token == state.api_token => return Ok(()),
        "Bearer" => Scheme::Bearer,
        "DPoP" => Scheme::Dpop,
        _ => return Err(Refusal::bad_token()),
    };
    let Some(oauth) = &mut state.oauth else {
        return Err(Refusal::bad_token());
    };
    let url = caller.url();
    let call = Call {
        method: caller.method.as_str(),
        url: &url,
        now: epoch_seconds(now),
    };
    let scopes = oauth
        .take(scheme, token, caller.proof(), call, now)
        .map_err(|flaw| refuse(caller, scheme, flaw))?;
    let needed = caller.scope();
    if !scopes.iter().any(|scope| scope == needed) {
        return Err(Refusal::forbidden().with_header(
            header::WWW_AUTHENTICATE,
            challenge(
                caller,
                scheme,
                "insufficient_scope",
                "The access token provided does not contain the required scopes.",
            ),
        ));
    }
    if !oauth.role {
        return Err(Refusal::forbidden());
    }
    Ok(())
}

/// Seconds since the epoch, as claims use them.
pub(crate) fn epoch_seconds(now: SystemTime) -> i64 {
    let seconds = since(now, SystemTime::UNIX_EPOCH).as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

fn refuse(caller: &Caller<'_>, scheme: Scheme, flaw: TokenFlaw) -> Refusal {
    let say = |error, description| challenge(caller, scheme, error, description);
    match flaw {
        TokenFlaw::Invalid(why) => {
            Refusal::bad_token().with_header(header::WWW_AUTHENTICATE, say("invalid_token", why))
        }
        // Okta answers 400 with an empty body here, and gives the reason only in
        // the header.
        TokenFlaw::Proof(why) => Refusal {
            shape: Shape::Empty,
            ..Refusal::plain(StatusCode::BAD_REQUEST, "invalid_dpop_proof", why)
        }
        .with_header(header::WWW_AUTHENTICATE, say("invalid_dpop_proof", why)),
        TokenFlaw::Nonce(nonce) => {
            let why = "Resource server requires nonce in DPoP proof.";
            Refusal {
                shape: Shape::Empty,
                ..Refusal::plain(StatusCode::UNAUTHORIZED, "use_dpop_nonce", why)
            }
            .with_header(header::WWW_AUTHENTICATE, say("use_dpop_nonce", why))
            .with_header(DPOP_NONCE, nonce)
        }
    }
}

fn challenge(caller: &Caller<'_>, scheme: Scheme, error: &str, description: &str) -> String {
    let algorithms = match scheme {
        Scheme::Dpop => format!("algs=\"{DPOP_ALGORITHMS}\", "),
        Scheme::Bearer => String::new(),
    };
    format!(
        "{} {algorithms}authorization_uri=\"{origin}/oauth2/v1/authorize\", realm=\"{origin}\", \
         scope=\"{}\", error=\"{error}\", error_description=\"{description}\", resource=\"{}\"",
        scheme.name(),
        caller.scope(),
        caller.uri.path(),
        origin = caller.origin(),
    )
}
