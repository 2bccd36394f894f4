//! What single-user calls were seen to do with this very org. Until it is known, none is made about
//! anybody but made-up people.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Binding, Ledger, LedgerError, Versioned, Written};

/// The key of the item.
const PK: &str = "proof";
/// How long the made-up people are left alone after a proof's last sign of life.
const LEFT_ALONE_FOR: Duration = Duration::from_secs(30);
/// How many leavers that no session finds are remembered. When one is found, no more are made.
const LEFT_ACTIVE: usize = 500;
/// How long no call is made after Okta has said that it has no such call, or does not permit it.
const OFF_FOR: Duration = Duration::from_secs(60 * 60);

/// What is known about a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Works {
    /// It does what its name says.
    Works,
    /// It does not do what its name says.
    Fails,
    /// Nobody knows. For `deactivate`: nobody could see it. The answer's `lookAt` says what to look
    /// at.
    #[default]
    Unknown,
}

/// What is known about each call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// Creating somebody.
    pub create: Works,
    /// Changing somebody.
    pub update: Works,
    /// Deactivating somebody.
    pub deactivate: Works,
}

/// What was proven, for which org, and what has happened since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Proof {
    /// The org and the identity source that it is about.
    org: String,
    identity_source: String,
    /// When it was given. None if nothing was ever proven.
    pub at: Option<Timestamp>,
    /// What works.
    pub calls: Calls,
    /// Whether the status of Okta users could be seen: it is looked at after each deactivation.
    pub statuses: bool,
    /// The external ids of the made-up people.
    pub people: Vec<String>,
    /// Until when they are left alone, because a proof is at work.
    pub under_way: Option<Timestamp>,
    /// Whether all went well, except for what only the operator can see and confirm.
    pub may_be_confirmed: bool,
    /// Why something that had worked no longer counts, and since when.
    pub withdrawn: Option<Withdrawn>,
    /// Why no call is made for a while, and until when.
    pub off: Option<Off>,
    /// Leavers that calls have taken from the identity source and left active: no session finds
    /// them.
    pub left_active: Vec<LeftActive>,
}

/// A leaver that no session finds any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftActive {
    /// Their external id.
    pub external_id: String,
    /// Okta's id of their user.
    pub okta_id: String,
}

/// A proof that a later look has contradicted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// When it was withdrawn.
    pub at: Timestamp,
    /// What was seen.
    pub why: String,
}

/// A time without calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Off {
    /// Until when no call is made.
    pub until: Timestamp,
    /// What Okta said.
    pub why: String,
}

/// Which changes may be told by calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MayCall {
    /// Creations and updates, of which one may turn out to be the other.
    pub upserts: bool,
    /// Deactivations.
    pub deactivations: bool,
    /// Whether the status of Okta users may be seen.
    pub statuses: bool,
}

impl MayCall {
    /// Whether any call may be made.
    #[must_use]
    pub fn any(self) -> bool {
        self.upserts || self.deactivations
    }
}

impl Proof {
    /// A proof that begins: nothing is known about this org yet.
    #[must_use]
    pub fn of(binding: &Binding, now: Timestamp, people: Vec<String>) -> Self {
        Self {
            org: binding.org.clone(),
            identity_source: binding.identity_source.clone(),
            at: Some(now),
            people,
            ..Self::default()
        }
    }

    /// Whether it is about this org and identity source.
    #[must_use]
    pub fn is_of(&self, binding: &Binding) -> bool {
        self.at.is_some()
            && self.org == binding.org
            && self.identity_source == binding.identity_source
    }

    /// What may be told by calls now.
    #[must_use]
    pub fn may_call(&self, binding: &Binding, now: Timestamp) -> MayCall {
        let is_off = self.off.as_ref().is_some_and(|off| off.until > now);
        if !self.is_of(binding) || is_off {
            return MayCall::default();
        }
        let Calls {
            create,
            update,
            deactivate,
        } = self.calls;
        MayCall {
            upserts: create == Works::Works && update == Works::Works,
            deactivations: deactivate == Works::Works,
            statuses: self.statuses,
        }
    }

    /// Notes that a proof is at work.
    pub fn goes_on(&mut self, now: Timestamp) {
        self.under_way = Some(now + LEFT_ALONE_FOR);
    }

