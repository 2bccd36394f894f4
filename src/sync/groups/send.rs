//! Sending requests about groups. What Okta refuses is split up.

use futures::{StreamExt as _, stream};
use jiff::Timestamp;

use super::GroupLoads;
use crate::okta::{self, GroupBatch, LoadError, Open, Session};

/// How many loads run at once.
const IN_FLIGHT: usize = 10;
/// How many groups or memberships that Okta refuses by themselves a session isolates.
const ISOLATIONS: usize = 8;

/// What came of one request, or of the parts that it was split into.
#[derive(Debug, Default)]
pub(super) struct Came {
    pub(super) accepted: Vec<GroupBatch>,
    pub(super) ambiguous: Vec<GroupBatch>,
    pub(super) refused: Vec<(GroupBatch, String)>,
    pub(super) left: Vec<GroupBatch>,
}

impl GroupLoads {
    /// Sends requests. What Okta refuses is split up, the smallest first, so that few requests are
    /// enough to come to a single group or membership.
    pub(super) async fn send(
        &mut self,
        session: &Session<Open>,
        batches: Vec<GroupBatch>,
        until: Timestamp,
    ) -> Came {
        let mut came = Came::default();
        let mut refused = Vec::new();
        let mut isolations = ISOLATIONS;
        let mut next = batches;
        loop {
            let loads = next.drain(..).map(|batch| async move {
                let answer = session.load_groups(&batch, until).await;
                (batch, answer)
            });
            let answers: Vec<_> = stream::iter(loads).buffered(IN_FLIGHT).collect().await;
            for (batch, answer) in answers {
                match answer {
                    Ok(()) => {
                        self.requests += 1;
                        came.accepted.push(batch);
                    }
                    Err(LoadError::Ambiguous(error)) => {
                        tracing::warn!(
                            %error,
                            "it is unknown whether Okta accepted a load of groups"
                        );
                        came.ambiguous.push(batch);
                    }
                    Err(LoadError::Refused { refusal, .. }) if batch.len() == 1 => {
                        isolations = isolations.saturating_sub(1);
                        came.refused.push((batch, refusal.to_string()));
                    }
                    Err(LoadError::Refused { refusal, .. }) => {
                        refused.push((batch, refusal.to_string()));
                    }
                    Err(LoadError::Failed(okta::Error::OutOfTime { .. }) | LoadError::NoBudget) => {
                        came.left.push(batch);
                    }
                    Err(error) => {
                        self.stopped.get_or_insert(error.to_string());
                        came.left.push(batch);
                    }
                }
            }
            refused.sort_by_key(|(batch, _)| std::cmp::Reverse(batch.len()));
            let may_go_on = session.requests_left() > 1 && isolations > 0 && self.stopped.is_none();
            match refused.pop().filter(|_| may_go_on) {
                Some((smallest, _)) => {
                    if let Ok((first, second)) = smallest.halve() {
                        next = vec![first, second];
                    }
                }
                None => break,
            }
        }
        // If a whole session was useless, another one would be, too.
        if let Some((_, reason)) = refused.first()
            && self.requests == 0
            && came.refused.is_empty()
        {
            self.stopped.get_or_insert_with(|| reason.clone());
        }
        came.left
            .extend(refused.into_iter().map(|(batch, _)| batch));
        came
    }
}
