//! What single-user calls have come to, and what follows from it.

use std::collections::BTreeSet;

use super::{
    Teller,
    call::Outcome,
    prepared::{Prepared, put_back},
};
use crate::{
    ledger::{LeftActive, Number, Works},
    okta::Kind,
    sync::{Reject, RunError, check::left_active, hand::Ready, look::Found, tell::counted},
};

/// What calls have come to.
#[derive(Default)]
pub(super) struct Came {
    /// Calls that Okta was seen to have done.
    pub(super) done: BTreeSet<Number>,
    /// Calls that may still arrive.
    pub(super) under_way: BTreeSet<Number>,
    told: Vec<Ready>,
    left: Vec<Ready>,
    denied: Option<String>,
    contradicted: BTreeSet<bool>,
    left_active: Vec<(LeftActive, Reject)>,
}

impl Came {
    pub(super) fn of(outcomes: Vec<(Prepared, Outcome)>) -> Self {
        let mut came = Self::default();
        for (Prepared { ready, number, .. }, outcome) in outcomes {
            match outcome {
                Outcome::Done | Outcome::Deactivated => {
                    came.done.insert(number);
                    came.told.push(ready);
                    continue;
                }
                Outcome::NotDone => {}
                Outcome::InDoubt => {
                    came.under_way.insert(number);
                }
                Outcome::Denied(why) => {
                    came.denied.get_or_insert(why);
                }
                Outcome::Contradicted => {
                    came.contradicted.insert(ready.why.is_some());
                }
                Outcome::LeftActive(okta_id) => {
                    came.contradicted.insert(true);
                    let somebody = LeftActive {
                        external_id: ready.external_id.to_string(),
                        okta_id,
                    };
                    let reject = left_active(&somebody, Some(&ready.key));
                    came.left_active.push((somebody, reject));
                }
            }
            came.left.push(ready);
        }
        came
    }
}

impl Teller<'_> {
    /// Counts the people who were told, leaves the others to a session, and remembers what is not
    /// as it was proven.
    pub(super) async fn came(&mut self, came: Came, found: &mut Found) -> Result<(), RunError> {
        let Came {
            done: _,
            under_way: _,
            told,
            left,
            denied,
            contradicted,
            left_active,
        } = came;
        let now = self.time.now();
        for ready in &told {
            let kind = match ready.why {
                Some(_) => Kind::Deactivate,
                None => Kind::Upsert,
            };
            self.report.called(kind, ready.external_id.as_str());
            self.refusals.told_one(ready.suspect.id);
            if let Some(changed) = self.job.changed {
                let age = now.duration_since(changed).try_into().unwrap_or_default();
                counted::told_by_call(age, kind);
            }
        }
        if !left.is_empty() {
            tracing::warn!(
                people = left.len(),
                "single-user calls were not seen to be done: a session tells these people"
            );
        }
        left.into_iter().for_each(|ready| put_back(found, ready));
        if denied.is_none() && contradicted.is_empty() {
            return Ok(());
        }
        let deactivate = contradicted.contains(&true);
        let create = contradicted.contains(&false);
        let changed = self.run.ledger.change_proof(|proof| {
            if let Some(why) = &denied {
                proof.switch_off(why, now);
            }
            for (somebody, _) in &left_active {
                proof.has_left_active(somebody);
            }
            if deactivate {
                let why = "Okta said that a user was deleted from the identity source, and shows \
                           them all the same, or has them active";
                proof.withdraw(why, now, |calls| calls.deactivate = Works::Fails);
            }
            if create {
                let why = "Okta said that a user was created or changed, and does not have them";
                proof.withdraw(why, now, |calls| calls.create = Works::Fails);
            }
        });
        changed.await?;
        for (_, reject) in left_active {
            self.report.refused.add(reject);
        }
        if let Some(why) = denied {
            tracing::warn!(%why, "the fast lane is off for an hour: sessions tell everybody");
        }
        if deactivate || create {
            tracing::warn!(
                "a look contradicts what was proven of single-user calls: prove them again"
            );
        }
        Ok(())
    }
}
