//! What happens once a session was carried through: it is watched, and counted.

use std::{collections::VecDeque, time::Duration};

use super::{
    FAILURES, Round, Teller, Told, counted,
    session::{self, After, Carried},
};
use crate::{
    ledger::{Number, log::End},
    okta::Kind,
    sync::{RunError, Source, check::Check, suspect::Suspect},
};

/// Longer than any invocation.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Teller<'_> {
    /// Looks what Okta made of the people of a session that has just landed. The next full run
    /// looks for what cannot be seen now.
    async fn check(&mut self, number: Number) {
        let check = Check::new(self.run, self.hand, self.time);
        let checked = check.landed(number, self.books, self.refusals);
        if let Err(error) = Box::pin(checked).await {
            tracing::warn!(%error, "what Okta made of an import will be seen later");
        }
    }

    /// What happens once a session was carried through: watch it, and count.
    pub(super) async fn after(
        &mut self,
        carried: Carried,
        told: &mut Told<'_>,
    ) -> Result<Round, RunError> {
        let Carried {
            mut report,
            mut loads,
            groups,
            after,
        } = carried;
        for refused in &loads.refused {
            for ready in &refused.people {
                match ready.why {
                    Some(_) => told.telling.refused.0 += 1,
                    None => told.telling.refused.1 += 1,
                }
            }
            for reject in self.refusals.refused(refused) {
                self.report.refused.add(reject);
            }
        }
        let left = std::mem::take(&mut loads.left).into_iter();
        let left: VecDeque<Suspect> = left.map(|ready| ready.suspect).collect();
        told.queues.put_back_mixed(left);
        let end = match after {
            After::Watch(triggered) => {
                let watch = match self.job.source {
                    // A push succeeds only when what it says has landed.
                    Source::Payload { .. } => A_DAY,
                    _ => self.run.watch,
                };
                let number = self.books.log().number_of_listed(&report.id);
                let (status, end) = session::watch(*triggered, watch, self.time).await;
                report.status = status.to_string();
                if let (Some(end), Some(number)) = (end, number) {
                    counted::session_ended(&report.id, Some(&status));
                    self.books.ended(number, end, self.time.now()).await?;
                    if end == End::Landed {
                        self.check(number).await;
                    }
                }
                end
            }
            After::Ended(end) => Some(end),
            After::Paused => {
                groups.give_back(&self.run.ledger).await?;
                self.report.sessions.push(report);
                return Ok(Round::Paused);
            }
        };
        self.groups.told(&groups);
        if matches!(end, Some(End::Nothing)) {
            groups.give_back(&self.run.ledger).await?;
        }
        let is_empty = loads.accepted.is_empty() && groups.is_empty();
        let failed = !is_empty && matches!(end, Some(End::Void | End::Error | End::Nothing));
        let people = report.upserts + report.deactivations;
        if end != Some(End::Landed) {
            told.telling.unlanded += people;
        }
        told.telling.left += loads
            .doubtful
            .iter()
            .map(|batch| batch.len() as u64)
            .sum::<u64>();
        if !failed && !is_empty {
            self.report.carried(&report);
            loads
                .accepted
                .iter()
                .for_each(|batch| self.refusals.told(batch));
            self.report.tells.add(&loads.accepted);
            groups.count(self.report);
            let is_new = |id: &str| {
                let ready = loads.people.get(id);
                ready.is_some_and(|ready| !self.refusals.is_told_again(ready.suspect.id))
            };
            let upserts = loads.accepted.iter();
            let mut upserts = upserts.filter(|batch| batch.kind() == Kind::Upsert);
            if upserts.any(|batch| batch.external_ids().any(is_new)) || !groups.is_empty() {
                self.groups.has_made_way();
            }
            told.telling.activated += loads.activated();
        }
        self.report.sessions.push(report.clone());
        if let Some(failure) = loads.failure {
            return Err(failure.into());
        }
        if failed {
            if self.books.log().failed_in_a_row() >= FAILURES {
                return Err(RunError::SessionsFail {
                    id: report.id,
                    status: report.status,
                });
            }
            if let Some(list) = &mut self.outstanding {
                list.give_up(&self.run.ledger).await;
            }
            // The next look finds its people again, as what must be told separately.
            return Ok(Round::Later);
        }
        if !loads.doubtful.is_empty() {
            if let Some(list) = &mut self.outstanding {
                list.give_up(&self.run.ledger).await;
            }
            return Ok(Round::Later);
        }
        Ok(Round::Go)
    }
}
