//! What ran, what is open at Okta, who is stuck and what waits. It only reads.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    guard::{Digest, Guard, Kind, Memory},
    ledger::{
        Binding, Holder, Ledger, Mode, Off, Proof, ProvenCalls, Recent, RunSummary, SessionLog,
        State, Stuck, Switch, Withdrawn,
        log::{Ended, Listed},
    },
    okta::{self, Calls, SessionId},
    sync::{COOLDOWN, Run, RunError, Time},
    verify::{LastVerified, Verification},
};

/// The longest wait for Okta.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many of the stuck are listed.
const LISTED: usize = 100;

/// What ran, what is open at Okta, who is stuck, and what waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// When this was read.
    pub at: Timestamp,
    /// The last 20 full runs and pushes and the last 20 stream batches, newest first.
    pub last_runs: Vec<RunSummary>,
    /// Import sessions that the ledger remembers, and those that are open at Okta, newest first.
    pub sessions: Vec<SessionState>,
    /// Why Okta could not be asked. The rest of the answer holds all the same. Null if Okta
    /// answered.
    pub okta_error: Option<String>,
    /// The run that has a session open. Null if none has.
    pub lease: Option<Holder>,
    /// The switch. `running`: runs tell Okta what they find. `paused`: every run is a dry run.
    pub switch: Mode,
    /// When the switch was set to this. Null if nobody ever set it.
    pub switch_since: Option<Timestamp>,
    /// Who set the switch, as the command said. Null if the command did not say.
    pub switch_by: Option<String>,
    /// Why, as the command said. Null if the command did not say.
    pub switch_reason: Option<String>,
    /// Whether a full run is due since the function was resumed, because stream changes were passed
    /// over while it was paused.
    pub full_look_due: bool,
    /// The guard's budget for each kind of change (`deactivations`, `updates`,
    /// `membershipRemovals`): what it may cost and has cost within 24 hours, and what waits. What
    /// the rule for a single group withholds is only in the reports.
    pub guard: BTreeMap<Kind, GuardState>,
    /// The last verification that finished, and what it found different. Null if none ever did.
    pub verified: Option<LastVerified>,
    /// The org, identity source, table and template that the ledger is about. Null before the first
    /// run.
    pub binding: Option<Binding>,
    /// What single-user calls are proven to do, and whether they are made now.
    pub fast_lane: FastLaneState,
    /// Records that cannot be sent and users that Okta refuses. People who are healed are no longer
    /// in it.
    pub stuck: StuckList,
    /// The deactivations that the last full run withheld. Null if it withheld none.
    pub withheld: Option<WithheldSince>,
    /// When the next record crosses its first or last day, by the last full run that finished. Null
    /// if no dates are ahead. It is kept with the history, so it is always null with `HISTORY_DAYS`
    /// 0.
    pub next_date: Option<Timestamp>,
    /// When Okta's rule of five minutes lets another session be opened. Null if that is now.
    pub next_session: Option<Timestamp>,
}

/// Deactivations that wait.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WithheldSince {
    /// How many people.
    pub deactivations: u64,
    /// Why, and what to do. Null if the run gave no reason.
    pub reason: Option<String>,
    /// Since when full runs have withheld somebody, one after another.
    pub since: Timestamp,
}

/// The guard's budget for one kind of change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuardState {
    /// How many people this kind may touch within 24 hours. For `membershipRemovals`: how many
    /// memberships.
    pub limit: u64,
    /// How much of the limit is spent.
    pub spent: u64,
    /// What the limit is a share of: the largest number of people told active within 24 hours. For
    /// `membershipRemovals`: of memberships told.
    pub base: u64,
    /// How many people waited at the last full look. For `membershipRemovals`: how many
    /// memberships.
    pub withheld: u64,
    /// Since when they wait. Null if nobody waits.
    pub since: Option<Timestamp>,
    /// The digest to approve them by. Null if nobody can be approved.
    pub digest: Option<Digest>,
}

