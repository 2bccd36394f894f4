//! Check: what Okta made of the people of an import that it calls COMPLETED.
//!
//! Okta sometimes leaves somebody out, and its import sessions do not say who. In small sessions
//! each person is asked for as soon as the session has landed. The System Log, which is late, is
//! read by the next full run. People who are not as told are doubted, so that they are told again,
//! and remembered as refused. Nothing that Okta answers here makes a run fail: the next full run
//! looks again for what could not be seen.

mod ask;
mod left_active;
mod log;
mod logins;
mod reason;
mod seen;

use std::{cell::Cell, collections::BTreeMap, time::Duration};

use jiff::Timestamp;

pub(super) use self::{left_active::left_active, seen::differs};
use self::{logins::Logins, reason::Cause};
use super::{
    Books, Refusals, Run, RunError, Time,
    hand::{Hand, subject},
};
use crate::{
    ledger::{Entry, IdHash, Number, Told, log::State},
    mapping::{ExternalId, Mapped, Profile, Since},
    mutation::{self, Mutation},
    okta::Holder,
};

/// In sessions of up to this many people each of them is asked for: a call takes a second or two.
pub(super) const ASKED_FOR: usize = 25;
/// The longest time for a check, unless a fifth of the time there is would be less.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many logins' holders one check looks for.
const HOLDERS: u32 = 10;
/// After this long nothing more is looked for.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A check by one run.
pub(super) struct Check<'a> {
    run: &'a Run,
    hand: &'a Hand<'a>,
    time: &'a Time,
    until: Timestamp,
    holders: Cell<u32>,
}

/// Somebody that Okta does not have as it was told.
struct Off {
    entry: Entry,
    cause: Cause,
    login: Option<String>,
}

impl<'a> Check<'a> {
    /// A check that begins now.
    pub(super) fn new(run: &'a Run, hand: &'a Hand<'a>, time: &'a Time) -> Self {
        Self {
            run,
            hand,
            time,
            until: time.now() + PATIENCE.min(time.clock().until(time.answer_by()) / 5),
            holders: Cell::new(HOLDERS),
        }
    }

    /// Checks a session that has just landed, if it has few people.
    ///
    /// # Errors
    /// When the tables could not be read or written.
    pub(super) async fn landed(
        &self,
        number: Number,
        books: &Books,
        refusals: &mut Refusals,
    ) -> Result<(), RunError> {
        let ledger = &self.run.ledger;
        let unchecked = ledger.unchecked().await?;
        let Some(import) = unchecked.get(number).filter(|it| !it.people.is_empty()) else {
            return Ok(());
        };
        let vanish = unchecked.leavers_vanish;
        let asked = self.ask(number, import, vanish, books.log()).await?;
        for off in &asked.off {
            self.refuse(off, &asked.logins, refusals).await?;
        }
        asked.fine.iter().for_each(|id| refusals.is_as_told(*id));
        let now = self.time.now();
        ledger
            .change_unchecked(|unchecked| {
                unchecked.leavers_vanish |= asked.vanish;
                unchecked.change(number, |import| {
                    import.landed.get_or_insert(now);
                    if asked.answered {
                        import.people.clear();
                    }
                });
            })
            .await?;
        Ok(())
    }

    /// Checks the sessions of earlier runs, and finds out who was refused and no longer is.
    ///
    /// # Errors
    /// When the tables could not be read or written.
    pub(super) async fn earlier(
        &self,
        books: &Books,
        refusals: &mut Refusals,
    ) -> Result<(), RunError> {
        let ledger = &self.run.ledger;
        let unchecked = ledger.unchecked().await?;
        let refused = refusals.told_again();
        if unchecked.is_empty() && refused.is_empty() {
            return Ok(());
        }
        let log = books.log();
        let began = self.time.now();
        let mut landed = BTreeMap::new();
        let mut gone = Vec::new();
        for (number, import) in unchecked.iter() {
            let is_old = import.landed.is_some_and(|at| at + GIVEN_UP_AFTER < began);
            match log.get(number).map(|listed| listed.state) {
                Some(State::GivenUp) => gone.push(number),
                Some(_) => {}
                None if is_old || log.is_void(number) => gone.push(number),
                None => drop(landed.insert(number, import.clone())),
            }
        }
        let mut off: BTreeMap<IdHash, Off> = BTreeMap::new();
        let mut answered = Vec::new();
        let mut vanish = unchecked.leavers_vanish;
        let mut logins = Logins::default();
        for (number, import) in landed.iter().filter(|(_, it)| !it.people.is_empty()) {
            let asked = self.ask(*number, import, vanish, log).await?;
            vanish |= asked.vanish;
            asked.fine.iter().for_each(|id| refusals.is_as_told(*id));
            logins.extend(asked.logins);
            off.extend(asked.off.into_iter().map(Off::by_id));
            if asked.answered {
                answered.push(*number);
            }
        }
        let said = self.read_log(&landed, log).await?;
        off.extend(said.off.into_iter().map(Off::by_id));
        for one in off.values() {
            self.refuse(one, &logins, refusals).await?;
        }
        let left = ledger
            .change_unchecked(|unchecked| {
                unchecked.leavers_vanish |= vanish;
                gone.iter().for_each(|number| unchecked.forget(*number));
                for number in landed.keys() {
                    unchecked.change(*number, |import| {
                        if answered.contains(number) {
                            import.people.clear();
                        }
                        said.read.note(import, began);
                    });
                }
            })
            .await?;
        let entries = ledger.entries(&refused, log).await?;
        let reading = books.reading(began);
        for id in refused {
            let entry = entries
                .iter()
                .find(|entry| IdHash::of(&entry.external_id) == id);
            let is_open = entry.is_some_and(|entry| {
                let standing = reading.of(entry).standing;
                off.contains_key(&id)
                    || entry.doubtful
                    || standing.is_some_and(|standing| !standing.holds)
                    || left.get(entry.session).is_some()
            });
            if !is_open {
                refusals.is_as_told(id);
            }
        }
        Ok(())
    }

