//! How things stand: what ran, what is open at Okta, who is stuck and what waits. It only reads.

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

/// How long Okta is waited for at most.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many of the stuck are listed.
const LISTED: usize = 100;

/// How things stand.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// When that was.
    pub at: Timestamp,
    /// The last runs, newest first.
    pub last_runs: Vec<RunSummary>,
    /// The import sessions that are remembered, and those that are open at Okta, newest first.
    pub sessions: Vec<SessionState>,
    /// Why Okta could not be asked, if it could not.
    pub okta_error: Option<String>,
    /// Who is at work.
    pub lease: Option<Holder>,
    /// Whether runs tell Okta anything: `running` or `paused`.
    pub switch: Mode,
    /// Since when; none if it was never set.
    pub switch_since: Option<Timestamp>,
    /// By whom.
    pub switch_by: Option<String>,
    /// Why.
    pub switch_reason: Option<String>,
    /// Whether a full run is due since it was set to running: stream changes were passed over.
    pub full_look_due: bool,
    /// What each kind of change may cost and has cost within 24 hours, and what waits.
    pub guard: BTreeMap<Kind, GuardState>,
    /// When Okta was last verified to the end, and what differed; none if it never was.
    pub verified: Option<LastVerified>,
    /// What the ledger is about; none before the first run.
    pub binding: Option<Binding>,
    /// What single-user calls were seen to do, and whether they are made.
    pub fast_lane: FastLaneState,
    /// Who is stuck.
    pub stuck: StuckList,
    /// The deactivations that the last full run withheld.
    pub withheld: Option<WithheldSince>,
    /// When the next record crosses a date of the mapping's, by the last full look; none if none does.
    pub next_date: Option<Timestamp>,
    /// When Okta opens a session again by its rule of five minutes; none if it does now.
    pub next_session: Option<Timestamp>,
}

/// Deactivations that wait.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WithheldSince {
    /// How many.
    pub deactivations: u64,
    /// Why, and what to do.
    pub reason: Option<String>,
    /// Since when full runs have withheld some, one after another.
    pub since: Timestamp,
}

/// What a kind of change may cost and has cost within 24 hours, and what waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuardState {
    /// How many people it may touch.
    pub limit: u64,
    /// How many it has touched.
    pub spent: u64,
    /// Of how many people told active the limit is a share.
    pub base: u64,
    /// How many people waited at the last full look.
    pub withheld: u64,
    /// Since when they wait.
    pub since: Option<Timestamp>,
    /// What stands for them when they are approved.
    pub digest: Option<Digest>,
}

/// What single-user calls were seen to do, and whether they are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FastLaneState {
    /// Up to how many changes of a stream batch or a push they are made for; 0: never.
    pub limit: usize,
    /// Whether people are created and changed by calls now.
    pub upserts: bool,
    /// Whether people are deactivated by calls now.
    pub deactivations: bool,
    /// What each was seen to do with this org; none before `prove`.
    pub proven: Option<ProvenCalls>,
    /// When that was.
    pub proven_at: Option<Timestamp>,
    /// Why something that had worked does not count any more.
    pub withdrawn: Option<Withdrawn>,
    /// Why no call is made for a while.
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
    /// Okta's id.
    pub id: SessionId,
    /// What is remembered of it; `null` if it is not one of ours.
    pub verdict: Option<String>,
    /// Okta's status now, where its end is not known yet; `GONE` if Okta does not know it.
    pub status: Option<String>,
    /// When it was opened.
    pub opened: Option<Timestamp>,
    /// When its import was started.
    pub triggered: Option<Timestamp>,
    /// The run that opened it.
    pub run: Option<String>,
}

/// Who is stuck.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StuckList {
    /// All.
    pub count: u64,
    /// Those whom Okta refuses.
    pub refused: u64,
    /// Those whose records our checks turn away.
    pub rejected: u64,
    /// The first hundred, those whom Okta refuses first, then by how long they are stuck.
    pub entries: Vec<StuckState>,
}

/// Somebody who is stuck.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StuckState {
    /// Whom it is about, if that is known.
    pub external_id: Option<String>,
    /// The record's key.
    pub record: Option<String>,
    /// Why.
    pub reasons: Vec<String>,
    /// Whether Okta refuses them: they are tried again when what Okta would be told changes, and
    /// those who are to leave by every full run.
    pub refused: bool,
    /// When a run first found them so.
    pub since: Timestamp,
    /// When one last did.
    pub last: Timestamp,
    /// How many did.
    pub times: u64,
}

/// Looks at how things stand.
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

/// Asks Okta for what is open there, and for the sessions whose end is not known.
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
