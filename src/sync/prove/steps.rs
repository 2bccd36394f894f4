//! The steps of a proof.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    super::groups::GroupWork,
    people::{ACTIVE, MadeUp},
};
use crate::{
    ledger::{
        Claim, Lease, LeaseLost, MayCall, ProvenCalls, Rank, RecordError, Stuck, Told, Works,
        log::SENT_WITHIN,
    },
    okta::{Entity, SessionId, SessionStatus},
    sync::{
        Books, Job, Refusals, Report, Run, RunError, Source, Time, Trigger,
        hand::Hand,
        look,
        tell::{Caller, Outcome, Teller},
    },
};

/// How long to wait for the lease, and how often to ask for it.
const LEASE_PATIENCE: Duration = Duration::from_secs(120);
const LEASE_WAIT: Duration = Duration::from_secs(2);
/// How long to wait for the end of an import, and how often to look at it.
const IMPORT_PATIENCE: Duration = Duration::from_secs(120);
const LOOKED_AT_EVERY: Duration = Duration::from_secs(5);

/// What was found so far.
#[derive(Default)]
pub(super) struct Found {
    pub(super) calls: ProvenCalls,
    pub(super) look_at: Vec<String>,
    /// Whether all is well, except for what only the operator can see.
    pub(super) may_be_confirmed: bool,
    pub(super) denied: Option<String>,
}

/// What a DELETE has done to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deleted {
    /// They are deactivated: Okta says so.
    Deactivated,
    /// They are gone from the source, and it cannot be seen whether they are deactivated.
    Gone,
    /// They are not deactivated.
    No,
    /// Nobody knows.
    Unknown,
}

/// Makes the steps.
pub(super) struct Prover<'a> {
    pub(super) run: &'a Run,
    pub(super) run_id: &'a str,
    pub(super) time: &'a Time,
    pub(super) hand: &'a Hand<'a>,
    pub(super) books: &'a mut Books,
    /// Whether the status of Okta users may be seen.
    pub(super) statuses: bool,
    pub(super) found: Found,
}

