//! What stands between a bad read and a locked-out company.
//!
//! XaaS has no import safeguards of its own (Okta's developer guide): what is loaded is done. So
//! anything that may do harm is charged to a [`Budget`] over 24 hours before it is loaded. All runs
//! share it, whatever started them. It counts people, not tellings. What goes past a limit is
//! withheld until it fits, or until somebody approves exactly these people.
//!
//! Everything here is a function of values except [`Guard`], which keeps them in the state table.

mod approval;
mod approve;
mod budget;
mod keep;
mod kind;
mod limit;
mod list;
mod memory;

pub use approval::{Approval, Approved};
pub use approve::{ApproveError, Granted, Said, approve};
pub use budget::{Ask, Budget, Short};
pub use keep::Guard;
pub(crate) use keep::LIST;
pub use kind::Kind;
pub use limit::{Limit, Limits};
pub use list::{Digest, Listed, Target};
pub(crate) use memory::LIST_LASTS;
pub use memory::{Charged, Judged, Memory};
