//! What a run did: the answer to its caller, and one line in the log.

mod groups;

use jiff::Timestamp;
use serde::Serialize;

use std::collections::BTreeMap;

pub use self::groups::{GroupExample, GroupExamples, GroupsReport, MembershipsReport};
use super::{
    Changes, Estimate, OutstandingReport, Rejects, Withheld, look::Found, telling::Telling,
};
use crate::{
    capacity::Units,
    guard::Kind,
    okta::{self, Batch, SessionId},
    version::VERSION,
};

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
    /// Whether the switch was set to paused, so that this is only what a run would do.
    pub paused: bool,
    /// Records read.
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
    /// Users to create, update or reactivate, found by this run; not those withheld.
    pub upserts: u64,
    /// Users to deactivate, found by this run; not those withheld.
    pub deactivations: u64,
    /// Users to update or reactivate once an import has ended that may carry them.
    pub waiting: u64,
    /// Users to be inactive whom the ledger does not know: they are not told.
    pub strangers: u64,
    /// Records that our own checks turn away.
    pub rejected: Rejects,
    /// Users whom Okta turned away.
    pub refused: Rejects,
    /// What the guard keeps back.
    pub withheld: Withheld,
    /// Whom single-user calls have told.
    pub fast_lane: FastLane,
    /// What was told of groups, or would be.
    pub groups: GroupsReport,
    /// The joiners and movers whom a look found for more than one session, while sessions carry
    /// them; without them, null.
    pub outstanding: Option<OutstandingReport>,
    /// The import sessions of this run.
    pub sessions: Vec<SessionReport>,
    /// Whether there is more to do than this run had time for.
    pub more: bool,
    /// When it is worth going on, if there is more.
    pub resume_at: Option<Timestamp>,
    /// Why the run did not do what it found.
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
    /// Upserts and deactivations of the run's calls and sessions that did not fail.
    #[serde(skip)]
    done: (u64, u64),
    /// How many users the ledger knows, if the run has looked at all of it.
    #[serde(skip)]
    pub known: u64,
    /// When the next record crosses a date, if the run has looked at all of them.
    #[serde(skip)]
    pub next_date: Option<Timestamp>,
    /// Whether the run has looked at all of the table and of the ledger.
    #[serde(skip)]
    pub whole: bool,
    /// Over how many full runs, one after another, the same change is pending.
    #[serde(skip)]
    pub pending_runs: u32,
    /// Who was told, for the history. Not a part of what is logged.
    #[serde(skip)]
    pub tells: Tells,
}

/// Who was told, by external id, in the order in which they were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tells {
    /// To be created, updated or reactivated.
    pub upserts: Vec<String>,
    /// To be deactivated.
    pub deactivations: Vec<String>,
}

impl Tells {
    /// Adds those of some loads.
    pub(super) fn add(&mut self, batches: &[Batch]) {
        for batch in batches {
            let ids = batch.external_ids().map(str::to_owned);
            match batch.kind() {
                okta::Kind::Upsert => self.upserts.extend(ids),
                okta::Kind::Deactivate => self.deactivations.extend(ids),
            }
        }
    }
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

/// Whom single-user calls have told, and were seen to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FastLane {
    /// To be created, updated or reactivated.
    pub upserts: u64,
    /// To be deactivated.
    pub deactivations: u64,
}

impl FastLane {
    /// How many they are.
    #[must_use]
    pub fn count(self) -> u64 {
        self.upserts + self.deactivations
    }
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

/// What a run consumed of the two tables, as DynamoDB told it. DynamoDB does not tell what the
/// calls took that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Consumed {
    /// Of the users table, which is only read.
    pub users_table: Read,
    /// Of the state table.
    pub state_table: ReadAndWritten,
}