impl Prover<'_> {
    /// One person is created, changed and deactivated alone. Then a session deactivates them once
    /// more, together with a third one that it certainly finds. While that is imported, another is
    /// deactivated.
    pub(super) async fn tell_the_story(&mut self, people: &[MadeUp; 3]) -> Result<(), RunError> {
        let [alone, beside, third] = people;
        for (n, one) in people.iter().enumerate() {
            let created = self.active(one, "Proof", false).await?;
            if !self.works(created, |calls| &mut calls.create) {
                // It must not matter whether they were created after all, nor who came before them.
                let created: Vec<_> = people[..=n].iter().collect();
                return self.session_to_its_end(&created).await;
            }
        }
        let changed = self.active(alone, "Proven", true).await?;
        self.works(changed, |calls| &mut calls.update);

        let alone_deleted = self.delete(alone).await?;
        let alone_at = self.time.now();
        if alone_deleted != Deleted::Deactivated && alone_deleted != Deleted::Gone {
            // It would do the same during an import. All three leave by a session.
            self.found.calls.deactivate = match alone_deleted {
                Deleted::No => Works::Fails,
                _ => Works::Unknown,
            };
            self.session_to_its_end(&[alone, beside, third]).await?;
            self.is_still_active(alone).await;
            return Ok(());
        }
        let session = self.session(&[alone, third]).await?;
        let mut beside_deleted = Deleted::Unknown;
        let mut beside_at = alone_at;
        if let Some(session) = session {
            let deleted = self.delete(beside).await?;
            beside_at = self.time.now();
            // It was during an import only if that had not ended when the answer came.
            let importing = self.is_importing(&session).await?;
            if importing || deleted == Deleted::No {
                beside_deleted = deleted;
            } else {
                self.found.look_at.push(
                    "The import ended before somebody could be deactivated during it: prove again"
                        .to_owned(),
                );
            }
            self.watch(&session).await?;
        } else {
            self.found.look_at.push(
                "Okta opened no session in time, so nobody could be deactivated during one: prove \
                 again"
                    .to_owned(),
            );
        }
        self.session_to_its_end(&[beside]).await?;
        let tried = [
            (alone, alone_deleted, alone_at),
            (beside, beside_deleted, beside_at),
        ];
        self.conclude(tried).await;
        Ok(())
    }

    async fn conclude(&mut self, tried: [(&MadeUp, Deleted, Timestamp); 2]) {
        use Deleted::{Deactivated, Gone, No};
        let [(_, alone_deleted, _), (beside, beside_deleted, _)] = tried;
        self.found.calls.deactivate = match (alone_deleted, beside_deleted) {
            (_, No) => Works::Fails,
            (Deactivated, Deactivated) => Works::Works,
            (Deactivated | Gone, Deactivated | Gone) => {
                self.found.may_be_confirmed = true;
                for (one, _, at) in tried {
                    self.found.look_at.push(format!(
                        "Reports > System Log: {} must be deactivated by {at:.0}, when the call \
                         was answered, and not minutes later, when an import deactivated them as \
                         well. If this is true of both, confirm it with \
                         {{\"command\":\"prove\",\"confirmed\":[\"deactivate\"]}}; grant \
                         okta.users.read to have it seen",
                        one.login
                    ));
                }
                Works::Unknown
            }
            _ => Works::Unknown,
        };
        if beside_deleted == No {
            self.is_still_active(beside).await;
        }
    }

    /// Notes whether a call does what its name says. True if it does.
    fn works(&mut self, outcome: Outcome, of: impl Fn(&mut ProvenCalls) -> &mut Works) -> bool {
        let works = match outcome {
            Outcome::Done | Outcome::Deactivated => Works::Works,
            Outcome::InDoubt => Works::Unknown,
            Outcome::NotDone | Outcome::Contradicted | Outcome::LeftActive(_) => Works::Fails,
            Outcome::Denied(why) => {
                self.found.denied.get_or_insert(why);
                Works::Fails
            }
        };
        *of(&mut self.found.calls) = works;
        works == Works::Works
    }

    async fn active(
        &mut self,
        who: &MadeUp,
        name: &str,
        is_known: bool,
    ) -> Result<Outcome, RunError> {
        let Ok(entity) = who.active(name) else {
            return Ok(Outcome::NotDone);
        };
        self.call(who, ACTIVE, &entity, is_known).await
    }

    /// Deactivates somebody by a call, and looks. It proves nothing that the source no longer shows
    /// them.
    async fn delete(&mut self, who: &MadeUp) -> Result<Deleted, RunError> {
        let Ok(entity) = who.inactive() else {
            return Ok(Deleted::Unknown);
        };
        Ok(match self.call(who, Told::Inactive, &entity, true).await? {
            Outcome::Deactivated => Deleted::Deactivated,
            Outcome::Done => Deleted::Gone,
            Outcome::InDoubt => Deleted::Unknown,
            Outcome::Denied(why) => {
                self.found.denied.get_or_insert(why);
                Deleted::No
            }
            Outcome::NotDone | Outcome::Contradicted | Outcome::LeftActive(_) => Deleted::No,
        })
    }

    /// If no session can deactivate them any more, the operator must.
    async fn is_still_active(&mut self, who: &MadeUp) {
        let until = self.time.answer_by();
        let users = &self.run.beyond.users;
        let user = users.ask(until, async |calls| calls.org_user(&who.login).await);
        let user = user.await.ok().flatten().flatten();
        if user.is_some_and(|user| !user.is_deactivated()) {
            self.found.look_at.push(format!(
                "Directory > People: {} is still active: deactivate them there",
                who.login
            ));
        }
    }

    /// Makes a call as runs do: under the lease, numbered, and with its entry before it.
    async fn call(
        &mut self,
        who: &MadeUp,
        told: Told,
        entity: &Entity,
        is_known: bool,
    ) -> Result<Outcome, RunError> {
        let lease = self.lease().await?;
        let called = self.call_under(&lease, who, told, entity, is_known).await;
        lease.release().await;
        called
    }

    async fn call_under(
        &mut self,
        lease: &Lease,
        who: &MadeUp,
        told: Told,
        entity: &Entity,
        is_known: bool,
    ) -> Result<Outcome, RunError> {
        self.books.read_again().await?;
        let now = self.time.now();
        self.books.end_calls(now).await?;
        let numbers = self.books.call(1, now).await?;
        let Some(number) = numbers.clone().next() else {
            return Ok(Outcome::NotDone);
        };
        let recorded = self
            .run
            .ledger
            .record(&[who.entry(told, number, now)])
            .await;
        recorded.map_err(|error| match error {
            RecordError::Ledger(error) => RunError::from(error),
            RecordError::Overtaken => LeaseLost.into(),
        })?;
        lease.check()?;
        let caller = Caller {
            singles: &self.run.singles,
            statuses: self.statuses.then_some(&self.run.beyond.users),
            until: (now + SENT_WITHIN).min(self.time.answer_by()),
            time: self.time,
        };
        let outcome = caller.call(entity, is_known, Some(&who.login)).await;
        if !matches!(outcome, Outcome::InDoubt) {
            let done = matches!(outcome, Outcome::Done);
            let ended = [(number, done)];
            self.books.calls_ended(&ended, self.time.now()).await?;
        }
        Ok(outcome)
    }

    async fn lease(&self) -> Result<Lease, RunError> {
        let until = (self.time.now() + LEASE_PATIENCE).min(self.time.open_until());
        loop {
            let ledger = &self.run.ledger;
            let claim = ledger
                .claim(self.run_id, Rank::Call, self.time.deadline())
                .await?;
            match claim {
                Claim::Held(lease) => return Ok(lease),
                Claim::Busy { .. } if self.time.now() + LEASE_WAIT < until => {
                    tokio::time::sleep(LEASE_WAIT).await;
                }
                Claim::Busy { .. } => return Err(LeaseLost.into()),
            }
        }
    }

    /// Has a session deactivate them. Gives its id, if its import was started.
    async fn session(&mut self, people: &[&MadeUp]) -> Result<Option<SessionId>, RunError> {
        let run = Run {
            watch: Duration::ZERO,
            ..self.run.clone()
        };
        let job = Job::of(Source::Keys(Vec::new()));
        let mut report = Report::new(self.run_id.to_owned(), Trigger::Direct, false);
        let mut refusals = Refusals::new(Stuck::default(), true, false);
        let mut found = look::Found::leavers(people.iter().map(|one| one.leaver()).collect());
        let mut groups = GroupWork::default();
        let mut teller = Teller {
            groups: &mut groups,
            run: &run,
            job: &job,
            time: self.time,
            hand: self.hand,
            report: &mut report,
            books: &mut *self.books,
            refusals: &mut refusals,
            outstanding: None,
            may_call: MayCall::default(),
        };
        Box::pin(teller.tell(&mut found)).await?;
        let triggered = SessionStatus::Triggered.to_string();
        let session = report.sessions.into_iter().next();
        Ok(session
            .filter(|session| session.status == triggered)
            .map(|session| session.id))
    }

    async fn session_to_its_end(&mut self, people: &[&MadeUp]) -> Result<(), RunError> {
        match self.session(people).await? {
            Some(session) => self.watch(&session).await,
            None => Ok(()),
        }
    }

    async fn is_importing(&self, session: &SessionId) -> Result<bool, RunError> {
        let calls = self.run.okta.by(self.time.answer_by());
        let seen = calls.session(session).await?;
        Ok(seen.is_some_and(|seen| seen.status == SessionStatus::Triggered))
    }

    /// Waits for the end of an import.
    async fn watch(&self, session: &SessionId) -> Result<(), RunError> {
        let until: Timestamp = (self.time.now() + IMPORT_PATIENCE).min(self.time.open_until());
        while self.is_importing(session).await? && self.time.now() + LOOKED_AT_EVERY < until {
            tokio::time::sleep(LOOKED_AT_EVERY).await;
        }
        Ok(())
    }
}
