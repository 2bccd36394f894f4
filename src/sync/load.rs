//! Loading a session: whom Okta refuses is isolated, so that the others pass.

use std::collections::VecDeque;

use futures::stream::{FuturesUnordered, StreamExt as _};

use crate::{
    mutation::{self, Mutation},
    okta::{self, Batch, Kind, LoadError, Open, Session},
};

/// Loads in flight. A call takes one to two seconds, so that fifty of them take less than ten.
pub(super) const IN_FLIGHT: usize = 10;

/// What became of the loads of one session.
#[derive(Debug, Default)]
pub(super) struct Loads {
    /// In the session.
    pub(super) accepted: Vec<Batch>,
    /// Nobody knows whether these arrived.
    pub(super) doubtful: Vec<Batch>,
    /// Users whom Okta refuses, and users of refused loads that were not taken apart.
    pub(super) refused: Vec<Refused>,
    /// The first load that failed for another reason.
    pub(super) failure: Option<okta::Error>,
    /// Whether the session takes no users any more.
    closed: bool,
    /// Loads that were not sent, or not taken apart, for want of requests or time.
    left: usize,
}

/// A load that Okta refused for its content.
#[derive(Debug)]
pub(super) struct Refused {
    /// Who was in it: one user whom it is about for sure, or several of whom it may be any.
    pub(super) batch: Batch,
    /// What Okta said, without the profiles' values.
    pub(super) reason: String,
    /// Users of the batch whom Okta named.
    suspects: Vec<String>,
}

/// Loads the batches, deactivations before upserts, while `go_on` says so and requests last.
/// Of refused loads up to `isolations` users are isolated.
pub(super) async fn load(
    session: &Session<Open>,
    batches: Vec<Batch>,
    isolations: usize,
    go_on: impl Fn() -> bool,
) -> Loads {
    let (leavers, others): (Vec<_>, Vec<_>) = batches
        .into_iter()
        .partition(|batch| batch.kind() == Kind::Deactivate);
    let mut loads = Loads::default();
    let mut isolations = isolations;
    for batches in [leavers, others] {
        let mut queue = Queue {
            whole: batches.into(),
            parts: Vec::new(),
            refused: Vec::new(),
            parts_in_flight: 0,
            isolations,
        };
        let mut in_flight = FuturesUnordered::new();
        loop {
            while in_flight.len() < IN_FLIGHT
                && !loads.closed
                && go_on()
                && let Some((batch, is_part)) = queue.next(session.requests_left())
            {
                in_flight.push(async move {
                    let answer = session.load(&batch).await;
                    (batch, is_part, answer)
                });
            }
            let Some((batch, is_part, answer)) = in_flight.next().await else {
                break;
            };
            queue.parts_in_flight -= usize::from(is_part);
            if let Some(refused) = loads.take(batch, answer) {
                queue.refused(refused, &mut loads);
            }
        }
        isolations = queue.isolations;
        loads.leave(queue, session.requests_left() < PARTS);
    }
    loads
}

/// Batches of one kind on their way.
#[derive(Debug)]
struct Queue {
    whole: VecDeque<Batch>,
    parts: Vec<Batch>,
    refused: Vec<Refused>,
    parts_in_flight: usize,
    isolations: usize,
}

/// A refused batch is taken apart into so many.
const PARTS: usize = 2;

impl Queue {
    /// The next batch to send, and whether it is part of a refused one.
    ///
    /// Whole batches come first as long as the requests that are left then suffice to isolate a
    /// user of each refused batch. One batch at a time is taken apart, the smallest first, so that
    /// few requests are enough to come to a single user even where all are refused.
    fn next(&mut self, requests_left: usize) -> Option<(Batch, bool)> {
        if self.parts.is_empty() {
            if requests_left > self.requests_to_isolate()
                && let Some(batch) = self.whole.pop_front()
            {
                return Some((batch, false));
            }
            if self.parts_in_flight == 0 && requests_left >= PARTS && self.isolations > 0 {
                self.take_apart();
            }
        }
        let part = self.parts.pop()?;
        self.parts_in_flight += 1;
        Some((part, true))
    }

    fn take_apart(&mut self) {
        let sizes = self.refused.iter().enumerate();
        let Some((smallest, _)) = sizes.min_by_key(|(_, refused)| refused.batch.len()) else {
            return;
        };
        let Refused {
            batch, suspects, ..
        } = self.refused.swap_remove(smallest);
        // Its likely half last, as the parts are taken from the end.
        if let Ok((others, suspected)) = batch.separate(&suspects) {
            self.parts.extend([others, suspected]);
        }
    }

    fn requests_to_isolate(&self) -> usize {
        if self.isolations == 0 {
            return 0;
        }
        let halvings = |users: usize| users.next_power_of_two().ilog2() as usize;
        let of_one = |refused: &Refused| PARTS * halvings(refused.batch.len());
        self.refused.iter().map(of_one).sum()
    }

    /// Takes note of a refused batch: a single user is isolated.
    fn refused(&mut self, refused: Refused, loads: &mut Loads) {
        if refused.batch.len() == 1 {
            self.isolations = self.isolations.saturating_sub(1);
            loads.refused.push(refused);
        } else {
            self.refused.push(refused);
        }
    }
}

impl Loads {
    /// Sorts a load by its answer; gives it back if it was refused.
    fn take(&mut self, batch: Batch, answer: Result<(), LoadError>) -> Option<Refused> {
        match answer {
            Ok(()) => self.accepted.push(batch),
            Err(LoadError::Ambiguous(_)) if mutation::on(Mutation::LostAnswerIsDone) => {
                self.accepted.push(batch);
            }
            Err(LoadError::NoBudget | LoadError::Failed(okta::Error::OutOfTime { .. })) => {
                self.left += 1;
            }
            Err(LoadError::Refused { refusal, suspects }) => {
                let reason = refusal.to_string();
                return Some(Refused {
                    batch,
                    reason,
                    suspects,
                });
            }
            Err(LoadError::Ambiguous(error)) => {
                tracing::warn!(%error, users = batch.len(), "it is not known whether Okta took a load");
                self.doubtful.push(batch);
            }
            Err(LoadError::NotOpen { status }) => {
                tracing::warn!(?status, "the session takes no more users");
                self.closed = true;
                self.left += 1;
            }
            Err(LoadError::Failed(error)) => {
                self.failure.get_or_insert(error);
            }
        }
        None
    }

    /// What of a queue was not sent. A refused batch that was not taken apart is for the next
    /// session, if there is any use in it: not if nobody more is to be isolated, nor if a whole
    /// session's requests came to nothing.
    fn leave(&mut self, queue: Queue, no_requests: bool) {
        self.left += queue.whole.len() + queue.parts.len();
        let useless = no_requests && self.accepted.is_empty() && self.refused.is_empty();
        if queue.isolations == 0 || useless {
            self.refused.extend(queue.refused);
        } else {
            self.left += queue.refused.len();
        }
    }

    /// Whether something is left for another session.
    pub(super) fn left_over(&self) -> bool {
        self.left > 0 || !self.doubtful.is_empty() || self.failure.is_some()
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
