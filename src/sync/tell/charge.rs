//! Charging what a request's people cost, before it is loaded.

use std::collections::BTreeMap;

use super::{by_call::ByCall, fill::Fill};
use crate::{
    guard::{Ask, Kind},
    mutation::{self, Mutation},
    okta::Batch,
    sync::{
        RunError,
        hand::{Cost, Ready},
    },
};

impl Fill<'_> {
    /// Charges a request's people. What does not fit is withheld, and the others remain.
    pub(super) async fn charge(
        &mut self,
        batch: Batch,
        mut people: Vec<Ready>,
    ) -> Result<Option<(Batch, Vec<Ready>)>, RunError> {
        let now = self.now();
        let mut short = Vec::new();
        for kind in Kind::ALL {
            let mut ask = Ask {
                kind,
                fresh: 0,
                moved: BTreeMap::new(),
                approved: false,
            };
            let mut used = Vec::new();
            for ready in people
                .iter()
                .filter(|ready| ready.cost.kind() == Some(kind))
            {
                match &ready.cost {
                    // People that nobody has approved come no further than into hand.
                    Cost::Nothing | Cost::Unapproved(_) => {}
                    Cost::Charge(_) => ask.fresh += 1,
                    Cost::Paid(_, charge, _) if charge.approved => ask.approved = true,
                    Cost::Paid(_, _, hour) => *ask.moved.entry(*hour).or_default() += 1,
                    Cost::Approved(_, digest) => {
                        ask.approved = true;
                        if !used.contains(digest) {
                            used.push(digest.clone());
                        }
                    }
                }
            }
            let forgotten = self.by_call.is_some() && ByCall::forgets_the_guard(kind);
            if forgotten || ask.fresh == 0 && ask.moved.is_empty() && !ask.approved {
                continue;
            }
            let mut hour = None;
            match self
                .books
                .guard
                .charge(&ask, &used, self.session, now)
                .await?
            {
                Ok(charged) => hour = Some(charged),
                Err(left) if ask.moved.is_empty() && !ask.approved => {
                    tracing::warn!(
                        %kind,
                        left = left.left,
                        "the guard withholds what would exceed its limit"
                    );
                    short.push(kind);
                }
                Err(_) => {
                    // People who were charged before go on.
                    ask.fresh = 0;
                    short.push(kind);
                    hour = self
                        .books
                        .guard
                        .charge(&ask, &used, self.session, now)
                        .await?
                        .ok();
                }
            }
            for ready in people
                .iter_mut()
                .filter(|ready| ready.cost.kind() == Some(kind))
            {
                ready.charged = hour;
            }
        }
        if short.is_empty() || mutation::on(Mutation::SafeguardAfterLoading) {
            return Ok(Some((batch, people)));
        }
        let may_go = |ready: &Ready| {
            !ready
                .cost
                .to_charge()
                .is_some_and(|kind| short.contains(&kind))
        };
        let (people, withheld): (Vec<_>, Vec<_>) = people.into_iter().partition(may_go);
        let batch = batch.keep(|id| people.iter().any(|ready| ready.external_id.as_str() == id));
        for ready in withheld {
            if let Some(kind) = ready.cost.to_charge() {
                self.withhold(kind, ready);
            }
        }
        Ok(batch.map(|batch| (batch, people)))
    }
}
