//! The story: plan, check, push, record.
//!
//! [`Run::work`] tells it from beginning to end; each of the other rooms holds
//! one of its chapters.

mod aside;
mod detail;
mod draft;
mod estimate;
mod load;
mod packing;
mod plan;
mod planner;
mod push;
mod rejects;
mod report;
mod rounds;
mod run;
mod safeguards;
mod settle;
mod sources;
mod time;

pub use aside::Aside;
pub use detail::{
    ChangeKind, Changes, DeactivationChange, Detail, NotAsked, NotListed, OldAndNew, UpsertChange,
};
pub use draft::{Counts, Draft};
pub use estimate::Estimate;
pub use plan::{Deactivation, Plan, Scope, Upsert, Why};
pub use planner::Planner;
pub use rejects::{Reject, Rejects};
pub use report::{Consumed, Read, ReadAndWritten, Report, SessionReport, Trigger, Withheld};
pub(crate) use rounds::COOLDOWN;
pub use run::{Job, Run, RunError};
pub use safeguards::DeactivationLimit;
pub use sources::Source;
pub use time::Time;
