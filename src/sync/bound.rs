//! Whether the ledger is about what is configured.

use super::{Books, Report, Run, RunError, Time};
use crate::{
    guard::{Guard, Memory},
    ledger::{Binding, Claim, LeaseLost, Rank, State, Versioned, Written},
    metrics,
    mutation::{self, Mutation},
};

impl Run {
    /// What the ledger is to be about, as far as it is known now.
    async fn binding(&self) -> Result<Binding, RunError> {
        Ok(Binding {
            users_table: self.users.arn().await?.to_owned(),
            key: self.users.schema().await?.to_string(),
            ..self.binding.clone()
        })
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
        Err(RunError::OtherBinding(format!(
            "the ledger in the state table is about something else: {}. Put it back; or, if this is meant, invoke \
             {{\"command\":\"sync\",\"rebind\":true}}, after which everybody is told again, through the guard",
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
}
