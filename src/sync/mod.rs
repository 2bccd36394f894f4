//! The story: look, hold, tell, check.
//!
//! [`Run::work`] tells it from beginning to end. [`look`] finds people on which record and ledger
//! disagree. [`hand`] reads them again just before they are told, and decides. The guard is asked
//! before anything dangerous is loaded. `tell` opens sessions and carries people in them. `check`
//! looks what Okta made of them.

mod app;
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
mod job;
mod judged;
pub mod look;
mod outstanding;
mod pace;
mod plan;
mod prove;
mod refusals;
mod rejects;
mod report;
mod run;
mod suspect;
mod tell;
mod telling;
mod time;
mod withheld;

pub use app::AppRules;
pub use books::Books;
#[doc(hidden)]
pub use books::left_over;
pub use detail::{
    ChangeKind, Changes, DeactivationChange, Detail, GroupChange, GroupChangeKind, Members,
    NotAsked, NotListed, OldAndNew, UpsertChange,
};
pub use error::RunError;
pub use estimate::Estimate;
pub use explain::{Explanation, LedgerSays, Next, OktaHas, RecordSays, RecordState, Who};
pub use groups::{GroupNext, GroupSays};
pub use hand::Why;
pub use job::{Job, Run};
pub use look::{Counts, Source};
pub use outstanding::OutstandingReport;
pub(crate) use pace::COOLDOWN;
pub use prove::{Person, Proven};
pub use refusals::Refusals;
pub use rejects::{Reject, Rejects};
pub use report::{
    Consumed, FastLane, GroupExample, GroupExamples, GroupsReport, MembershipsReport, Read,
    ReadAndWritten, Report, SessionReport, Tells, Trigger,
};
#[doc(hidden)]
pub use tell::{Seen, after_cancelling, seen};
pub use time::Time;
pub use withheld::{Withheld, WithheldKind};
