//! The guard in the state table, shared by all runs.

use jiff::Timestamp;

use super::{
    Approved, Ask, Charged, Digest, Judged, Kind, Limits, Listed, Memory, Short,
    memory::{LIST_LASTS, ListKept},
};
use crate::ledger::{Hour, Ledger, LedgerError, Number, Versioned, Written};

/// People in one item of a list: some 260 KB of DynamoDB's 400.
const PEOPLE_PER_ITEM: usize = 8_000;
/// How many people one list can have.
pub(crate) const LIST: usize = 100_000;
/// A list that would end within this time is kept again.
const RENEWED_WITHIN: std::time::Duration = std::time::Duration::from_secs(12 * 60 * 60);

/// The guard, as one run has it at hand. What it remembers is written before anything is loaded,
/// and never over what another run has written.
#[derive(Debug)]
pub struct Guard {
    ledger: Ledger,
    limits: Limits,
    memory: Versioned<Memory>,
    approved: Approved,
    /// Active records that a full look found, for when nobody knows how many were told active.
    active: u64,
    /// Memberships that a full look found, for when nobody knows how many were told.
    memberships: u64,
}

impl Guard {
    /// The guard with what it remembers.
    ///
    /// # Errors
    /// When the lists of approved people could not be read.
    pub async fn new(
        ledger: &Ledger,
        limits: Limits,
        memory: Versioned<Memory>,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let mut approved = Approved::default();
        for approval in &memory.value.approvals {
            if approval.expires > now {
                let pk = format!("approved#{}", approval.digest);
                let people = read_list(ledger, &pk, items(approval.people)).await?;
                approved.add(approval.kind, people, &approval.digest);
            }
        }
        Ok(Self {
            ledger: ledger.clone(),
            limits,
            memory,
            approved,
            active: 0,
            memberships: 0,
        })
    }

