//! Who is among the people of either mapping: eight bytes each, however many there are.

use std::hash::{BuildHasher as _, RandomState};

use super::state::{State, who};
use crate::mapping::{Comparison, ExternalId, Mapped};

/// What tells a record's people apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashes {
    /// The person by the mapping in use.
    pub(super) before: Option<u64>,
    /// The person by the candidate.
    pub(super) after: Option<u64>,
    /// The login that the candidate gives them, if they are active by it.
    pub(super) login: Option<u64>,
}

impl Hashes {
    pub(super) fn of(comparison: &Comparison, state: &RandomState) -> Self {
        let id = |mapped: &Mapped| who(mapped).map(|id: &ExternalId| state.hash_one(id.as_str()));
        let login = match &comparison.after {
            Mapped::Active(_, profile) => profile.login().map(|login| state.hash_one(login)),
            _ => None,
        };
        Self {
            before: id(&comparison.before),
            after: id(&comparison.after),
            login,
        }
    }
}

/// The people of both mappings.
#[derive(Debug, Default)]
pub(super) struct People {
    /// Active by the mapping in use.
    active_before: Vec<u64>,
    /// Active, upcoming or rejected by the candidate: people who do not leave.
    stay_after: Vec<u64>,
    /// People that records in scope are about, by the candidate.
    in_scope: Vec<u64>,
    logins: Vec<u64>,
}

impl People {
    pub(super) fn take(&mut self, before: State, after: State, hashes: Hashes) {
        if before == State::Active {
            self.active_before.extend(hashes.before);
        }
        match after {
            State::Active | State::Upcoming | State::Rejected => {
                self.stay_after.extend(hashes.after);
                self.in_scope.extend(hashes.after);
            }
            State::Inactive => self.in_scope.extend(hashes.after),
            State::OutOfScope | State::Kept => {}
        }
        self.logins.extend(hashes.login);
    }

    /// The same, sorted, so that people can be found.
    pub(super) fn sorted(mut self) -> Self {
        for people in [
            &mut self.active_before,
            &mut self.stay_after,
            &mut self.in_scope,
            &mut self.logins,
        ] {
            people.sort_unstable();
        }
        self
    }

    pub(super) fn is_active_before(&self, hash: u64) -> bool {
        self.active_before.binary_search(&hash).is_ok()
    }

    pub(super) fn stays_after(&self, hash: u64) -> bool {
        self.stay_after.binary_search(&hash).is_ok()
    }

    /// Records with an external id that another one has, and people with a login that another one
    /// has.
    pub(super) fn collisions(&self) -> (u64, u64) {
        (shared(&self.in_scope), shared(&self.logins))
    }
}

/// How many of these sorted hashes occur more than once.
fn shared(hashes: &[u64]) -> u64 {
    let groups = hashes.chunk_by(|one, other| one == other);
    groups
        .filter(|group| group.len() > 1)
        .map(|group| group.len() as u64)
        .sum()
}
