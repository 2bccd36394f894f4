//! One run: look, guard, tell, check.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    Aside, Books, Detail, Report, Time,
    dry::Dry,
    hand::{Circumstances, Hand},
    look::{Found, Source, look},
    report::{Consumed, WithheldKind},
    tell::{self, Teller, Telling},
};
use crate::{
    guard::{Guard, Judged, Kind, Limits, Listed, Memory},
    ledger::{
        Binding, Claim, LeaseLost, Ledger, LedgerError, Mode, Rank, State, Versioned, Written, log,
    },
    mapping::Mapping,
    metrics,
    mutation::{self, Mutation},
    okta::{self, Okta},
    users::{ReadError, UsersTable},
};

/// What runs need, built once and used by one run after another.
#[derive(Debug, Clone)]
pub struct Run {
    /// The source of truth.
    pub users: UsersTable,
    /// What its records mean.
    pub mapping: Arc<Mapping>,
    /// What Okta was told.
    pub ledger: Ledger,
    /// Okta.
    pub okta: Okta,
    /// What the ledger is to be about, but for the users table's key.
    pub binding: Binding,
    /// What a state table is that nobody has set the switch of.
    pub start: Mode,
    /// How many people may be touched within 24 hours.
    pub limits: Limits,
    /// How long a run watches the session that it has triggered.
    pub watch: Duration,
    /// How long what runs did is kept; not at all if zero.
    pub history: Duration,
}

/// What a run is to do.
#[derive(Debug, Clone)]
pub struct Job {
    /// What to look at.
    pub source: Source,
    /// How much of a dry run's plan is told besides counts.
    pub detail: Option<Detail>,
    /// Whether users whom Okta has refused before are tried again, though nothing about them has
    /// changed: something has at Okta.
    pub retry_refused: bool,
    /// Whether the ledger is to be about another identity source or table from now on.
    pub rebind: bool,
}

impl Job {
    /// Who lets whom pass.
    pub(super) fn rank(&self) -> Rank {
        match self.source {
            Source::Table => Rank::Full,
            Source::Keys(_) | Source::Payload { .. } => Rank::Part,
        }
    }
}

/// Why a run came to no good end. Whatever it was, running again is safe.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The users table could not be read to its end.
    #[error(transparent)]
    Users(#[from] ReadError),
    /// The state table could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Okta did not do as asked.
    #[error(transparent)]
    Okta(#[from] okta::Error),
    /// Another run may be at work.
    #[error(transparent)]
    LeaseLost(#[from] LeaseLost),
    /// Import sessions fail one after another.
    #[error(
        "Okta ended several sessions of this run without importing them, the last one ({id}) as {status}: see Reports > Import Monitoring in the admin console for why"
    )]
    SessionsFail {
        /// The last session.
        id: okta::SessionId,
        /// Its status.
        status: String,
    },
    /// The ledger is about something else.
    #[error("{0}")]
    OtherBinding(String),
    /// The switch is set to paused.
    #[error(
        "paused: nothing is told to Okta, and what was pushed is not kept. Push again after {{\"command\":\"resume\"}}"
    )]
    Paused,
    /// What a push says is not all done.
    #[error(
        "{left} of the {all} changes that these records come to are not done ({withheld} are withheld, {refused} refused by \
         Okta, {waits} wait for an import to end): push them again, with the same \"at\""
    )]
    PushUnfinished {
        /// Changes in all.
        all: u64,
        /// Of these, how many are not done.
        left: u64,
        /// Of those, how many the guard withholds.
        withheld: u64,
        /// How many Okta refused.
        refused: u64,
        /// How many wait for the end of an import.
        waits: u64,
    },
}

impl Run {
    /// Does a job.
    ///
    /// # Errors
    /// When it could not go on. What it did until then is in the report.
    pub async fn work(&self, job: &Job, time: &Time, report: &mut Report) -> Result<(), RunError> {
        let (users, state) = (&self.users.meter, &self.ledger.meter);
        users.reset();
        state.reset();
        let result = Box::pin(self.look_and_tell(job, time, report)).await;
        report.consumed = Consumed::of(users.units(), state.units());
        result
    }

