//! What is known about one person, what the next run will do about them, and why.
//!
//! It is the runs' own decision ([`Hand::take`], and the guard's memory), made about one person and
//! told instead of done. It writes nothing anywhere. If a record's key identifies the person, it
//! costs the same however many people there are.

mod answer;
mod because;
mod okta;
mod place;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

pub use answer::{Explanation, LedgerSays, Next, OktaHas, RecordSays, RecordState};

use self::{
    because::{Because, Keeps},
    place::Place,
};
use super::{
    Books, Refusals, Run, RunError, Time, groups,
    hand::{AtHand, Circumstances, Cost, Decision, Hand, InHand, Ready, Why, subject, who},
    look::{Whole, whose},
    suspect::Suspect,
    tell,
};
use crate::{
    guard::{Guard, Memory, Target},
    ledger::{Again, Entry, IdHash, Mode, Reading, State, Told},
    mapping::{ExternalId, Mapped},
    users::{Record, RecordKey},
};

/// The longest wait for Okta.
const PATIENCE: Duration = Duration::from_secs(3);

/// The person in question.
#[derive(Debug, Clone)]
pub enum Who {
    /// The person with this external id.
    Id(ExternalId),
    /// The person that the record under this key, as plain JSON, is about.
    Record(Value),
}

impl Run {
    /// Says what is known about one person, and what the next full run will do about them. With
    /// `values`, it gives the attributes' values.
    ///
    /// # Errors
    /// When a table could not be read, the ledger is about something else, or the record's key is
    /// not a key ([`RunError::NoKey`]).
    pub async fn explain(
        &self,
        about: &Who,
        values: bool,
        time: &Time,
    ) -> Result<Explanation, RunError> {
        let mut state: State<Memory> = self.ledger.state(self.start).await?;
        let schema = self.users.schema().await?;
        self.check_binding(&mut state.binding, false).await?;
        let is_paused = state.switch.mode == Mode::Paused;
        let app = self.app.read(time).await;
        let hand = self.hand(schema, app.as_deref());
        let mut at = match about {
            Who::Id(id) => Place::of(id.clone()),
            Who::Record(json) => {
                let record = Record::from_json(json).ok();
                let key = record.and_then(|record| schema.key_of(record.attributes()));
                let key = key.filter(|key| schema.is_of(key) && is_only(json, key));
                let key = key.ok_or_else(|| RunError::NoKey(schema.to_string()))?;
                Place::under(key, &hand).await?
            }
        };
        let Some(id) = at.id.clone() else {
            return Ok(at.of_nobody());
        };
        let whose = whose(std::slice::from_ref(&id), &hand).await?;
        at.keys.extend(whose.keys.into_values().flatten());

        let now = time.now();
        let guard = Guard::new(&self.ledger, self.limits, state.guard, now).await?;
        let mut books = Books::new(&self.ledger, state.log, guard, false);
        let calls = self.okta.by((now + PATIENCE).min(time.answer_by()));
        let settled = tell::settle(&mut books, &calls, None, now).await;
        if self.ledger.holder().await?.is_none() {
            books.take_open_for_lost(now).await?;
        }
        let hash = IdHash::of(&id);
        let whole = if hand.by_key() {
            None
        } else {
            Some(Whole::read(&hand, std::iter::once(hash)).await?)
        };
        let reading = books.reading(now);
        let refusals = Refusals::new(self.ledger.stuck().await?, false, true);
        let circumstances = Circumstances {
            reading: &reading,
            refusals: &refusals,
            approved: books.guard.approved(),
            whole: whole.as_ref(),
        };
        let suspect = Suspect {
            id: hash,
            keys: at.keys.clone(),
            charge: None,
            target: Target::from(Told::Inactive),
            again: Again::AsEver,
            pushed: None,
            place: None,
            confirms: false,
        };
        let mut taken = hand.take(&[suspect], &circumstances).await?;
        let Some(InHand {
            decision, at_hand, ..
        }) = taken.pop()
        else {
            return Ok(at.of_nobody());
        };
        let entries = self.ledger.entries(&[hash], &reading.log).await?;
        let entry = entries.into_iter().find(|entry| !entry.stranger);
        let keys = entry.iter().map(|entry| &entry.key);
        let keys: Vec<_> = at.keys.iter().chain(keys).cloned().collect();
        let records = hand.mapped(&keys).await?;
        let mapped = records
            .into_values()
            .map(|(_, mapped)| mapped)
            .find(|mapped| who(mapped) == Some(&id));

        let keeps = match &decision {
            Decision::Tell(ready) => self.keeps(ready, &hand, &books, now).await?,
            _ => None,
        };
        let next = next(&decision, entry.as_ref(), &reading, keeps.is_some());
        let okta = match settled {
            Ok(()) => self.okta_has(&id, mapped.as_ref(), values, &calls).await,
            Err(error) => {
                tracing::warn!(%error, "Okta could not be asked");
                None
            }
        };
        let record = RecordSays {
            state: record_state(at_hand),
            reasons: reasons(&decision, mapped.as_ref()),
        };
        let because = Because {
            next,
            state: record.state,
            decision: &decision,
            entry: entry.as_ref(),
            reading: &reading,
            refusals: refusals.why(hash),
            keeps,
            paused: is_paused,
            scanned: whose.scanned.is_some(),
        };
        Ok(Explanation {
            external_id: Some(id.to_string()),
            because: because.say(),
            digest: because.digest().map(ToString::to_string),
            ledger: entry.as_ref().map(|entry| LedgerSays {
                told: match entry.told {
                    Told::Active(_) => "active",
                    Told::Inactive => "inactive",
                },
                doubtful: !reading
                    .of(entry)
                    .standing
                    .is_some_and(|standing| standing.holds),
                session: entry.session_id.as_ref().map(ToString::to_string),
                at: entry.at,
                called: entry.called,
            }),
            groups: groups::explain(
                &hand,
                &books,
                entry.as_ref(),
                match &mapped {
                    Some(Mapped::Active(_, profile)) => Some(profile.groups()),
                    _ => None,
                },
                matches!(decision, Decision::Nothing(_)),
                now,
            )
            .await?,
            record,
            okta,
            next,
        })
    }

