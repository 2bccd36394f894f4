//! How far a verification has come, kept between invocations.

use std::{collections::HashSet, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    answer::{Findings, LastVerified},
    judge::May,
};
use crate::{
    ledger::{IdHash, Ledger, LedgerError, Number, Versioned},
    okta::PageLink,
};

/// The key of the item, and the beginning of those that hold who was listed.
const PK: &str = "verification";
/// How long a verification may take before it begins anew: what it has found grows old.
const LASTS: Duration = Duration::from_secs(24 * 60 * 60);
/// Hashes of 16 bytes in an item: 320 KB of the 400 KB that it may have.
const PEOPLE_PER_ITEM: usize = 20_000;
const BYTES: usize = 16;

/// The last verification, and the one under way.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Verification {
    pub(crate) last: Option<LastVerified>,
    under_way: Option<UnderWay>,
}

/// How far a verification has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnderWay {
    id: String,
    pub(super) began: Timestamp,
    pub(super) may: May,
    /// The last session when it began.
    pub(super) first: Number,
    pub(super) findings: Findings,
    /// Where it goes on; nothing once all are listed.
    pub(super) next: Option<PageLink>,
    pub(super) all_listed: bool,
    /// How many were listed by each invocation, and are kept in items of their own.
    kept: Vec<usize>,
}

/// A verification as an invocation has it at hand.
pub(super) struct Progress {
    item: Versioned<Verification>,
    pub(super) now: UnderWay,
    /// Who was listed, in this invocation and before.
    pub(super) listed: HashSet<IdHash>,
    /// Of these, who in this one.
    fresh: Vec<IdHash>,
}

impl Verification {
    /// The last verification.
    pub(crate) async fn of(ledger: &Ledger) -> Result<Self, LedgerError> {
        Ok(ledger.read::<Self>(PK).await?.value)
    }
}

impl Progress {
    /// Goes on with the verification of this kind that is under way, or begins one.
    pub(super) async fn read(
        ledger: &Ledger,
        may: May,
        last: Number,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let item = ledger.read::<Verification>(PK).await?;
        let under_way = item.value.under_way.clone();
        if let Some(under_way) = under_way.filter(|it| it.may == may && it.began + LASTS > now)
            && let Some(listed) = under_way.listed(ledger).await?
        {
            return Ok(Self {
                item,
                now: under_way,
                listed,
                fresh: Vec::new(),
            });
        }
        Ok(Self {
            item,
            now: UnderWay::begin(may, last, now),
            listed: HashSet::new(),
            fresh: Vec::new(),
        })
    }

    /// Begins again from the first page. Who was adopted has an entry by now, and was counted.
    pub(super) fn begin_anew(&mut self, last: Number, now: Timestamp) {
        let adopted = self.now.findings.counts.adopted;
        self.now = UnderWay::begin(self.now.may, last, now);
        self.now.findings.counts.adopted = adopted;
        self.listed.clear();
        self.fresh.clear();
    }

    /// Takes note of somebody who was listed; false if they were before.
    pub(super) fn list(&mut self, id: IdHash) -> bool {
        let is_new = self.listed.insert(id);
        if is_new {
            self.fresh.push(id);
        }
        is_new
    }

    /// Keeps how far it has come, for the next invocation.
    pub(super) async fn keep(mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        let is_kept = self.item.value.under_way.as_ref() == Some(&self.now);
        if is_kept || !self.now.has_begun() {
            return Ok(());
        }
        let expires = self.now.began + LASTS * 2;
        let items = self.fresh.chunks(PEOPLE_PER_ITEM).map(|people| {
            let bytes = people.iter().flat_map(|id| *id.as_bytes());
            bytes.collect::<Vec<_>>()
        });
        let pk = self.now.pk(self.now.kept.len());
        ledger.write_blobs(&pk, items, expires).await?;
        self.now.kept.push(self.fresh.len());
        self.item.value.under_way = Some(self.now);
        self.item.write(ledger).await
    }

    /// It has come to its end.
    pub(super) async fn end(mut self, ledger: &Ledger, now: Timestamp) -> Result<(), LedgerError> {
        let UnderWay {
            began,
            may,
            findings,
            ..
        } = self.now;
        self.item.value = Verification {
            last: Some(LastVerified {
                at: now,
                began,
                counts: findings.counts,
                drifted: findings.drifted,
                may,
            }),
            under_way: None,
        };
        self.item.write(ledger).await
    }
}

impl Versioned<Verification> {
    /// Should another verification have been quicker, what it wrote stays.
    async fn write(&mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        ledger.write(PK, self).await.map(drop)
    }
}

impl UnderWay {
    fn begin(may: May, last: Number, now: Timestamp) -> Self {
        Self {
            id: format!("{:016x}", fastrand::u64(..)),
            began: now,
            may,
            first: last,
            findings: Findings::default(),
            next: None,
            all_listed: false,
            kept: Vec::new(),
        }
    }

    fn has_begun(&self) -> bool {
        self.next.is_some() || self.all_listed || self.findings != Findings::default()
    }

    fn pk(&self, part: usize) -> String {
        format!("{PK}#{}#{part}", self.id)
    }

    /// Who was listed so far; nothing if some of that has expired.
    async fn listed(&self, ledger: &Ledger) -> Result<Option<HashSet<IdHash>>, LedgerError> {
        let mut listed = HashSet::new();
        for (part, people) in self.kept.iter().enumerate() {
            let items = people.div_ceil(PEOPLE_PER_ITEM) as u64;
            let blobs = ledger.read_blobs(&self.pk(part), items).await?;
            let hashes = blobs.iter().flat_map(|bytes| bytes.chunks_exact(BYTES));
            listed
                .extend(hashes.filter_map(|hash| Some(IdHash::from_bytes(hash.try_into().ok()?))));
        }
        let all: usize = self.kept.iter().sum();
        Ok((listed.len() == all).then_some(listed))
    }
}