/// What single-user calls are proven to do, and whether they are made now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FastLaneState {
    /// Up to how many changes of a stream batch or a push single-user calls are made for
    /// (`FAST_LANE`). 0 means never.
    pub limit: usize,
    /// Whether single-user calls create and change people now.
    pub upserts: bool,
    /// Whether single-user calls deactivate people now.
    pub deactivations: bool,
    /// What each call was seen to do with this org. Null before `prove`.
    pub proven: Option<ProvenCalls>,
    /// When that was proven. Null before `prove`.
    pub proven_at: Option<Timestamp>,
    /// Why something that worked does not count any more. Null if nothing was withdrawn.
    pub withdrawn: Option<Withdrawn>,
    /// Why no call is made for a while, and until when. Null if calls are not off.
    pub off: Option<Off>,
}

impl FastLaneState {
    fn of(run: &Run, proof: Proof, now: Timestamp) -> Self {
        let is_ours = proof.is_of(&run.binding);
        let may = proof.may_call(&run.binding, now);
        let is_on = run.fast_lane > 0;
        Self {
            limit: run.fast_lane,
            upserts: is_on && may.upserts,
            deactivations: is_on && may.deactivations,
            proven: is_ours.then_some(proof.calls),
            proven_at: proof.at.filter(|_| is_ours),
            withdrawn: proof.withdrawn.filter(|_| is_ours),
            off: proof.off.filter(|off| is_ours && off.until > now),
        }
    }
}

/// An import session.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionState {
    /// Okta's id of the session.
    pub id: SessionId,
    /// What the ledger goes by. Before the end was seen: `OPEN`, `STARTING`, `TRIGGERED` or
    /// `GIVENUP`. After it: `LANDED`, or `NOTHING`, `VOID` and `ERROR`, whose users are told again.
    /// Null if the session is somebody else's.
    pub verdict: Option<String>,
    /// Okta's status now, if the session's end is not known yet. `GONE` means that Okta does not
    /// know it. Null if the end is known or Okta could not be asked.
    pub status: Option<String>,
    /// When it was opened. Null if that is not known.
    pub opened: Option<Timestamp>,
    /// When its import was started. Null if it was not started, or that is not known.
    pub triggered: Option<Timestamp>,
    /// The id of the run that opened it. Null if that is not known.
    pub run: Option<String>,
}

/// Records that cannot be sent and users that Okta refuses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StuckList {
    /// All of them.
    pub count: u64,
    /// Users that Okta refuses.
    pub refused: u64,
    /// Records that our own checks turn away.
    pub rejected: u64,
    /// The first 100: those that Okta refuses first, then those that have been stuck for longest.
    pub entries: Vec<StuckState>,
}

/// Somebody who is stuck.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StuckState {
    /// The external id. Null if the record does not give one.
    pub external_id: Option<String>,
    /// The record's key, such as `id=alice`. Null if it is not known.
    pub record: Option<String>,
    /// Why, and what to do.
    pub reasons: Vec<String>,
    /// Whether Okta refuses them, rather than our own checks. They are tried again when what Okta
    /// would be told changes. Leavers are tried again by every full run.
    pub refused: bool,
    /// When a run first found them stuck.
    pub since: Timestamp,
    /// When a run last found them stuck.
    pub last: Timestamp,
    /// How many runs found them stuck.
    pub times: u64,
}

/// Reads all of it.
///
/// # Errors
/// When the state table cannot be read.
pub(crate) async fn look(run: &Run, time: &Time) -> Result<Overview, RunError> {
    let ledger: &Ledger = &run.ledger;
    let (state, stuck, recent, lease, verification, proof) = futures::try_join!(
        ledger.state::<Memory>(run.start),
        ledger.stuck(),
        ledger.recent(),
        ledger.holder(),
        Verification::of(ledger),
        ledger.proof(),
    )?;
    let State {
        log,
        binding,
        switch,
        guard,
        active_before: _,
    } = state;
    let log = log.value;
    let Switch {
        mode,
        since,
        by,
        reason,
        full_look_due,
    } = switch;
    let now = time.now();
    let calls = run.okta.by((now + PATIENCE).min(time.answer_by()));
    let mut sessions = remembered(&log);
    let asked = at_okta(&calls, &log, &mut sessions).await;
    sessions.sort_by_key(|session| std::cmp::Reverse(session.opened));
    let guard = Guard::new(ledger, run.limits, guard, now).await?;
    Ok(Overview {
        at: now,
        sessions,
        okta_error: asked.err().map(|error| error.to_string()),
        lease,
        switch: mode,
        switch_since: since,
        switch_by: by,
        switch_reason: reason,
        full_look_due,
        withheld: withheld(&recent),
        guard: guarded(&guard, now),
        verified: verification.last,
        binding: binding.exists().then_some(binding.value),
        fast_lane: FastLaneState::of(run, proof.value, now),
        stuck: StuckList::of(&stuck),
        next_date: recent.next_date,
        last_runs: recent.all(),
        next_session: log
            .last_triggered()
            .map(|at| at + COOLDOWN)
            .filter(|at| *at > now),
    })
}

