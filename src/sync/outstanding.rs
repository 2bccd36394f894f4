//! What a look has found and its run could not tell: the next run goes on from there.
//!
//! Okta takes a session every few minutes, and a read of everything for each would make a first load
//! cost as many reads of the table as sessions. So a look at the whole table that has found more
//! than one session carries writes down whom: their keys, in the state table. Nothing is lost by
//! that, as a suspicion does not age: people are read again when they are in hand.
//!
//! Only joiners and movers are on the list, and only once everybody was told who leaves. Others
//! who leave meanwhile are found by the next look, two hours after the last one at the latest.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    Books, Job, Run, Source,
    look::{Chunk, Found, Packed, most_held},
};
use crate::{
    ledger::{Ledger, LedgerError, Outstanding},
    okta,
    users::KeySchema,
    version::VERSION,
};

/// For how long a list is gone on with: then the whole table is looked at, for who left meanwhile.
const GOOD_FOR: Duration = Duration::from_secs(2 * 60 * 60);
/// What is left of a list after so long, DynamoDB drops.
const EXPIRES: Duration = Duration::from_secs(6 * 60 * 60);

/// The list that a run works off.
#[derive(Debug)]
pub(super) struct GoingOn {
    list: Outstanding,
    /// How many people of the list are told or at hand.
    until: u64,
    /// Whether the list was made by a look of this very run.
    is_new: bool,
}

/// How far such a list is worked off, for the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutstandingReport {
    /// When the look at the whole table began that found them.
    pub looked_at: Timestamp,
    /// How many joiners and movers it found for more than one session.
    pub people: u64,
    /// How many of them are yet to be taken in hand.
    pub left: u64,
    /// Whether the next runs go on with them, instead of looking at the whole table.
    #[serde(skip)]
    pub is_ready: bool,
}

impl Run {
    /// What an earlier look has found, if this job may go on from there.
    pub(super) async fn go_on(
        &self,
        job: &Job,
        books: &Books,
        schema: &KeySchema,
        now: Timestamp,
    ) -> Option<(GoingOn, Found)> {
        let is_asked_to = matches!(job.source, Source::Table) && !job.looks && !job.retry_refused;
        // Who was in a session that failed, and who was approved, a look alone finds.
        let look_finds_more =
            books.log().failed_in_a_row() > 0 || !books.guard.approved().is_empty();
        if !is_asked_to || look_finds_more {
            return None;
        }
        let read = async {
            let list = self.ledger.outstanding().await?;
            if !self.is_good(&list, now) {
                return Ok(None);
            }
            let most = most_held() as u64;
            let read = self.ledger.read_outstanding(&list, most).await?;
            Ok::<_, LedgerError>(read.map(|read| (list, read)))
        };
        let (list, read) = match read.await {
            Ok(read) => read?,
            Err(error) => {
                tracing::warn!(%error, "what an earlier run has left is not known: the whole table is looked at");
                return None;
            }
        };
        let mut upserts = Vec::new();
        for (bytes, people, skip) in read {
            let mut suspects = Chunk { bytes, people }.suspects(schema)?;
            let skip = usize::try_from(skip).unwrap_or(usize::MAX);
            upserts.extend(suspects.drain(skip.min(suspects.len())..));
        }
        upserts.truncate(most_held());
        for (place, suspect) in (list.told..).zip(&mut upserts) {
            suspect.place = Some(place);
        }
        let until = list.told + upserts.len() as u64;
        let left = list.people() - list.told;
        let found = Found::next(upserts, left);
        tracing::info!(
            left,
            "going on with what an earlier look at the whole table found"
        );
        let going_on = GoingOn {
            list,
            until,
            is_new: false,
        };
        Some((going_on, found))
    }

    /// Whether a list is worth going on with.
    fn is_good(&self, list: &Outstanding, now: Timestamp) -> bool {
        let is_young = list.looked_at.is_some_and(|at| now < at + GOOD_FOR);
        list.is_ready && is_young && list.by == self.found_by() && list.told < list.people()
    }

    /// Whether a look that has told its leavers began after this, and what it found is gone on with.
    pub(crate) async fn is_seen_to(&self, changed: Timestamp, now: Timestamp) -> bool {
        match self.ledger.outstanding().await {
            Ok(list) => {
                let after = |at| at > changed + CLOCKS_DISAGREE_BY;
                self.is_good(&list, now) && list.looked_at.is_some_and(after)
            }
            Err(_) => false,
        }
    }

    /// Keeps what a look has found for more than one session.
    pub(super) async fn keep_outstanding(
        &self,
        found: &mut Found,
        looked_at: Timestamp,
        now: Timestamp,
    ) -> Option<GoingOn> {
        let mut packed = Packed::of(&mut found.upserts);
        let until = packed.len();
        packed.append(std::mem::take(&mut found.packed));
        let is_much = packed.len() > (okta::max_entities() * okta::max_requests()) as u64;
        let before = self.ledger.outstanding().await;
        let kept = async {
            let before = before?;
            if !before.list.is_empty() {
                self.ledger.drop_outstanding(&before).await?;
            }
            if !is_much {
                return Ok(None);
            }
            let chunks: Vec<_> = packed.into_chunks().collect();
            let list = Outstanding {
                list: format!("{:016x}", fastrand::u64(..)),
                looked_at: Some(looked_at),
                by: self.found_by(),
                items: chunks.iter().map(|chunk| chunk.people).collect(),
                told: 0,
                is_ready: false,
            };
            let bytes = chunks.into_iter().map(|chunk| chunk.bytes);
            let keeping = self.ledger.keep_outstanding(&list, bytes, now + EXPIRES);
            keeping.await?;
            Ok::<_, LedgerError>(Some(GoingOn {
                list,
                until,
                is_new: true,
            }))
        };
        kept.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what is left for later runs was not kept: they look at the whole table");
            None
        })
    }

    /// What finds people: another release, mapping or binding may find others.
    fn found_by(&self) -> String {
        let (mapping, binding) = (self.mapping.digest(), &self.binding);
        let hash = Sha256::digest(format!("{VERSION}\n{mapping}\n{binding:?}"));
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// How far the clock of the table's stream and ours may be apart.
const CLOCKS_DISAGREE_BY: Duration = Duration::from_secs(60);

impl GoingOn {
    /// Those of the list were told who are before `first_left`, or all at hand; and whether anybody is
    /// left who goes before them.
    pub(super) async fn told(
        &mut self,
        ledger: &Ledger,
        first_left: Option<u64>,
        others_left: bool,
    ) {
        let told = first_left.unwrap_or(self.until);
        self.list.told = self.list.told.max(told);
        self.list.is_ready |= !others_left;
        let Outstanding {
            list,
            told,
            is_ready,
            ..
        } = &self.list;
        let written = if *told < self.list.people() {
            ledger.outstanding_told(list, *told, *is_ready).await
        } else {
            ledger.drop_outstanding(&self.list).await
        };
        if let Err(error) = written {
            tracing::warn!(%error, "how far the list is worked off was not written: some are read once more");
        }
    }

    /// Whether it was found by a look that began before this.
    pub(super) fn is_older_than(&self, since: Option<Timestamp>) -> bool {
        !self.is_new && since.is_some_and(|since| self.list.looked_at.is_none_or(|at| at < since))
    }

    /// How far it is worked off.
    pub(super) fn report(&self) -> Option<OutstandingReport> {
        Some(OutstandingReport {
            looked_at: self.list.looked_at?,
            people: self.list.people(),
            left: self.list.people() - self.list.told,
            is_ready: self.list.is_ready,
        })
    }
}