    /// What it remembers.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory.value
    }

    /// The people that somebody has approved.
    #[must_use]
    pub fn approved(&self) -> &Approved {
        &self.approved
    }

    /// How many people a kind may touch within 24 hours, and what number that is a share of.
    #[must_use]
    pub fn limit(&self, kind: Kind, now: Timestamp) -> (u64, u64) {
        let found = match kind {
            Kind::MembershipRemovals => self.memberships,
            Kind::Deactivations | Kind::Updates => self.active,
        };
        let base = self.memory.value.base(kind, found, now);
        (self.limits.of(kind).of(base, kind), base)
    }

    /// A full look found this many active records. Knowledge of people told active counts for more.
    pub fn found_active(&mut self, active: u64) {
        self.active = active;
    }

    /// A full look found this many memberships that Okta was told.
    pub fn found_memberships(&mut self, told: u64) {
        self.memberships = told;
    }

    /// A full look found this many people told active.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn told_active(&mut self, people: u64, now: Timestamp) -> Result<(), LedgerError> {
        self.change(|memory| {
            memory.tidy(now);
            memory.told_active(people, now);
        })
        .await
    }

    /// A full look found this many memberships that Okta was told.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn memberships(&mut self, told: u64, now: Timestamp) -> Result<(), LedgerError> {
        self.change(|memory| memory.memberships(told, now)).await
    }

    /// What it would judge, for a run that writes nothing.
    #[must_use]
    pub fn would_judge(&self, kind: Kind, found: Charged, whole: bool, now: Timestamp) -> Judged {
        let limit = self.limit(kind, now);
        self.memory
            .value
            .clone()
            .judge(kind, found, limit, whole, now)
    }

    /// Judges what a look found. See [`Memory::judge`].
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn judge(
        &mut self,
        kind: Kind,
        found: Charged,
        whole: bool,
        now: Timestamp,
    ) -> Result<Judged, LedgerError> {
        let limit = self.limit(kind, now);
        self.change(|memory| memory.judge(kind, found, limit, whole, now))
            .await
    }

    /// Charges what a session is about to load, and uses these approvals. If it does not fit, the
    /// latch closes.
    ///
    /// # Errors
    /// When the state table could not be read or written. Then nothing may be loaded.
    pub async fn charge(
        &mut self,
        ask: &Ask,
        used: &[Digest],
        session: Number,
        now: Timestamp,
    ) -> Result<Result<Hour, Short>, LedgerError> {
        let (limit, _) = self.limit(ask.kind, now);
        self.change(|memory| {
            // Past the limit everything that would have to be charged waits, from every trigger.
            let limit = match memory.latched(ask.kind) {
                Some(_) if ask.fresh > 0 => 0,
                _ => limit,
            };
            let charged = memory.budget.charge(ask, session, limit, now);
            match charged {
                Ok(_) => memory.use_approvals(used, now),
                Err(_) => memory.latch(ask.kind, now),
            }
            charged
        })
        .await
    }

    /// Decides the charges of sessions.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn settle(
        &mut self,
        sessions: &[(Number, bool)],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.change(|memory| {
            for (session, given_back) in sessions {
                memory.budget.settle(*session, *given_back, now);
            }
        })
        .await
    }

    /// Notes since when full looks hold everybody who seems to be gone, and since when because the
    /// table is empty.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn hold(
        &mut self,
        held: bool,
        is_empty: bool,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.change(|memory| {
            memory.empty_since = is_empty.then(|| memory.empty_since.unwrap_or(now));
            memory.held_since = held.then(|| memory.held_since.unwrap_or(now));
        })
        .await
    }

    /// Keeps the list of withheld people, so that they can be approved. Gives its digest, or `None`
    /// if there is nobody, or more than can be approved at once.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn keep_list(
        &mut self,
        kind: Kind,
        mut people: Vec<Listed>,
        now: Timestamp,
    ) -> Result<Option<Digest>, LedgerError> {
        if people.is_empty() || people.len() > LIST {
            self.change(|memory| memory.nobody_waits(kind)).await?;
            return Ok(None);
        }
        people.sort_unstable();
        let since = self
            .change(|memory| memory.somebody_waits(kind, now))
            .await?;
        let digest = Digest::of(kind, since, &people);
        let kept = self.memory.value.list(&digest.0, now);
        if kept.is_some_and(|(_, kept)| kept.expires > now + RENEWED_WITHIN) {
            return Ok(Some(digest));
        }
        let expires = now + LIST_LASTS;
        let pk = format!("list#{digest}");
        let items = write_list(&self.ledger, &pk, &people, expires).await?;
        let list = ListKept {
            digest: digest.clone(),
            people: people.len() as u64,
            items,
            expires,
        };
        self.change(|memory| memory.keep_list(kind, list.clone()))
            .await?;
        Ok(Some(digest))
    }

    /// Reads again what is remembered: other runs may have been at work.
    ///
    /// # Errors
    /// When the state table could not be read.
    pub async fn read_again(&mut self) -> Result<(), LedgerError> {
        self.memory = self.ledger.read_guard().await?;
        Ok(())
    }

    /// Changes what is remembered, starting from what another run left if necessary.
    async fn change<T>(&mut self, change: impl Fn(&mut Memory) -> T) -> Result<T, LedgerError> {
        loop {
            let before = self.memory.value.clone();
            let changed = change(&mut self.memory.value);
            if before == self.memory.value {
                return Ok(changed);
            }
            match self.ledger.write_guard(&mut self.memory).await {
                Ok(Written::Done) => return Ok(changed),
                Ok(Written::Overtaken) => {}
                Err(error) => {
                    // Nobody knows what is there now.
                    self.memory.value = before;
                    return Err(error);
                }
            }
            self.memory = self.ledger.read_guard().await?;
        }
    }
}

pub(super) fn items(people: u64) -> u64 {
    people.div_ceil(PEOPLE_PER_ITEM as u64)
}

pub(super) async fn write_list(
    ledger: &Ledger,
    pk: &str,
    people: &[Listed],
    expires: Timestamp,
) -> Result<u64, LedgerError> {
    let chunks = people.chunks(PEOPLE_PER_ITEM).map(|chunk| {
        let mut bytes = Vec::with_capacity(chunk.len() * Listed::BYTES);
        chunk.iter().for_each(|one| one.put(&mut bytes));
        bytes
    });
    ledger.write_blobs(pk, chunks, expires).await
}

pub(super) async fn read_list(
    ledger: &Ledger,
    pk: &str,
    items: u64,
) -> Result<Vec<Listed>, LedgerError> {
    let blobs = ledger.read_blobs(pk, 0..items).await?;
    let all = blobs.iter().flat_map(|blob| blob.chunks(Listed::BYTES));
    Ok(all.filter_map(Listed::read).collect())
}
