//! Import sessions: what one is, and the rules for opening, loading, importing
//! and cancelling them.

mod apply;
mod book;
mod course;
mod forced;
mod import;
mod loading;
mod poison;
mod session;
mod status;

pub(crate) use apply::Imported;
pub(crate) use book::Book;
pub use course::Applied;
pub(crate) use course::{Course, Ending, RefusedLoad};
pub use poison::Poison;
pub use session::{Counts, SessionGroup, SessionUser, SessionView};
pub use status::SessionStatus;
