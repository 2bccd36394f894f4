//! What a run would do: everything that is decided before the first write.

use std::sync::Arc;

use super::{Draft, Planner, Rejects, RunError, Withheld, planner::Counts, planner::HELD};
use crate::{
    ledger::{Book, Entry, Ledger},
    mapping::{ExternalId, Fingerprint, Mapped, Mapping},
    okta::Entity,
    users::{RecordKey, Reread, UsersTable},
};

/// The changes of one session at most, and the counts of all that were found.
#[derive(Debug)]
pub struct Plan {
    /// Records, by what the mapping made of them.
    pub counts: Counts,
    /// Records that could not be sent.
    pub rejected: Rejects,
    /// Users to deactivate, each looked at twice.
    pub deactivations: Vec<Deactivation>,
    /// Users to create, update or reactivate.
    pub upserts: Vec<Upsert>,
    /// Deactivations that wait.
    pub withheld: Withheld,
    /// Upserts found beyond those that are here.
    pub upserts_beyond: u64,
    /// Deactivations found beyond those that are here.
    pub deactivations_beyond: u64,
    /// Users whom Okta was told of.
    pub known_users: u64,
    /// Users whom Okta was told to have active.
    pub known_active: u64,
}

/// A user to create, update or reactivate.
#[derive(Debug)]
pub struct Upsert {
    /// Who.
    pub external_id: ExternalId,
    /// The record they come from.
    pub key: RecordKey,
    /// What the ledger will remember.
    pub print: Fingerprint,
    /// What Okta is sent.
    pub entity: Entity,
}

/// A user to deactivate.
#[derive(Debug)]
pub struct Deactivation {
    /// Who.
    pub external_id: ExternalId,
    /// The record they come or came from.
    pub key: RecordKey,
    /// Why.
    pub why: Why,
    /// What Okta is sent.
    pub entity: Entity,
}

/// Why a user is deactivated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Their record says so.
    Inactive,
    /// The mapping does not include their record.
    OutOfScope,
    /// They have no record any more.
    Gone,
}

/// Somebody who is to be deactivated if a second look agrees.
#[derive(Debug)]
pub(super) struct Leaver {
    pub(super) external_id: ExternalId,
    pub(super) key: RecordKey,
}

impl Plan {
    /// Reads the users table to its end and compares it with the ledger.
    ///
    /// # Errors
    /// When a table could not be read to its end: then there is no plan.
    pub async fn make(
        users: &UsersTable,
        mapping: &Arc<Mapping>,
        ledger: &Ledger,
        book: &Book,
    ) -> Result<Self, RunError> {
        let mut planner = Planner::new(book);
        let mut pages = users.read_all(mapping.attributes(), {
            let mapping = Arc::clone(mapping);
            move |schema, record| Some((schema.key_of(record.attributes())?, mapping.map(record)))
        });
        while let Some(page) = pages.next().await? {
            for (key, mapped) in page.into_iter().flatten() {
                planner.take(key, mapped);
            }
        }
        let mut draft = planner.finish();

        let gone = ledger.entries(&draft.gone).await?;
        let mut leavers = std::mem::take(&mut draft.leavers);
        let from_records = leavers.len();
        leavers.extend(gone.into_iter().map(
            |Entry {
                 external_id, key, ..
             }| Leaver { external_id, key },
        ));
        let keys: Vec<_> = leavers.iter().map(|leaver| leaver.key.clone()).collect();
        let reread = users.reread(&keys, mapping.attributes()).await?;
        Ok(Self::of(
            draft,
            leavers,
            from_records,
            &reread,
            mapping,
            book,
        ))
    }

    fn of(
        draft: Draft,
        leavers: Vec<Leaver>,
        from_records: usize,
        reread: &Reread,
        mapping: &Mapping,
        book: &Book,
    ) -> Self {
        let Draft {
            counts,
            rejected,
            unidentified,
            upserts,
            upserts_found,
            leavers_found,
            gone,
            gone_found,
            ..
        } = draft;
        let beyond =
            (leavers_found + gone_found).saturating_sub((from_records + gone.len()) as u64);
        let mut plan = Self {
            counts,
            rejected,
            deactivations: Vec::new(),
            upserts_beyond: upserts_found.saturating_sub(upserts.len() as u64),
            upserts,
            withheld: Withheld::default(),
            deactivations_beyond: beyond,
            known_users: book.len() as u64,
            known_active: book.active(),
        };
        plan.deactivations = leavers
            .into_iter()
            .filter_map(|leaver| second_look(leaver, reread, mapping))
            .collect();
        if unidentified > 0 {
            plan.withhold_gone(unidentified, gone_found.saturating_sub(gone.len() as u64));
        }
        plan.deactivations_beyond += plan.deactivations.len().saturating_sub(HELD) as u64;
        plan.deactivations.truncate(HELD);
        plan
    }

    /// Nobody is taken for gone while there are records that nobody can tell whose they are.
    fn withhold_gone(&mut self, unidentified: u64, gone_beyond: u64) {
        let all = self.deactivations.len();
        self.deactivations
            .retain(|deactivation| deactivation.why != Why::Gone);
        let gone = (all - self.deactivations.len()) as u64 + gone_beyond;
        self.deactivations_beyond = self.deactivations_beyond.saturating_sub(gone_beyond);
        if gone > 0 {
            self.withheld = Withheld {
                deactivations: gone,
                reason: Some(format!(
                    "{unidentified} records do not say whom they are about (see rejected), and any of them may be one \
                     of the {gone} users who seem to be gone: correct these records first"
                )),
            };
        }
    }

    /// All deactivations that were found and are not withheld.
    #[must_use]
    pub fn deactivations_found(&self) -> u64 {
        self.deactivations.len() as u64 + self.deactivations_beyond
    }

    /// All upserts that were found.
    #[must_use]
    pub fn upserts_found(&self) -> u64 {
        self.upserts.len() as u64 + self.upserts_beyond
    }

    /// Withholds every deactivation.
    pub(super) fn withhold_all(&mut self, reason: String) {
        self.withheld.deactivations += self.deactivations_found();
        self.withheld.reason = Some(reason);
        self.deactivations.clear();
        self.deactivations_beyond = 0;
    }

    /// Whether there is nothing to tell Okta.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deactivations.is_empty() && self.upserts.is_empty()
    }
}

/// Decides about one user once their key was read again, consistently, after the scan. Who has
/// come back, or is in doubt, stays as they are; the next plan sees them again.
fn second_look(leaver: Leaver, reread: &Reread, mapping: &Mapping) -> Option<Deactivation> {
    let Leaver { external_id, key } = leaver;
    let why = match reread.get(&key).cloned().map(|record| mapping.map(record)) {
        None => Why::Gone,
        Some(Mapped::Inactive(id)) if id == external_id => Why::Inactive,
        Some(Mapped::OutOfScope(id)) if id == external_id => Why::OutOfScope,
        Some(Mapped::Active(id, _) | Mapped::Rejected(id, _)) if id == external_id => return None,
        // The record is about somebody else by now: this user has none.
        Some(
            Mapped::Active(..) | Mapped::Inactive(_) | Mapped::OutOfScope(_) | Mapped::Rejected(..),
        ) => Why::Gone,
        Some(Mapped::Unidentified(_)) => return None,
    };
    let entity = Entity::deactivate(external_id.as_str()).ok()?;
    Some(Deactivation {
        external_id,
        key,
        why,
        entity,
    })
}
