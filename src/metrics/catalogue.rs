//! Every metric, once: its name in CloudWatch, its unit, and what it is split by.

use ::metrics::{Unit, counter, histogram};

/// A metric of the namespace [`NAMESPACE`].
#[derive(Debug)]
pub struct Metric {
    /// Its name in CloudWatch.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// How its values add up.
    pub kind: Kind,
    /// Its dimension apart from the function's name, and all values of that.
    pub split_by: Option<(&'static str, &'static [&'static str])>,
}

/// How the values of a metric add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Things that happened: CloudWatch's `Sum` says how many. Nothing is written if none did.
    Flow,
    /// A state: a sum of it makes no sense. Zero is written, too.
    Level,
}

/// The CloudWatch namespace of all metrics.
pub const NAMESPACE: &str = "DynamoDBIdentitySource";
/// The dimension of all metrics.
pub const FUNCTION: &str = "FunctionName";

/// Runs that succeeded. Dry runs are not counted, nor are runs while the function is paused.
pub const RUNS_SUCCEEDED: Metric = Metric::flow("RunsSucceeded");
/// Of these, runs that looked at the whole users table.
pub const FULL_RUNS_SUCCEEDED: Metric = Metric::flow("FullRunsSucceeded");
/// Runs that ended in an error.
pub const RUNS_FAILED: Metric = Metric::flow("RunsFailed");
/// Runs that left the work to another run that was under way.
pub const RUNS_SKIPPED: Metric = Metric::flow("RunsSkipped");
/// How long a run took.
pub const RUN_SECONDS: Metric = Metric::level("RunSeconds", Unit::Seconds);

/// Records that a full run read.
pub const SCANNED: Metric = Metric::level("Scanned", Unit::Count);
/// Records of users who must be active, by a full run.
pub const ACTIVE: Metric = Metric::level("Active", Unit::Count);
/// Records about which Okta knew everything already, by a full run.
pub const UNCHANGED: Metric = Metric::level("Unchanged", Unit::Count);
/// Changes that a full run found and could not send in its time.
pub const PENDING: Metric = Metric::level("Pending", Unit::Count);
/// Records that our own checks turn away. A full run counts all there are, zero included. Other
/// runs count their own, and write no zero.
pub const REJECTED: Metric = Metric::level("Rejected", Unit::Count);
/// Users, groups and memberships that Okta refused, and one if Okta does not answer about groups at
/// all. A full run counts all there are, zero included. Other runs count their own, and write no
/// zero.
pub const REFUSED: Metric = Metric::level("Refused", Unit::Count);
/// Of the refused users, leavers: they can still work. Zero is written by full runs alone.
pub const LEAVERS_REFUSED: Metric = Metric::level("LeaversRefused", Unit::Count);
/// Inactive records of people unknown to the ledger. Okta is not told about them. Zero is written
/// by full runs alone.
pub const STRANGERS: Metric = Metric::level("Strangers", Unit::Count);
/// Users who wait for the end of an import that may still carry them. Zero is written by full runs
/// alone.
pub const WAITING: Metric = Metric::level("Waiting", Unit::Count);
/// Over how many full runs in a row the same changes have been pending.
pub const PENDING_RUNS: Metric = Metric::level("PendingRuns", Unit::Count);
/// 1 while full runs find the switch at `paused` and the ledger knows people, else 0.
pub const PAUSED: Metric = Metric::level("Paused", Unit::Count);
/// Runs that found the ledger bound to another org, identity source, table or template.
pub const OTHER_BINDING: Metric = Metric::flow("OtherBinding");
/// People and memberships that the guard withholds, all kinds together. Zero is written by full
/// runs alone.
pub const WITHHELD: Metric = Metric::level("Withheld", Unit::Count);
/// What the guard has let each kind of change cost within 24 hours. Written by each look at the
/// whole table.
pub const GUARD_SPENT: Metric = Metric::level("GuardSpent", Unit::Count).split("Kind", GUARDED);
/// What each kind of change may cost within 24 hours. Written by each look at the whole table.
pub const GUARD_LIMIT: Metric = Metric::level("GuardLimit", Unit::Count).split("Kind", GUARDED);
const GUARDED: &[&str] = &["deactivations", "updates", "membershipRemovals"];
/// Users that the ledger has: those that Okta was told about.
pub const LEDGER_USERS: Metric = Metric::level("LedgerUsers", Unit::Count);

/// People that Okta has otherwise than it was told, by the last verification that finished.
pub const DRIFT: Metric = Metric::level("Drift", Unit::Count);

/// Read request units that a run consumed of the users table. One is a strongly consistent read of
/// 4 KB.
pub const USERS_TABLE_READ_UNITS: Metric = Metric::level("UsersTableReadUnits", Unit::Count);
/// Read request units that a run consumed of the state table. One is a strongly consistent read of
/// 4 KB.
pub const STATE_TABLE_READ_UNITS: Metric = Metric::level("StateTableReadUnits", Unit::Count);
/// Write request units that a run consumed of the state table. One is a write of 1 KB.
pub const STATE_TABLE_WRITE_UNITS: Metric = Metric::level("StateTableWriteUnits", Unit::Count);

/// Users sent to be created, updated or reactivated, by single-user calls and by sessions that did
/// not fail.
pub const UPSERTS: Metric = Metric::flow("Upserts");
/// Users sent to be deactivated, by single-user calls and by sessions that did not fail.
pub const DEACTIVATIONS: Metric = Metric::flow("Deactivations");

/// Groups made, changed or deleted, by sessions that did not fail.
pub const GROUPS: Metric = Metric::flow("Groups");
/// Memberships added, by sessions that did not fail.
pub const MEMBERSHIPS_ADDED: Metric = Metric::flow("MembershipsAdded");
/// Memberships taken away, by sessions that did not fail.
pub const MEMBERSHIPS_REMOVED: Metric = Metric::flow("MembershipsRemoved");

/// Import sessions by how they ended. Each is counted once, when its end is seen.
pub const SESSIONS: Metric = Metric::flow("Sessions").split(
    "Status",
    &["COMPLETED", "CLOSED", "EXPIRED", "ERROR", "OTHER"],
);
/// Import sessions that ended in ERROR or EXPIRED. A metric of its own, because an alarm over two
/// series is unreliable if one of them may never have had a value.
pub const SESSIONS_FAILED: Metric = Metric::flow("SessionsFailed");
/// How long a run waited until Okta opened a session, or until the run gave up waiting for one.
pub const SESSION_WAIT_SECONDS: Metric = Metric::level("SessionWaitSeconds", Unit::Seconds);
/// How long an import took, from its start until it was seen COMPLETED.
pub const IMPORT_SECONDS: Metric = Metric::level("ImportSeconds", Unit::Seconds);

/// Requests to Okta by result. Every attempt counts. `RateLimited` is a 429, `Refused` another 4xx,
/// such as "no session yet", `Unavailable` a 5xx.
pub const OKTA_REQUESTS: Metric = Metric::flow("OktaRequests").split(
    "Result",
    &[
        "Succeeded",
        "RateLimited",
        "Refused",
        "Unavailable",
        "Unanswered",
    ],
);

/// The age of a stream batch's oldest change when it was told to Okta.
pub const CHANGE_SECONDS: Metric = Metric::level("ChangeSeconds", Unit::Seconds);
/// The age of a stream batch's oldest change while the batch must come back. Zero after a batch
/// that is done.
pub const PENDING_CHANGE_SECONDS: Metric = Metric::level("PendingChangeSeconds", Unit::Seconds);

/// From the oldest change of a stream batch to each single-user call that was seen to be done.
pub const FAST_LANE_SECONDS: Metric = Metric::level("FastLaneSeconds", Unit::Seconds);
/// From the oldest change of a stream batch until its leavers were told, by calls or by a session.
/// Only while calls are proven to deactivate people.
pub const LEAVER_SECONDS: Metric = Metric::level("LeaverSeconds", Unit::Seconds);

/// All metrics.
pub const ALL: &[&Metric] = &[
    &RUNS_SUCCEEDED,
    &FULL_RUNS_SUCCEEDED,
    &RUNS_FAILED,
    &RUNS_SKIPPED,
    &RUN_SECONDS,
    &SCANNED,
    &ACTIVE,
    &UNCHANGED,
    &PENDING,
    &REJECTED,
    &REFUSED,
    &LEAVERS_REFUSED,
    &STRANGERS,
    &WAITING,
    &PENDING_RUNS,
    &PAUSED,
    &OTHER_BINDING,
    &WITHHELD,
    &GUARD_SPENT,
    &GUARD_LIMIT,
    &LEDGER_USERS,
    &DRIFT,
    &USERS_TABLE_READ_UNITS,
    &STATE_TABLE_READ_UNITS,
    &STATE_TABLE_WRITE_UNITS,
    &UPSERTS,
    &DEACTIVATIONS,
    &GROUPS,
    &MEMBERSHIPS_ADDED,
    &MEMBERSHIPS_REMOVED,
    &SESSIONS,
    &SESSIONS_FAILED,
    &SESSION_WAIT_SECONDS,
    &IMPORT_SECONDS,
    &OKTA_REQUESTS,
    &CHANGE_SECONDS,
    &PENDING_CHANGE_SECONDS,
    &FAST_LANE_SECONDS,
    &LEAVER_SECONDS,
];

impl Metric {
    const fn flow(name: &'static str) -> Self {
        Self {
            name,
            unit: Unit::Count,
            kind: Kind::Flow,
            split_by: None,
        }
    }

