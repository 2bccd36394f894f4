//! What a run would do: everything that is decided before the first write.

use std::collections::HashSet;

use serde::Serialize;

use super::{Draft, Rejects, Withheld, draft::Counts};
use crate::{
    ledger::{IdHash, Origin, StuckKey},
    mapping::{ExternalId, Fingerprint, Mapped},
    mutation::{self, Mutation},
    okta::Entity,
    users::{Record, RecordKey, Reread},
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
    /// Users who came by push and belong to the users table from now on.
    pub adopted: Vec<(IdHash, RecordKey)>,
    /// How much of the users table was seen.
    pub scope: Scope,
    /// Who was looked at where that is not all of it, as they are found among the stuck.
    pub(super) looked_at: HashSet<StuckKey>,
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
    /// Where they come from.
    pub origin: Origin,
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
    /// Where they came from.
    pub origin: Origin,
    /// Why.
    pub why: Why,
    /// What Okta is sent.
    pub entity: Entity,
}

/// Why a user is deactivated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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
    pub(super) origin: Origin,
}

impl Leaver {
    fn deactivation(self, why: Why) -> Option<Deactivation> {
        let Self {
            external_id,
            key,
            origin,
        } = self;
        let entity = Entity::deactivate(external_id.as_str()).ok()?;
        Some(Deactivation {
            external_id,
            key,
            origin,
            why,
            entity,
        })
    }
}

/// How much of the users table a plan has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of it: who is nowhere in it is gone, unless a record does not say whom it is about.
    Whole {
        /// How many users Okta was told of.
        known_users: u64,
    },
    /// Some records, or none at all.
    Part,
}

impl Plan {
    /// The plan that a draft comes to, once the records of all `leavers` were read again. Those
    /// who are active by a record `elsewhere` stay.
    pub(super) fn of(
        draft: Draft,
        leavers: Vec<Leaver>,
        elsewhere: &HashSet<IdHash>,
        reread: &Reread,
        map: &dyn Fn(Record) -> Mapped,
        scope: Scope,
        known_active: u64,
    ) -> Self {
        let found = draft.leavers_found + draft.gone_found;
        let gone_beyond = draft.gone_found - draft.gone.len() as u64;
        let unidentified = draft.unidentified;
        let held = leavers.len() as u64;
        let mut plan = Self::new(draft, scope, known_active);
        plan.deactivations_beyond = found.saturating_sub(held);
        plan.deactivations = leavers
            .into_iter()
            .filter(|leaver| !elsewhere.contains(&IdHash::of(&leaver.external_id)))
            .filter_map(|leaver| second_look(leaver, reread, map))
            .collect();
        let somebodys = unidentified > 0 && !mutation::on(Mutation::UnidentifiedIsNobody);
        if somebodys && scope != Scope::Part {
            plan.withhold_gone(unidentified, gone_beyond);
        }
        plan
    }

    /// The plan of a draft that is to be believed as it is.
    pub(super) fn as_told(mut draft: Draft, known_active: u64) -> Self {
        let leavers = std::mem::take(&mut draft.leavers);
        let found = draft.leavers_found;
        let mut plan = Self::new(draft, Scope::Part, known_active);
        plan.deactivations_beyond = found.saturating_sub(leavers.len() as u64);
        plan.deactivations = leavers
            .into_iter()
            .filter_map(|leaver| leaver.deactivation(Why::Inactive))
            .collect();
        plan
    }

    fn new(mut draft: Draft, scope: Scope, known_active: u64) -> Self {
        draft.reject_duplicates();
        let Draft {
            counts,
            rejected,
            upserts,
            upserts_found,
            adopted,
            ..
        } = draft;
        Self {
            counts,
            rejected,
            deactivations: Vec::new(),
            upserts_beyond: upserts_found.saturating_sub(upserts.len() as u64),
            upserts,
            adopted,
            withheld: Withheld::default(),
            deactivations_beyond: 0,
            scope,
            looked_at: HashSet::new(),
            known_active,
        }
    }

    /// The same, after a look at these users and at the records under these keys.
    pub(super) fn having_looked_at(
        mut self,
        users: impl IntoIterator<Item = IdHash>,
        records: &[RecordKey],
    ) -> Self {
        let records = records.iter().map(RecordKey::to_string);
        self.looked_at = users
            .into_iter()
            .map(StuckKey::of_user)
            .chain(records.map(|record| StuckKey::of_record(&record)))
            .collect();
        self
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
fn second_look(
    leaver: Leaver,
    reread: &Reread,
    map: &dyn Fn(Record) -> Mapped,
) -> Option<Deactivation> {
    let same = |id: &ExternalId| *id == leaver.external_id;
    let why = match reread.get(&leaver.key).cloned().map(map) {
        None => Why::Gone,
        Some(Mapped::Inactive(id)) if same(&id) => Why::Inactive,
        Some(Mapped::OutOfScope { whom, keep: true }) if whom.as_ref().is_none_or(same) => {
            return None;
        }
        Some(Mapped::OutOfScope { whom, .. }) if whom.as_ref().is_some_and(same) => Why::OutOfScope,
        Some(Mapped::Rejected(..)) if mutation::on(Mutation::RejectedIsMissing) => Why::Gone,
        Some(Mapped::Active(..)) if mutation::on(Mutation::SkipSecondLook) => Why::Gone,
        Some(Mapped::Active(id, _) | Mapped::Rejected(id, _) | Mapped::Upcoming(id))
            if same(&id) =>
        {
            return None;
        }
        Some(Mapped::Unidentified(_)) => return None,
        // The record is about somebody else by now: this user has none.
        Some(_) => Why::Gone,
    };
    leaver.deactivation(why)
}
