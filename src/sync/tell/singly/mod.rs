//! The fast lane: a few people told at once by single-user calls, without a session and without a
//! cooldown.
//!
//! A call is an accelerator, never the commit: it is numbered like a session, its entry is written
//! before it, and whatever comes of it, a session tells the same again. This run's session tells
//! the people that no call may be made about, and those whose call is not seen to be done.

mod call;
mod came;
mod prepared;

use std::{collections::HashMap, ops::Range};

use futures::{StreamExt as _, stream};
use jiff::Timestamp;

pub(in crate::sync) use self::call::{Caller, Outcome};
use self::came::Came;
use self::prepared::{Prepared, put_back};
use super::{
    Teller, by_call::ByCall, fill::Fill, lane::Lane, lane::Tally, passed_on::PassedOn, session,
};
use crate::{
    ledger::{Entry, Lease, LeaseLost, Number, Rank, RecordError, log::SENT_WITHIN},
    mutation::{self, Mutation},
    okta::Kind,
    sync::{
        RunError,
        look::{Found, Whole},
    },
};

/// How many calls run at once. One takes a second or two.
const IN_FLIGHT: usize = 10;

impl Teller<'_> {
    /// Tells by calls the people that it may. Those left in `found` must be told by a session.
    pub(super) async fn tell_singly(
        &mut self,
        found: &mut Found,
        tally: &mut Tally,
    ) -> Result<(), RunError> {
        let changes = found.leavers.len() + found.upserts.len();
        if !self.may_call.any() || changes == 0 || changes > self.run.fast_lane {
            return Ok(());
        }
        let whole = if self.hand.by_key() || found.leavers.is_empty() {
            None
        } else {
            // Before the lease is taken, as this may take minutes.
            let people = found.leavers.iter().map(|suspect| suspect.id);
            Some(Whole::read(self.hand, people).await?)
        };
        let Some(lease) = self.lease(Rank::Call).await? else {
            return Ok(());
        };
        let told = self.by_calls(&lease, found, whole, tally).await;
        lease.release().await;
        told
    }

    async fn by_calls(
        &mut self,
        lease: &Lease,
        found: &mut Found,
        whole: Option<Whole>,
        tally: &mut Tally,
    ) -> Result<(), RunError> {
        self.books.read_again().await?;
        let now = self.time.now();
        self.books.end_calls(now).await?;
        let changes = found.leavers.len() + found.upserts.len();
        let numbers = self.books.call(changes, now).await?;
        if numbers.is_empty() {
            tracing::warn!("too many single-user calls are under way: a session tells the rest");
            return Ok(());
        }
        let until = (now + SENT_WITHIN).min(self.time.answer_by());
        let prepared = self.prepare(lease, found, whole, tally, numbers.clone());
        let (prepared, loaded_by) = match Box::pin(prepared).await {
            Ok(prepared) => prepared,
            Err(error) => {
                // None was made.
                let all: Vec<_> = numbers.map(|number| (number, false)).collect();
                self.books.calls_ended(&all, self.time.now()).await?;
                return Err(error);
            }
        };
        let came = self.make(lease, prepared, until.min(loaded_by)).await;
        let ended: Vec<_> = numbers
            .filter(|number| !came.under_way.contains(number))
            .map(|number| (number, came.done.contains(&number)))
            .collect();
        self.books.calls_ended(&ended, self.time.now()).await?;
        self.came(came, found).await
    }

    /// Takes people in hand, charges them, and writes what their calls are about to tell. Also
    /// gives until when that is recent enough to tell.
    async fn prepare(
        &mut self,
        lease: &Lease,
        found: &mut Found,
        whole: Option<Whole>,
        tally: &mut Tally,
        numbers: Range<Number>,
    ) -> Result<(Vec<Prepared>, Timestamp), RunError> {
        let mut fill = Fill {
            hand: self.hand,
            reading: self.books.reading(self.time.now()),
            books: &mut *self.books,
            refusals: &*self.refusals,
            report: &mut *self.report,
            leavers: Lane::of(std::mem::take(&mut found.leavers).into()),
            upserts: Lane::of(std::mem::take(&mut found.upserts).into()),
            room: self.run.fast_lane,
            session: numbers.start,
            whole,
            in_scope: None,
            tally: Tally::default(),
            by_call: Some(ByCall {
                may: self.may_call,
                left: Vec::new(),
            }),
            passed_on: PassedOn::default(),
        };
        let mut loaded_by = Timestamp::MAX;
        let mut people = Vec::new();
        for kind in [Kind::Deactivate, Kind::Upsert] {
            while let Some(parcel) = fill.next(kind, |_| Some(())).await? {
                loaded_by = loaded_by.min(parcel.until);
                let mut entities: HashMap<_, _> = parcel
                    .batch
                    .into_entities()
                    .into_iter()
                    .map(|entity| (entity.external_id().to_owned(), entity))
                    .collect();
                people.extend(parcel.people.into_iter().filter_map(|ready| {
                    let entity = entities.remove(ready.external_id.as_str())?;
                    Some((ready, entity))
                }));
            }
        }
        let left: Vec<_> = fill
            .by_call
            .take()
            .into_iter()
            .flat_map(|by| by.left)
            .collect();
        found
            .leavers
            .extend(std::mem::take(&mut fill.leavers).left());
        found
            .upserts
            .extend(std::mem::take(&mut fill.upserts).left());
        session::add(tally, fill.tally);
        left.into_iter().for_each(|ready| put_back(found, ready));
        if mutation::on(Mutation::CallIgnoresImports) {
            people.iter_mut().for_each(|(ready, _)| ready.behind = None);
        }
        let numbered = people.into_iter().zip(numbers);
        let prepared: Vec<_> = numbered
            .map(|((ready, entity), number)| Prepared {
                ready,
                entity,
                number,
            })
            .collect();
        if !mutation::on(Mutation::EntryAfterCall) {
            self.record_calls(lease, &prepared).await?;
        }
        Ok((prepared, loaded_by))
    }

    async fn record_calls(&self, lease: &Lease, prepared: &[Prepared]) -> Result<(), RunError> {
        let now = self.time.now();
        let entries = prepared.iter();
        let entries: Vec<Entry> = entries
            .map(|it| it.ready.entry(it.number, None, false, now))
            .collect();
        lease.check()?;
        let recorded = self.run.ledger.record(&entries).await;
        recorded.map_err(|error| match error {
            RecordError::Ledger(error) => RunError::from(error),
            RecordError::Overtaken => LeaseLost.into(),
        })
    }

    /// Makes the calls, those about leavers first, and looks what came of them.
    async fn make(&self, lease: &Lease, prepared: Vec<Prepared>, until: Timestamp) -> Came {
        let caller = Caller {
            singles: &self.run.singles,
            statuses: self.may_call.statuses.then_some(&self.run.beyond.users),
            until,
            time: self.time,
        };
        let after = mutation::on(Mutation::EntryAfterCall);
        let outcomes: Vec<_> = stream::iter(prepared)
            .map(|it| {
                let caller = &caller;
                async move {
                    let outcome = match lease.check() {
                        Ok(()) => caller.tell(&it.ready, &it.entity).await,
                        Err(_) => Outcome::NotDone,
                    };
                    if after {
                        let it = std::slice::from_ref(&it);
                        let _ = self.record_calls(lease, it).await;
                    }
                    (it, outcome)
                }
            })
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        Came::of(outcomes)
    }
}