    /// Why somebody who would be told is kept back, if they are.
    async fn keeps(
        &self,
        ready: &Ready,
        hand: &Hand<'_>,
        books: &Books,
        now: Timestamp,
    ) -> Result<Option<Keeps>, RunError> {
        let memory = books.guard.memory();
        let removal = ready.why.is_some_and(|why| why != Why::Inactive);
        if removal && !hand.somebody_is_in_scope().await? {
            return Ok(Some(Keeps::Empty));
        }
        if ready.why == Some(Why::Gone) && memory.held_since.is_some() {
            return Ok(Some(Keeps::Held));
        }
        let Some(kind) = ready.cost.to_charge() else {
            return Ok(None);
        };
        let judged = books.guard.would_judge(kind, 1.into(), false, now);
        let digest = memory.digest(kind, now).cloned();
        if matches!(ready.cost, Cost::Unapproved(_)) {
            return Ok(Some(Keeps::OtherId { digest }));
        }
        Ok(judged.latched.map(|since| Keeps::Latched {
            kind,
            since,
            digest,
        }))
    }
}

/// Whether the JSON is a key and nothing else.
fn is_only(json: &Value, key: &RecordKey) -> bool {
    json.as_object()
        .is_some_and(|object| object.len() == key.to_item().len())
}

/// What the runs' decision comes to.
fn next(decision: &Decision, entry: Option<&Entry>, reading: &Reading, is_kept: bool) -> Next {
    let before = entry.and_then(|entry| reading.of(entry).standing);
    match decision {
        Decision::Tell(_) if is_kept => Next::Withheld,
        Decision::Tell(ready) if is_later(ready, reading) => Next::Waits,
        Decision::Tell(ready) => match (ready.told, before.map(|standing| standing.told)) {
            (told, Some(before)) if told == before => Next::Retell,
            (Told::Active(_), None) => Next::Create,
            (Told::Active(_), Some(Told::Active(_))) => Next::Update,
            (Told::Active(_), Some(Told::Inactive)) => Next::Reactivate,
            (Told::Inactive, _) => Next::Deactivate,
        },
        Decision::Wait | Decision::UnderWay(_) => Next::Waits,
        Decision::Nothing(_) => Next::Nothing,
        Decision::Rejected(_) => Next::Rejected,
        Decision::Refused(_) => Next::Refused,
        Decision::Stranger => Next::Stranger,
        // The whole table was read if it has something to say.
        Decision::NextLook => Next::Waits,
    }
}

/// Whether people of a later import that ended in ERROR are told before them.
fn is_later(ready: &Ready, reading: &Reading) -> bool {
    let entry = ready.before.as_ref();
    entry.is_some_and(|entry| reading.of(entry).again(ready.told) == Again::Later)
}

fn record_state(at_hand: AtHand) -> RecordState {
    match at_hand {
        AtHand::Absent => RecordState::Missing,
        AtHand::Active => RecordState::Active,
        AtHand::Inactive => RecordState::Inactive,
        AtHand::OutOfScope | AtHand::Kept => RecordState::OutOfScope,
        AtHand::Upcoming => RecordState::Upcoming,
        AtHand::Unclear | AtHand::Rejected | AtHand::Several => RecordState::Rejected,
    }
}

fn reasons(decision: &Decision, mapped: Option<&Mapped>) -> Vec<String> {
    match (decision, mapped) {
        (Decision::Rejected(reject), _) => reject.reasons.clone(),
        (_, Some(mapped @ Mapped::Rejected(_, reasons))) if subject(mapped).is_some() => {
            reasons.clone()
        }
        _ => Vec::new(),
    }
}
