//! Filling a session: people are taken in hand, charged and packed just before they are loaded.

use std::{collections::HashSet, time::Duration};

use jiff::Timestamp;

use super::{
    by_call::ByCall,
    lane::{Lane, Tally},
    passed_on::PassedOn,
    queues::Portion,
};
use crate::{
    guard::Kind,
    ledger::{Mode, Number, Reading},
    mutation::{self, Mutation},
    okta::{self, Batch, Packer},
    sync::{
        Books, Refusals, Report, RunError,
        hand::{Circumstances, Cost, Decision, Hand, InHand, Ready, Why},
        look::Whole,
        suspect::Suspect,
    },
};

/// How long people may have been in hand when they are packed.
const FRESH: Duration = Duration::from_secs(20);
/// How long after taking people in hand their load may arrive. The promise is two minutes.
const LOADED_WITHIN: Duration = Duration::from_secs(100);
/// How long it is known that the table has somebody in scope.
const IN_SCOPE_FOR: Duration = Duration::from_secs(60);

/// One request, and who is in it.
#[derive(Debug)]
pub(super) struct Parcel<P> {
    pub(super) batch: Batch,
    pub(super) people: Vec<Ready>,
    /// The session's requests that were set aside for them.
    pub(super) places: P,
    /// When what it says is too old to load.
    pub(super) until: Timestamp,
}

/// People on their way into one session, or to single-user calls.
pub(super) struct Fill<'a> {
    pub(super) hand: &'a Hand<'a>,
    pub(super) books: &'a mut Books,
    pub(super) reading: Reading,
    pub(super) refusals: &'a Refusals,
    pub(super) report: &'a mut Report,
    /// The leavers.
    pub(super) leavers: Lane,
    /// The joiners and movers.
    pub(super) upserts: Lane,
    /// How many people the session may carry.
    pub(super) room: usize,
    /// The session's number, or that of the first call.
    pub(super) session: Number,
    /// What a read of the whole table has found about the leavers.
    pub(super) whole: Option<Whole>,
    /// When the table was last seen to have somebody in scope.
    pub(super) in_scope: Option<Timestamp>,
    /// What came of people who were in hand and are not told.
    pub(super) tally: Tally,
    /// If they are told by calls: who may be.
    pub(super) by_call: Option<ByCall>,
    /// The logins that people give up.
    pub(super) passed_on: PassedOn,
}

fn is_unapproved(ready: &Ready) -> bool {
    matches!(ready.cost, Cost::Unapproved(_))
}

