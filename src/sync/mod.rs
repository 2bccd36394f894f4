//! The story: plan, check, push, record.
//!
//! [`Run::work`] tells it from beginning to end; each of the other rooms holds
//! one of its chapters.

mod draft;
mod plan;
mod planner;
mod push;
mod report;
mod run;
mod safeguards;
mod settle;
mod sources;
mod time;

pub use draft::{Counts, Draft};
pub use plan::{Deactivation, Plan, Scope, Upsert, Why};
pub use planner::Planner;
pub use report::{
    Consumed, Read, ReadAndWritten, Reject, Rejects, Report, SessionReport, Trigger, Withheld,
};
pub use run::{Job, Run, RunError};
pub use safeguards::DeactivationLimit;
pub use sources::Source;
pub use time::Time;
