//! Telling Okta: session after session, until nothing is left or time is over.
//!
//! The lease is taken before a session is opened, given back when its import was started, and given
//! back while Okta opens none: nobody waits while holding it.

mod after;
mod by_call;
mod charge;
mod counted;
mod fill;
mod lane;
mod load;
mod open;
mod passed_on;
mod queues;
mod refused;
mod remember;
mod session;
mod settle;
mod singly;
mod teller;
mod turn;

use std::time::Duration;

use jiff::Timestamp;

use self::{
    fill::Fill,
    lane::{Lane, Tally},
    open::Opened as Answer,
    passed_on::PassedOn,
    queues::{Portion, Queues},
    session::{Carried, Opened},
};
use super::{RunError, Source, look::Found, outstanding::GoingOn, telling::Telling};
use crate::{
    ledger::Lease,
    metrics,
    mutation::{self, Mutation},
};

pub use settle::{Seen, after_cancelling, seen};
pub(super) use settle::{settle, settle_open};
pub(super) use singly::{Caller, Outcome};
pub(super) use teller::Teller;

/// Waits between tries to open a session while Okta refuses.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LAST_WAIT: Duration = Duration::from_secs(20);
/// How many of the people who are left are named.
const LEFT_NAMED: usize = 100;
/// After this many imports that ended badly, one after another, each further one is an error. The
/// search for one among the 10,000 of an import fails sixteen times: with everybody, with everybody
/// again, and with fourteen halves.
const FAILURES: usize = 17;
/// How many imports may be under way when a session with upserts is opened, so that Okta's backlog
/// stays short: an upsert waits for each one that may carry the same person.
const BACKLOG: usize = 2;

/// How a round ended.
enum Round {
    /// There may be more, and time for it.
    Go,
    /// There is more, and no time or no session for it.
    Later,
    /// Somebody has set the switch to paused.
    Paused,
}

