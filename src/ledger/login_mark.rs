//! What the ledger remembers of a login.

use sha2::{Digest as _, Sha256};

/// The first 48 bits of a login's SHA-256, in lower case: enough to see that somebody must have a
/// login which somebody else has. If the marks of two people are the same by chance, they are told
/// one after the other, and that is all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LoginMark([u8; 6]);

impl LoginMark {
    /// The mark of this login.
    #[must_use]
    pub fn of(login: &str) -> Self {
        let mut mark = [0; 6];
        mark.copy_from_slice(&Sha256::digest(login.to_lowercase())[..6]);
        Self(mark)
    }

    /// The mark of the login in a profile, if it has one.
    #[must_use]
    pub fn of_profile(profile: &crate::mapping::Profile) -> Option<Self> {
        profile.login().as_deref().map(Self::of)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
