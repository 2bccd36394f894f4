//! What somebody has approved.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Digest, Kind, Listed, Target};
use crate::{
    ledger::IdHash,
    mutation::{self, Mutation},
};

/// That somebody approved a list, or some people on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// The list.
    pub digest: Digest,
    /// The kind of change that it lets through.
    pub kind: Kind,
    /// Who approved, in their own words.
    pub by: Option<String>,
    /// Why, if they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Until when it lets anybody through.
    pub expires: Timestamp,
    /// How many people.
    pub people: u64,
    /// Whether a run has let anybody through. From then on it takes no more people.
    pub used: bool,
}

/// The people that approvals let through, and what exactly each may be told.
#[derive(Debug, Clone, Default)]
pub struct Approved(HashMap<(Kind, IdHash), Vec<(Target, Digest)>>);

impl Approved {
    /// Whether nobody was approved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds people of a list.
    pub(super) fn add(&mut self, kind: Kind, people: Vec<Listed>, digest: &Digest) {
        for one in people {
            let targets = self.0.entry((kind, one.id)).or_default();
            targets.push((one.target, digest.clone()));
        }
    }

    /// The list by which somebody may be told this.
    #[must_use]
    pub fn lets_through(&self, kind: Kind, id: IdHash, target: Target) -> Option<Digest> {
        if mutation::on(Mutation::ApprovalLetsOthersThrough) {
            let mut all = self.0.iter().filter(|((of, _), _)| *of == kind);
            return all.next().map(|(_, targets)| targets[0].1.clone());
        }
        let mut targets = self.0.get(&(kind, id))?.iter();
        targets
            .find(|(approved, _)| *approved == target)
            .map(|(_, digest)| digest.clone())
    }
}
