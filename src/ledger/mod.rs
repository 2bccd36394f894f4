//! What Okta was last told: the program's only memory, in the state table.
//!
//! The state table (key `pk`) holds
//!
//! | `pk` | what |
//! |---|---|
//! | `user#<id hash>` | an [`Entry`]: what Okta was told about one user, and by which session |
//! | `group#<id hash>` | a [`GroupEntry`]: what Okta was told about one group, and whether it is ours |
//! | `log` | the [`SessionLog`]: what became of the import sessions |
//! | `guard` | what the guard remembers: budgets, latches, approvals |
//! | `list#<digest>#<n>` | people that the guard withholds, until they are approved or forgotten |
//! | `binding` | what the ledger is about: org, identity source, users table |
//! | `switch` | whether runs may tell Okta anything |
//! | `proof` | the [`Proof`]: what single-user calls were seen to do with this org |
//! | `stuck#<0 to f>` | the [`Stuck`]: records that cannot be sent and users that Okta refuses, since when and how often |
//! | `verification` | the last verification, and the one under way; what it has listed is in `verification#…` |
//! | `unchecked` | the [`Unchecked`]: imports whose outcome for their people must still be seen |
//! | `outstanding` | the [`Outstanding`]: how far the list of a look is worked through; the people are in `outstanding#<list>#<n>` |
//! | `pending` | who was still to tell when full runs ended |
//! | `lease`, `claim` | which run has a session open, and which full run wants to |
//! | `sessions` | the log of a release that did not number its sessions |
//!
//! An entry is written *before* its session is triggered and holds only if the session landed: the
//! trigger is the commit. The rules are in [`log`].

mod amend;
mod binding;
mod blobs;
mod book;
mod charge;
mod entry;
mod group;
mod history;
mod id_hash;
mod lease;
pub mod log;
mod login_mark;
mod membership;
mod mend;
mod outstanding;
mod pending;
mod proof;
mod reading;
mod rights;
mod scan;
mod state;
mod store;
mod stuck;
mod switch;
mod told;
mod unchecked;
mod versioned;

pub use binding::Binding;
pub use book::{Book, KnownGroup};
pub use charge::{Charge, Hour, Paid};
pub use entry::{Entry, Origin};
pub use group::{GroupEntry, GroupIs};
pub use history::{KeptRun, Recent, RunSummary, SessionSummary};
pub use id_hash::IdHash;
pub use lease::{Claim, Holder, Lease, LeaseLost, Rank};
pub use log::{Again, Due, Number, SessionLog, Standing, Telling, Want, due};
pub use login_mark::LoginMark;
pub use membership::{InGroups, MembershipPrint, Memberships};
pub(crate) use mend::{Mend, UNKNOWN};
pub use outstanding::Outstanding;
pub use proof::{Calls as ProvenCalls, LeftActive, MayCall, Off, Proof, Withdrawn, Works};
pub use reading::{Known, Reading};
pub(crate) use rights::Right;
pub use state::State;
pub use store::{Ledger, LedgerError, RecordError};
pub use stuck::{Print, Stuck, StuckEntry, StuckKey};
pub use switch::{Mode, Switch};
pub use told::Told;
pub use unchecked::{Import, Unchecked};
pub use versioned::{Versioned, Written};