impl Teller<'_> {
    /// Tells Okta, until nobody is left, or says in the report when to go on.
    pub(super) async fn tell(&mut self, found: &mut Found) -> Result<Telling, RunError> {
        let mut telling = Telling::default();
        let mut tally = Tally::default();
        Box::pin(self.tell_singly(found, &mut tally)).await?;
        let leavers_left = found.leavers.len();
        let mut queues = Queues::of(found, self.books.log());
        // The look has just seen the table.
        let mut in_scope = found.whole.then(|| self.time.now());
        while let Some(portion) = self.portion(&mut queues).filter(|_| !tally.paused) {
            let mut told = Told {
                queues: &mut queues,
                telling: &mut telling,
                tally: &mut tally,
                in_scope: &mut in_scope,
            };
            let round = Box::pin(self.round(portion, &mut told)).await?;
            if let Some(list) = &mut self.outstanding {
                let (first, others_left) = queues.left_of_list();
                let activated = telling.activated;
                list.told(&self.run.ledger, first, others_left, activated)
                    .await;
            }
            match round {
                Round::Go if self.time.now() < self.time.open_until() => {}
                Round::Go if queues.is_empty() && self.groups.is_empty() => {}
                Round::Go | Round::Later => {
                    self.later();
                    break;
                }
                Round::Paused => {
                    self.report.skipped = Some("paused while it was at work".to_owned());
                    break;
                }
            }
        }
        if let Some(list) = &mut self.outstanding
            && queues.is_empty()
        {
            let activated = telling.activated;
            list.told(&self.run.ledger, None, false, activated).await;
        }
        if tally.paused {
            self.report.skipped = Some("paused while it was at work".to_owned());
        }
        if leavers_left > 0 && self.may_call.deactivations {
            self.leavers_told(leavers_left, queues.left());
        }
        let is_full = matches!(self.job.source, Source::Table);
        let is_old = |list: &&mut GoingOn| {
            list.is_older_than(self.job.since) || self.run.mapping.gives_groups()
        };
        let look_is_due = !found.whole && self.outstanding.as_ref().is_some_and(is_old);
        if is_full && (queues.later + found.beyond > 0 || self.groups.has_more() || look_is_due) {
            self.later();
        }
        self.groups.report_withheld(self.report);
        if queues.later > 0 && matches!(self.job.source, Source::People(_)) {
            self.report.skipped = Some(format!(
                "{} were in an import that ended in ERROR: the full runs tell them, separately \
                 from others",
                queues.later
            ));
        }
        self.remember_who_is_to_leave(&tally).await?;
        telling.left += queues.left() + queues.later + found.beyond;
        telling.left_ids = queues.first_left(LEFT_NAMED);
        telling.fell_away = tally.fell_away;
        telling.waits = tally.waits;
        telling.held = tally.held;
        telling.left += tally.next_look;
        telling.withheld = tally.withheld;
        Ok(telling)
    }

    /// The people that the next session carries. Nobody, if only groups are left to tell.
    fn portion(&self, queues: &mut Queues) -> Option<Portion> {
        let portion = queues.next(self.books.log());
        portion.or_else(|| (!self.groups.is_empty()).then(Portion::default))
    }

    /// Full runs tell people that a push wants to leave and the guard withholds, once they may.
    async fn remember_who_is_to_leave(&self, tally: &Tally) -> Result<(), RunError> {
        for ready in &tally.to_leave {
            if let (Some(before), Some(at)) = (&ready.before, ready.pushed) {
                self.run.ledger.is_to_leave(before, at).await?;
            }
        }
        Ok(())
    }

    async fn round(&mut self, portion: Portion, told: &mut Told<'_>) -> Result<Round, RunError> {
        let again = portion.again;
        let asked = self.time.now();
        let mut clear = true;
        let mut wait = FIRST_WAIT;
        let mut portion = portion;
        let (lease, carried) = loop {
            let Some(lease) = self.lease(self.rank()).await? else {
                told.queues.put_back(portion);
                return Ok(Round::Later);
            };
            let attempt = self.attempt(&lease, &mut portion, &mut clear, told).await;
            match attempt {
                Ok(Attempt::Carried(carried)) => {
                    metrics::waited_for_session(
                        self.time.now().duration_since(asked).unsigned_abs(),
                    );
                    break (lease, carried);
                }
                Ok(Attempt::NothingToTell) => {
                    lease.release().await;
                    return Ok(Round::Go);
                }
                Ok(Attempt::NotYet) => {
                    if !mutation::on(Mutation::LeaseIsKept) {
                        lease.release().await;
                    }
                }
                Ok(Attempt::Never) => {
                    lease.release().await;
                    told.queues.put_back(portion);
                    return Ok(Round::Later);
                }
                Err(error) => {
                    lease.release().await;
                    return Err(error);
                }
            }
            if self.time.now() + wait > self.time.open_until() {
                metrics::waited_for_session(self.time.now().duration_since(asked).unsigned_abs());
                told.queues.put_back(portion);
                return Ok(Round::Later);
            }
            self.claim().await?;
            tokio::time::sleep(wait).await;
            wait = LAST_WAIT.min(wait * 2);
        };
        portion.again = again;
        told.queues.put_back(portion);
        lease.release().await;
        self.after(*carried, told).await
    }

    /// One try to open a session and to carry it through, under the lease.
    async fn attempt(
        &mut self,
        lease: &Lease,
        portion: &mut Portion,
        clear: &mut bool,
        told: &mut Told<'_>,
    ) -> Result<Attempt, RunError> {
        let calls = self.run.okta.by(self.time.load_until());
        self.books.read_again().await?;
        settle(self.books, &calls, Some(lease), self.time.now()).await?;
        self.books.settle_left_over(self.time.now()).await?;
        let backlog = self.books.log().unended() >= BACKLOG;
        let now = self.time.now();
        let mut fill = Fill {
            hand: self.hand,
            reading: self.books.reading(now),
            books: &mut *self.books,
            refusals: &*self.refusals,
            report: &mut *self.report,
            leavers: Lane::of(std::mem::take(&mut portion.leavers)),
            upserts: Lane::of(std::mem::take(&mut portion.upserts)),
            room: portion.room,
            session: 0,
            whole: None,
            in_scope: *told.in_scope,
            tally: Tally::default(),
            by_call: None,
            passed_on: PassedOn::default(),
        };
        if backlog && fill.leavers.is_empty() {
            fill.put_into(portion);
            return Ok(Attempt::NotYet);
        }
        let held_back = backlog.then(|| std::mem::take(&mut fill.upserts));
        let any = fill.has_any().await;
        // If imports fail, groups have sessions of their own.
        let log = fill.books.log();
        let is_well = log.failed_in_a_row() == 0 && !log.groups_have_failed();
        let groups_go = !backlog && portion.again.is_none() && !self.groups.is_empty();
        let groups_go = groups_go && (is_well || matches!(any, Ok(false)));
        let goes = any.as_ref().is_ok_and(|any| *any || groups_go);
        if !goes {
            let tally = fill.put_into(portion);
            portion
                .upserts
                .extend(held_back.into_iter().flat_map(Lane::left));
            session::add(told.tally, tally);
            // People who are held back for the backlog's sake wait for the next round.
            let waits = !portion.upserts.is_empty() || !portion.leavers.is_empty();
            return any.map(|_| {
                if waits {
                    Attempt::NotYet
                } else {
                    Attempt::NothingToTell
                }
            });
        }
        lease.check()?;
        let opened = open::open(&calls, fill.books, clear, fill.now()).await;
        let session = match opened {
            Ok(Answer::Yes(session)) => session,
            other => {
                let tally = fill.put_into(portion);
                portion
                    .upserts
                    .extend(held_back.into_iter().flat_map(Lane::left));
                session::add(told.tally, tally);
                return other.map(|answer| match answer {
                    Answer::OutOfTime => Attempt::Never,
                    _ => Attempt::NotYet,
                });
            }
        };
        lease.check()?;
        let now = fill.now();
        let number = fill
            .books
            .open(session.id(), &fill.report.run_id, now)
            .await?;
        fill.session = number;
        let opened = Opened {
            run: self.run,
            time: self.time,
            lease,
            session,
            number,
            again: portion.again,
            by_push: matches!(self.job.source, Source::Payload { .. }),
            by_full_run: matches!(self.job.source, Source::Table),
        };
        let isolations = fill.refusals.isolations_left();
        let groups = groups_go.then_some(&mut *self.groups);
        let carried = opened.carry(&mut fill, isolations, groups).await;
        *told.in_scope = fill.in_scope;
        let tally = fill.put_into(portion);
        portion
            .upserts
            .extend(held_back.into_iter().flat_map(Lane::left));
        session::add(told.tally, tally);
        Ok(Attempt::Carried(Box::new(carried?)))
    }
}

/// What one round leaves to the next.
struct Told<'t> {
    queues: &'t mut Queues,
    telling: &'t mut Telling,
    tally: &'t mut Tally,
    in_scope: &'t mut Option<Timestamp>,
}

/// What came of an attempt.
enum Attempt {
    /// A session was carried through.
    Carried(Box<Carried>),
    /// There is nobody to tell anything after all.
    NothingToTell,
    /// Okta opens no session yet.
    NotYet,
    /// There is no time left for opening one.
    Never,
}
