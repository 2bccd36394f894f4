//! What the ledger finds a user by.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::mapping::ExternalId;

/// The first 128 bits of an external id's SHA-256: what the ledger finds a user by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdHash([u8; 16]);

impl IdHash {
    /// The hash of this id.
    #[must_use]
    pub fn of(id: &ExternalId) -> Self {
        Self::of_text(id.as_str())
    }

    /// The hash of the external id that Okta lists as a member's.
    #[must_use]
    pub fn of_member(external_id: &str) -> Self {
        Self::of_text(external_id)
    }

    /// The hash of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(super) fn of_text(text: &str) -> Self {
        let mut hash = [0; 16];
        hash.copy_from_slice(&Sha256::digest(text)[..16]);
        Self(hash)
    }

    /// About where this hash is among this many in order. At most `count`.
    pub(super) fn place_among(self, count: usize) -> usize {
        let upper_half = u128::from_be_bytes(self.0) >> 64;
        ((upper_half * count as u128) >> 64) as usize
    }

    pub(super) fn pk(self) -> String {
        format!("user#{}", self.hex())
    }

    pub(super) fn from_pk(pk: &str) -> Option<Self> {
        Self::from_hex(pk.strip_prefix("user#")?)
    }

    pub(super) fn from_hex(hex: &str) -> Option<Self> {
        let all = hex.len() == 32 && hex.is_ascii();
        let number = all.then(|| u128::from_str_radix(hex, 16).ok())??;
        Some(Self(number.to_be_bytes()))
    }

    /// The first of the hexadecimal digits.
    pub(super) fn first_digit(self) -> usize {
        usize::from(self.0[0] >> 4)
    }

    pub(super) fn hex(self) -> String {
        self.0
            .iter()
            .fold(String::with_capacity(32), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_what_sha256sum_prints() {
        let hash = IdHash::of(&ExternalId::parse("alice").unwrap());

        assert_eq!(hash.pk(), "user#2bd806c97f0e00af1a1fc3328fa763a9");
        assert_eq!(IdHash::from_pk(&hash.pk()), Some(hash));
    }
}
