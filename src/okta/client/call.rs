//! A call and its answer: what is asked of which API, and when it may be asked again.

use reqwest::Method;

use crate::mutation::{self, Mutation};
use crate::okta::budget::Budget;
use crate::okta::error::Error;

/// A call: where to and with what.
#[derive(Debug)]
pub(in crate::okta) struct Call<'a> {
    pub(in crate::okta) api: Api<'a>,
    pub(in crate::okta) method: Method,
    /// Below the API's own path.
    pub(in crate::okta) path: &'a [&'a str],
    /// Method and path template, for logs and errors.
    pub(in crate::okta) name: &'static str,
    pub(in crate::okta) body: Option<Vec<u8>>,
    pub(in crate::okta) repeat: Repeat<'a>,
}

/// The API that a call belongs to. It determines the path and, for a service app, the scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::okta) enum Api<'a> {
    /// `/api/v1/identity-sources/{id}/`; scopes `okta.identitySources.read` and `.manage`.
    IdentitySource,
    /// The same, with this query: `…/groups/`. Okta counts these separately.
    Groups(Query<'a>),
    /// `/api/v1/meta/schemas/apps/{id}/`; scope `okta.schemas.read`, which no run needs.
    AppSchema,
    /// `/api/v1/logs` with this query; scope `okta.logs.read`.
    Logs(&'a [(&'a str, &'a str)]),
    /// `/api/v1/users/`; scope `okta.users.read`.
    OrgUsers,
    /// `/api/v1/apps/{id}/` with this query; scope `okta.apps.read`.
    App(Query<'a>),
}

/// The query after the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::okta) enum Query<'a> {
    /// Names and values, not yet encoded.
    Pairs(&'a [(&'a str, &'a str)]),
    /// As given in an answer.
    AsGiven(&'a str),
}

impl Api<'_> {
    /// The path, as far as it does not depend on the call.
    pub(super) fn path(self, source: &str) -> Vec<&str> {
        match self {
            Self::IdentitySource | Self::Groups(_) => vec!["api", "v1", "identity-sources", source],
            Self::AppSchema => vec!["api", "v1", "meta", "schemas", "apps", source],
            Self::Logs(_) => vec!["api", "v1", "logs"],
            Self::OrgUsers => vec!["api", "v1", "users"],
            Self::App(_) => vec!["api", "v1", "apps", source],
        }
    }

    /// The query after the path.
    pub(super) fn query(&self) -> Query<'_> {
        match self {
            Self::IdentitySource | Self::AppSchema | Self::OrgUsers => Query::Pairs(&[]),
            Self::Logs(pairs) => Query::Pairs(pairs),
            Self::App(query) | Self::Groups(query) => *query,
        }
    }
}

/// When a call may be sent again.
#[derive(Debug, Clone, Copy)]
pub(in crate::okta) enum Repeat<'a> {
    /// Twice is as good as once.
    Freely,
    /// Only if Okta did nothing about it: after 429 or without a connection.
    Untouched,
    /// As long as the session takes requests: every attempt that was sent uses one up. The caller
    /// takes the first out of the budget.
    Within(&'a Budget),
}

impl Repeat<'_> {
    pub(super) fn is_free(self) -> bool {
        matches!(self, Self::Freely)
    }

    /// Whether an attempt may be made after one that Okta may have done.
    pub(super) fn once_more(self) -> bool {
        match self {
            Self::Freely => true,
            Self::Untouched => false,
            Self::Within(_) if mutation::on(Mutation::RetryWithoutBudget) => true,
            Self::Within(budget) => budget.take(),
        }
    }
}

/// A 2xx.
#[derive(Debug)]
pub(in crate::okta) struct Answer {
    pub(super) call: &'static str,
    pub(super) request_id: Option<String>,
    /// `None` if the connection broke in the middle of it.
    pub(super) body: Option<Vec<u8>>,
    /// The query of the next page's address, if there is one.
    pub(in crate::okta) next: Option<String>,
}

impl Answer {
    pub(in crate::okta) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        let body = self.body.as_deref().unwrap_or_default();
        serde_json::from_slice(body).map_err(|_| Error::Unreadable {
            call: self.call,
            request_id: self.request_id.clone(),
        })
    }
}

/// No usable answer.
#[derive(Debug)]
pub(in crate::okta) struct Failure {
    pub(in crate::okta) error: Error,
    /// Okta may have done it all the same.
    pub(in crate::okta) maybe_done: bool,
    /// The last request that was taken out of a budget was not sent, or does
    /// not count.
    pub(in crate::okta) unspent: bool,
}

impl Failure {
    /// For calls where it does not matter what Okta may have done.
    pub(in crate::okta) fn into_error(self) -> Error {
        self.error
    }
}
