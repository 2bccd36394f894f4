//! Approving exactly the people on a list.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Approval, Digest, Kind, Listed, Memory,
    keep::{items, read_list, write_list},
    memory::{APPROVALS, LIST_LASTS},
};
use crate::{
    ledger::{IdHash, Ledger, LedgerError, Versioned, Written},
    mapping::ExternalId,
};

/// What was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Granted {
    /// How many people it lets through.
    pub approved: u64,
    /// The kind of change: `deactivations`, `updates` or `membershipRemovals`.
    pub kind: Kind,
    /// The digest of the list.
    pub digest: Digest,
    /// Until when the approval lets them through.
    pub expires: Timestamp,
}

/// Who approves, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Who approves.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Why an approval was not written down.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    /// The digest stands for nothing that can be approved.
    #[error("{0}")]
    Unknown(String),
    /// The state table could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Writes down that the people of a list, or those of them that are named, may be told what they
/// were withheld from. Strangers are let through only by name.
///
/// # Errors
/// When the digest, or a name, is not one that can be approved.
pub async fn approve(
    ledger: &Ledger,
    digest: &str,
    only: Option<&[ExternalId]>,
    said: Said,
    now: Timestamp,
) -> Result<Granted, ApproveError> {
    let memory: Versioned<Memory> = ledger.read_guard().await?;
    let mut approvals = memory.value.approvals.iter();
    let before = approvals
        .find(|approval| approval.digest.0 == digest && approval.expires > now)
        .cloned();
    if before.as_ref().is_some_and(|approval| approval.used) {
        return Err(ApproveError::Unknown(format!(
            "the list {digest} was approved and a run has let its people through: what is withheld \
             now has another digest, see the last report's \"withheld\""
        )));
    }
    let Some((kind, list)) = memory.value.list(digest, now) else {
        return Err(ApproveError::Unknown(format!(
            "no list of withheld people has the digest {digest}, or it is more than 24 hours old: \
             take the digest from the \"withheld\" of the last full run's report, or of \
             {{\"command\":\"status\"}}"
        )));
    };
    let all = read_list(ledger, &format!("list#{digest}"), list.items).await?;
    let mut people: Vec<_> = match only {
        None => all.into_iter().filter(|one| !one.stranger).collect(),
        Some(only) => named(&all, only).map_err(ApproveError::Unknown)?,
    };
    let pk = format!("approved#{digest}");
    if let Some(before) = &before {
        people.extend(read_list(ledger, &pk, items(before.people)).await?);
    }
    people.sort_unstable();
    people.dedup();
    let approval = Approval {
        digest: Digest(digest.to_owned()),
        kind,
        by: said.by.or(before.as_ref().and_then(|it| it.by.clone())),
        reason: (said.reason).or(before.as_ref().and_then(|it| it.reason.clone())),
        at: before.as_ref().map_or(now, |before| before.at),
        expires: before.map_or(now + LIST_LASTS, |before| before.expires),
        people: people.len() as u64,
        used: false,
    };
    write_list(ledger, &pk, &people, approval.expires).await?;
    let mut memory = memory;
    loop {
        if memory.value.list(digest, now).is_none() {
            return Err(ApproveError::Unknown(format!(
                "the list {digest} was just replaced: see the last report's \"withheld\""
            )));
        }
        let approvals = &mut memory.value.approvals;
        approvals.retain(|kept| kept.digest != approval.digest);
        approvals.push(approval.clone());
        let surplus = approvals.len().saturating_sub(APPROVALS);
        approvals.drain(..surplus);
        match ledger.write_guard(&mut memory).await? {
            Written::Done => break,
            Written::Overtaken => memory = ledger.read_guard().await?,
        }
    }
    Ok(Granted {
        approved: approval.people,
        kind,
        digest: approval.digest,
        expires: approval.expires,
    })
}

fn named(all: &[Listed], only: &[ExternalId]) -> Result<Vec<Listed>, String> {
    let mut people = Vec::with_capacity(only.len());
    let mut missing = 0;
    for id in only.iter().map(IdHash::of) {
        match all.iter().find(|one| one.id == id) {
            Some(one) => people.push(*one),
            None => missing += 1,
        }
    }
    if missing > 0 {
        return Err(format!(
            "{missing} of the {} in \"only\" are not on this list: nobody was approved",
            only.len()
        ));
    }
    Ok(people)
}
