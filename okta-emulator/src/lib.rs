//! Okta's Identity Sources API ("Anything-as-a-Source"), emulated with its
//! limits and traps.
//!
//! A client that works here has met what a real org does to it: 200 users and
//! 200 KB per request, 50 requests per session, one session at a time, the wait
//! after a trigger, the session that stays `CREATED` because Okta knew none of
//! the users to delete, rate limits, and errors in Okta's formats. The emulator
//! is for development and tests and holds its directory in memory.
//!
//! ```
//! use okta_emulator::{Emulator, Options};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let okta = Emulator::start(Options::default()).await?;
//! // … point the client at okta.url() and let it work …
//! assert!(okta.directory().is_empty());
//! assert!(okta.violations().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! [`Emulator::url`] in a browser is the Import Monitoring page: sessions, what
//! happened to each of their users and why, the directory with what each
//! session did to a user, groups, and the System Log.
//!
//! Time is tokio's: under a paused clock the five-minute wait passes at once.
//!
//! # What it has of Okta
//!
//! | calls | scope |
//! |---|---|
//! | sessions, their loads of users, groups and memberships, single users and groups | `okta.identitySources.read`, `okta.identitySources.manage` |
//! | `GET /api/v1/apps/{id}/users`, in pages, and one of them | `okta.apps.read` |
//! | `GET /api/v1/users/{id or login}` | `okta.users.read` |
//! | `GET /api/v1/logs`, with SCIM filters, `since`, `until` and pages | `okta.logs.read` |
//! | `GET /api/v1/mappings`, and one of them | `okta.profileMappings.read` |
//! | `GET /api/v1/meta/schemas/apps/{id}/default` | `okta.schemas.read` |
//! | `POST /oauth2/v1/token` | |
//!
//! The API never says what an import made of a user. The System Log does for
//! users that it refused (`app.user_management.update_from_master_failed`, with
//! `error_field` and `error_code`), and [`Emulator::session_users`] for everybody.
//!
//! # What is not known about Okta
//!
//! Sources disagree about some things, and a client has to cope with either.
//! Each of them is a switch in [`Options`]. The default is what was recorded
//! with a real org, or otherwise what Okta documents. The switches: whether
//! deactivated people keep their logins ([`Options::deactivation_frees_logins`]),
//! what a single DELETE does ([`SingleDelete`]), how empty profiles and loads are
//! taken ([`Empty`]), how the app lists deactivated users, when open sessions
//! expire, and how late the list, the log and a session's status are.
//!
//! # What can be made to go wrong
//!
//! A [`Fault`] strikes calls of a method and path with an [`Effect`]: answers
//! that are refused, late or lost, work that is done after the connection was
//! closed, imports that take long, sleep while later ones overtake them
//! ([`Effect::ImportWakes`]), end twice ([`Effect::ImportRepeats`]), end in
//! ERROR or COMPLETED with some of their users applied
//! ([`Effect::ImportEnds`]), fail whenever certain users are in them
//! ([`Effect::ImportFails`]), or leave somebody out ([`Effect::ImportRefuses`]).
//!
//! An admin can change users without the source: [`Emulator::admin_edits`],
//! [`Emulator::admin_deactivates`], [`Emulator::admin_reactivates`],
//! [`Emulator::admin_deletes`], [`Emulator::admin_unassigns`] and
//! [`Emulator::occupy_login`]; over HTTP with
//! `POST /_emulator/users/{externalId}`, and on a user's page.
//!
//! # Where things are
//!
//! [`Emulator`] is the handle that tests hold, [`Options`] its settings.
//! `sessions` has the rules of sessions and what an import can do differently,
//! `load` the rules of request bodies, `directory` and `groups` what an import
//! does to a user and to a group, `log` the System Log, `gate` what every call
//! passes through, `buckets` and `rate` its limits, `oauth` tokens and DPoP,
//! `faults` what can be made to go wrong, `api` the endpoints, and `page` the
//! Import Monitoring page.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod api;
mod authorize;
mod buckets;
mod clock;
mod directory;
mod duration;
mod emulator;
mod faults;
mod gate;
mod groups;
mod hand;
mod ids;
mod load;
mod log;
mod oauth;
mod options;
mod org;
mod page;
mod rate;
mod refusal;
mod server;
mod sessions;
mod switches;
mod unknowns;
mod url;

pub use buckets::{Bucket, RateLimit};
pub use directory::{DirectoryUser, Happened, Outcome, Refused, UserStatus};
pub use duration::parse_duration;
pub use emulator::Emulator;
pub use faults::{Effect, Fault, FaultAt, FaultView, SessionEnd};
pub use groups::{GroupChange, GroupHappened, GroupOutcome, GroupView};
pub use load::LoadKind;
pub use oauth::{Dpop, ServiceApp};
pub use options::Options;
pub use org::RequestView;
pub use sessions::{
    Applied, Counts, Poison, SessionGroup, SessionStatus, SessionUser, SessionView,
};
pub use unknowns::{Empty, SingleDelete};
