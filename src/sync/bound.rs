//! Whether the ledger is about what is configured.

use super::{Books, Report, Run, RunError, Time};
use crate::{
    guard::{Guard, Memory},
    ledger::{Binding, Claim, LeaseLost, Rank, State, Versioned, Written},
    metrics,
    mutation::{self, Mutation},
};

impl Run {
    /// What the ledger must be about, as far as it is known now.
    async fn binding(&self) -> Result<Binding, RunError> {
        Ok(Binding {
            users_table: self.users.arn().await?.to_owned(),
            key: self.users.schema().await?.to_string(),
            ..self.binding.clone()
        })
    }

    /// What is configured, if it gives people other ids than those that the ledger knows them by.
    pub(super) async fn other_ids(
        &self,
        bound: &Versioned<Binding>,
    ) -> Result<Option<Binding>, RunError> {
        let now = self.binding().await?;
        Ok(Some(now).filter(|now| bound.exists() && bound.value.has_other_ids(now)))
    }

    pub(super) async fn check_binding(
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
        let first = if bound.value.has_other_ids(&now) {
            "first {\"command\":\"verify\"}, which shows who would get another id and so be \
             another person to Okta, then "
        } else {
            ""
        };
        Err(RunError::OtherBinding(format!(
            "the ledger in the state table is about something else: {}. Set it back; or, if this \
             is intended, invoke {first}{{\"command\":\"sync\",\"rebind\":true}}, after which \
             everybody is told again, through the guard",
            differences.join("; ")
        )))
    }

    /// From now on the ledger is about what is configured now. Nothing is forgotten, and everything
    /// is doubtful.
    pub(super) async fn rebind(
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
        let other_ids = bound.value.has_other_ids(&now);
        if other_ids && !self.ledger.has_shown_ids(&now, time.now()).await? {
            return Err(RunError::OtherBinding(format!(
                "the mapping's externalId was {} and is {}: new ids would be new people at Okta, \
                 and the people that it has now would leave. Invoke {{\"command\":\"verify\"}} \
                 first, as the function is configured now: its answer's newIds says who would get \
                 another id. Within 24 hours of it a rebind is accepted. Or put the old template \
                 back",
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
            books.abandon(other_ids).await?;
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
}
