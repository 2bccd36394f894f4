//! One call about one person, and the look after it.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    ledger::Told,
    okta::{Calls, Entity, Error, Okta, Single, UserProfile},
    sync::{Time, check::differs, hand::Ready},
};

/// How long a look takes at most.
const LOOKED_FOR: Duration = Duration::from_secs(10);
/// What contradicts an answer is looked at once more after this: what Okta shows may lag.
const ONCE_MORE: Duration = Duration::from_secs(2);

/// What a call has come to.
pub(in crate::sync) enum Outcome {
    /// Okta says that it is done, and a look does not contradict it.
    Done,
    /// It was not done, or cannot be seen to be.
    NotDone,
    /// Nobody knows whether it was done, or is about to be.
    InDoubt,
    /// Okta has no such call, or does not permit it.
    Denied(String),
    /// Okta says that it is done, and a look shows the opposite.
    Contradicted,
}

/// Who makes calls.
pub(in crate::sync) struct Caller<'a> {
    pub(in crate::sync) singles: &'a Okta,
    /// When no call is sent any more.
    pub(in crate::sync) until: Timestamp,
    pub(in crate::sync) time: &'a Time,
}

impl Caller<'_> {
    /// Tells Okta what somebody is to be, and looks.
    pub(in crate::sync) async fn tell(&self, ready: &Ready, entity: &Entity) -> Outcome {
        let before = ready.before.as_ref().map(|before| before.told);
        let is_known = matches!(before, Some(Told::Active(_)));
        self.call(entity, is_known).await
    }

    /// The same by what is sent alone.
    pub(in crate::sync) async fn call(&self, entity: &Entity, is_known: bool) -> Outcome {
        let leaves = entity.kind() == crate::okta::Kind::Deactivate;
        let calls = self.singles.by(self.until);
        match calls.tell_user(entity, is_known).await {
            Ok(Single::Done(_)) if leaves => self.look(entity, leaves).await,
            Ok(Single::Done(Some(shown))) if shows_all(entity, &shown) => Outcome::Done,
            Ok(Single::Done(_)) => self.look(entity, leaves).await,
            Ok(Single::Unknown | Single::Exists) => Outcome::NotDone,
            Ok(Single::Refused(refusal)) => {
                tracing::warn!(%refusal, "Okta refused a single-user call: a session tells it");
                Outcome::NotDone
            }
            Ok(Single::NotPermitted(refusal)) => Outcome::Denied(refusal.to_string()),
            Ok(Single::Ambiguous(error)) => {
                tracing::warn!(%error, "it is not known whether Okta did a single-user call");
                Outcome::InDoubt
            }
            Err(error) => {
                tracing::warn!(%error, "a single-user call was not made");
                Outcome::NotDone
            }
        }
    }

    async fn look(&self, entity: &Entity, leaves: bool) -> Outcome {
        for first in [true, false] {
            match self.shown(entity).await {
                Ok(None) if leaves => return Outcome::Done,
                Ok(Some(shown)) if !leaves => {
                    // What Okta has otherwise, a session tells, and is looked at.
                    let sent = entity.profile();
                    let sent = sent
                        .iter()
                        .map(|(name, value)| (name.as_str(), value.as_deref()));
                    return if differs(sent, &shown).is_empty() {
                        Outcome::Done
                    } else {
                        Outcome::NotDone
                    };
                }
                Ok(_) if first => tokio::time::sleep(ONCE_MORE).await,
                Ok(_) => return Outcome::Contradicted,
                Err(error) => {
                    tracing::warn!(%error, "what came of a single-user call could not be looked at");
                    return Outcome::NotDone;
                }
            }
        }
        Outcome::Contradicted
    }

    async fn shown(&self, entity: &Entity) -> Result<Option<UserProfile>, Error> {
        let until = (self.time.now() + LOOKED_FOR).min(self.time.answer_by());
        let calls: Calls = self.singles.by(until);
        calls.user(entity.external_id()).await
    }
}

/// Whether an answer shows every attribute just as it was sent.
fn shows_all(entity: &Entity, shown: &UserProfile) -> bool {
    let sent = entity.profile();
    let is_shown = |(name, value): (&String, &Option<String>)| {
        shown.get(name).and_then(Option::as_deref) == value.as_deref()
    };
    sent.iter().all(is_shown)
}
