//! Okta's Identity Sources API ("Anything-as-a-Source"), emulated with its
//! limits and traps.
//!
//! A client that works here has met what a real org does to it: 200 users and
//! 200 KB a request, 50 requests a session, one session at a time, the wait
//! after a trigger, the session that stays `CREATED` because Okta knew none of
//! the users to delete, rate limits, and errors in Okta's shapes. The emulator
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
//! happened to each of their users and why, and the directory.
//!
//! Time is tokio's: under a paused clock the five-minute wait passes at once.
//!
//! Where things are: [`Emulator`] is the handle that tests hold, [`Options`]
//! what can be set; `sessions` has the rules of sessions, `load` those of
//! request bodies, `directory` what an import does to a user, `gate` what every
//! call passes through, `oauth` tokens and DPoP, `faults`
//! what can be made to go wrong, `api` the endpoints, `page` the
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
