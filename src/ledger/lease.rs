//! The right to have a session open: one run has it at a time.
//!
//! It is taken before a session is opened and given back when its import was started, and while
//! Okta opens none. Nobody waits while holding it. A full run that wants it leaves a claim.
//! Sessions of stream batches and pushes respect it, so that the full run gets its turn next to a
//! busy stream.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::Serialize;
use tokio::task::AbortHandle;

use super::{Ledger, LedgerError};
use crate::{
    mutation::{self, Mutation},
    okta::within,
};

/// How long a lease lasts if it is not renewed: how long others wait after a crash.
const LASTS: Duration = Duration::from_secs(30);
/// How often it is renewed.
const RENEWED_EVERY: Duration = Duration::from_secs(10);
/// How long before its end a lease is no longer relied on, because a write takes time to arrive.
const MARGIN: Duration = Duration::from_secs(2);

/// How long a full run's claim lasts if it is not renewed.
const CLAIM_LASTS: Duration = Duration::from_secs(30);
/// How long single-user calls pass a full run that cannot have the lease.
const CALLS_PASS: Duration = Duration::from_secs(60);
/// How long giving the lease back may take. If it takes longer, the lease ends by itself.
const RELEASE: Duration = Duration::from_secs(3);

/// Who wants the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// A full run. The others let it pass.
    Full,
    /// A stream batch or a push that wants to have a session open.
    Part,
    /// The same for single-user calls, which take seconds: a claim lets them pass for its first
    /// minute.
    Call,
}

/// Whether the lease could be had.
#[derive(Debug)]
pub enum Claim {
    /// It is ours.
    Held(Lease),
    /// Another run has it.
    Busy {
        /// That run's id.
        owner: String,
        /// Until when, if it does not renew it.
        until: Timestamp,
    },
}

/// The run that is at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The run's id.
    pub run: String,
    /// Until when, if the run dies and does not renew the lease.
    pub until: Timestamp,
}

/// The right to work. It is renewed in the background until it is released or dropped.
#[derive(Debug)]
pub struct Lease {
    ledger: Ledger,
    claimant: Claimant,
    until: Arc<AtomicI64>,
    renewal: AbortHandle,
}

/// Who claims the lease. Lambda may deliver an asynchronous event twice at once, with the same
/// request id, so an owner's name alone does not tell two runs apart.
#[derive(Debug, Clone)]
struct Claimant {
    owner: String,
    claim: String,
}

/// The lease is over, or another run took it: stop before the next write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the lease was lost, because the invocation's time was up or another run took it: this run \
     stopped, and the next one goes on"
)]
pub struct LeaseLost;

impl Ledger {
    /// Who holds the lease, if anybody does.
    ///
    /// # Errors
    /// When the state table could not be read.
    pub async fn holder(&self) -> Result<Option<Holder>, LedgerError> {
        let items = self.items([LEASE.to_owned()]).await?;
        let holder = items.first().and_then(holder);
        Ok(holder
            .map(|(run, until)| Holder { run, until })
            .filter(|holder| holder.until > self.clock.now()))
    }

