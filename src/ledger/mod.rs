//! What Okta was last told: the program's only memory, in the state table.
//!
//! The state table (key `pk`) holds
//!
//! | `pk` | what |
//! |---|---|
//! | `user#<id hash>` | an [`Entry`]: what Okta was told of one user, and by which session |
//! | `sessions` | the [`SessionLog`]: what became of the import sessions, an attribute each, and how many users are active |
//! | `stuck#<0 to f>` | the [`Stuck`]: records that cannot be sent and users whom Okta refuses, since when and how often |
//! | `run#<run id>` | a run's report, until it `expires` |
//! | `history` | the [`Recent`] runs at a glance |
//! | `lease` | who works at the moment, and until when |
//!
//! An entry is written *before* its session is triggered and holds only if the
//! session was: the trigger is the commit. An entry that names a session which
//! was never triggered, or failed, says only that Okta may know the user, so
//! that a crash at any point leaves doubt, and doubt is told to Okta again.

mod book;
mod entry;
mod history;
mod lease;
mod rights;
mod scan;
mod sessions;
mod store;
mod stuck;

pub use book::{Book, Known};
pub use entry::{Entry, IdHash, Origin, Told};
pub use history::{KeptRun, Recent, RunSummary, SessionSummary};
pub use lease::{Claim, Holder, Lease, LeaseLost};
pub(crate) use rights::Right;
pub use sessions::{LoggedSession, SessionLog, Verdict};
pub use store::{Ledger, LedgerError};
pub use stuck::{Print, Stuck, StuckEntry, StuckKey};