impl Fill<'_> {
    /// The next request's people, charged once there is room for them. `None` if nobody is left,
    /// none may be told, or there is no room now.
    pub(super) async fn next<P>(
        &mut self,
        kind: okta::Kind,
        room: impl Fn(&[Ready]) -> Option<P>,
    ) -> Result<Option<Parcel<P>>, RunError> {
        while !self.tally.paused {
            let mut packer = Packer::new();
            let mut people = Vec::new();
            let mut oldest = Timestamp::MAX;
            while people.len() < self.room {
                let Some((mut ready, read)) = self.take(kind).await? else {
                    break;
                };
                let Some(entity) = ready.entity.take() else {
                    continue;
                };
                if packer.would_fit(&entity, 1) {
                    packer.push(entity);
                    people.push(ready);
                    oldest = oldest.min(read);
                } else {
                    ready.entity = Some(entity);
                    self.lane(kind).ready.push_front((ready, read));
                    break;
                }
            }
            let Some(mut batch) = packer.finish().pop() else {
                return Ok(None);
            };
            let is_paused = self.hand.ledger.mode().await? == Mode::Paused;
            if is_paused && !mutation::on(Mutation::PauseIsIgnored) {
                self.tally.paused = true;
                self.put_back(people);
                return Ok(None);
            }
            let places = loop {
                match room(&people) {
                    Some(places) => break places,
                    None if people.len() > 1 => batch = self.halve(batch, &mut people),
                    None => {
                        self.put_back(people);
                        return Ok(None);
                    }
                }
            };
            let Some((batch, people)) = self.charge(batch, people).await? else {
                continue;
            };
            self.room = self.room.saturating_sub(people.len());
            let until = if mutation::on(Mutation::LoadOldPlan) {
                Timestamp::MAX
            } else {
                oldest + LOADED_WITHIN
            };
            return Ok(Some(Parcel {
                batch,
                people,
                places,
                until: match &self.whole {
                    Some(whole) if kind == okta::Kind::Deactivate => until.min(whole.until()),
                    _ => until,
                },
            }));
        }
        Ok(None)
    }

    /// The first half of a batch. The people of the other half are put back.
    fn halve(&mut self, batch: Batch, people: &mut Vec<Ready>) -> Batch {
        let (first, second) = match batch.halve() {
            Ok(halves) => halves,
            Err(whole) => return whole,
        };
        let others: HashSet<&str> = second.external_ids().collect();
        let is_other = |ready: &mut Ready| others.contains(ready.external_id.as_str());
        let others = people.extract_if(.., is_other).collect();
        self.put_back(others);
        first
    }

    /// Whether there is anybody to tell at all.
    pub(super) async fn has_any(&mut self) -> Result<bool, RunError> {
        for kind in [okta::Kind::Deactivate, okta::Kind::Upsert] {
            if let Some(one) = self.take(kind).await? {
                self.lane(kind).ready.push_front(one);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn lane(&mut self, kind: okta::Kind) -> &mut Lane {
        match kind {
            okta::Kind::Deactivate => &mut self.leavers,
            okta::Kind::Upsert => &mut self.upserts,
        }
    }

    /// The next of those in hand. Reads more if needed, and reads people again who were in hand for
    /// long.
    async fn take(&mut self, kind: okta::Kind) -> Result<Option<(Ready, Timestamp)>, RunError> {
        // People who were read just now are taken, however long that took: it would take as long
        // again.
        let mut just_read = false;
        loop {
            let now = self.now();
            let at_once = self.hand.users.at_once().unwrap_or(usize::MAX);
            let lane = self.lane(kind);
            while let Some((ready, read)) = lane.ready.pop_front() {
                let age = now.duration_since(read).unsigned_abs();
                if age < FRESH
                    || just_read && age < LOADED_WITHIN / 2
                    || mutation::on(Mutation::LoadOldPlan)
                {
                    return Ok(Some((ready, read)));
                }
                lane.suspects.push_front(ready.suspect);
            }
            let most = okta::max_entities().min(at_once);
            let some = lane.suspects.len().min(most);
            if some == 0 {
                return Ok(None);
            }
            let slice: Vec<_> = lane.suspects.drain(..some).collect();
            if kind == okta::Kind::Deactivate {
                self.look_elsewhere(&slice).await?;
            }
            self.read(&slice).await?;
            just_read = true;
        }
    }

    /// If a record's key does not identify the person, leavers are looked for in the whole table.
    async fn look_elsewhere(&mut self, slice: &[Suspect]) -> Result<(), RunError> {
        let says = self
            .whole
            .as_ref()
            .is_some_and(|whole| whole.until() > self.now() + FRESH);
        if !says && !self.hand.by_key() {
            let people = slice
                .iter()
                .chain(&self.leavers.suspects)
                .map(|suspect| suspect.id);
            let people: Vec<_> = people.collect();
            self.whole = Some(Whole::read(self.hand, people.into_iter()).await?);
        }
        Ok(())
    }

    async fn read(&mut self, slice: &[Suspect]) -> Result<(), RunError> {
        let read = self.now();
        let circumstances = Circumstances {
            reading: &self.reading,
            refusals: self.refusals,
            approved: self.books.guard.approved(),
            whole: self.whole.as_ref(),
        };
        let taken = self.hand.take(slice, &circumstances).await?;
        let is_removal = |one: &InHand| match &one.decision {
            Decision::Tell(ready) => ready.why.is_some_and(|why| why != Why::Inactive),
            _ => false,
        };
        let held = taken.iter().any(is_removal) && !self.somebody_is_in_scope().await?;
        let told = taken.iter().filter_map(|one| match &one.decision {
            Decision::Tell(ready) if ready.why.is_none() && !self.is_withheld(ready) => {
                Some(&**ready)
            }
            _ => None,
        });
        let told: Vec<_> = told.collect();
        let later = self.passed_on.later(told.into_iter());
        for one in taken {
            let is_removal = is_removal(&one);
            let InHand {
                suspect,
                decision,
                noted,
                ..
            } = one;
            match decision {
                Decision::Tell(_) if held && is_removal => self.tally.held += 1,
                // A call has just told it.
                Decision::Tell(ready) if self.by_call.is_some() && ready.confirms => {
                    self.fell_away(&suspect);
                }
                Decision::Tell(ready)
                    if self.by_call.as_ref().is_some_and(|by| {
                        !by.takes(&ready) || later.contains(&ready.suspect.id)
                    }) =>
                {
                    self.by_call
                        .iter_mut()
                        .for_each(|by| by.left.push((*ready).clone()));
                }
                // The next run tells them, once the person who gives up their login was told.
                Decision::Tell(ready) if later.contains(&ready.suspect.id) => self.tally.waits += 1,
                Decision::Tell(ready) => match ready.cost.to_charge() {
                    Some(kind) if self.is_withheld(&ready) => self.withhold(kind, *ready),
                    _ => {
                        let lane = if ready.why.is_some() {
                            &mut self.leavers
                        } else {
                            &mut self.upserts
                        };
                        lane.ready.push_back((*ready, read));
                    }
                },
                Decision::Wait | Decision::UnderWay(_) => self.tally.waits += 1,
                // Nobody remembers the push yet: it must be repeated.
                Decision::Nothing(_) if noted.is_some() => self.tally.waits += 1,
                Decision::NextLook => self.tally.next_look += 1,
                Decision::Nothing(_) | Decision::Stranger => self.fell_away(&suspect),
                Decision::Rejected(reject) => {
                    self.fell_away(&suspect);
                    self.report.rejected.add(reject);
                }
                Decision::Refused(reject) => {
                    self.fell_away(&suspect);
                    self.report.refused.add(reject);
                }
            }
        }
        Ok(())
    }

    fn is_withheld(&self, ready: &Ready) -> bool {
        let kind = ready.cost.to_charge();
        kind.is_some_and(|kind| self.is_latched(kind) || is_unapproved(ready))
    }

    fn is_latched(&self, kind: Kind) -> bool {
        self.books.guard.memory().latched(kind).is_some()
            && !(self.by_call.is_some() && ByCall::forgets_the_guard(kind))
            && !mutation::on(Mutation::SafeguardAfterLoading)
    }

    pub(super) fn withhold(&mut self, kind: Kind, ready: Ready) {
        *self.tally.withheld.entry(kind).or_default() += 1;
        if ready.pushed.is_some() && kind == Kind::Deactivations {
            self.tally.to_leave.push(ready);
        }
    }

    fn fell_away(&mut self, suspect: &Suspect) {
        let (leavers, upserts) = &mut self.tally.fell_away;
        if suspect.target.is_deactivation() {
            *leavers += 1;
        } else {
            *upserts += 1;
        }
    }

    /// Nobody counts as gone from a table that has nobody in scope.
    async fn somebody_is_in_scope(&mut self) -> Result<bool, RunError> {
        let now = self.now();
        let is_known = self
            .in_scope
            .is_some_and(|at| now.duration_since(at).unsigned_abs() < IN_SCOPE_FOR);
        if is_known || mutation::on(Mutation::EmptyTableIsAllowed) {
            return Ok(true);
        }
        let found = self.hand.somebody_is_in_scope().await?;
        self.in_scope = found.then_some(now);
        Ok(found)
    }

    /// People who were not loaded are suspects again.
    pub(super) fn put_back(&mut self, people: Vec<Ready>) {
        for ready in people {
            let lane = if ready.why.is_some() {
                &mut self.leavers
            } else {
                &mut self.upserts
            };
            lane.suspects.push_back(ready.suspect);
        }
    }

    /// Gives back the people who are left, and says what came of the others.
    pub(super) fn put_into(self, portion: &mut Portion) -> Tally {
        portion.leavers.extend(self.leavers.left());
        portion.upserts.extend(self.upserts.left());
        self.tally
    }

    pub(super) fn now(&self) -> Timestamp {
        self.hand.ledger.clock.now()
    }
}
