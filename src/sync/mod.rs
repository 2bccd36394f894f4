//! The story: plan, check, push, record.
//!
//! [`Run::full`] tells it from beginning to end; each of the other rooms holds
//! one of its chapters.

mod plan;
mod planner;
mod push;
mod report;
mod run;
mod safeguards;
mod settle;
mod time;

pub use plan::{Deactivation, Plan, Upsert, Why};
pub use planner::{Draft, Planner};
pub use report::{Reject, Rejects, Report, SessionReport, Trigger, Withheld};
pub use run::{Mode, Run, RunError};
pub use safeguards::DeactivationLimit;
pub use time::Time;