    async fn look_and_tell(
        &self,
        job: &Job,
        time: &Time,
        report: &mut Report,
    ) -> Result<(), RunError> {
        let mut state: State<Memory> = self.ledger.state(self.start).await?;
        let schema = self.users.schema().await?;
        let is_paused = state.switch.mode == Mode::Paused;
        let is_plan = report.dry_run;
        if is_paused && matches!(job.source, Source::Payload { .. }) {
            return Err(RunError::Paused);
        }
        let writes = !is_plan && !is_paused;
        if job.rebind && !is_plan {
            Box::pin(self.rebind(&mut state, time, report)).await?;
        }
        self.check_binding(&mut state.binding, writes).await?;
        report.dry_run = !writes;
        report.paused = is_paused;

        let last = state.log.value.last();
        let full_look_due = state.switch.full_look_due;
        if !state.guard.value.knows_base() && state.active_before > 0 {
            state
                .guard
                .value
                .told_active(state.active_before, time.now());
        }
        let guard = Guard::new(&self.ledger, self.limits, state.guard, time.now()).await?;
        let mut books = Books::new(&self.ledger, state.log, guard, writes);
        let okta = self.okta.by(time.answer_by());
        tell::settle(&mut books, &okta, None, time.now()).await?;
        if writes {
            Box::pin(tell::settle_open(
                &mut books,
                &okta,
                &report.run_id,
                job.rank(),
                time,
            ))
            .await?;
        } else if self.ledger.holder().await?.is_none() {
            // What nobody is at work on, a run would find and cancel.
            books.take_open_for_lost(time.now()).await?;
        }

        let hand = Hand {
            users: &self.users,
            mapping: &self.mapping,
            ledger: &self.ledger,
            schema,
        };
        let mut aside = Aside::new(self.ledger.stuck().await?, job.retry_refused);
        let mut found = {
            let reading = books.reading(time.now());
            let circumstances = Circumstances {
                reading: &reading,
                aside: &aside,
                approved: books.guard.approved(),
                whole: None,
            };
            look(&job.source, &hand, &circumstances).await?
        };
        report.looked(&found);
        aside.looked(&found);
        let withheld = self
            .guard(&mut books, &mut found, report, is_plan, time)
            .await?;

        if !writes {
            let dry = Dry {
                run: self,
                job,
                time,
                hand: &hand,
                books: &books,
                aside: &aside,
            };
            return Box::pin(dry.finish(found, withheld, report)).await;
        }
        self.ledger
            .adopt(&std::mem::take(&mut found.adopted))
            .await?;
        for noted in std::mem::take(&mut found.noted) {
            // If somebody was quicker, the push is to be repeated.
            report.more |= !self
                .ledger
                .note_push(&noted.entry, noted.at, noted.stays)
                .await?;
        }
        let mut teller = Teller {
            run: self,
            job,
            time,
            hand: &hand,
            report: &mut *report,
            books: &mut books,
            aside: &mut aside,
        };
        let told = Box::pin(teller.tell(&mut found)).await;
        if matches!(job.source, Source::Table) {
            self.ledger.withdraw_claim(&report.run_id).await;
        }
        if let Ok(telling) = &told {
            report.told(telling, &withheld);
        }
        if let Ok(telling) = &told
            && found.whole
        {
            let left = telling.left_ids.iter().chain(&found.waiting).copied();
            report.pending_runs = self.ledger.still_pending(left).await?;
            found.told_active += telling.activated;
            self.full_look_is_done(&mut books, &found, last, full_look_due, time)
                .await?;
        }
        self.keep_stuck(aside, report, time).await;
        let telling = told?;
        match job.source {
            Source::Payload { .. } => unfinished(report, &telling),
            _ => Ok(()),
        }
    }

