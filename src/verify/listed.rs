//! Who was listed so far, in as few bytes as possible.

use std::collections::HashSet;

use crate::ledger::IdHash;

/// How many are held in a form that takes more room, and can be added to.
const RECENT: usize = 32_768;

/// People, each once: 16 bytes each, and no more even while the set grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Hashes {
    sorted: Vec<IdHash>,
    recent: HashSet<IdHash>,
}

impl Hashes {
    pub(super) fn contains(&self, id: IdHash) -> bool {
        self.recent.contains(&id) || self.sorted.binary_search(&id).is_ok()
    }

    /// Adds somebody. False if they are there already.
    pub(super) fn insert(&mut self, id: IdHash) -> bool {
        if self.contains(id) {
            return false;
        }
        self.recent.insert(id);
        if self.recent.len() >= RECENT {
            self.sorted.reserve_exact(self.recent.len());
            self.sorted.extend(self.recent.drain());
            self.sorted.sort_unstable();
        }
        true
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len() + self.recent.len()
    }

    fn iter(&self) -> impl Iterator<Item = IdHash> + '_ {
        self.sorted.iter().chain(&self.recent).copied()
    }
}

/// Who was listed, by this invocation and by those before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Listed {
    before: Hashes,
    fresh: Hashes,
}

impl Listed {
    /// What invocations before this one have listed.
    pub(super) fn before(before: Hashes) -> Self {
        Self {
            before,
            fresh: Hashes::default(),
        }
    }

    pub(super) fn contains(&self, id: IdHash) -> bool {
        self.fresh.contains(id) || self.before.contains(id)
    }

    /// Notes that somebody was listed.
    pub(super) fn insert(&mut self, id: IdHash) {
        if !self.before.contains(id) {
            self.fresh.insert(id);
        }
    }

    /// Whether nobody was listed.
    pub(super) fn is_empty(&self) -> bool {
        self.before.len() + self.fresh.len() == 0
    }

    /// How many were listed by this invocation.
    pub(super) fn fresh(&self) -> usize {
        self.fresh.len()
    }

    /// The people listed by this invocation, in parts of this size.
    pub(super) fn parts(&self, of: usize) -> impl Iterator<Item = Vec<IdHash>> + '_ {
        let mut fresh = self.fresh.iter();
        std::iter::from_fn(move || {
            let part: Vec<_> = fresh.by_ref().take(of).collect();
            (!part.is_empty()).then_some(part)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::ExternalId;

    fn id(n: usize) -> IdHash {
        IdHash::of(&ExternalId::parse(format!("user{n}")).unwrap())
    }

    #[test]
    fn everybody_is_found_again_and_counted_once() {
        let mut listed = Listed::default();
        for _ in 0..2 {
            (0..RECENT + 10).for_each(|n| listed.insert(id(n)));
        }

        assert_eq!(listed.fresh(), RECENT + 10);
        assert!((0..RECENT + 10).all(|n| listed.contains(id(n))));
        assert!(!listed.contains(id(RECENT + 10)));
        let parts: Vec<_> = listed.parts(20_000).map(|part| part.len()).collect();
        assert_eq!(parts, [20_000, RECENT + 10 - 20_000]);
    }

    #[test]
    fn whom_an_earlier_invocation_has_listed_is_not_kept_twice() {
        let mut before = Hashes::default();
        assert!(before.insert(id(1)) && !before.insert(id(1)));

        let mut listed = Listed::before(before);
        listed.insert(id(1));
        listed.insert(id(2));

        assert_eq!(listed.fresh(), 1);
        assert!(listed.contains(id(1)) && listed.contains(id(2)) && !listed.is_empty());
    }
}
