//! The log of sessions and the guard. They are written together: a session's outcome decides what
//! it has charged.

use std::{collections::BTreeSet, ops::Range};

use jiff::Timestamp;

use super::RunError;
use crate::{
    guard::{Budget, Guard},
    ledger::{
        Ledger, Number, Reading, SessionLog, Versioned, Written,
        log::{Carries, Charges, End, State},
    },
    mutation::{self, Mutation},
    okta::SessionId,
};

/// How old a session must be before it is forgotten. A run that died in the middle of a write may
/// still write entries that name it, and no invocation lasts a quarter of this.
const FORGOTTEN_AFTER: std::time::Duration = std::time::Duration::from_secs(3_600);

/// Which undecided charges are given back, and which stand. The caller has the lease, and has just
/// settled the sessions.
///
/// Charges of a session that is still listed, because Okta gave no answer about it, stand: its
/// people are told again free of charge, so their charges must not be given back later.
#[must_use]
pub fn left_over(log: &SessionLog, budget: &Budget) -> Vec<(Number, bool)> {
    let unsettled = budget.unsettled();
    unsettled
        .map(|number| {
            let mut recent = log.recent().iter();
            let ended = recent.find(|ended| ended.number == number);
            (number, ended.is_some_and(|ended| ended.end == End::Nothing))
        })
        .collect()
}

/// The log of sessions and the guard, as a run has them at hand. Each change is written at once,
/// and never over what another run has written. A dry run changes only what it has at hand.
#[derive(Debug)]
pub struct Books {
    ledger: Ledger,
    log: Versioned<SessionLog>,
    /// Since which session the ledger has had its binding, when these books were opened.
    bound_from: Number,
    /// What stands between a bad read and a locked-out company.
    pub guard: Guard,
    writes: bool,
}

impl Books {
    /// The books as they were read.
    #[must_use]
    pub fn new(ledger: &Ledger, log: Versioned<SessionLog>, guard: Guard, writes: bool) -> Self {
        Self {
            ledger: ledger.clone(),
            bound_from: log.value.bound_from(),
            log,
            guard,
            writes,
        }
    }

    /// The ledger that they are in.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What became of the sessions.
    #[must_use]
    pub fn log(&self) -> &SessionLog {
        &self.log.value
    }

    /// What entries are read by now.
    #[must_use]
    pub fn reading(&self, now: Timestamp) -> Reading {
        Reading {
            log: self.log.value.clone(),
            paid: self.guard.memory().budget.paid(),
            now,
        }
    }

    /// Lists a session that was just opened. Gives its number.
    pub(super) async fn open(
        &mut self,
        id: &SessionId,
        run: &str,
        now: Timestamp,
    ) -> Result<Number, RunError> {
        self.while_bound(|log| log.open(id.clone(), run, now)).await
    }

    /// Numbers this many single-user calls that are about to be made. None if too many are under
    /// way.
    pub(super) async fn call(
        &mut self,
        calls: usize,
        now: Timestamp,
    ) -> Result<Range<Number>, RunError> {
        self.while_bound(|log| log.call(calls as u64, now)).await
    }

    /// A run that works for another binding than the ledger has now tells nobody anything.
    async fn while_bound<T>(
        &mut self,
        number: impl Fn(&mut SessionLog) -> T,
    ) -> Result<T, RunError> {
        let bound_from = self.bound_from;
        let numbered = self.change(|log| {
            let is_bound_still = log.bound_from() == bound_from;
            is_bound_still.then(|| number(log))
        });
        numbered.await?.ok_or_else(|| {
            let why = "the ledger was bound to something else while this run was at work: it tells \
                       nobody, and the next run uses the new binding";
            RunError::OtherBinding(why.to_owned())
        })
    }

    /// These calls have ended. For each: whether Okta was seen to have done it. Their charges
    /// stand, whatever came of them.
    pub(super) async fn calls_ended(
        &mut self,
        calls: &[(Number, bool)],
        now: Timestamp,
    ) -> Result<(), RunError> {
        self.change(|log| {
            for (number, done) in calls {
                log.call_ended(*number, *done);
            }
        })
        .await?;
        let stand: Vec<_> = calls.iter().map(|(number, _)| (*number, false)).collect();
        self.settle_charges(&stand, now).await
    }