    /// Asks the guard about what a look has found: takes out of it what must wait.
    async fn guard(
        &self,
        books: &mut Books,
        found: &mut Found,
        report: &mut Report,
        is_plan: bool,
        time: &Time,
    ) -> Result<BTreeMap<Kind, u64>, RunError> {
        let now = time.now();
        let guard = &mut books.guard;
        if found.whole {
            guard.found_active(found.counts.active);
        }
        let mut counts = BTreeMap::new();
        for kind in [Kind::Deactivations, Kind::Updates] {
            let charged = found.charged(kind);
            let judged = if is_plan {
                guard.would_judge(kind, charged, found.whole, now)
            } else {
                guard.judge(kind, charged, found.whole, now).await?
            };
            let count =
                if judged.latched.is_some() && !mutation::on(Mutation::SafeguardAfterLoading) {
                    charged
                } else {
                    0
                };
            let people: Vec<Listed> = found
                .charged
                .iter()
                .filter(|(of, listed)| *of == kind && (listed.stranger || count > 0))
                .map(|(_, listed)| *listed)
                .collect();
            let too_many = people.len() > crate::guard::LIST;
            let digest = if is_plan || !found.whole {
                guard
                    .memory()
                    .digest(kind, now)
                    .filter(|_| !people.is_empty())
                    .cloned()
            } else {
                guard.keep_list(kind, people, now).await?
            };
            *report.withheld.of_mut(kind) = WithheldKind {
                count,
                reason: (count > 0).then(|| reason(kind, count, judged, too_many, self.limits)),
                digest,
                since: judged.latched.filter(|_| count > 0),
            };
            if count > 0 {
                counts.insert(kind, count);
                let is_payload =
                    !found.whole && found.leavers.iter().any(|one| one.pushed.is_some());
                let goes = |suspect: &super::look::Suspect| suspect.charge != Some(kind);
                match kind {
                    // Those of a push are remembered when they are in hand.
                    Kind::Deactivations if !is_payload => {
                        let leavers = std::mem::take(&mut found.leavers);
                        (found.leavers, found.withheld) = leavers.into_iter().partition(goes);
                    }
                    Kind::Updates => found.upserts.retain(goes),
                    _ => {}
                }
            }
        }
        if !is_plan && found.whole {
            guard.hold(found.held.is_some(), now).await?;
        }
        if let Some(held) = &found.held {
            report
                .withheld
                .hold(held.count, &held.reason, guard.memory().held_since);
        }
        Ok(counts)
    }

    /// A look at the whole table has come to its end.
    async fn full_look_is_done(
        &self,
        books: &mut Books,
        found: &Found,
        last: log::Number,
        full_look_due: bool,
        time: &Time,
    ) -> Result<(), RunError> {
        let now = time.now();
        books.guard.told_active(found.told_active, now).await?;
        books.forget(&found.named, last, now).await?;
        if full_look_due {
            self.ledger
                .set_switch(|switch| switch.full_look_due = false)
                .await?;
        }
        if !found.long_gone.is_empty() {
            let reading = books.reading(now);
            let entries = self.ledger.entries(&found.long_gone, &reading.log).await?;
            for entry in entries {
                if reading.of(&entry).long_gone {
                    self.ledger.drop_entry(&entry).await?;
                }
            }
        }
        Ok(())
    }

    /// What the ledger is to be about, as far as it is known now.
    async fn binding(&self) -> Result<Binding, RunError> {
        Ok(Binding {
            users_table: self.users.arn().await?.to_owned(),
            key: self.users.schema().await?.to_string(),
            ..self.binding.clone()
        })
    }

    async fn check_binding(
        &self,
        bound: &mut Versioned<Binding>,
        writes: bool,
    ) -> Result<(), RunError> {
        let now = self.binding().await?;
        if !bound.exists() {
            if writes {
                bound.value = now;
                // If another run was quicker, the next one compares.
                let _: Written = self.ledger.bind(bound).await?;
            }
            return Ok(());
        }
        let differences = bound.value.differences(&now);
        if differences.is_empty() || mutation::on(Mutation::BindingIsIgnored) {
            return Ok(());
        }
        metrics::other_binding();
        Err(RunError::OtherBinding(format!(
            "the ledger in the state table is about something else: {}. Put it back; or, if this is meant, invoke \
             {{\"command\":\"sync\",\"rebind\":true}}, after which everybody is told again, through the guard",
            differences.join("; ")
        )))
    }

