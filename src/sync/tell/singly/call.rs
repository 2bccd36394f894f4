//! One call about one person, and the look after it.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    ledger::Told,
    okta::{Calls, Entity, Error, Kind, Okta, OrgUser, Permitted, Single, UserProfile},
    sync::{Time, check::differs, hand::Ready},
};

/// The longest time for a look.
const LOOKED_FOR: Duration = Duration::from_secs(10);
/// How long it may take to find the login by which a leaver's status is seen afterwards.
const LOGIN_WITHIN: Duration = Duration::from_secs(3);
/// What contradicts an answer is looked at once more after this: what Okta shows may lag.
const ONCE_MORE: Duration = Duration::from_secs(2);

/// What a call has come to.
pub(in crate::sync) enum Outcome {
    /// Okta says that it is done, and a look does not contradict it.
    Done,
    /// The same for a leaver, and the status of their Okta user says that they are deactivated.
    Deactivated,
    /// It was not done, or cannot be seen to be done.
    NotDone,
    /// Nobody knows whether it was done, or will be.
    InDoubt,
    /// Okta has no such call, or does not permit it.
    Denied(String),
    /// Okta says that it is done, and a look shows the opposite.
    Contradicted,
    /// A leaver is gone from the identity source, and their Okta user, with this id, is not
    /// deactivated: no session will find them.
    LeftActive(String),
}

/// Makes calls.
pub(in crate::sync) struct Caller<'a> {
    pub(in crate::sync) singles: &'a Okta,
    /// Where the status of a leaver's Okta user is looked at, if it may be seen.
    pub(in crate::sync) statuses: Option<&'a Permitted>,
    /// From when on no call is sent.
    pub(in crate::sync) until: Timestamp,
    pub(in crate::sync) time: &'a Time,
}

impl Caller<'_> {
    /// Tells Okta how somebody must be, and looks.
    pub(in crate::sync) async fn tell(&self, ready: &Ready, entity: &Entity) -> Outcome {
        let before = ready.before.as_ref().map(|before| before.told);
        let is_known = matches!(before, Some(Told::Active(_)));
        let login = match entity.kind() {
            Kind::Deactivate => self.login(entity).await,
            Kind::Upsert => None,
        };
        self.call(entity, is_known, login.as_deref()).await
    }

    /// The same with only what is sent. `login` is the login by which the status of a leaver is
    /// looked at.
    pub(in crate::sync) async fn call(
        &self,
        entity: &Entity,
        is_known: bool,
        login: Option<&str>,
    ) -> Outcome {
        let leaves = entity.kind() == Kind::Deactivate;
        let calls = self.singles.by(self.until);
        match calls.tell_user(entity, is_known).await {
            Ok(Single::Done(_)) if leaves => self.has_left(entity, login).await,
            Ok(Single::Done(Some(shown))) if shows_all(entity, &shown) => Outcome::Done,
            Ok(Single::Done(_)) => self.has(entity).await,
            Ok(Single::Unknown | Single::Exists) => Outcome::NotDone,
            Ok(Single::Refused(refusal)) => {
                tracing::warn!(%refusal, "Okta refused a single-user call: a session tells it");
                Outcome::NotDone
            }
            Ok(Single::NotPermitted(refusal)) => Outcome::Denied(refusal.to_string()),
            Ok(Single::Ambiguous(error)) => {
                tracing::warn!(%error, "it is unknown whether Okta did a single-user call");
                Outcome::InDoubt
            }
            Err(error) => {
                tracing::warn!(%error, "a single-user call was not made");
                Outcome::NotDone
            }
        }
    }

    /// Looks whether somebody is as they were told to be.
    async fn has(&self, entity: &Entity) -> Outcome {
        for first in [true, false] {
            match self.shown(entity).await {
                Ok(Some(shown)) => {
                    // If Okta has anything else, a session tells it, and is looked at.
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
                Ok(None) if first => tokio::time::sleep(ONCE_MORE).await,
                Ok(None) => {}
                Err(error) => return unseen(&error),
            }
        }
        Outcome::Contradicted
    }

    /// Looks whether a leaver is gone. Whether Okta keeps showing deactivated people is not
    /// published, and not showing them says nothing about their status: if that may be seen, it
    /// decides.
    async fn has_left(&self, entity: &Entity, login: Option<&str>) -> Outcome {
        let mut shown = false;
        let mut user = None;
        for first in [true, false] {
            shown = match self.shown(entity).await {
                Ok(shown) => shown.is_some(),
                Err(error) => return unseen(&error),
            };
            user = match login {
                Some(login) => self.org_user(login).await,
                None => None,
            };
            match &user {
                Some(user) if user.is_deactivated() => return Outcome::Deactivated,
                None if !shown => return Outcome::Done,
                _ if first => tokio::time::sleep(ONCE_MORE).await,
                _ => {}
            }
        }
        match user {
            Some(user) if !shown => Outcome::LeftActive(user.id),
            _ => Outcome::Contradicted,
        }
    }

    /// A leaver's login, if their status may be seen by it.
    async fn login(&self, entity: &Entity) -> Option<String> {
        self.statuses.filter(|statuses| !statuses.is_denied())?;
        let calls = self.singles.by(self.time.now() + LOGIN_WITHIN);
        let shown = calls.user(entity.external_id()).await.ok()??;
        shown.get("userName").cloned().flatten()
    }

    /// The Okta user who has a login, if that may be seen.
    async fn org_user(&self, login: &str) -> Option<OrgUser> {
        let until = self.look_until();
        let user = self
            .statuses?
            .ask(until, async |calls| calls.org_user(login).await);
        user.await.ok().flatten().flatten()
    }

    fn look_until(&self) -> Timestamp {
        (self.time.now() + LOOKED_FOR).min(self.time.answer_by())
    }

    async fn shown(&self, entity: &Entity) -> Result<Option<UserProfile>, Error> {
        let calls: Calls = self.singles.by(self.look_until());
        calls.user(entity.external_id()).await
    }
}

fn unseen(error: &Error) -> Outcome {
    tracing::warn!(%error, "what came of a single-user call could not be looked at");
    Outcome::NotDone
}

/// Whether an answer shows every attribute exactly as it was sent.
fn shows_all(entity: &Entity, shown: &UserProfile) -> bool {
    let sent = entity.profile();
    let is_shown = |(name, value): (&String, &Option<String>)| {
        shown.get(name).and_then(Option::as_deref) == value.as_deref()
    };
    sent.iter().all(is_shown)
}
