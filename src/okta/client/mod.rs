//! The connection to Okta, and calls over it: paced, authorized, sent, and repeated where that is
//! right.

mod attempt;
mod call;
mod repeat;

use std::sync::Arc;

use jiff::Timestamp;

pub(super) use self::call::{Answer, Api, Call, Failure, Query, Repeat};
use super::credentials::{Authority, CredentialsFrom, Grant};
use super::error::Error;
use super::line::{Heard, Line, Stats};
use super::org::{IdentitySourceId, OrgUrl};
use super::pacing::Pacer;
use super::scopes;
use crate::clock::Clock;

/// The scopes that the Identity Sources API asks for, and no more.
const SCOPES: &str = "okta.identitySources.manage+okta.identitySources.read";
/// The scope for reading it.
const READING: &str = scopes::READ;

/// The connection to one identity source of one org. Cheap to clone; clones
/// share connections, pacing and counts.
#[derive(Debug, Clone)]
pub struct Okta {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    line: Line,
    source: IdentitySourceId,
    authority: Authority,
    pacer: Pacer,
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

    /// A client that changes nothing: a service app's token is requested without the scope for
    /// changes. An API token may do what its admin may, in any client.
    #[must_use]
    pub fn for_reading(
        org: OrgUrl,
        source: IdentitySourceId,
        credentials: impl Into<CredentialsFrom>,
        clock: Clock,
    ) -> Self {
        Self::asking_for(READING, org, source, credentials, clock)
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
        Self::asking_for(scopes::SCHEMAS, org, source, credentials, clock)
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
                line: Line::new(org, clock),
                source,
                authority: Authority::new(credentials.into(), scopes, clock),
                pacer: Pacer::new(clock),
            }),
        }
    }

    /// What has been sent so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.line.stats()
    }

    /// What the last answer told apart from its content. `None` before the first.
    #[must_use]
    pub fn last_heard(&self) -> Option<Heard> {
        self.shared.line.heard.last()
    }

    /// What the credentials give us. It is fetched if it is not there yet.
    pub(in crate::okta) async fn grant(&self, deadline: Timestamp) -> Result<Grant, Error> {
        let Shared {
            authority, line, ..
        } = &*self.shared;
        authority.ready(line, deadline).await
    }

    pub(in crate::okta) fn source(&self) -> &IdentitySourceId {
        &self.shared.source
    }

    pub(in crate::okta) fn clock(&self) -> Clock {
        self.shared.line.clock()
    }
}
