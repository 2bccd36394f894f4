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

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    Books, Job, Run, Source,
    look::{Chunk, Found, Packed, most_held},
};
use crate::{
    guard::Kind,
    ledger::{
        Ledger, LedgerError, Outstanding,
        log::{End, Ended},
    },
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
    /// Whether the look found more leavers than it holds.
    has_others: bool,
    /// How many people were told active when this run began.
    active: u64,
    /// Whether nobody goes on with it any more.
    given_up: bool,
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
        let log = books.log();
        let look_finds_more = log.failed_in_a_row() > 0
            || !books.guard.approved().is_empty()
            || books.guard.memory().latched(Kind::Updates).is_some();
        if !is_asked_to || look_finds_more {
            return None;
        }
        let read = async {
            let list = self.ledger.outstanding().await?;
            let failed = |ended: &Ended| {
                let since = list.looked_at.is_none_or(|at| ended.opened >= at);
                since && matches!(ended.end, End::Error | End::Void)
            };
            if log.recent().iter().any(failed) || !self.is_good(&list, now).await {
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
        let found = Found::next(upserts, left, list.active);
        tracing::info!(
            left,
            "going on with what an earlier look at the whole table found"
        );
        let going_on = GoingOn {
            active: list.active,
            list,
            until,
            is_new: false,
            has_others: false,
            given_up: false,
        };
        Some((going_on, found))
    }

    /// Whether a list is worth going on with.
    async fn is_good(&self, list: &Outstanding, now: Timestamp) -> bool {
        list.told < list.people() && self.is_known(list, now).await
    }

    /// Whether its look is new enough, and of what is looked for now; worked off or not.
    async fn is_known(&self, list: &Outstanding, now: Timestamp) -> bool {
        let is_young = list.looked_at.is_some_and(|at| now < at + GOOD_FOR);
        let by = self.found_by();
        list.is_ready && is_young && by.await.is_some_and(|by| by == list.by)
    }

    /// A look found no more than was told, and a stream batch had led to it: those behind it need
    /// none of their own.
    pub(super) async fn looked(&self, looked_at: Timestamp) {
        let Some(by) = self.found_by().await else {
            return;
        };
        let list = Outstanding {
            looked_at: Some(looked_at),
            by,
            is_ready: true,
            ..Outstanding::default()
        };
        let nobody = std::iter::empty();
        if let Err(error) = self.ledger.keep_outstanding(&list, nobody, looked_at).await {
            tracing::warn!(%error, "that the whole table was looked at was not written");
        }
    }

    /// Of how many people a look is yet to be told that began after this and has told who leaves;
    /// `None` if there is no such look.
    pub(crate) async fn is_seen_to(&self, changed: Timestamp, now: Timestamp) -> Option<u64> {
        let list = self.ledger.outstanding().await.ok()?;
        let is_after = list.looked_at? > changed + CLOCKS_DISAGREE_BY;
        let is_known = is_after && self.is_known(&list, now).await;
        is_known.then(|| list.people() - list.told)
    }

    /// The next full run looks at the whole table: something is to be told that no list has.
    pub(crate) async fn look_next(&self) -> Result<(), LedgerError> {
        let list = self.ledger.outstanding().await?;
        self.ledger.drop_outstanding(&list).await
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
        // Where those who leave are held and more are beyond, the next look finds the others.
        let has_others = found.leavers_beyond && !found.leavers.is_empty();
        packed.append(std::mem::take(&mut found.packed));
        let is_much = packed.len() > (okta::max_entities() * okta::max_requests()) as u64;
        let before = self.ledger.outstanding().await;
        let kept = async {
            let before = before?;
            if !before.list.is_empty() && before.looked_at < Some(looked_at) {
                self.ledger.drop_outstanding(&before).await?;
            }
            let (true, Some(by)) = (is_much, self.found_by().await) else {
                return Ok(None);
            };
            let chunks: Vec<_> = packed.into_chunks().collect();
            let list = Outstanding {
                list: format!("{:016x}", fastrand::u64(..)),
                looked_at: Some(looked_at),
                by,
                items: chunks.iter().map(|chunk| chunk.people).collect(),
                told: 0,
                active: found.told_active,
                is_ready: false,
            };
            let bytes = chunks.into_iter().map(|chunk| chunk.bytes);
            let keeping = self.ledger.keep_outstanding(&list, bytes, now + EXPIRES);
            keeping.await?;
            Ok::<_, LedgerError>(Some(GoingOn {
                active: list.active,
                list,
                until,
                is_new: true,
                has_others,
                given_up: false,
            }))
        };
        kept.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what is left for later runs was not kept: they look at the whole table");
            None
        })
    }

    /// What finds people: another release, mapping, table or binding may find others.
    async fn found_by(&self) -> Option<String> {
        let table = self.users.arn().await.ok()?;
        let (mapping, binding) = (self.mapping.digest(), &self.binding);
        let hash = Sha256::digest(format!("{VERSION}\n{mapping:?}\n{table}\n{binding:?}"));
        Some(BASE64_STANDARD.encode(hash))
    }
}

/// How far the clock of the table's stream and ours may be apart.
const CLOCKS_DISAGREE_BY: Duration = Duration::from_secs(60);

impl GoingOn {
    /// Those of the list were told who are before `first_left`, or all at hand; whether anybody is left
    /// who goes before them; and how many this run has told active who were not.
    pub(super) async fn told(
        &mut self,
        ledger: &Ledger,
        first_left: Option<u64>,
        others_left: bool,
        activated: u64,
    ) {
        if self.given_up {
            return;
        }
        let told = first_left.unwrap_or(self.until);
        self.list.told = self.list.told.max(told);
        self.list.active = self.active + activated;
        self.list.is_ready |= !others_left && !self.has_others;
        let written = if self.list.told < self.list.people() {
            ledger.outstanding_told(&self.list).await
        } else {
            ledger.drop_outstanding(&self.list).await
        };
        if let Err(error) = written {
            tracing::warn!(%error, "how far the list is worked off was not written: some are read once more");
        }
    }

    /// A session came to nothing, or nobody knows about a part of it: who was in it is found again by a
    /// look at the whole table alone, so that nobody goes on with the list.
    pub(super) async fn give_up(&mut self, ledger: &Ledger) {
        self.given_up = true;
        if let Err(error) = ledger.drop_outstanding(&self.list).await {
            tracing::warn!(%error, "the list of those who are left was not dropped");
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
        })
    }
}