    /// From now on the ledger is about what is configured now. Nothing is forgotten, and everything
    /// is doubtful.
    async fn rebind(
        &self,
        state: &mut State<Memory>,
        time: &Time,
        report: &Report,
    ) -> Result<(), RunError> {
        let now = self.binding().await?;
        let bound = &mut state.binding;
        if !bound.exists() || bound.value.differences(&now).is_empty() {
            return Ok(());
        }
        if bound.value.external_id != now.external_id {
            return Err(RunError::OtherBinding(format!(
                "the mapping's externalId was {} and is {}: new ids would be new people at Okta, so that this release does \
                 not rebind it. Put the template back, or give the function a new state table and identity source",
                bound.value.external_id, now.external_id
            )));
        }
        let claim = self
            .ledger
            .claim(&report.run_id, Rank::Full, time.deadline())
            .await?;
        let Claim::Held(lease) = claim else {
            return Err(LeaseLost.into());
        };
        let memory = std::mem::take(&mut state.guard);
        let log = std::mem::take(&mut state.log);
        let guard = Guard::new(&self.ledger, self.limits, memory, time.now()).await?;
        let mut books = Books::new(&self.ledger, log, guard, true);
        let rebound = async {
            books.abandon().await?;
            lease.check()?;
            bound.value = now;
            match self.ledger.bind(bound).await? {
                Written::Done => Ok(()),
                Written::Overtaken => Err(RunError::from(LeaseLost)),
            }
        }
        .await;
        lease.release().await;
        rebound?;
        *state = self.ledger.state(self.start).await?;
        Ok(())
    }

    /// Who is stuck, whether or not the run came to an end. Who is not remembered is only tried
    /// again.
    async fn keep_stuck(&self, aside: Aside, report: &Report, time: &Time) {
        let (before, after) = aside.finish(&report.rejected, &report.refused, time.now());
        let keeping = self.ledger.keep_stuck(&before, &after);
        let left = time.clock().until(time.deadline());
        match Box::pin(okta::within(time.clock(), left / 2, keeping)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "who is stuck was not written"),
            None => tracing::warn!("who is stuck was not written: there was no time left"),
        }
    }
}

/// A push succeeds only when what it says has landed or was looked at.
fn unfinished(report: &Report, telling: &Telling) -> Result<(), RunError> {
    let withheld = report.withheld.count();
    let refused = telling.refused.0
        + telling.refused.1
        + report
            .refused
            .count
            .saturating_sub(telling.refused.0 + telling.refused.1);
    let waits = report.waiting;
    let left = telling.left + telling.unlanded + withheld + refused + waits;
    if left == 0 && !report.more || mutation::on(Mutation::PushIsForgotten) {
        return Ok(());
    }
    Err(RunError::PushUnfinished {
        all: report.upserts + report.deactivations + withheld + waits,
        left,
        withheld,
        refused,
        waits,
    })
}

fn reason(kind: Kind, count: u64, judged: Judged, too_many: bool, limits: Limits) -> String {
    let Judged {
        latched: _,
        limit,
        spent,
        base,
    } = judged;
    let variable = kind.variable();
    let set = limits.of(kind);
    let approve = if too_many {
        "more than can be approved at once: raise the limit, or put the table right".to_owned()
    } else {
        "if they are right, approve exactly these people with {\"command\":\"approve\",\"digest\":…}".to_owned()
    };
    format!(
        "{count} {kind} do not fit what {variable} ({set}) allows within 24 hours: {limit} of {base} people told active, of \
         which {spent} are spent (people whom Okta keeps refusing count too). Check the users table; {approve}"
    )
}