    /// Takes the lease for `owner`, if it is free. It never outlives `deadline`. A full run that
    /// cannot have it leaves a claim, and must ask again within half a minute.
    ///
    /// # Errors
    /// When the state table cannot be read or written.
    pub async fn claim(
        &self,
        owner: &str,
        rank: Rank,
        deadline: Timestamp,
    ) -> Result<Claim, LedgerError> {
        let claimant = Claimant {
            owner: owner.to_owned(),
            claim: format!("{:016x}", fastrand::u64(..)),
        };
        if rank != Rank::Full
            && let Some(Claimed {
                owner,
                until,
                since,
            }) = self.claimed().await?
            && (rank == Rank::Part || since + CALLS_PASS <= self.clock.now())
        {
            return Ok(Claim::Busy { owner, until });
        }
        let until = match put(self, LEASE, &claimant, deadline, LASTS, None).await? {
            Put::Refused { .. } if mutation::on(Mutation::WorkWithoutLease) => {
                Arc::new(AtomicI64::new(i64::MAX))
            }
            Put::Done(until) => Arc::new(AtomicI64::new(until.as_millisecond())),
            Put::Refused { owner, until } => {
                if rank == Rank::Full {
                    let claimed = self.claimed().await?;
                    let ours = claimed.filter(|claimed| claimed.owner == claimant.owner);
                    let since = ours.map_or(self.clock.now(), |claimed| claimed.since);
                    self.leave_claim_of(&claimant.owner, since, deadline)
                        .await?;
                }
                return Ok(Claim::Busy { owner, until });
            }
        };
        let renewal = {
            let (ledger, claimant, until) = (self.clone(), claimant.clone(), Arc::clone(&until));
            tokio::spawn(async move { renew(&ledger, &claimant, deadline, &until).await })
                .abort_handle()
        };
        Ok(Claim::Held(Lease {
            ledger: self.clone(),
            claimant,
            until,
            renewal,
        }))
    }

    /// Says that a full run wants the lease, which it can have, while Okta opens no session.
    /// Renewing it within half a minute keeps it.
    ///
    /// # Errors
    /// When the state table cannot be written.
    pub async fn leave_claim(&self, owner: &str, deadline: Timestamp) -> Result<(), LedgerError> {
        self.leave_claim_of(owner, self.clock.now(), deadline).await
    }

    /// Leaves a claim of a run that has been refused the lease since then.
    async fn leave_claim_of(
        &self,
        owner: &str,
        since: Timestamp,
        deadline: Timestamp,
    ) -> Result<(), LedgerError> {
        // A claim belongs to its run, however often it asks.
        let claimant = Claimant {
            owner: owner.to_owned(),
            claim: owner.to_owned(),
        };
        let since = Some(since);
        put(self, CLAIM, &claimant, deadline, CLAIM_LASTS, since)
            .await
            .map(drop)
    }

    /// Takes a full run's claim back.
    pub async fn withdraw_claim(&self, owner: &str) {
        Box::pin(delete(self, CLAIM, owner)).await;
    }

    /// The full run that wants the lease, and until when others let it pass.
    async fn claimed(&self) -> Result<Option<Claimed>, LedgerError> {
        let items = self.items([CLAIM.to_owned()]).await?;
        let now = self.clock.now();
        let claimed = items.first().and_then(|item| {
            let (owner, until) = holder(item)?;
            let since = item.get("since").and_then(|since| since.as_n().ok());
            let since = since.and_then(|since| since.parse().ok());
            // A release that does not say so has been waiting.
            let since = since.unwrap_or(0);
            Some(Claimed {
                owner,
                until,
                since: Timestamp::from_millisecond(since).ok()?,
            })
        });
        Ok(claimed.filter(|claimed| claimed.until > now))
    }
}

/// A full run that wants the lease.
struct Claimed {
    owner: String,
    /// Until when others let it pass.
    until: Timestamp,
    /// Since when it was refused the lease, without having had it in between.
    since: Timestamp,
}

const LEASE: &str = "lease";
const CLAIM: &str = "claim";

async fn renew(ledger: &Ledger, claimant: &Claimant, deadline: Timestamp, until: &AtomicI64) {
    loop {
        tokio::time::sleep(RENEWED_EVERY).await;
        match put(ledger, LEASE, claimant, deadline, LASTS, None).await {
            Ok(Put::Done(later)) => until.store(later.as_millisecond(), Ordering::Release),
            Ok(Put::Refused { .. }) if !mutation::on(Mutation::WorkWithoutLease) => {
                until.store(0, Ordering::Release);
                return;
            }
            // It may go better next time. If not, the lease runs out and `check` says so.
            Ok(Put::Refused { .. }) => {}
            Err(error) => tracing::warn!(%error, "the lease was not renewed"),
        }
    }
}