fn withheld(recent: &Recent) -> Option<WithheldSince> {
    Some(WithheldSince {
        deactivations: recent.withheld,
        reason: recent.withheld_reason.clone(),
        since: recent.withheld_since?,
    })
}

fn guarded(guard: &Guard, now: Timestamp) -> BTreeMap<Kind, GuardState> {
    let memory = guard.memory();
    let of = |kind| {
        let (limit, base) = guard.limit(kind, now);
        GuardState {
            limit,
            spent: memory.budget.spent(kind, now),
            base,
            withheld: memory.waiting(kind),
            since: memory.latched(kind),
            digest: memory.digest(kind, now).cloned(),
        }
    };
    Kind::ALL.into_iter().map(|kind| (kind, of(kind))).collect()
}

fn remembered(log: &SessionLog) -> Vec<SessionState> {
    let listed = log.listed().map(|(_, session)| {
        let Listed {
            id,
            state,
            opened,
            triggered,
            run,
            ..
        } = session;
        SessionState {
            id: id.clone(),
            verdict: Some(word(state)),
            status: None,
            opened: Some(*opened),
            triggered: *triggered,
            run: Some(run.clone()),
        }
    });
    let ended = log.recent().iter().map(|session| {
        let Ended {
            number: _,
            id,
            end,
            opened,
            triggered,
            run,
        } = session;
        SessionState {
            id: id.clone(),
            verdict: Some(word(end)),
            status: None,
            opened: Some(*opened),
            triggered: *triggered,
            run: Some(run.clone()),
        }
    });
    listed.chain(ended).collect()
}

/// The word that the log has for how a session stands.
fn word(stands: &impl Serialize) -> String {
    let word = serde_json::to_value(stands).ok();
    word.and_then(|word| Some(word.as_str()?.to_owned()))
        .unwrap_or_default()
}

/// Asks Okta for its open sessions, and for those of which the end is not known.
async fn at_okta(
    calls: &Calls,
    log: &SessionLog,
    sessions: &mut Vec<SessionState>,
) -> Result<(), okta::Error> {
    for open in calls.active_sessions().await? {
        match sessions.iter_mut().find(|known| known.id == open.id) {
            Some(known) => known.status = Some(open.status.to_string()),
            None => sessions.push(SessionState {
                status: Some(open.status.to_string()),
                verdict: None,
                opened: open.created,
                triggered: None,
                run: None,
                id: open.id,
            }),
        }
    }
    for session in sessions.iter_mut() {
        if session.status.is_none() && log.number_of_listed(&session.id).is_some() {
            let found = calls.session(&session.id).await?;
            let status = found.map_or_else(|| "GONE".to_owned(), |it| it.status.to_string());
            session.status = Some(status);
        }
    }
    Ok(())
}

impl StuckList {
    fn of(stuck: &Stuck) -> Self {
        let mut entries: Vec<_> = stuck.iter().map(|(_, entry)| entry).collect();
        entries.sort_by_key(|entry| (entry.print.is_none(), entry.since, &entry.external_id));
        let refused = entries.iter().filter(|entry| entry.print.is_some()).count() as u64;
        let count = entries.len() as u64 + stuck.beyond();
        let listed = entries.into_iter().take(LISTED);
        Self {
            count,
            refused,
            rejected: count - refused,
            entries: listed
                .cloned()
                .map(|entry| StuckState {
                    external_id: entry.external_id,
                    record: entry.record,
                    reasons: entry.reasons,
                    refused: entry.print.is_some(),
                    since: entry.since,
                    last: entry.last,
                    times: entry.times,
                })
                .collect(),
        }
    }
}
