//! The withheld people, under a digest.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Kind;
use crate::ledger::{IdHash, MembershipPrint, Told};

/// What somebody would be told, in 16 bytes: a profile's fingerprint, or zeros for a deactivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target([u8; 16]);

impl From<Told> for Target {
    fn from(told: Told) -> Self {
        Self(match told {
            Told::Active(print) => *print.as_bytes(),
            Told::Inactive => [0; 16],
        })
    }
}

/// A set of groups: never zeros.
impl From<MembershipPrint> for Target {
    fn from(print: MembershipPrint) -> Self {
        let mut target = [1; 16];
        target[8..].copy_from_slice(print.as_bytes());
        Self(target)
    }
}

impl Target {
    /// Whether it is a deactivation.
    #[must_use]
    pub fn is_deactivation(self) -> bool {
        self.0 == [0; 16]
    }
}

/// Somebody who is withheld, and what they would be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listed {
    /// Who.
    pub id: IdHash,
    /// What they would be told.
    pub target: Target,
    /// Whether the ledger does not know them: they are let through only by name.
    pub stranger: bool,
}

impl Listed {
    /// What it takes in the state table, in bytes.
    pub const BYTES: usize = 33;

    pub(super) fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(&self.target.0);
        bytes.push(u8::from(self.stranger));
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_at_checked(16)?;
        let (target, rest) = rest.split_at_checked(16)?;
        Some(Self {
            id: IdHash::from_bytes(id.try_into().ok()?),
            target: Target(target.try_into().ok()?),
            stranger: *rest.first()? == 1,
        })
    }
}

/// Stands for a list: a digest over its kind, its people, what each would be told, and since when,
/// so that a used one never comes back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub String);

impl Digest {
    /// The digest of these people, in their order.
    #[must_use]
    pub fn of(kind: Kind, since: Timestamp, people: &[Listed]) -> Self {
        let mut hasher =
            Sha256::new_with_prefix(format!("withheld 1\n{kind}\n{}\n", since.as_nanosecond()));
        let mut bytes = Vec::with_capacity(Listed::BYTES);
        for one in people {
            bytes.clear();
            one.put(&mut bytes);
            hasher.update(&bytes);
        }
        let hash = hasher.finalize();
        Self(
            hash.iter()
                .take(16)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
