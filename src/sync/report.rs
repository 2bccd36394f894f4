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

/// What a run did, or would do. It carries counts and ids, never a profile's values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The run's id, which is Lambda's request id. The history keeps the run under it.
    pub run_id: String,
    /// The function's version and the commit that it was built from, such as `0.2.0+3f2a9c0b1d4e`.
    /// The commit is `unknown` if the source was built without its repository and without
    /// `GIT_COMMIT`.
    pub version: &'static str,
    /// What started the run.
    pub trigger: Trigger,
    /// Whether this is only what a run would do: it was asked for a plan, or the function is
    /// paused.
    pub dry_run: bool,
    /// Whether this is only what a run would do because the switch is at `paused`.
    pub paused: bool,
    /// Records read from the users table. 0 in a run that goes on with what an earlier one found.
    /// Such a run knows little but `upserts`.
    pub scanned: u64,
    /// Records of users who must be active.
    pub active: u64,
    /// Records of users who must be inactive.
    pub inactive: u64,
    /// Records that the mapping's `include` leaves out.
    pub out_of_scope: u64,
    /// Users whose first day (`activeFrom`, less `leadDays`) is still ahead.
    pub upcoming: u64,
    /// Records about which Okta knows everything already.
    pub unchanged: u64,
    /// Users to create, update or reactivate that this run found. Withheld ones are not counted.
    pub upserts: u64,
    /// Users to deactivate that this run found. Withheld ones are not counted.
    pub deactivations: u64,
    /// Users who are told once an import that may still carry them has ended, so that older news
    /// cannot overtake newer. Also users who take over a login that somebody else is giving up:
    /// they are told after that person.
    pub waiting: u64,
    /// Inactive records of people unknown to the ledger. Okta is not told about them.
    pub strangers: u64,
    /// Records that our own checks turn away. Their users stay as they are at Okta. Correct the
    /// records.
    pub rejected: Rejects,
    /// Users that Okta turned away, including those that it left out of an import that it calls
    /// completed.
    pub refused: Rejects,
    /// What the guard keeps back, by kind.
    pub withheld: Withheld,
    /// People who were told by single-user calls.
    pub fast_lane: FastLane,
    /// What was told about groups. In a dry run: what would be told.
    pub groups: GroupsReport,
    /// The list of joiners and movers that a look found for more than one session. The next runs go
    /// on with it. Null if there is no such list.
    pub outstanding: Option<OutstandingReport>,
    /// Okta's import sessions of this run, with what each carried.
    pub sessions: Vec<SessionReport>,
    /// Whether there is more to do than there was time for, or than Okta or another run allowed.
    /// Invoke it again. After a scheduled run the state machine does so.
    pub more: bool,
    /// When it is worth going on. Null if there is nothing more to do.
    pub resume_at: Option<Timestamp>,
    /// Why the run left its work: another run had a session open, or the function was paused in the
    /// middle. Null if it did its work.
    pub skipped: Option<String>,
    /// What the run consumed of the users table and of its own tables.
    pub consumed: Consumed,
    /// How long the run took, in milliseconds.
    pub duration_ms: u64,
    /// What it would take to carry out the plan. Only in dry runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// What a dry run found, user by user, if it was asked for. Not part of what is logged.
    #[serde(skip)]
    pub changes: Option<Changes>,
    /// Upserts and deactivations of the run's calls and of its sessions that did not fail.
    #[serde(skip)]
    done: (u64, u64),
    /// How many users the ledger knows, if the run looked at all of it.
    #[serde(skip)]
    pub known: u64,
    /// When the next record crosses a date, if the run looked at all of them.
    #[serde(skip)]
    pub next_date: Option<Timestamp>,
    /// Whether the run looked at the whole table and the whole ledger.
    #[serde(skip)]
    pub whole: bool,
    /// Over how many full runs in a row the same change has been pending.
    #[serde(skip)]
    pub pending_runs: u32,
    /// Who was told, for the history. Not part of what is logged.
    #[serde(skip)]
    pub tells: Tells,
}

/// Who was told, by external id, in the order of the telling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tells {
    /// People created, updated or reactivated.
    pub upserts: Vec<String>,
    /// People deactivated.
    pub deactivations: Vec<String>,
}

impl Tells {
    /// Adds the people of some loads.
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

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// The schedule (EventBridge).
    Schedule,
    /// A batch of the users table's stream.
    Stream,
    /// A direct invocation with a command.
    Direct,
}

impl Trigger {
    /// Its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Stream => "stream",
            Self::Direct => "direct",
        }
    }
}

/// People who were told by single-user calls and then seen to be as told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FastLane {
    /// People created, updated or reactivated.
    pub upserts: u64,
    /// People deactivated.
    pub deactivations: u64,
}

impl FastLane {
    /// How many people in all.
    #[must_use]
    pub fn count(self) -> u64 {
        self.upserts + self.deactivations
    }
}

/// What one import session carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionReport {
    /// Okta's id of the session.
    pub id: SessionId,
    /// The status in which Okta last showed it. The next run settles a session that still says
    /// `TRIGGERED`. One that says `CLOSED` held only deactivations of users that Okta does not
    /// know.
    pub status: String,
    /// Users loaded to be created, updated or reactivated.
    pub upserts: u64,
    /// Users loaded to be deactivated.
    pub deactivations: u64,
    /// Load requests that Okta accepted, those for groups and memberships included. A session takes
    /// 50.
    pub requests: u64,
}

/// What a run consumed of the two tables, as DynamoDB reports it. Calls that failed are not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Consumed {
    /// The users table, which is only read.
    pub users_table: Read,
    /// The function's own tables.
    pub state_table: ReadAndWritten,
}

/// Read request units, and how often DynamoDB throttled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    /// Read request units. One is a strongly consistent read of 4 KB.
    pub read_units: f64,
    /// Requests to the users table that DynamoDB throttled. Each try counts. Runs slow down for
    /// them.
    pub throttled: u64,
}

/// Read and write request units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadAndWritten {
    /// Read request units. One is a strongly consistent read of 4 KB.
    pub read_units: f64,
    /// Write request units. One is a write of 1 KB.
    pub write_units: f64,
}

impl Consumed {
    /// Reads the tables' meters.
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

    /// Corrects what a look found by what came of it. `withheld` is what the guard took out of it
    /// at once.
    pub(super) fn told(&mut self, telling: &Telling, withheld: &BTreeMap<Kind, u64>) {
        let at_once = |kind| withheld.get(&kind).copied().unwrap_or(0);
        let in_hand = |kind| telling.withheld.get(&kind).copied().unwrap_or(0);
        for (kind, reason) in [
            (
                Kind::Deactivations,
                "the guard's latch closed while the run was telling them",
            ),
            (
                Kind::Updates,
                "the guard's latch closed while the run was telling them",
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
            let reason = "the users table holds no record in scope: check USERS_TABLE, the table \
                          and the mapping's \"include\"; nobody is deactivated on an empty read, \
                          whatever the limit";
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

    /// Counts what a session that did not fail carried.
    pub(super) fn carried(&mut self, session: &SessionReport) {
        self.done.0 += session.upserts;
        self.done.1 += session.deactivations;
    }

    /// Counts somebody who was told by a single-user call.
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

    /// Upserts and deactivations of the run's single-user calls and of its sessions that did not
    /// fail.
    #[must_use]
    pub fn sent(&self) -> (u64, u64) {
        self.done
    }
}
