//! How far a verification has come, kept between invocations.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    answer::{Findings, LastVerified},
    judge::May,
    listed::{Hashes, Listed},
};
use crate::{
    ledger::{Binding, IdHash, Ledger, LedgerError, Number, Versioned},
    okta::PageLink,
};

/// The key of the item, and the beginning of the keys of the items that hold who was listed.
const PK: &str = "verification";
/// How long a verification may take before it begins again: its findings grow old.
const LASTS: Duration = Duration::from_secs(24 * 60 * 60);
/// Hashes of 16 bytes in an item: 320 KB of the 400 KB that it may have.
const PEOPLE_PER_ITEM: usize = 20_000;
const BYTES: usize = 16;
/// Items that are read at a time: 3 MB.
const ITEMS_AT_A_TIME: u64 = 10;

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
    /// The binding that it is for, if the ledger has people under other ids.
    #[serde(default)]
    pub(super) ids_of: Option<Binding>,
    /// The last session when it began.
    pub(super) first: Number,
    pub(super) findings: Findings,
    /// Where it goes on. Nothing once all are listed.
    pub(super) next: Option<PageLink>,
    pub(super) all_listed: bool,
    /// Whether it has looked for people that Okta does not list.
    #[serde(default)]
    pub(super) all_missed: bool,
    /// The last group whose members were compared.
    #[serde(default)]
    pub(super) groups_until: Option<String>,
    /// How many each invocation listed. They are kept in items of their own.
    kept: Vec<usize>,
}

/// A verification as an invocation has it at hand.
pub(super) struct Progress {
    item: Versioned<Verification>,
    pub(super) now: UnderWay,
    /// Who was listed.
    pub(super) listed: Arc<Listed>,
}

impl Verification {
    /// The last verification.
    pub(crate) async fn of(ledger: &Ledger) -> Result<Self, LedgerError> {
        Ok(ledger.read::<Self>(PK).await?.value)
    }
}

impl Progress {
    /// Begins a verification that ends with the invocation, whatever another one has kept.
    pub(super) async fn kept_nowhere(
        ledger: &Ledger,
        may: May,
        ids_of: Option<&Binding>,
        last: Number,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        Ok(Self {
            item: ledger.read::<Verification>(PK).await?,
            now: UnderWay::begin(may, ids_of.cloned(), last, now),
            listed: Arc::default(),
        })
    }

    /// Goes on with the verification of this kind that is under way, or begins one.
    pub(super) async fn read(
        ledger: &Ledger,
        may: May,
        ids_of: Option<&Binding>,
        last: Number,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let item = ledger.read::<Verification>(PK).await?;
        let is_the_same = |it: &UnderWay| it.may == may && it.ids_of.as_ref() == ids_of;
        let under_way = item.value.under_way.clone().filter(is_the_same);
        if let Some(under_way) = under_way.filter(|it| it.began + LASTS > now)
            && let Some(before) = under_way.listed(ledger).await?
        {
            return Ok(Self {
                item,
                now: under_way,
                listed: Arc::new(Listed::before(before)),
            });
        }
        Ok(Self {
            item,
            now: UnderWay::begin(may, ids_of.cloned(), last, now),
            listed: Arc::default(),
        })
    }

    /// Begins again from the first page. Adopted people have an entry by now, and were counted.
    pub(super) fn begin_anew(&mut self, last: Number, now: Timestamp) {
        let adopted = self.now.findings.counts.adopted;
        self.now = UnderWay::begin(self.now.may, self.now.ids_of.take(), last, now);
        self.now.findings.counts.adopted = adopted;
        self.listed = Arc::default();
    }

    /// When the last verification that finished began.
    pub(super) fn last_began(&self) -> Option<Timestamp> {
        self.item.value.last.as_ref().map(|last| last.began)
    }

    /// Notes that somebody was listed.
    pub(super) fn list(&mut self, id: IdHash) {
        Arc::make_mut(&mut self.listed).insert(id);
    }

    /// Keeps how far it has come, for the next invocation.
    pub(super) async fn keep(mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        let is_kept = self.item.value.under_way.as_ref() == Some(&self.now);
        if is_kept || !self.now.has_begun() {
            return Ok(());
        }
        let expires = self.now.began + LASTS * 2;
        let items = self.listed.parts(PEOPLE_PER_ITEM).map(|people| {
            let bytes = people.iter().flat_map(|id| *id.as_bytes());
            bytes.collect::<Vec<_>>()
        });
        let pk = self.now.pk(self.now.kept.len());
        ledger.write_blobs(&pk, items, expires).await?;
        self.now.kept.push(self.listed.fresh());
        self.item.value.under_way = Some(self.now);
        self.item.write(ledger).await
    }

    /// It has finished.
    pub(super) async fn end(mut self, ledger: &Ledger, now: Timestamp) -> Result<(), LedgerError> {
        let UnderWay {
            began,
            may,
            ids_of,
            findings,
            ..
        } = self.now;
        if let Some(binding) = ids_of {
            self.item.value.under_way = None;
            self.item.write(ledger).await?;
            return ledger.ids_were_shown(binding, now).await;
        }
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
    /// If another verification was quicker, what it wrote stays.
    async fn write(&mut self, ledger: &Ledger) -> Result<(), LedgerError> {
        ledger.write(PK, self).await.map(drop)
    }
}

impl UnderWay {
    fn begin(may: May, ids_of: Option<Binding>, last: Number, now: Timestamp) -> Self {
        Self {
            id: format!("{:016x}", fastrand::u64(..)),
            began: now,
            may,
            ids_of,
            first: last,
            findings: Findings::default(),
            next: None,
            all_listed: false,
            all_missed: false,
            groups_until: None,
            kept: Vec::new(),
        }
    }

    fn has_begun(&self) -> bool {
        self.next.is_some() || self.all_listed || self.findings != Findings::default()
    }

    fn pk(&self, part: usize) -> String {
        format!("{PK}#{}#{part}", self.id)
    }

    /// Who was listed so far. Nothing if part of that has expired.
    async fn listed(&self, ledger: &Ledger) -> Result<Option<Hashes>, LedgerError> {
        let mut listed = Hashes::default();
        for (part, people) in self.kept.iter().enumerate() {
            let items = people.div_ceil(PEOPLE_PER_ITEM) as u64;
            let mut from = 0;
            while from < items {
                let to = items.min(from + ITEMS_AT_A_TIME);
                let blobs = ledger.read_blobs(&self.pk(part), from..to).await?;
                let hashes = blobs.iter().flat_map(|bytes| bytes.chunks_exact(BYTES));
                for hash in hashes.filter_map(|hash| hash.try_into().ok()) {
                    listed.insert(IdHash::from_bytes(hash));
                }
                from = to;
            }
        }
        let all: usize = self.kept.iter().sum();
        Ok((listed.len() == all).then_some(listed))
    }
}
