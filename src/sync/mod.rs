//! The story: look, hold, tell, check.
//!
//! [`Run::work`] tells it from beginning to end. [`look`] finds people about whom record and ledger
//! disagree; [`hand`] reads them again just before they are told and decides; the guard is asked
//! before anything dangerous is loaded; `tell` opens sessions and carries people in them; `check`
//! looks what Okta made of them.

mod app;
mod aside;
mod begin;
mod beside;
mod books;
mod bound;
mod check;
mod detail;
mod dry;
mod error;
mod estimate;
mod explain;
mod groups;
pub mod hand;
mod judged;
pub mod look;
mod outstanding;
mod prove;
mod rejects;
mod report;
mod run;
mod tell;
mod time;
mod withheld;

pub use app::AppRules;
pub use aside::Aside;
pub use books::Books;
#[doc(hidden)]
pub use books::left_over;
pub use detail::{
    ChangeKind, Changes, DeactivationChange, Detail, NotAsked, NotListed, OldAndNew, UpsertChange,
};
pub use error::RunError;
pub use estimate::Estimate;
pub use explain::{Explanation, LedgerSays, Next, OktaHas, RecordSays, RecordState, Whom};
pub use groups::{
    GroupChange, GroupChangeKind, GroupExample, GroupExamples, GroupNext, GroupSays, GroupsReport,
    Members, MembershipsReport,
};
pub use hand::Why;
pub use look::{Counts, Source};
pub use outstanding::OutstandingReport;
pub use prove::{Person, Proven};
pub use rejects::{Reject, Rejects};
pub use report::{Consumed, FastLane, Read, ReadAndWritten, Report, SessionReport, Tells, Trigger};
pub use run::{Job, Run};
pub(crate) use tell::COOLDOWN;
#[doc(hidden)]
pub use tell::{Seen, after_cancelling, seen};
pub use time::Time;
pub use withheld::{Withheld, WithheldKind};
