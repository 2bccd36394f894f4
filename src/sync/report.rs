//! What a run did: the answer to its caller, and one line in the log.

use jiff::Timestamp;
use serde::Serialize;

use super::{Changes, Estimate, Plan, Rejects};
use crate::{capacity::Units, okta::SessionId, version::VERSION};

/// A run's report. It carries counts and ids, never a profile's values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The run's id: Lambda's request id.
    pub run_id: String,
    /// The function's version and commit.
    pub version: &'static str,
    /// What fired the run.
    pub trigger: Trigger,
    /// Whether this is only what a run would do.
    pub dry_run: bool,
    /// Records read: the sum of the next three and those rejected.
    pub scanned: u64,
    /// Records of users who are to be active.
    pub active: u64,
    /// Records of users who are to be inactive.
    pub inactive: u64,
    /// Records that the mapping does not include.
    pub out_of_scope: u64,
    /// Users whose first day is yet to come.
    pub upcoming: u64,
    /// Records of which Okta knows everything already.
    pub unchanged: u64,
    /// Users to create, update or reactivate, found by this run.
    pub upserts: u64,
    /// Users to deactivate, found by this run; not those withheld.
    pub deactivations: u64,
    /// Records that could not be sent.
    pub rejected: Rejects,
    /// Deactivations that wait.
    pub withheld: Withheld,
    /// The import sessions of this run.
    pub sessions: Vec<SessionReport>,
    /// Whether there is more to do than this run had time for.
    pub more: bool,
    /// When it is worth going on, if there is more.
    pub resume_at: Option<Timestamp>,
    /// Why the run did nothing at all.
    pub skipped: Option<String>,
    /// What the run consumed of the two tables.
    pub consumed: Consumed,
    /// How long the run took, in milliseconds.
    pub duration_ms: u64,
    /// What it would take to do what a dry run found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// What a dry run found, user by user, if that was asked for. Not a part of what is logged.
    #[serde(skip)]
    pub changes: Option<Changes>,
    /// Upserts and deactivations of the run's sessions that did not fail: part of what it found
    /// to do, and not to be found again.
    #[serde(skip)]
    done: (u64, u64),
}

/// What fired a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// EventBridge.
    Schedule,
    /// DynamoDB Streams.
    Stream,
    /// A direct invocation.
    Direct,
}

impl Trigger {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Stream => "stream",
            Self::Direct => "direct",
        }
    }
}

/// Deactivations that wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// How many.
    pub deactivations: u64,
    /// Why, and what to do.
    pub reason: Option<String>,
}

/// What one import session carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionReport {
    /// Okta's id.
    pub id: SessionId,
    /// The status it was last seen in.
    pub status: String,
    /// Users loaded to be created, updated or reactivated.
    pub upserts: u64,
    /// Users loaded to be deactivated.
    pub deactivations: u64,
    /// Load requests that Okta accepted.
    pub requests: u64,
}

/// What a run consumed of the two tables, as DynamoDB told it. DynamoDB does not tell of calls
/// that it refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Consumed {
    /// Of the users table, which is only read.
    pub users_table: Read,
    /// Of the state table.
    pub state_table: ReadAndWritten,
}

/// Read request units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    /// A unit is a strongly consistent read of 4 KB.
    pub read_units: f64,
}

/// Read and write request units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadAndWritten {
    /// A unit is a strongly consistent read of 4 KB.
    pub read_units: f64,
    /// A unit is a write of 1 KB.
    pub write_units: f64,
}

impl Consumed {
    /// From what the tables' meters show.
    pub(super) fn of(users: Units, state: Units) -> Self {
        Self {
            users_table: Read {
                read_units: users.read,
            },
            state_table: ReadAndWritten {
                read_units: state.read,
                write_units: state.written,
            },
        }
    }
}

impl Report {
    /// The report of a run that has done nothing yet.
    #[must_use]
    pub fn new(run_id: String, trigger: Trigger, dry_run: bool) -> Self {
        Self {
            run_id,
            version: VERSION,
            trigger,
            dry_run,
            scanned: 0,
            active: 0,
            inactive: 0,
            out_of_scope: 0,
            upcoming: 0,
            unchanged: 0,
            upserts: 0,
            deactivations: 0,
            rejected: Rejects::default(),
            withheld: Withheld::default(),
            sessions: Vec::new(),
            more: false,
            resume_at: None,
            skipped: None,
            consumed: Consumed::default(),
            duration_ms: 0,
            estimate: None,
            changes: None,
            done: (0, 0),
        }
    }

    /// Takes over what a plan found. What the run's earlier sessions carried is part of what it
    /// found to do, too.
    pub(super) fn planned(&mut self, plan: &Plan) {
        let (upserts, deactivations) = self.done;
        self.upserts = plan.upserts_found() + upserts;
        self.deactivations = plan.deactivations_found() + deactivations;
        let super::Counts {
            scanned,
            active,
            inactive,
            out_of_scope,
            upcoming,
            unchanged,
        } = plan.counts;
        self.scanned = scanned;
        self.active = active;
        self.inactive = inactive;
        self.out_of_scope = out_of_scope;
        self.upcoming = upcoming;
        self.unchanged = unchanged;
        self.rejected = plan.rejected.clone();
        self.withheld = plan.withheld.clone();
    }

    /// Counts what a session carried that did not fail.
    pub(super) fn carried(&mut self, session: &SessionReport) {
        self.done.0 += session.upserts;
        self.done.1 += session.deactivations;
    }

    /// Upserts and deactivations that the run's sessions carried, of those that did not fail.
    #[must_use]
    pub fn sent(&self) -> (u64, u64) {
        self.done
    }
}
