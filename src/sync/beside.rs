//! Looking at Okta apart from the runs: when nothing of theirs is under way, and what they know
//! then.

use super::{Books, Run, RunError, Time, tell};
use crate::{
    guard::{Guard, Memory},
    ledger::{Binding, Mode, Number, Rank, SessionLog, State},
    okta::Calls,
};

impl Run {
    /// The books for a look at Okta. One that `writes` binds a ledger that is not bound yet, and
    /// settles what a dead run left open, unless the switch says paused. One that writes nothing
    /// may look at people as another externalId template would have them: then it is given what is
    /// configured.
    ///
    /// # Errors
    /// When the ledger is about something else, or could not be read or written.
    pub(crate) async fn beside(
        &self,
        writes: bool,
        run_id: &str,
        time: &Time,
    ) -> Result<(Books, Option<Binding>), RunError> {
        let mut state: State<Memory> = self.ledger.state(self.start).await?;
        let other_ids = match writes {
            true => None,
            false => self.other_ids(&state.binding).await?,
        };
        if other_ids.is_none() {
            self.check_binding(&mut state.binding, writes).await?;
        }
        let is_paused = state.switch.mode == Mode::Paused;
        if writes && is_paused && state.switch.since.is_none() {
            // A state table with entries counts as running, unless somebody has set the switch.
            self.ledger
                .set_switch(|switch| {
                    if switch.since.is_none() {
                        switch.mode = Mode::Paused;
                        switch.since = Some(time.now());
                        switch.reason = Some("START is paused, and nobody has resumed".to_owned());
                    }
                })
                .await?;
        }
        let guard = Guard::new(&self.ledger, self.limits, state.guard, time.now()).await?;
        let mut books = Books::new(&self.ledger, state.log, guard, writes);
        if writes && !is_paused {
            let okta = self.okta.by(time.answer_by());
            Box::pin(tell::settle_open(
                &mut books,
                &okta,
                run_id,
                Rank::Part,
                time,
            ))
            .await?;
        }
        Ok((books, other_ids))
    }
}

impl Books {
    /// The last session's number, if none is open or being imported by the log as it is now, and by
    /// Okta for those whose end was not seen.
    ///
    /// # Errors
    /// When the state table or Okta could not be asked.
    pub(crate) async fn stillness(
        &mut self,
        okta: &Calls,
        time: &Time,
    ) -> Result<Option<Number>, RunError> {
        self.read_again().await?;
        if !is_still(self.log()) {
            tell::settle(self, okta, None, time.now()).await?;
        }
        Ok(is_still(self.log()).then(|| self.log().last()))
    }

    /// The number for what was seen at Okta, unless a session was opened after this one.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub(crate) async fn seen_after(
        &mut self,
        last: Number,
        time: &Time,
    ) -> Result<Option<Number>, RunError> {
        let now = time.now();
        self.change(|log| (is_still(log) && log.last() == last).then(|| log.seen(now)))
            .await
    }
}

/// One that was given up may still wake, and then everything told until then is doubtful.
fn is_still(log: &SessionLog) -> bool {
    log.unended() == 0 && log.calls().next().is_none()
}
