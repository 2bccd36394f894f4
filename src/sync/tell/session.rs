//! One session, from being open to being imported.

use std::time::Duration;

use super::{
    counted,
    fill::Fill,
    lane::Tally,
    load::{self, Loads},
    remember,
    settle::{Seen, seen},
};
use crate::{
    ledger::{
        Entry, Lease, Mode, Number, RecordError,
        log::{Carries, End, State},
    },
    metrics,
    mutation::{self, Mutation},
    okta::{self, Calls, Kind, Open, Session, SessionId, SessionStatus, Started, Triggered},
    sync::{
        Run, RunError, SessionReport, Time,
        check::ASKED_FOR,
        groups::{GroupLoads, GroupWork, Loading},
        hand::Ready,
    },
};

/// How many entries are written before the lease is asked for again.
const RECORDED_AT_ONCE: usize = 1_000;
/// How long a session may show CREATED after a load was accepted before that is believed, and how
/// often it is looked at meanwhile.
const CREATED_FOR: Duration = Duration::from_secs(30);
const LOOKED_AT_EVERY: Duration = Duration::from_secs(5);

/// A session that is open and numbered, and empty so far.
pub(super) struct Opened<'a> {
    pub(super) run: &'a Run,
    pub(super) time: &'a Time,
    pub(super) lease: &'a Lease,
    pub(super) session: Session<Open>,
    pub(super) number: Number,
    /// The failed import (ERROR) whose users it carries.
    pub(super) again: Option<Number>,
    /// Whether a push says what it carries.
    pub(super) by_push: bool,
    /// Whether a full run does. Its sessions confirm what calls have told.
    pub(super) by_full_run: bool,
}

/// What came of a session.
pub(super) struct Carried {
    pub(super) report: SessionReport,
    pub(super) loads: Loads,
    pub(super) groups: GroupLoads,
    pub(super) after: After,
}

/// What is left to do about a session.
pub(super) enum After {
    /// It is being imported.
    Watch(Box<Session<Triggered>>),
    /// It ended.
    Ended(End),
    /// Somebody has set the switch to paused, so it was cancelled.
    Paused,
}