    /// Doubts somebody, and remembers them as refused.
    async fn refuse(
        &self,
        off: &Off,
        logins: &Logins,
        refusals: &mut Refusals,
    ) -> Result<(), RunError> {
        let Off {
            entry,
            cause,
            login,
        } = off;
        if mutation::on(Mutation::RefusedIsForgotten) || !self.run.ledger.doubt_entry(entry).await?
        {
            // They were told something since.
            return Ok(());
        }
        let leaves = entry.told == Told::Inactive;
        let before = refusals
            .reason_before(&entry.external_id, entry.told)
            .is_some();
        let again = cause.may_pass(leaves, before);
        let ring = logins.ring(&entry.external_id);
        let holder = match login {
            Some(login) if cause.may_be_login() => match logins.holder(login, &entry.external_id) {
                Some(holder) => Some(holder),
                None => self.holder(login, &entry.external_id).await,
            },
            _ => None,
        };
        let said = refusals.reason_before(&entry.external_id, entry.told);
        let reason = match (cause, &holder, said) {
            // What was said may have come from the log, which knows better.
            (Cause::Missing, None, Some(said)) => said,
            _ if cause.may_be_login() && !ring.is_empty() => reason::of_ring(&ring),
            _ => cause.say(holder.as_ref(), again),
        };
        refusals.refused_inside(&entry.external_id, &entry.key, entry.told, reason, again);
        Ok(())
    }

    /// The holder of a login, if that may be seen, unless it is the person who wants it.
    async fn holder(&self, login: &str, wanted_by: &ExternalId) -> Option<Holder> {
        let left = self.holders.get();
        self.holders.set(left.checked_sub(1)?);
        let beyond = &self.run.beyond;
        let ours = beyond
            .apps
            .ask(self.until, async |calls| calls.app_user_with(login).await)
            .await;
        if let Ok(Some(Some(holder))) = ours {
            let is_themselves = holder.external_id.as_deref() == Some(wanted_by.as_str());
            return (!is_themselves).then(|| holder.into());
        }
        // Whether it is one of ours was seen, or their status cannot be told from their own.
        let Ok(Some(None)) = ours else { return None };
        let user = beyond
            .users
            .ask(self.until, async |calls| calls.org_user(login).await)
            .await;
        match user {
            Ok(Some(Some(user))) => Some(Holder {
                external_id: None,
                status: user.status,
            }),
            _ => None,
        }
    }

    /// What was sent about people whose record still says the same.
    async fn with_profiles(
        &self,
        entries: Vec<Entry>,
    ) -> Result<Vec<(Entry, Option<Profile>)>, RunError> {
        let keys: Vec<_> = entries
            .iter()
            .filter(|entry| entry.told != Told::Inactive)
            .map(|entry| entry.key.clone())
            .filter(|key| self.hand.schema.is_of(key))
            .collect();
        let mut records = self.hand.mapped(&keys).await?;
        let sent = |entry: &Entry, mapped: Mapped| {
            let is_theirs = subject(&mapped) == Some(&entry.external_id);
            match (mapped, entry.told) {
                (Mapped::Active(_, profile), Told::Active(print)) if is_theirs => {
                    matches!(profile.since(print), Since::Same(_)).then_some(profile)
                }
                _ => None,
            }
        };
        Ok(entries
            .into_iter()
            .map(|entry| {
                let mapped = records.remove(&entry.key.canonical());
                let profile = mapped.and_then(|(_, mapped)| sent(&entry, mapped));
                (entry, profile)
            })
            .collect())
    }
}

impl Off {
    fn by_id(self) -> (IdHash, Self) {
        (IdHash::of(&self.entry.external_id), self)
    }
}