/// Read request units, and what stood in their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    /// A unit is a strongly consistent read of 4 KB.
    pub read_units: f64,
    /// Requests that DynamoDB has throttled, each try for itself: runs slow down for them.
    pub throttled: u64,
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
    pub(super) fn of(users: Units, throttled: u64, state: Units) -> Self {
        Self {
            users_table: Read {
                read_units: users.read,
                throttled,
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
            paused: false,
            scanned: 0,
            active: 0,
            inactive: 0,
            out_of_scope: 0,
            upcoming: 0,
            unchanged: 0,
            upserts: 0,
            deactivations: 0,
            waiting: 0,
            strangers: 0,
            rejected: Rejects::default(),
            refused: Rejects::default(),
            withheld: Withheld::default(),
            fast_lane: FastLane::default(),
            groups: GroupsReport::default(),
            outstanding: None,
            whole: false,
            sessions: Vec::new(),
            more: false,
            resume_at: None,
            skipped: None,
            consumed: Consumed::default(),
            duration_ms: 0,
            estimate: None,
            changes: None,
            done: (0, 0),
            known: 0,
            next_date: None,
            pending_runs: 0,
            tells: Tells::default(),
        }
    }

    /// Takes over what a look found.
    pub(super) fn looked(&mut self, found: &Found) {
        let counts = &found.counts;
        self.scanned = counts.scanned;
        self.active = counts.active;
        self.inactive = counts.inactive;
        self.out_of_scope = counts.out_of_scope;
        self.upcoming = counts.upcoming;
        self.unchanged = counts.unchanged;
        self.upserts = counts.upserts;
        self.deactivations = counts.deactivations;
        self.waiting = counts.waiting;
        self.strangers = counts.strangers;
        self.known = found.known;
        self.whole = found.whole;
        self.next_date = found.next_date;
        self.rejected = found.rejected.clone();
        self.refused = found.refused.clone();
    }

    /// Corrects what a look found by what came of it; `withheld` is what the guard has taken out
    /// of it at once.
    pub(super) fn told(&mut self, telling: &Telling, withheld: &BTreeMap<Kind, u64>) {
        let at_once = |kind| withheld.get(&kind).copied().unwrap_or(0);
        let in_hand = |kind| telling.withheld.get(&kind).copied().unwrap_or(0);
        for (kind, reason) in [
            (
                Kind::Deactivations,
                "the guard's latch closed while they were told",
            ),
            (
                Kind::Updates,
                "the guard's latch closed while they were told",
            ),
        ] {
            let kept = self.withheld.of_mut(kind);
            let more = in_hand(kind).saturating_sub(at_once(kind));
            kept.count += more;
            if more > 0 {
                kept.reason.get_or_insert_with(|| reason.to_owned());
            }
        }
        if telling.held > 0 {
            let reason = "the users table holds no record in scope: check USERS_TABLE, the table and the mapping's \"include\"; \
                          nobody is deactivated on an empty read, whatever the limit";
            self.withheld.hold(telling.held, reason, None);
        }
        let deactivations = at_once(Kind::Deactivations).max(in_hand(Kind::Deactivations));
        let updates = at_once(Kind::Updates).max(in_hand(Kind::Updates));
        self.deactivations = self
            .deactivations
            .saturating_sub(telling.fell_away.0 + telling.refused.0 + telling.held + deactivations);
        self.upserts = self
            .upserts
            .saturating_sub(telling.fell_away.1 + telling.refused.1 + telling.waits + updates);
        self.waiting += telling.waits;
    }

    /// Counts what a session carried that did not fail.
    pub(super) fn carried(&mut self, session: &SessionReport) {
        self.done.0 += session.upserts;
        self.done.1 += session.deactivations;
    }

    /// Counts somebody whom a single-user call has told.
    pub(super) fn called(&mut self, kind: okta::Kind, external_id: &str) {
        let (done, told) = match kind {
            okta::Kind::Upsert => {
                self.fast_lane.upserts += 1;
                (&mut self.done.0, &mut self.tells.upserts)
            }
            okta::Kind::Deactivate => {
                self.fast_lane.deactivations += 1;
                (&mut self.done.1, &mut self.tells.deactivations)
            }
        };
        *done += 1;
        told.push(external_id.to_owned());
    }

    /// Upserts and deactivations that single-user calls and the run's sessions told, of those that
    /// did not fail.
    #[must_use]
    pub fn sent(&self) -> (u64, u64) {
        self.done
    }
}
