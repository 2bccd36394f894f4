//! A login that more than one active record has, while the table is read.

use std::hash::{BuildHasher as _, RandomState};

use super::{Suspect, seen::Seen};
use crate::{
    guard::{Kind, Listed},
    ledger::IdHash,
    mapping::Profile,
};

/// How many people with a shared login are read again and named.
pub(super) const NAMED: usize = 2_000;
/// How many parts of all hashes are sorted one after another, so that less is in memory at a time.
const PARTS: u8 = 4;

/// How much of a login's hash is kept for each user of the table.
const BYTES: usize = 6;

/// Tells logins apart while the table is read. It is bytes and not a number, so that it takes no
/// more room than that next to other hashes. Of a million logins two have the same by chance in one
/// of five hundred reads. People who seem to share one are read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LoginHash([u8; BYTES]);

impl LoginHash {
    /// The hash of people who must not be active.
    pub(super) const NONE: Self = Self([0; BYTES]);

    pub(super) fn of(profile: &Profile, state: &RandomState) -> Self {
        let hash = profile.login().map(|login| state.hash_one(login));
        let [a, b, c, d, e, f, ..] = hash.unwrap_or_default().to_be_bytes();
        Self([a, b, c, d, e, f])
    }
}

/// The hashes that occur more than once, in order.
pub(super) fn shared(hashes: impl Iterator<Item = LoginHash> + Clone) -> Vec<LoginHash> {
    let mut shared = Vec::new();
    for part in 0..PARTS {
        let is_of_part = |hash: &LoginHash| {
            hash.0[0] / (u8::MAX / PARTS + 1) == part && *hash != LoginHash::NONE
        };
        let mut hashes: Vec<_> = hashes.clone().filter(is_of_part).collect();
        hashes.sort_unstable();
        let twice = hashes.windows(2).filter(|two| two[0] == two[1]);
        shared.extend(twice.map(|two| two[0]));
    }
    shared.dedup();
    shared
}

/// People who seem to have one login. They are in no queue and no count until it is certain.
#[derive(Debug, Default)]
pub(super) struct OneLogin {
    pub(super) people: Vec<Sharer>,
    /// How many others are not held.
    pub(super) more: u64,
}

/// Somebody who seems to have a login that somebody else has, too.
#[derive(Debug)]
pub(super) struct Sharer {
    pub(super) id: IdHash,
    /// What their record came to.
    pub(super) seen: Seen,
    /// What they would be told, if that is held.
    pub(super) suspect: Option<Suspect>,
    /// How they would be listed for the guard.
    pub(super) listed: Option<(Kind, Listed)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashes_that_there_are_several_of_are_found_in_every_part() {
        let hashes = [0, 1, 1, 64, 65, 128, 128, 128, 255, 255]
            .map(|first| LoginHash([first, 0, 0, 0, 0, u8::from(first > 0)]));

        let found = shared(hashes.into_iter().chain([LoginHash::NONE, LoginHash::NONE]));

        let firsts: Vec<_> = found.iter().map(|hash| hash.0[0]).collect();
        assert_eq!(firsts, [1, 128, 255]);
    }
}