    /// Counts calls that can no longer arrive as ended.
    pub(super) async fn end_calls(&mut self, now: Timestamp) -> Result<(), RunError> {
        self.change(|log| log.end_calls(now)).await
    }

    /// The import of a session is about to be started.
    pub(super) async fn starting(
        &mut self,
        number: Number,
        carries: Carries,
    ) -> Result<(), RunError> {
        self.change(|log| log.starting(number, carries)).await
    }

    /// The import of a session was started: its charges stand.
    pub(super) async fn triggered(
        &mut self,
        number: Number,
        now: Timestamp,
    ) -> Result<(), RunError> {
        self.change(|log| log.triggered(number, now)).await?;
        self.settle_charges(&[(number, false)], now).await
    }

    /// A session ended.
    pub(super) async fn ended(
        &mut self,
        number: Number,
        end: End,
        now: Timestamp,
    ) -> Result<(), RunError> {
        let charges = self.change(|log| log.ended(number, end, now)).await?;
        let given_back = charges == Charges::GivenBack
            || (end == End::Error && mutation::on(Mutation::GivenBackAfterError));
        self.settle_charges(&[(number, given_back)], now).await
    }

    /// Gives up the session that the others wait for, once its time is over.
    pub(super) async fn give_up(&mut self, now: Timestamp) -> Result<Option<SessionId>, RunError> {
        self.change(|log| log.give_up(now)).await
    }

    /// For a run that only looks: what a run would cancel that is at work now.
    pub(super) async fn take_open_for_lost(&mut self, now: Timestamp) -> Result<(), RunError> {
        let is_open = |state| matches!(state, State::Open | State::Starting);
        let listed = self.log().listed();
        let open: Vec<_> = listed
            .filter(|(_, session)| is_open(session.state))
            .map(|(number, _)| number)
            .collect();
        if !self.writes {
            for number in open {
                self.ended(number, End::Nothing, now).await?;
            }
        }
        Ok(())
    }

    /// Decides charges that a dead run left undecided. See [`left_over`].
    pub(super) async fn settle_left_over(&mut self, now: Timestamp) -> Result<(), RunError> {
        let decided = left_over(self.log(), &self.guard.memory().budget);
        self.settle_charges(&decided, now).await
    }

    async fn settle_charges(
        &mut self,
        sessions: &[(Number, bool)],
        now: Timestamp,
    ) -> Result<(), RunError> {
        if self.writes && !sessions.is_empty() {
            self.guard.settle(sessions, now).await?;
        }
        Ok(())
    }

    /// The people who make an import fail were found.
    pub(super) async fn forget(
        &mut self,
        named: &BTreeSet<Number>,
        last: Number,
        now: Timestamp,
    ) -> Result<(), RunError> {
        self.change(|log| log.forget(named, last, now - FORGOTTEN_AFTER))
            .await
    }

    /// From now on everything is about another identity source or table, or gives people other ids.
    pub(super) async fn abandon(&mut self, other_ids: bool) -> Result<(), RunError> {
        self.change(|log| log.abandon(other_ids)).await
    }

    pub(super) async fn change<T>(
        &mut self,
        change: impl Fn(&mut SessionLog) -> T,
    ) -> Result<T, RunError> {
        loop {
            let before = self.log.value.clone();
            let changed = change(&mut self.log.value);
            if before == self.log.value || !self.writes {
                return Ok(changed);
            }
            match self.ledger.write_log(&mut self.log).await {
                Ok(Written::Done) => return Ok(changed),
                Ok(Written::Overtaken) => self.log = self.ledger.read_log().await?,
                Err(error) => {
                    // Nobody knows what is there now.
                    self.log = self.ledger.read_log().await?;
                    return Err(error.into());
                }
            }
        }
    }

    /// Reads both again: others may have been at work.
    pub(super) async fn read_again(&mut self) -> Result<(), RunError> {
        self.log = self.ledger.read_log().await?;
        self.guard.read_again().await?;
        Ok(())
    }
}
