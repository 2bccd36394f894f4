//! What stands between a bad read and a company that is locked out.
//!
//! XaaS has no import safeguards of its own (Okta's developer guide): what is loaded is done. So
//! whatever may do harm is charged to a [`Budget`] over 24 hours before it is loaded, which all
//! runs share, whatever fired them. It counts people, not tellings. What goes past a limit is
//! withheld until it fits, or until somebody approves of exactly these people.
//!
//! Everything here is a function of values but [`Guard`], which keeps them in the state table.

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
pub use memory::{Charged, Judged, Memory};
