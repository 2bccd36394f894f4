//! Okta's Identity Sources API, as a client sees it: sessions that are opened, loaded with batches
//! of users, and handed over for import.
//!
//! [`Okta`] is the connection and [`Okta::by`] gives its calls a deadline. [`Session`] is a type
//! whose states are types: what Okta would refuse in a state does not compile. Packing ([`Packer`])
//! and pacing are functions of values. Nothing in here knows about tables, mappings or the ledger.
//!
//! The rules are those of Okta's developer guide on XaaS
//! (<https://developer.okta.com/docs/guides/anything-as-a-source/main/>) and of its API
//! description. Where the two are silent, the code takes the safe reading and says so.

mod absence;
mod app_users;
mod batch;
mod beyond;
mod budget;
mod calls;
mod client;
mod credentials;
mod credentials_error;
mod error;
mod group_load;
mod groups;
mod holder;
mod line;
mod org;
mod pacing;
mod paging;
mod patience;
mod schema;
pub(crate) mod scopes;
mod session;
mod singles;
mod system_log;
mod user;
mod wire;

pub use app_users::{AppUser, AppUserPage, Assigned, PageLink};
pub use batch::{
    Batch, Entity, EntityError, Kind, MAX_BODY_BYTES, MAX_ENTITIES, MAX_REQUESTS, MAX_USERS,
    Packer, pack,
};
pub(crate) use batch::{max_entities, max_requests};
pub use beyond::{Beyond, Permitted};
pub use budget::Place;
pub use calls::Calls;
pub use client::Okta;
pub use credentials::{Credentials, CredentialsFrom, Grant, Secret, ServiceApp};
pub use credentials_error::{CredentialsError, KeyError};
pub use error::{Error, Refusal};
pub use group_load::{
    GroupBatch, GroupKind, GroupProfile, Pairs, pack_deletions, pack_groups, pack_memberships,
};
pub(crate) use group_load::{group_bytes, member_bytes};
pub use groups::{MemberPage, SourceGroup};
pub use holder::{Holder, OrgUser};
pub use line::{Heard, Stats};
pub use org::{IdentitySourceId, OrgUrl, ParseError};
pub(crate) use patience::within;
pub use schema::{ProfileSchema, SchemaAttribute};
pub use scopes::{SCOPES, Scope};
pub use session::{
    Cancelled, Created, LoadError, Open, Session, SessionId, SessionInfo, SessionStatus, Started,
    Triggered,
};
pub use singles::Single;
pub use system_log::{ImportEvent, What};
pub use user::UserProfile;
