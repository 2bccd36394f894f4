//! How things stand: what ran, what is open at Okta, who is stuck and what waits. It only reads.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    ledger::{Holder, Ledger, LoggedSession, Recent, RunSummary, SessionLog, Stuck},
    okta::{self, Calls, SessionId},
    sync::{COOLDOWN, Run, RunError, Time},
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
    /// Who is stuck.
    pub stuck: StuckList,
    /// The deactivations that the last full run withheld.
    pub withheld: Option<WithheldSince>,
    /// When Okta opens a session again by its rule of five minutes; none if it does now.
    pub next_session: Option<Timestamp>,
}

/// An import session.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionState {
    /// Okta's id.
    pub id: SessionId,
    /// What is remembered of it; `null` if it is not one of ours.
    pub verdict: Option<&'static str>,
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
    pub quarantined: u64,
    /// Those whose records cannot be sent.
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
    /// Whether Okta refuses them: they are tried again when what Okta would be told changes.
    pub quarantined: bool,
    /// When a run first found them so.
    pub since: Timestamp,
    /// When one last did.
    pub last: Timestamp,
    /// How many did.
    pub times: u64,
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

/// Looks at how things stand.
///
/// # Errors
/// When the state table cannot be read.
pub(crate) async fn look(run: &Run, time: &Time) -> Result<Overview, RunError> {
    let ledger: &Ledger = &run.ledger;
    let (log, stuck, recent, lease) = futures::try_join!(
        ledger.sessions(),
        ledger.stuck(),
        ledger.recent(),
        ledger.holder(),
    )?;
    let now = time.now();
    let calls = run.okta.by((now + PATIENCE).min(time.answer_by()));
    let mut sessions = remembered(&log);
    let asked = at_okta(&calls, &log, &mut sessions).await;
    sessions.sort_by_key(|session| std::cmp::Reverse(session.opened));
    Ok(Overview {
        at: now,
        sessions,
        okta_error: asked.err().map(|error| error.to_string()),
        lease,
        stuck: StuckList::of(&stuck),
        withheld: withheld(&recent),
        last_runs: recent.all(),
        next_session: log
            .last_triggered()
            .map(|at| at + COOLDOWN)
            .filter(|at| *at > now),
    })
}

fn remembered(log: &SessionLog) -> Vec<SessionState> {
    log.iter()
        .map(|(id, session)| {
            let LoggedSession {
                verdict,
                opened,
                triggered,
                run,
            } = session;
            SessionState {
                id: id.clone(),
                verdict: Some(verdict.as_str()),
                status: None,
                opened: Some(*opened),
                triggered: *triggered,
                run: Some(run.clone()),
            }
        })
        .collect()
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
    let unsettled = log.unsettled();
    for session in sessions.iter_mut() {
        if session.status.is_none() && unsettled.contains(&session.id) {
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
        let quarantined = entries.iter().filter(|entry| entry.print.is_some()).count() as u64;
        let count = entries.len() as u64 + stuck.beyond();
        let listed = entries.into_iter().take(LISTED);
        Self {
            count,
            quarantined,
            rejected: count - quarantined,
            entries: listed
                .cloned()
                .map(|entry| StuckState {
                    external_id: entry.external_id,
                    record: entry.record,
                    reasons: entry.reasons,
                    quarantined: entry.print.is_some(),
                    since: entry.since,
                    last: entry.last,
                    times: entry.times,
                })
                .collect(),
        }
    }
}

fn withheld(recent: &Recent) -> Option<WithheldSince> {
    Some(WithheldSince {
        deactivations: recent.withheld,
        reason: recent.withheld_reason.clone(),
        since: recent.withheld_since?,
    })
}
