//! How people must be, as their records and entries say now, whatever the reason for asking. It
//! decides nothing about telling them.

use std::collections::HashMap;

use super::{
    AtHand, Circumstances, Elsewhere, Hand, Outcome, Person, Why, case, outcome, to_be_told,
};
use crate::{
    guard::{Approved, Target},
    ledger::{Again, Due, Entry, IdHash, Known, Reading, Stuck, Told, Want, due},
    mapping::{ExternalId, Mapped, Profile},
    sync::{Refusals, RunError, suspect::Suspect},
    users::RecordKey,
};

/// How somebody must be.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Their entry, if they have one.
    pub(crate) entry: Option<Entry>,
    /// What the entry says about them.
    pub(crate) known: Option<Known>,
    /// How they must be.
    pub(crate) wants: Wants,
    /// Whether a run would tell them something.
    pub(crate) due: Due,
}

/// How somebody must be.
#[derive(Debug)]
pub(crate) enum Wants {
    /// Active with this profile, by the record under this key.
    Active(ExternalId, RecordKey, Profile),
    /// Inactive, by their own record.
    Inactive(ExternalId, RecordKey),
    /// Inactive: they no longer have a record, or one that is out of scope.
    Gone,
    /// Active, by a push, which nobody can read again.
    Pushed,
    /// As they are, because nobody can say.
    Unclear,
    /// Unknown to table and ledger.
    Unknown,
}

impl Wanted {
    /// Whether the ledger knows what this identity source was told about them.
    pub(crate) fn is_known(&self) -> bool {
        self.known.is_some_and(|known| known.standing.is_some())
    }
}

impl Hand<'_> {
    /// How people must be. `keys` leads to records that may be about them. `elsewhere` says what
    /// else a read of the whole table has found.
    ///
    /// # Errors
    /// When any record or entry could not be read.
    pub(crate) async fn wanted(
        &self,
        people: &[IdHash],
        keys: impl Fn(IdHash) -> Vec<RecordKey>,
        elsewhere: impl Fn(IdHash, AtHand) -> Elsewhere,
        entries: Vec<Entry>,
        reading: &Reading,
    ) -> Result<Vec<Wanted>, RunError> {
        let mut entries: HashMap<_, _> = entries
            .into_iter()
            .map(|entry| (IdHash::of(&entry.external_id), entry))
            .collect();
        let suspects: Vec<_> = people
            .iter()
            .map(|id| Suspect {
                id: *id,
                keys: keys(*id),
                charge: None,
                target: Target::from(Told::Inactive),
                again: Again::AsEver,
                pushed: None,
                place: None,
                confirms: false,
            })
            .collect();
        let told = entries.values().map(|entry| &entry.key);
        let asked: Vec<_> = suspects
            .iter()
            .flat_map(|suspect| &suspect.keys)
            .chain(told)
            .filter(|key| self.schema.is_of(key))
            .cloned()
            .collect();
        let records = self.mapped(&asked).await?;
        let (refusals, approved) = (
            Refusals::new(Stuck::default(), true, true),
            Approved::default(),
        );
        let circumstances = Circumstances {
            reading,
            refusals: &refusals,
            approved: &approved,
            whole: None,
        };
        Ok(suspects
            .iter()
            .map(|suspect| {
                let entry = entries.remove(&suspect.id);
                let person = Person {
                    hand: self,
                    circumstances: &circumstances,
                    suspect,
                    entry: entry.as_ref(),
                };
                let (at_hand, record) = person.at_hand(&records);
                let from = person.known();
                let outcome = outcome(self.by_key(), at_hand, elsewhere(suspect.id, at_hand), from);
                let known = entry.as_ref().map(|entry| reading.of(entry));
                let standing = known.and_then(|known| known.standing);
                let told_active = known.is_some_and(|known| known.told_active());
                let wants = match (outcome, record) {
                    (Outcome::Active, Some((key, Mapped::Active(id, profile)))) => {
                        Wants::Active(id.clone(), key.clone(), profile.clone())
                    }
                    (Outcome::Leaves(Why::Inactive), Some((key, Mapped::Inactive(id)))) => {
                        Wants::Inactive(id.clone(), key.clone())
                    }
                    (Outcome::Leaves(_), _) if standing.is_some() => Wants::Gone,
                    (Outcome::Leaves(_), _) => Wants::Unknown,
                    (Outcome::Stays, _) if at_hand == AtHand::Absent && entry.is_none() => {
                        Wants::Unknown
                    }
                    (Outcome::Stays, _)
                        if at_hand == AtHand::Absent
                            && from == case::Known::Push
                            && told_active =>
                    {
                        Wants::Pushed
                    }
                    _ => Wants::Unclear,
                };
                let due = match &wants {
                    Wants::Active(_, _, profile) => {
                        due(Want::Active(to_be_told(profile, standing).0), standing)
                    }
                    Wants::Inactive(..) | Wants::Gone => due(Want::Inactive, standing),
                    // No run tells them anything.
                    Wants::Pushed | Wants::Unclear | Wants::Unknown => Due::Nothing,
                };
                Wanted {
                    entry,
                    known,
                    wants,
                    due,
                }
            })
            .collect())
    }
}