enum Put {
    Done(Timestamp),
    Refused { owner: String, until: Timestamp },
}

async fn put(
    ledger: &Ledger,
    pk: &str,
    claimant: &Claimant,
    deadline: Timestamp,
    lasts: Duration,
    since: Option<Timestamp>,
) -> Result<Put, LedgerError> {
    let Claimant { owner, claim } = claimant;
    let now = ledger.clock.now();
    let until = (now + lasts).min(deadline);
    let since = since.map(|since| AttributeValue::N(since.as_millisecond().to_string()));
    let since = since.map(|since| ("since".to_owned(), since));
    let result = ledger
        .client
        .put_item()
        .table_name(&ledger.table)
        .set_item(since.map(|since| HashMap::from([since])))
        .item("pk", AttributeValue::S(pk.to_owned()))
        .item("owner", AttributeValue::S(owner.clone()))
        .item("claim", AttributeValue::S(claim.clone()))
        .item(
            "until",
            AttributeValue::N(until.as_millisecond().to_string()),
        )
        // The claimant may claim again. A retry after a lost answer does that, too.
        .condition_expression("attribute_not_exists(pk) OR #until < :now OR #claim = :claim")
        .expression_attribute_names("#until", "until")
        .expression_attribute_names("#claim", "claim")
        .expression_attribute_values(":now", AttributeValue::N(now.as_millisecond().to_string()))
        .expression_attribute_values(":claim", AttributeValue::S(claim.clone()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let error = match result {
        Ok(_) => return Ok(Put::Done(until)),
        Err(error) => error,
    };
    match error
        .as_service_error()
        .filter(|error| error.is_conditional_check_failed_exception())
    {
        Some(
            aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(
                refusal,
            ),
        ) => {
            let holder = refusal.item().and_then(holder);
            let (owner, until) = holder.unwrap_or_else(|| ("unknown".to_owned(), now + LASTS));
            Ok(Put::Refused { owner, until })
        }
        _ => Err(LedgerError::of("claiming the lease in", &error)),
    }
}

fn holder(item: &HashMap<String, AttributeValue>) -> Option<(String, Timestamp)> {
    let until = item.get("until")?.as_n().ok()?.parse().ok()?;
    Some((
        item.get("owner")?.as_s().ok()?.clone(),
        Timestamp::from_millisecond(until).ok()?,
    ))
}

impl Lease {
    /// Whether the lease still holds. Ask before every write.
    ///
    /// # Errors
    /// When it was lost or is about to end.
    pub fn check(&self) -> Result<(), LeaseLost> {
        let until = self.until.load(Ordering::Acquire);
        let relied_on = self
            .ledger
            .clock
            .now()
            .as_millisecond()
            .saturating_add(MARGIN.as_millis() as i64);
        if relied_on < until {
            Ok(())
        } else {
            Err(LeaseLost)
        }
    }

    /// Gives the lease back, so that the next run does not have to wait for its end.
    pub async fn release(self) {
        self.renewal.abort();
        Box::pin(delete(&self.ledger, LEASE, &self.claimant.claim)).await;
    }
}

async fn delete(ledger: &Ledger, pk: &str, claim: &str) {
    let request = ledger
        .client
        .delete_item()
        .table_name(&ledger.table)
        .key("pk", AttributeValue::S(pk.to_owned()))
        .condition_expression("attribute_not_exists(pk) OR #claim = :claim")
        .expression_attribute_names("#claim", "claim")
        .expression_attribute_values(":claim", AttributeValue::S(claim.to_owned()));
    match Box::pin(within(ledger.clock, RELEASE, request.send())).await {
        Some(Ok(_)) => {}
        Some(Err(error)) => {
            tracing::warn!(
                error = crate::aws::explain(&error),
                pk,
                "was not given back; it ends by itself"
            );
        }
        None => tracing::warn!(pk, "was not given back in time; it ends by itself"),
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}
