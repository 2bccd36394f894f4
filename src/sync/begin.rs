//! How a run begins: it asks Okta what became of sessions, and looks.

use jiff::Timestamp;

use super::{
    Books, Job, Refusals, Run, RunError, Time,
    hand::{Circumstances, Hand},
    look::{Found, look},
    tell,
};

/// Whose sessions Okta is asked about.
pub(super) struct Settling<'a> {
    pub(super) job: &'a Job,
    pub(super) writes: bool,
    pub(super) run_id: &'a str,
    pub(super) time: &'a Time,
    /// Until when Okta is asked.
    pub(super) until: Timestamp,
}

impl Refusals {
    /// Notes what a look found.
    pub(super) fn looked(&mut self, found: &Found) {
        let at = (!found.whole).then(|| found.looked_at.clone());
        let people = found.leavers.iter().chain(&found.upserts);
        self.has_looked(at, people.map(|suspect| suspect.id));
    }
}

impl Run {
    /// Looks at what the job says.
    pub(super) async fn look(
        &self,
        job: &Job,
        hand: &Hand<'_>,
        books: &Books,
        refusals: &Refusals,
        time: &Time,
    ) -> Result<Found, RunError> {
        let reading = books.reading(time.now());
        let circumstances = Circumstances {
            reading: &reading,
            refusals,
            approved: books.guard.approved(),
            whole: None,
        };
        look(&job.source, hand, &circumstances).await
    }

    /// Asks Okta what became of the sessions that were not seen to end.
    pub(super) async fn settle(
        &self,
        books: &mut Books,
        settling: &Settling<'_>,
    ) -> Result<(), RunError> {
        let Settling {
            job,
            writes,
            run_id,
            time,
            until,
        } = *settling;
        let okta = self.okta.by(until);
        tell::settle(books, &okta, None, time.now()).await?;
        if writes {
            tell::settle_open(books, &okta, run_id, job.rank(), time).await?;
        } else if self.ledger.holder().await?.is_none() {
            // A run would find and cancel a session that nobody is at work on.
            books.take_open_for_lost(time.now()).await?;
        }
        Ok(())
    }
}