    /// The made-up people, while a proof is at work.
    #[must_use]
    pub fn at_work_with(&self, now: Timestamp) -> &[String] {
        match self.under_way {
            Some(until) if now < until => &self.people,
            _ => &[],
        }
    }

    /// Okta has no such call, or does not permit it.
    pub fn switch_off(&mut self, why: &str, now: Timestamp) {
        self.off = Some(Off {
            until: now + OFF_FOR,
            why: why.to_owned(),
        });
    }

    /// A leaver was taken from the identity source, and left active.
    pub fn has_left_active(&mut self, somebody: &LeftActive) {
        self.left_active
            .retain(|other| other.external_id != somebody.external_id);
        if self.left_active.len() < LEFT_ACTIVE {
            self.left_active.push(somebody.clone());
        }
    }

    /// A look has shown that a call does not do what it was seen to do.
    pub fn withdraw(&mut self, why: &str, now: Timestamp, which: impl Fn(&mut Calls)) {
        which(&mut self.calls);
        self.withdrawn = Some(Withdrawn {
            at: now,
            why: why.to_owned(),
        });
    }
}

impl Ledger {
    /// What was proven.
    ///
    /// # Errors
    /// When the state table could not be read.
    pub async fn proof(&self) -> Result<Versioned<Proof>, LedgerError> {
        self.read(PK).await
    }

    /// Somebody is active that a single-user call was seen to have deactivated. An admin may have
    /// let them in again. Whatever was proven, nobody else is told to leave by a call.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub(crate) async fn deactivates_nobody(&self) -> Result<(), LedgerError> {
        let why = "a user is active that a single-user call was seen to have deactivated";
        tracing::warn!("{why}: prove again what these calls do");
        let now = self.clock.now();
        let withdraw = |proof: &mut Proof| {
            if proof.calls.deactivate == Works::Works {
                proof.withdraw(why, now, |calls| calls.deactivate = Works::Fails);
            }
        };
        self.change_proof(withdraw).await.map(drop)
    }

    /// Changes what is known about the calls, whatever others change at the same time. Gives what
    /// is there then.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn change_proof(&self, change: impl Fn(&mut Proof)) -> Result<Proof, LedgerError> {
        loop {
            let mut proof = self.proof().await?;
            let before = proof.value.clone();
            change(&mut proof.value);
            if proof.value == before {
                return Ok(before);
            }
            match self.write(PK, &mut proof).await? {
                Written::Done => return Ok(proof.value),
                Written::Overtaken => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn proven(calls: [Works; 3]) -> (Proof, Binding) {
        let binding = Binding {
            org: "https://example.okta.com".to_owned(),
            identity_source: "0oa1".to_owned(),
            ..Binding::default()
        };
        let [create, update, deactivate] = calls;
        let proof = Proof {
            calls: Calls {
                create,
                update,
                deactivate,
            },
            ..Proof::of(&binding, at(0), Vec::new())
        };
        (proof, binding)
    }

    #[test]
    fn nothing_is_told_by_calls_that_was_not_seen_to_work() {
        let [works, fails, unknown] = [Works::Works, Works::Fails, Works::Unknown];
        let (proof, binding) = proven([works, works, unknown]);
        let may = proof.may_call(&binding, at(1));
        assert!(may.upserts && !may.deactivations);
        for calls in [[works, fails, works], [unknown, works, works]] {
            let may = proven(calls).0.may_call(&binding, at(1));
            assert!(!may.upserts && may.deactivations);
        }
        assert!(!Proof::default().may_call(&Binding::default(), at(1)).any());
    }

    #[test]
    fn a_proof_is_of_one_org_and_ends_when_it_is_contradicted_and_pauses_when_denied() {
        let (mut proof, binding) = proven([Works::Works; 3]);
        let other = Binding {
            org: "https://other.okta.com".to_owned(),
            ..binding.clone()
        };
        assert!(!proof.may_call(&other, at(1)).any());

        proof.switch_off("403", at(1));
        assert!(!proof.may_call(&binding, at(3_600)).any());
        assert!(proof.may_call(&binding, at(3_601)).any());

        proof.withdraw("seen", at(2), |calls| calls.deactivate = Works::Fails);
        let may = proof.may_call(&binding, at(4_000));
        assert!(may.upserts && !may.deactivations);
    }
}
