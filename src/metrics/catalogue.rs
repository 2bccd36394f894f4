//! Every metric, once: its name in CloudWatch, its unit, and what it is split by.

use ::metrics::{Unit, counter, histogram};

/// A metric of the namespace [`NAMESPACE`].
#[derive(Debug)]
pub struct Metric {
    /// Its name in CloudWatch.
    pub name: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// How its values add up.
    pub kind: Kind,
    /// The dimension that it has besides the function's name, and all values of that.
    pub split_by: Option<(&'static str, &'static [&'static str])>,
}

/// How the values of a metric add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Things that happened: CloudWatch's `Sum` says how many. Nothing is said where none did.
    Flow,
    /// How things are: a sum of it makes no sense. Zero is said, too.
    Level,
}

/// The CloudWatch namespace of all metrics.
pub const NAMESPACE: &str = "DynamoDBIdentitySource";
/// The dimension of all metrics.
pub const FUNCTION: &str = "FunctionName";

/// Runs that came to their end; dry runs are none.
pub const RUNS_SUCCEEDED: Metric = Metric::flow("RunsSucceeded");
/// Of these, those that looked at the whole users table.
pub const FULL_RUNS_SUCCEEDED: Metric = Metric::flow("FullRunsSucceeded");
/// Runs that could not begin or go on.
pub const RUNS_FAILED: Metric = Metric::flow("RunsFailed");
/// Runs that left the work to one that was under way.
pub const RUNS_SKIPPED: Metric = Metric::flow("RunsSkipped");
/// How long a run took.
pub const RUN_SECONDS: Metric = Metric::level("RunSeconds", Unit::Seconds);

/// Records that a full run read.
pub const SCANNED: Metric = Metric::level("Scanned", Unit::Count);
/// Of these, those of users who are to be active.
pub const ACTIVE: Metric = Metric::level("Active", Unit::Count);
/// Of these, those of which Okta knew everything.
pub const UNCHANGED: Metric = Metric::level("Unchanged", Unit::Count);
/// Changes that a full run found and could not send in its time.
pub const PENDING: Metric = Metric::level("Pending", Unit::Count);
/// Records that could not be sent: all there are, by a full run; else those of the run.
pub const REJECTED: Metric = Metric::level("Rejected", Unit::Count);
/// Users, groups and memberships that Okta turned away, in the same way.
pub const REFUSED: Metric = Metric::level("Refused", Unit::Count);
/// Of these, those who are to leave: they still work.
pub const LEAVERS_REFUSED: Metric = Metric::level("LeaversRefused", Unit::Count);
/// Users to be inactive whom the ledger does not know.
pub const STRANGERS: Metric = Metric::level("Strangers", Unit::Count);
/// Users who wait for the end of an import that may carry them.
pub const WAITING: Metric = Metric::level("Waiting", Unit::Count);
/// Over how many full runs, one after another, the same change is pending.
pub const PENDING_RUNS: Metric = Metric::level("PendingRuns", Unit::Count);
/// Whether the switch is set to paused while the ledger knows people.
pub const PAUSED: Metric = Metric::level("Paused", Unit::Count);
/// Runs that found the ledger bound to something else.
pub const OTHER_BINDING: Metric = Metric::flow("OtherBinding");
/// People whom the guard withholds, in the same way.
pub const WITHHELD: Metric = Metric::level("Withheld", Unit::Count);
/// What each kind of change has cost within 24 hours, as a full run leaves it, by the names that
/// reports have for the kinds.
pub const GUARD_SPENT: Metric = Metric::level("GuardSpent", Unit::Count).split("Kind", GUARDED);
/// What it may cost.
pub const GUARD_LIMIT: Metric = Metric::level("GuardLimit", Unit::Count).split("Kind", GUARDED);
const GUARDED: &[&str] = &["deactivations", "updates", "membershipRemovals"];
/// Users of whom Okta was told.
pub const LEDGER_USERS: Metric = Metric::level("LedgerUsers", Unit::Count);

/// People whom the last verification found otherwise at Okta than it was told.
pub const DRIFT: Metric = Metric::level("Drift", Unit::Count);

/// Read request units that a run consumed of the users table.
pub const USERS_TABLE_READ_UNITS: Metric = Metric::level("UsersTableReadUnits", Unit::Count);
/// Read request units that a run consumed of the state table.
pub const STATE_TABLE_READ_UNITS: Metric = Metric::level("StateTableReadUnits", Unit::Count);
/// Write request units that a run consumed of the state table.
pub const STATE_TABLE_WRITE_UNITS: Metric = Metric::level("StateTableWriteUnits", Unit::Count);

/// Users sent to be created, updated or reactivated, by calls and by sessions that did not fail.
pub const UPSERTS: Metric = Metric::flow("Upserts");
/// Users sent to be deactivated, by calls and by sessions that did not fail.
pub const DEACTIVATIONS: Metric = Metric::flow("Deactivations");

/// Groups sent to be made, changed or deleted, by sessions that did not fail.
pub const GROUPS: Metric = Metric::flow("Groups");
/// Memberships sent to be added, by sessions that did not fail.
pub const MEMBERSHIPS_ADDED: Metric = Metric::flow("MembershipsAdded");
/// Memberships sent to be taken away, by sessions that did not fail.
pub const MEMBERSHIPS_REMOVED: Metric = Metric::flow("MembershipsRemoved");

/// Import sessions by how they ended; each is counted once, when its end is seen.
pub const SESSIONS: Metric = Metric::flow("Sessions").split(
    "Status",
    &["COMPLETED", "CLOSED", "EXPIRED", "ERROR", "OTHER"],
);
/// Of these, those that Okta did not import to their end: ERROR and EXPIRED. By itself, as an
/// alarm over two series, of which one may never have had a value, is not to be relied on.
pub const SESSIONS_FAILED: Metric = Metric::flow("SessionsFailed");
/// How long it took until Okta opened a session, or until the run gave up waiting for one.
pub const SESSION_WAIT_SECONDS: Metric = Metric::level("SessionWaitSeconds", Unit::Seconds);
/// From starting an import to seeing it COMPLETED.
pub const IMPORT_SECONDS: Metric = Metric::level("ImportSeconds", Unit::Seconds);

/// Requests to Okta by what came of them; every attempt counts.
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

/// From the oldest change of a stream batch to its being told to Okta.
pub const CHANGE_SECONDS: Metric = Metric::level("ChangeSeconds", Unit::Seconds);
/// The age of the oldest change of a stream batch that is to come back; zero after one that
/// is done.
pub const PENDING_CHANGE_SECONDS: Metric = Metric::level("PendingChangeSeconds", Unit::Seconds);

/// From the oldest change of a stream batch to each single-user call that was seen to be done.
pub const FAST_LANE_SECONDS: Metric = Metric::level("FastLaneSeconds", Unit::Seconds);
/// From the oldest change of a stream batch to its leavers' being told, by calls or by a session,
/// where calls are proven to deactivate people.
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

    /// Adds one to that part of a flow; the last value stands for all that are not on the list.
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

    /// Says how things are. A histogram, as a gauge would be told again by invocations that
    /// know nothing about it.
    pub(crate) fn is(&self, value: f64) {
        histogram!(self.name).record(value);
    }

    /// Says so of a part.
    pub(crate) fn is_as(&self, part: &str, value: f64) {
        if let Some((dimension, part)) = self.part(part) {
            histogram!(self.name, dimension => part).record(value);
        }
    }
}
