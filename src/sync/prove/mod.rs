//! Proving, on this very org, what single-user calls do: with made-up people, looked at after each
//! step.
//!
//! How these calls behave is not published: a DELETE might cut the tie between a user and the
//! identity source without deactivating them, after which no session finds them. So nobody real is
//! told by a call before the made-up people have shown what it does. They have entries in the
//! ledger like anybody else and no record, so that full runs deactivate those that are left behind.

mod people;
mod steps;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use self::{people::MadeUp, steps::Prover};
use super::{Run, RunError, Time};
use crate::ledger::{Mode, Proof, ProvenCalls, Works};

/// How often a proof gives a sign of life.
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(10);

/// What `prove` found out about single-user calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proven {
    /// What each call does.
    #[serde(flatten)]
    pub calls: ProvenCalls,
    /// What to look at in Okta's admin console, one sentence each. Empty if everything was seen.
    pub look_at: Vec<String>,
    /// The made-up person that it was tried with.
    pub person: Person,
}

/// A made-up person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The person's external id.
    pub external_id: String,
}

impl Run {
    /// Finds out what single-user calls do with this org.
    ///
    /// # Errors
    /// When the switch says paused, or a table, Okta's sessions or the lease cannot be had.
    pub async fn prove(&self, run_id: &str, time: &Time) -> Result<Proven, RunError> {
        let (mut books, _) = self.beside(true, run_id, time).await?;
        if self.ledger.mode().await? == Mode::Paused {
            return Err(RunError::PausedForSome);
        }
        let people = MadeUp::three();
        let statuses = self.sees_statuses(&people, time).await;
        let ids = people.each_ref().map(|one| one.id.to_string());
        let [person, _, _] = ids.clone();
        // Remembered before anybody is created.
        let mut began = Proof::of(&self.binding, time.now(), ids.to_vec());
        began.statuses = statuses;
        self.ledger
            .change_proof(|proof| {
                let left_active = std::mem::take(&mut proof.left_active);
                proof.clone_from(&began);
                proof.left_active = left_active;
                proof.goes_on(time.now());
            })
            .await?;
        let schema = self.users.schema().await?;
        let hand = self.hand(schema, None);
        let mut prover = Prover {
            run: self,
            run_id,
            time,
            hand: &hand,
            books: &mut books,
            statuses,
            found: steps::Found::default(),
        };
        let tried = tokio::select! {
            tried = Box::pin(prover.tell_the_story(&people)) => tried,
            lost = self.show_life(&began, time) => Err(lost),
        };
        let steps::Found {
            calls,
            look_at,
            may_be_confirmed,
            denied,
        } = prover.found;
        let now = time.now();
        self.ledger
            .change_proof(|proof| {
                // Another proof may have begun meanwhile.
                if proof.people == began.people {
                    proof.under_way = None;
                    proof.calls = calls;
                    proof.may_be_confirmed = may_be_confirmed;
                    if let Some(why) = &denied {
                        proof.switch_off(why, now);
                    }
                }
            })
            .await?;
        tracing::info!(
            ?calls,
            "what single-user calls do was tried with made-up people"
        );
        tried?;
        Ok(Proven {
            calls,
            look_at,
            person: Person {
                external_id: person,
            },
        })
    }

    /// Whether the status of Okta users may be seen now.
    async fn sees_statuses(&self, people: &[MadeUp; 3], time: &Time) -> bool {
        let [one, _, _] = people;
        let users = &self.beyond.users;
        let user = users
            .insist(time.answer_by(), async |calls| {
                calls.org_user(&one.login).await
            })
            .await;
        if let Err(error) = &user {
            tracing::info!(%error, "the status of Okta users is not seen");
        }
        user.is_ok()
    }

    /// Keeps runs from telling the made-up people to leave while they are needed. It ends only if
    /// that cannot be done.
    async fn show_life(&self, began: &Proof, time: &Time) -> RunError {
        loop {
            tokio::time::sleep(SIGN_OF_LIFE_EVERY).await;
            let shown = self
                .ledger
                .change_proof(|proof| {
                    if proof.people == began.people {
                        proof.goes_on(time.now());
                    }
                })
                .await;
            if let Err(error) = shown {
                return error.into();
            }
        }
    }

    /// Takes the operator's word that the made-up people of the last proof were deactivated.
    ///
    /// # Errors
    /// [`RunError::NothingToConfirm`] if the proof left nothing to confirm.
    pub async fn confirm_proof(&self, run_id: &str, time: &Time) -> Result<Proven, RunError> {
        self.beside(true, run_id, time).await?;
        if self.ledger.mode().await? == Mode::Paused {
            return Err(RunError::PausedForSome);
        }
        let now: Timestamp = time.now();
        let is_open = |proof: &Proof| proof.is_of(&self.binding) && proof.may_be_confirmed;
        let before = self.ledger.proof().await?.value;
        if !is_open(&before) {
            return Err(RunError::NothingToConfirm);
        }
        let proof = self
            .ledger
            .change_proof(|proof| {
                if is_open(proof) && proof.people == before.people {
                    proof.calls.deactivate = Works::Works;
                    proof.may_be_confirmed = false;
                    proof.at = Some(now);
                }
            })
            .await?;
        Ok(Proven {
            calls: proof.calls,
            look_at: Vec::new(),
            person: Person {
                external_id: proof.people.first().cloned().unwrap_or_default(),
            },
        })
    }
}
