//! Import sessions: what one is, and the rules of opening, loading, importing
//! and cancelling them.

mod book;
mod forced;
mod import;
mod session;

pub(crate) use book::Book;
pub use session::{Counts, SessionStatus, SessionUser, SessionView};