impl Opened<'_> {
    /// Loads it, records it and starts its import.
    pub(super) async fn carry(
        self,
        fill: &mut Fill<'_>,
        isolations: usize,
        groups: Option<&mut GroupWork>,
    ) -> Result<Carried, RunError> {
        let mut loads = Loads::default();
        let id = self.session.id().clone();
        let loaded = load::load(&self.session, fill, isolations, &mut loads, || {
            self.lease.check().is_ok() && self.time.now() < self.time.load_until()
        })
        .await;
        let (loaded, of_groups) = match (loaded, groups) {
            (Ok(()), Some(groups)) if !fill.tally.paused && loads.failure.is_none() => {
                let mut loading = Loading {
                    hand: fill.hand,
                    books: &mut *fill.books,
                    refusals: fill.refusals,
                    report: &mut *fill.report,
                    number: self.number,
                    singles: &self.run.beyond.singles,
                    until: self.time.load_until(),
                };
                match Box::pin(groups.load(&self.session, &mut loading)).await {
                    Ok(loaded) => (Ok(()), loaded),
                    Err(error) => (Err(error), GroupLoads::default()),
                }
            }
            (loaded, _) => (loaded, GroupLoads::default()),
        };
        fill.tally.paused |= of_groups.paused;
        if let Err(error) = loaded {
            // Nothing of it was recorded: nobody was told.
            let session = self.session.until(self.time.answer_by());
            session.cancel().await?;
            fill.books
                .ended(self.number, End::Nothing, self.time.now())
                .await?;
            return Err(error);
        }
        let report = SessionReport {
            id: id.clone(),
            status: SessionStatus::Closed.to_string(),
            upserts: loads.users(Kind::Upsert),
            deactivations: loads.users(Kind::Deactivate),
            requests: loads.accepted.len() as u64 + of_groups.requests,
        };
        let number = self.number;
        let now = self.time.now();
        self.lease.check()?;
        let is_paused = fill.tally.paused;
        if loads.accepted.is_empty() && of_groups.is_empty() || is_paused {
            of_groups.record_refused(fill.hand.ledger).await?;
            self.session.until(self.time.answer_by()).cancel().await?;
            counted::session_ended(&id, Some(&SessionStatus::Closed));
            fill.books.ended(number, End::Nothing, now).await?;
            let after = if is_paused {
                After::Paused
            } else {
                After::Ended(End::Nothing)
            };
            return Ok(Carried {
                report,
                loads,
                groups: of_groups,
                after,
            });
        }
        self.commit(fill, loads, of_groups, report).await
    }

    /// Records who is in it and starts its import, which is the commit: from then on the entries
    /// hold.
    async fn commit(
        self,
        fill: &mut Fill<'_>,
        loads: Loads,
        groups: GroupLoads,
        mut report: SessionReport,
    ) -> Result<Carried, RunError> {
        let Self {
            run,
            time,
            lease,
            session,
            number,
            again,
            by_push,
            by_full_run,
        } = self;
        let id = report.id.clone();
        for entries in entries(&loads, number, &id, time).chunks(RECORDED_AT_ONCE) {
            lease.check()?;
            run.ledger
                .record(entries)
                .await
                .map_err(|error| match error {
                    RecordError::Ledger(error) => RunError::from(error),
                    RecordError::Overtaken => crate::ledger::LeaseLost.into(),
                })?;
        }
        groups.record(&run.ledger, number, fill.books.log()).await?;
        remember::to_check(run, fill, &loads, number, &id, time).await;
        let session = session.until(time.answer_by());
        if run.ledger.mode().await? == Mode::Paused && !mutation::on(Mutation::PauseIsIgnored) {
            session.cancel().await?;
            fill.books.ended(number, End::Nothing, time.now()).await?;
            fill.tally.paused = true;
            return Ok(Carried {
                report,
                loads,
                groups,
                after: After::Paused,
            });
        }
        let carries = Carries {
            upserts: report.upserts,
            deactivations: report.deactivations,
            again,
            by_push,
            confirms: by_full_run && groups.is_empty() && loads.only_confirm(),
            groups: !groups.is_empty(),
            may_change_groups: loads.dropped || groups.may_change_anything(),
        };
        fill.books.starting(number, carries).await?;
        if mutation::on(Mutation::RecordBeforeTrigger) {
            fill.books.ended(number, End::Landed, time.now()).await?;
        }
        lease.check()?;
        let after = match session.start_import().await? {
            Started::Triggered(triggered) => {
                fill.books.triggered(number, time.now()).await?;
                report.status = SessionStatus::Triggered.to_string();
                After::Watch(Box::new(triggered))
            }
            Started::StillCreated(session) => {
                let calls = run.okta.by(time.answer_by());
                let older = fill.books.log().has_older_unended(number);
                still_created(
                    session,
                    &calls,
                    (&loads, &groups),
                    older,
                    time,
                    fill,
                    number,
                    &mut report,
                )
                .await?
            }
        };
        Ok(Carried {
            report,
            loads,
            groups,
            after,
        })
    }
}

