//! One run: look, guard, tell, check.

use std::time::Duration;

use super::{
    Books, Job, Refusals, Report, Run, RunError, Time,
    begin::Settling,
    check::Check,
    dry::Dry,
    groups::Survey,
    hand::Noted,
    look::{Found, Source},
    outstanding::GoingOn,
    report::Consumed,
    tell::Teller,
    telling::Telling,
};
use crate::{
    guard::{Guard, Kind, Memory},
    ledger::{MayCall, Mode, State, log},
    metrics,
    mutation::{self, Mutation},
    okta,
};

/// How long a leaver that a call can tell waits for Okta's word about sessions that others are in.
const SETTLED_WITHIN: Duration = Duration::from_secs(3);

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
        report.consumed = Consumed::of(users.units(), users.throttled(), state.units());
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
        if is_paused && matches!(job.source, Source::People(_)) {
            return Err(RunError::PausedForSome);
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
        let proof = self.ledger.proof().await?.value;
        let may_call = if writes && self.fast_lane > 0 && job.may_be_told_by_calls() {
            proof.may_call(&self.binding, time.now())
        } else {
            MayCall::default()
        };
        let settling = Settling {
            job,
            writes,
            run_id: &report.run_id,
            time,
            until: time.answer_by(),
        };
        if !may_call.any() {
            Box::pin(self.settle(&mut books, &settling)).await?;
        }

        let app = self.app.read(time).await;
        let hand = self.hand(schema, app.as_deref());
        let stuck = self.ledger.stuck().await?;
        let refusals = Refusals::new(stuck, job.retry_refused, job.tells_again());
        let mut refusals = refusals.leaving_alone(proof.at_work_with(time.now()));
        let mut left_active = Vec::new();
        if matches!(job.source, Source::Table) {
            let check = Check::new(self, &hand, time);
            if writes {
                Box::pin(check.earlier(&books, &mut refusals)).await?;
            }
            if proof.is_of(&self.binding) {
                left_active = Box::pin(check.left_active(&proof, &books, writes)).await?;
            }
        }
        let may_go_on = writes && !job.rebind && !full_look_due;
        let went_on_with = match may_go_on {
            true => self.go_on(job, &books, schema, time.now()).await,
            false => None,
        };
        let went_on = went_on_with.is_some();
        let looked_at = time.now();
        let (mut outstanding, mut found) = match went_on_with {
            Some((list, found)) => (Some(list), found),
            None => (None, self.look(job, &hand, &books, &refusals, time).await?),
        };
        // People that calls can tell do not have to wait until Okta was asked for its sessions.
        if may_call.any() && found.counts.waiting + found.behind > 0 {
            let until = time.answer_by().min(time.now() + SETTLED_WITHIN);
            let settling = Settling { until, ..settling };
            match Box::pin(self.settle(&mut books, &settling)).await {
                // It is asked again before a session is opened.
                Err(RunError::Okta(error)) => {
                    tracing::warn!(%error, "what became of the last imports is unknown");
                }
                settled => settled?,
            }
            found = self.look(job, &hand, &books, &refusals, time).await?;
        }
        if found.whole && !books.log().may_confirm(time.now()) {
            let people = found.put_off_confirmations();
            tracing::debug!(people, "what calls have told will be confirmed later");
        }
        report.looked(&found);
        left_active
            .into_iter()
            .for_each(|reject| report.refused.add(reject));
        refusals.looked(&found);
        let withheld = self
            .guard(&mut books, &mut found, report, is_plan, time)
            .await?;
        if job.leavers_only {
            let people = found.leave_upserts();
            report.upserts = found.counts.upserts;
            report.skipped = (people > 0).then(|| {
                format!("{people} changes are left to the full runs, which are at work on them")
            });
        }
        if writes && found.whole {
            outstanding = self
                .keep_outstanding(&mut found, looked_at, time.now())
                .await;
        }

        let (mut groups, group_changes) = match found.groups.take() {
            None => Default::default(),
            Some(groups) => {
                let survey = Survey {
                    run: self,
                    hand: &hand,
                    books: &mut books,
                    refusals: &refusals,
                    time,
                    is_plan,
                    writes,
                    detail: job.detail,
                    retry_refused: job.retry_refused,
                    leavers_wait: !found.leavers.is_empty(),
                };
                Box::pin(survey.take(groups, report)).await?
            }
        };

        if !writes {
            for reject in refusals.refused_inside_all(&report.refused) {
                report.refused.add(reject);
            }
            let dry = Dry {
                run: self,
                job,
                time,
                hand: &hand,
                books: &books,
                refusals: &refusals,
            };
            return Box::pin(dry.finish(found, withheld, group_changes, report)).await;
        }
        self.ledger
            .adopt(&std::mem::take(&mut found.adopted))
            .await?;
        self.ledger
            .doubt(&std::mem::take(&mut found.doubted))
            .await?;
        for noted in std::mem::take(&mut found.noted) {
            // If somebody was quicker, the push must be repeated.
            let Noted {
                entry,
                at,
                stays,
                is_new,
            } = &*noted;
            report.more |= !match is_new {
                true => self.ledger.remember_stranger(entry).await?,
                false => self.ledger.note_push(entry, *at, *stays).await?,
            };
        }
        let mut teller = Teller {
            run: self,
            job,
            time,
            hand: &hand,
            report: &mut *report,
            books: &mut books,
            refusals: &mut refusals,
            groups: &mut groups,
            outstanding: outstanding.as_mut(),
            may_call,
        };
        let told = Box::pin(teller.tell(&mut found)).await;
        report.outstanding = outstanding.as_ref().and_then(GoingOn::report);
        if matches!(job.source, Source::Table) {
            self.ledger.withdraw_claim(&report.run_id).await;
        }
        if let Ok(telling) = &told {
            report.told(telling, &withheld);
            found.told_active += telling.activated;
        }
        if told.is_ok() && went_on {
            // The guard's shares are of them, also before the next look.
            let active = found.told_active;
            books.guard.told_active(active, time.now()).await?;
        }
        if let Ok(telling) = &told
            && found.whole
        {
            let left = telling.left_ids.iter().chain(&found.waiting).copied();
            report.pending_runs = self.ledger.still_pending(left).await?;
            self.full_look_is_done(&mut books, &found, last, full_look_due, time)
                .await?;
            if job.looks && !report.more {
                self.looked(looked_at).await;
            }
        }
        for reject in refusals.refused_inside_all(&report.refused) {
            report.refused.add(reject);
        }
        self.keep_stuck(refusals, report, time).await;
        let telling = told?;
        match job.source {
            Source::Payload { .. } => unfinished(report, &telling),
            _ => Ok(()),
        }
    }

    /// A look at the whole table has finished.
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
        for kind in Kind::ALL {
            let spent = books.guard.memory().budget.spent(kind, now);
            let (limit, _) = books.guard.limit(kind, now);
            metrics::guarded(&kind.to_string(), spent, limit);
        }
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

    /// Writes who is stuck, whether or not the run finished. People who are not remembered are only
    /// tried again.
    async fn keep_stuck(&self, refusals: Refusals, report: &Report, time: &Time) {
        let (before, after) = refusals.finish(&report.rejected, &report.refused, time.now());
        let keeping = self.ledger.keep_stuck(&before, &after);
        let left = time.clock().until(time.deadline());
        match Box::pin(okta::within(time.clock(), left / 2, keeping)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "could not store who is stuck"),
            None => tracing::warn!("could not store who is stuck: there was no time left"),
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
