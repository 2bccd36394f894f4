//! Loading a session: users that Okta refuses are isolated, so that the others pass.

use std::{cell::Cell, collections::HashMap};

use futures::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;

use super::fill::{Fill, Parcel};
use super::refused::Refused;
use crate::{
    ledger::Told,
    mutation::{self, Mutation},
    okta::{self, Batch, GroupBatch, GroupKind, Kind, LoadError, Open, Pairs, Place, Session},
    sync::{RunError, hand::Ready, pace::IN_FLIGHT},
};

/// What became of the loads of one session.
#[derive(Debug, Default)]
pub(super) struct Loads {
    /// In the session.
    pub(super) accepted: Vec<Batch>,
    /// Nobody knows whether these arrived.
    pub(super) doubtful: Vec<Batch>,
    /// Users that Okta refuses, and users of refused loads that were not split up.
    pub(super) refused: Vec<Refused>,
    /// Users who are not in the session for lack of requests or time.
    pub(super) left: Vec<Ready>,
    /// The first load that failed for another reason.
    pub(super) failure: Option<okta::Error>,
    /// Whether old memberships of people who return are in it, or may be.
    pub(super) dropped: bool,
    /// Everybody in line for loading, by external id.
    pub(super) people: HashMap<String, Ready>,
    /// Whether the session takes no more users.
    closed: bool,
}

/// A refused batch that may be split up.
#[derive(Debug)]
struct Whole {
    batch: Batch,
    until: Timestamp,
    reason: String,
    suspects: Vec<String>,
}

/// Loads what `fill` gives, deactivations before upserts, while `go_on` says so and requests last.
/// Up to `isolations` users of refused loads are isolated.
///
/// # Errors
/// When the next people could not be taken in hand or charged. What was loaded is in `loads`.
pub(super) async fn load(
    session: &Session<Open>,
    fill: &mut Fill<'_>,
    isolations: usize,
    loads: &mut Loads,
    go_on: impl Fn() -> bool,
) -> Result<(), RunError> {
    let mut isolations = isolations;
    let mut failure = None;
    for kind in [Kind::Deactivate, Kind::Upsert] {
        let mut queue = Queue {
            kind,
            parts: Vec::new(),
            refused: Vec::new(),
            parts_in_flight: 0,
            isolations,
            is_full: false,
        };
        let mut in_flight = FuturesUnordered::new();
        loop {
            while in_flight.len() < IN_FLIGHT && !loads.closed && failure.is_none() && go_on() {
                let next = queue.next(session, fill, loads).await;
                let Some(Next {
                    batch,
                    until,
                    is_part,
                    drops,
                    mut places,
                }) = next.unwrap_or_else(|error| {
                    failure = Some(error);
                    None
                })
                else {
                    break;
                };
                let place = places.pop();
                in_flight.push(async move {
                    let taken_out = take_out(session, drops, until, places).await;
                    let answer = match (taken_out, place) {
                        (Ok(()), Some(place)) => session.load_by(&batch, until, place).await,
                        (Ok(()), None) => Err(LoadError::NoBudget),
                        (Err(error), _) => Err(error),
                    };
                    (batch, until, is_part, answer)
                });
            }
            let Some((batch, until, is_part, answer)) = in_flight.next().await else {
                break;
            };
            queue.parts_in_flight -= usize::from(is_part);
            if let Some(refused) = loads.take(batch, until, answer) {
                queue.refused(refused, loads);
            }
        }
        isolations = queue.isolations;
        loads.leave(queue, session.requests_left() < PARTS);
    }
    failure.map_or(Ok(()), Err)
}