/// A session that shows CREATED after accepted loads. Okta leaves it like this if it knew nobody in
/// it, so that there is nobody to deactivate. But a status may lag, and an import that has not
/// ended may bring them.
#[expect(clippy::too_many_arguments, reason = "the parts of a session")]
async fn still_created(
    mut session: Session<Open>,
    calls: &Calls,
    (loads, groups): (&Loads, &GroupLoads),
    older: bool,
    time: &Time,
    fill: &mut Fill<'_>,
    number: Number,
    report: &mut SessionReport,
) -> Result<After, RunError> {
    let upserts = loads.users(Kind::Upsert) > 0 || groups.adds();
    let mut is_empty = !upserts && groups.is_empty() && knows_nobody(calls, loads).await;
    if !is_empty && !upserts && !mutation::on(Mutation::CreatedIsLanded) {
        let until = (time.now() + CREATED_FOR).min(time.answer_by());
        while time.now() < until {
            tokio::time::sleep(LOOKED_AT_EVERY).await;
            match session.start_import().await? {
                Started::Triggered(triggered) => {
                    fill.books.triggered(number, time.now()).await?;
                    report.status = SessionStatus::Triggered.to_string();
                    return Ok(After::Watch(Box::new(triggered)));
                }
                Started::StillCreated(open) => session = open,
            }
        }
        is_empty = !older && time.now() >= until && until < time.answer_by();
    }
    // Whether removals alone move a session on is unknown: what is in it is told again.
    let is_empty = is_empty && groups.is_empty();
    let is_empty = is_empty || (mutation::on(Mutation::CreatedIsLanded) && !upserts);
    let cancelled = session.cancel().await?;
    counted::session_ended(&report.id, Some(&SessionStatus::Closed));
    let end = match cancelled {
        okta::Cancelled::Done | okta::Cancelled::Gone if is_empty => End::Landed,
        okta::Cancelled::Done => End::Nothing,
        okta::Cancelled::Gone => End::Void,
        // The status was lagging, and somebody has started it.
        okta::Cancelled::TooLate(_) => return Ok(After::Ended(End::Void)),
    };
    report.status = SessionStatus::Closed.to_string();
    fill.books.ended(number, end, time.now()).await?;
    Ok(After::Ended(end))
}

/// Whether Okta certainly knows nobody in a small session.
async fn knows_nobody(calls: &Calls, loads: &Loads) -> bool {
    let people: Vec<_> = loads
        .accepted
        .iter()
        .flat_map(okta::Batch::external_ids)
        .collect();
    if people.len() > ASKED_FOR {
        return false;
    }
    for id in people {
        if !Calls::can_ask_for(id) || !matches!(calls.user(id).await, Ok(None)) {
            return false;
        }
    }
    true
}

/// Watches an import, whichever run has the lease meanwhile.
pub(super) async fn watch(
    triggered: Session<Triggered>,
    watch: Duration,
    time: &Time,
) -> (SessionStatus, Option<End>) {
    let started = time.now();
    let until = started + watch.min(time.clock().until(time.answer_by()));
    let status = triggered.watch(until).await.status;
    let end = match seen(State::Triggered, Some(&status)) {
        Seen::Ended(end) => Some(end),
        _ => None,
    };
    if end == Some(End::Landed) {
        metrics::imported(time.now().duration_since(started).unsigned_abs());
    }
    (status, end)
}

/// What the ledger must remember: who is in the session, and whose load is in doubt.
fn entries(loads: &Loads, number: Number, id: &SessionId, time: &Time) -> Vec<Entry> {
    let now = time.now();
    let accepted = loads.accepted.iter().map(|batch| (batch, false));
    let doubtful = loads.doubtful.iter().map(|batch| (batch, true));
    accepted
        .chain(doubtful)
        .flat_map(|(batch, doubtful)| batch.external_ids().map(move |id| (id, doubtful)))
        .filter_map(|(user, doubtful)| {
            let ready: &Ready = loads.people.get(user)?;
            Some(ready.entry(number, Some(id), doubtful, now))
        })
        .collect()
}

/// Adds what came of these people to what came of others.
pub(super) fn add(all: &mut Tally, of_one: Tally) {
    let Tally {
        fell_away,
        waits,
        next_look,
        withheld,
        to_leave,
        held,
        paused,
    } = of_one;
    all.fell_away.0 += fell_away.0;
    all.fell_away.1 += fell_away.1;
    all.waits += waits;
    all.next_look += next_look;
    for (kind, people) in withheld {
        *all.withheld.entry(kind).or_default() += people;
    }
    all.to_leave.extend(to_leave);
    all.held += held;
    all.paused |= paused;
}