    const fn level(name: &'static str, unit: Unit) -> Self {
        Self {
            name,
            unit,
            kind: Kind::Level,
            split_by: None,
        }
    }

    const fn split(mut self, dimension: &'static str, values: &'static [&'static str]) -> Self {
        self.split_by = Some((dimension, values));
        self
    }

    /// Adds to a flow.
    pub(crate) fn add(&self, count: u64) {
        counter!(self.name).increment(count);
    }

    /// Adds one to a part of a flow. The last value stands for all that are not on the list.
    pub(crate) fn add_as(&self, value: &str) {
        if let Some((dimension, value)) = self.part(value) {
            counter!(self.name, dimension => value).increment(1);
        }
    }

    fn part(&self, value: &str) -> Option<(&'static str, &'static str)> {
        let (dimension, values) = self.split_by?;
        let listed = values.iter().find(|listed| **listed == value);
        Some((dimension, *listed.or(values.last())?))
    }

    /// Writes a level. It is a histogram, because later invocations that know nothing about it
    /// would write a gauge again.
    pub(crate) fn is(&self, value: f64) {
        histogram!(self.name).record(value);
    }

    /// Writes a part of a level.
    pub(crate) fn is_as(&self, part: &str, value: f64) {
        if let Some((dimension, part)) = self.part(part) {
            histogram!(self.name, dimension => part).record(value);
        }
    }
}
