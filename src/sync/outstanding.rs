//! What a look found and its run could not tell: the next run goes on from there.
//!
//! Okta takes a session every few minutes. Reading everything for each one would make a first load
//! cost as many reads of the table as sessions. So a look at the whole table that found more than
//! one session carries writes the people's keys into the state table. That loses nothing, as a
//! suspicion does not age: people are read again when they are in hand.
//!
//! Only joiners and movers are on the list, and only once all leavers were told. The next look, two
//! hours after the last one at the latest, finds people who leave meanwhile.

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

/// How long runs go on with a list. Then the whole table is looked at, for people who left
/// meanwhile.
const GOOD_FOR: Duration = Duration::from_secs(2 * 60 * 60);
/// DynamoDB drops what is left of a list after this time.
const EXPIRES: Duration = Duration::from_secs(6 * 60 * 60);

/// The list that a run works through.
#[derive(Debug)]
pub(super) struct GoingOn {
    list: Outstanding,
    /// How many people of the list are told or at hand.
    until: u64,
    /// Whether a look of this very run made the list.
    is_new: bool,
    /// Whether the look found more leavers than it holds.
    has_others: bool,
    /// How many people were told active when this run began.
    active: u64,
    /// Whether the list was given up.
    given_up: bool,
}

/// How far the list of an earlier look is worked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutstandingReport {
    /// When the look at the whole table that found them began.
    pub looked_at: Timestamp,
    /// How many joiners and movers it found for more than one session.
    pub people: u64,
    /// How many of them no run has taken in hand yet.
    pub left: u64,
}

impl Run {
    /// What an earlier look found, if this job may go on from there.
    pub(super) async fn go_on(
        &self,
        job: &Job,
        books: &Books,
        schema: &KeySchema,
        now: Timestamp,
    ) -> Option<(GoingOn, Found)> {
        let is_asked_to = matches!(job.source, Source::Table) && !job.looks && !job.retry_refused;
        // Only a look finds people of a failed session and people who were approved.
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
                tracing::warn!(
                    %error,
                    "what an earlier run left is unknown: the whole table is looked at"
                );
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

    /// Whether runs may still go on with a list.
    async fn is_good(&self, list: &Outstanding, now: Timestamp) -> bool {
        list.told < list.people() && self.is_known(list, now).await
    }

    /// Whether its look is recent enough, and found what this job looks for. The list may be
    /// finished.
    async fn is_known(&self, list: &Outstanding, now: Timestamp) -> bool {
        let is_young = list.looked_at.is_some_and(|at| now < at + GOOD_FOR);
        let by = self.found_by();
        list.is_ready && is_young && by.await.is_some_and(|by| by == list.by)
    }

    /// A look that a stream batch led to found no more than was told, so the batches behind it need
    /// no look of their own.
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
            tracing::warn!(%error, "could not store that the whole table was looked at");
        }
    }

    /// How many people are still to tell from a look that began after this and has told all
    /// leavers. `None` if there is no such look.
    pub(crate) async fn is_seen_to(&self, changed: Timestamp, now: Timestamp) -> Option<u64> {
        let list = self.ledger.outstanding().await.ok()?;
        let is_after = list.looked_at? > changed + CLOCKS_DISAGREE_BY;
        let is_known = is_after && self.is_known(&list, now).await;
        is_known.then(|| list.people() - list.told)
    }

    /// Makes the next full run look at the whole table: there is something to tell that no list
    /// has.
    pub(crate) async fn look_next(&self) -> Result<(), LedgerError> {
        let list = self.ledger.outstanding().await?;
        self.ledger.drop_outstanding(&list).await
    }

    /// Keeps what a look found for more than one session.
    pub(super) async fn keep_outstanding(
        &self,
        found: &mut Found,
        looked_at: Timestamp,
        now: Timestamp,
    ) -> Option<GoingOn> {
        let mut packed = Packed::of(&mut found.upserts);
        let until = packed.len();
        // If leavers are held back and there are more beyond, the next look finds the others.
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
            tracing::warn!(
                %error,
                "what is left for later runs could not be stored: they look at the whole table"
            );
            None
        })
    }

    /// What the finding depends on: another release, mapping, table or binding may find other
    /// people.
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
    /// Notes that the people of the list before `first_left` were told, or all at hand, whether
    /// anybody left goes before them, and how many this run has told active who were not.
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
            tracing::warn!(
                %error,
                "progress on the list could not be stored: some people are read once more"
            );
        }
    }

    /// Gives the list up: a session came to nothing, or part of it is unknown. Only a look at the
    /// whole table finds the people who were in it.
    pub(super) async fn give_up(&mut self, ledger: &Ledger) {
        self.given_up = true;
        if let Err(error) = ledger.drop_outstanding(&self.list).await {
            tracing::warn!(%error, "the list of people who are left could not be dropped");
        }
    }

    /// Whether a look that began before this found it.
    pub(super) fn is_older_than(&self, since: Option<Timestamp>) -> bool {
        !self.is_new && since.is_some_and(|since| self.list.looked_at.is_none_or(|at| at < since))
    }

    /// How far it is worked through.
    pub(super) fn report(&self) -> Option<OutstandingReport> {
        Some(OutstandingReport {
            looked_at: self.list.looked_at?,
            people: self.list.people(),
            left: self.list.people() - self.list.told,
        })
    }
}