/// Takes people who return out of the groups that they must not get back, before they are let in.
/// If Okta refuses that, they are told again once they have landed: what they may be in is
/// remembered.
async fn take_out(
    session: &Session<Open>,
    drops: Vec<GroupBatch>,
    until: Timestamp,
    places: Vec<Place<'_>>,
) -> Result<(), LoadError> {
    if drops.len() > places.len() {
        return Err(LoadError::NoBudget);
    }
    for (drop, place) in drops.into_iter().zip(places) {
        match session.load_groups_by(&drop, until, place).await {
            Ok(()) | Err(LoadError::Ambiguous(_)) => {}
            Err(LoadError::Refused { refusal, .. }) => {
                tracing::warn!(
                    %refusal,
                    "old memberships of people who return will be taken away later"
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Batches of one kind on their way.
#[derive(Debug)]
struct Queue {
    kind: Kind,
    parts: Vec<(Batch, Timestamp)>,
    refused: Vec<Whole>,
    parts_in_flight: usize,
    isolations: usize,
    /// Whether the session has no room for the next people.
    is_full: bool,
}

/// What is sent next.
struct Next<'s> {
    batch: Batch,
    until: Timestamp,
    /// Whether it is part of a refused batch.
    is_part: bool,
    /// The memberships to take away before.
    drops: Vec<GroupBatch>,
    /// The session's requests for all of it.
    places: Vec<Place<'s>>,
}

/// The memberships that people must not get back when they are let in again. One person may have
/// more than a session takes: theirs are taken away later.
fn drops(people: &[Ready]) -> Vec<GroupBatch> {
    let mut pairs = Pairs::new();
    for ready in people {
        for group in &ready.drops {
            let members = pairs.entry(group.shared().clone()).or_default();
            members.push(ready.external_id.as_str().into());
        }
    }
    let drops = okta::pack_memberships(GroupKind::Leave, &pairs);
    match people {
        [_] if drops.len() >= okta::max_requests() => Vec::new(),
        _ => drops,
    }
}

/// How many parts a refused batch is split into.
const PARTS: usize = 2;

impl Queue {
    /// The next batch to send.
    ///
    /// Whole batches come first as long as the requests that are left then suffice to isolate a
    /// user of each refused batch. One batch at a time is split up, the smallest first, so that few
    /// requests are enough to come to a single user even if all are refused.
    async fn next<'s>(
        &mut self,
        session: &'s Session<Open>,
        fill: &mut Fill<'_>,
        loads: &mut Loads,
    ) -> Result<Option<Next<'s>>, RunError> {
        let requests_left = session.requests_left();
        if self.parts.is_empty() {
            if requests_left > self.requests_to_isolate() && !self.is_full {
                let is_full = Cell::new(false);
                let room = |people: &[Ready]| {
                    // Their old memberships are loaded with them, or not at all.
                    let room = session.set_aside(1 + drops(people).len());
                    is_full.set(room.is_none());
                    room
                };
                if let Some(parcel) = fill.next(self.kind, room).await? {
                    let Parcel {
                        batch,
                        people,
                        places,
                        until,
                    } = parcel;
                    let drops = drops(&people);
                    loads.dropped |= !drops.is_empty();
                    let named = people
                        .into_iter()
                        .map(|ready| (ready.external_id.to_string(), ready));
                    loads.people.extend(named);
                    return Ok(Some(Next {
                        batch,
                        until,
                        is_part: false,
                        drops,
                        places,
                    }));
                }
                self.is_full = is_full.get();
            }
            if self.parts_in_flight == 0 && requests_left >= PARTS && self.isolations > 0 {
                self.take_apart();
            }
        }
        let Some((batch, until)) = self.parts.pop() else {
            return Ok(None);
        };
        // What their people must not get back was taken away before the whole was refused.
        let Some(places) = session.set_aside(1) else {
            loads.put_back(&batch);
            return Ok(None);
        };
        self.parts_in_flight += 1;
        Ok(Some(Next {
            batch,
            until,
            is_part: true,
            drops: Vec::new(),
            places,
        }))
    }

    fn take_apart(&mut self) {
        let sizes = self.refused.iter().enumerate();
        let Some((smallest, _)) = sizes.min_by_key(|(_, refused)| refused.batch.len()) else {
            return;
        };
        let Whole {
            batch,
            until,
            suspects,
            ..
        } = self.refused.swap_remove(smallest);
        // The likely half goes last, because the parts are taken from the end.
        if let Ok((others, suspected)) = batch.separate(&suspects) {
            self.parts.extend([(others, until), (suspected, until)]);
        }
    }

    fn requests_to_isolate(&self) -> usize {
        if self.isolations == 0 {
            return 0;
        }
        let halvings = |users: usize| users.next_power_of_two().ilog2() as usize;
        let of_one = |refused: &Whole| PARTS * halvings(refused.batch.len());
        self.refused.iter().map(of_one).sum()
    }

    /// Notes a refused batch: a single user is isolated.
    fn refused(&mut self, refused: Whole, loads: &mut Loads) {
        if refused.batch.len() == 1 {
            self.isolations = self.isolations.saturating_sub(1);
            loads.refuse(refused);
        } else {
            self.refused.push(refused);
        }
    }
}

impl Loads {
    /// Sorts a load by its answer. Gives it back if it was refused.
    fn take(
        &mut self,
        batch: Batch,
        until: Timestamp,
        answer: Result<(), LoadError>,
    ) -> Option<Whole> {
        match answer {
            Ok(()) => self.accepted.push(batch),
            Err(LoadError::Ambiguous(_)) if mutation::on(Mutation::LostAnswerIsDone) => {
                self.accepted.push(batch);
            }
            Err(LoadError::NoBudget) => self.put_back(&batch),
            // Its people were in hand for too long: what is left is read again.
            Err(LoadError::Failed(okta::Error::OutOfTime { .. })) => {
                self.closed = true;
                self.put_back(&batch);
            }
            Err(LoadError::Refused { refusal, suspects }) => {
                let reason = refusal.to_string();
                return Some(Whole {
                    batch,
                    until,
                    reason,
                    suspects,
                });
            }
            Err(LoadError::Ambiguous(error)) => {
                tracing::warn!(
                    %error,
                    users = batch.len(),
                    "it is unknown whether Okta accepted a load"
                );
                self.doubtful.push(batch);
            }
            Err(LoadError::NotOpen { status }) => {
                tracing::warn!(?status, "the session takes no more users");
                self.closed = true;
                self.put_back(&batch);
            }
            Err(LoadError::Failed(error)) => {
                self.failure.get_or_insert(error);
                self.put_back(&batch);
            }
        }
        None
    }

    /// What was not sent of a queue. A refused batch that was not split up is for the next session,
    /// if that makes sense. It does not if nobody more can be isolated, or if a whole session's
    /// requests came to nothing.
    fn leave(&mut self, queue: Queue, no_requests: bool) {
        for (batch, _) in queue.parts {
            self.put_back(&batch);
        }
        let useless = no_requests && self.accepted.is_empty() && self.refused.is_empty();
        for refused in queue.refused {
            if queue.isolations == 0 || useless {
                self.refuse(refused);
            } else {
                self.put_back(&refused.batch);
            }
        }
    }

    fn refuse(&mut self, refused: Whole) {
        let people = refused
            .batch
            .external_ids()
            .filter_map(|id| self.people.remove(id))
            .collect();
        self.refused.push(Refused {
            people,
            reason: refused.reason,
        });
    }

    fn put_back(&mut self, batch: &Batch) {
        let people = batch.external_ids().filter_map(|id| self.people.remove(id));
        self.left.extend(people.collect::<Vec<_>>());
    }

    /// How many users in the session were not told active before, and are now.
    pub(super) fn activated(&self) -> u64 {
        let people = self.accepted.iter().flat_map(Batch::external_ids);
        let people = people.filter_map(|id| self.people.get(id));
        let is_new = |ready: &&Ready| {
            let before = ready.before.as_ref().map(|before| before.told);
            ready.why.is_none() && !matches!(before, Some(Told::Active(_)))
        };
        people.filter(is_new).count() as u64
    }

    /// Whether everybody in the session is told again what a single-user call has told.
    pub(super) fn only_confirm(&self) -> bool {
        let mut people = self.accepted.iter().flat_map(Batch::external_ids);
        people.all(|id| self.people.get(id).is_some_and(|ready| ready.confirms))
    }

    /// How many users of this kind are in the session.
    pub(super) fn users(&self, kind: Kind) -> u64 {
        self.accepted
            .iter()
            .filter(|batch| batch.kind() == kind)
            .map(|batch| batch.len() as u64)
            .sum()
    }
}
