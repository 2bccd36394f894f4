//! What the ledger remembers of a profile.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use sha2::{Digest as _, Sha256};

/// Enough bytes for most profiles.
const MOSTLY: usize = 1024;

/// The first 128 bits of a SHA-256 over a profile.
///
/// It is stable across processes and releases: the attributes in alphabetical order, each name and
/// value with its length in front. It changes only if what is sent changes. The ledger keeps all of
/// it. Two are the same if their first 88 bits are, which is what a row of the whole ledger holds
/// in memory.
#[derive(Clone, Copy)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    pub(super) fn of<'a>(attributes: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        // Put together first: hashing many small parts one by one would take longer.
        let mut text = Vec::with_capacity(MOSTLY);
        text.extend_from_slice(b"profile 1\n");
        for (name, value) in attributes {
            put(&mut text, name);
            match value {
                Some(value) => put(&mut text, value),
                // No length is this large: a null is not an empty string.
                None => text.extend_from_slice(&u64::MAX.to_be_bytes()),
            }
        }
        let mut print = [0; 16];
        print.copy_from_slice(&Sha256::digest(&text)[..16]);
        Self(print)
    }

    /// Not the fingerprint of any profile.
    pub(crate) const fn unknown() -> Self {
        Self([0; 16])
    }

    /// How many bytes tell two fingerprints apart.
    pub(crate) const COMPARED: usize = 11;

    /// The bytes that tell it apart from others.
    pub(crate) fn compared(&self) -> [u8; Self::COMPARED] {
        std::array::from_fn(|place| self.0[place])
    }

    /// One of which only these bytes are known. It is compared, and never written.
    pub(crate) fn of_compared(bytes: [u8; Self::COMPARED]) -> Self {
        let mut print = [0; 16];
        print[..Self::COMPARED].copy_from_slice(&bytes);
        Self(print)
    }

    /// The fingerprint's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.compared() == other.compared()
    }
}

impl Eq for Fingerprint {}

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.compared().hash(state);
    }
}

impl From<[u8; 16]> for Fingerprint {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

fn put(all: &mut Vec<u8>, text: &str) {
    all.extend_from_slice(&(text.len() as u64).to_be_bytes());
    all.extend_from_slice(text.as_bytes());
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:032x})", u128::from_be_bytes(self.0))
    }
}
