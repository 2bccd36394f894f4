//! The whole ledger in memory, as small as it can be.

use std::{collections::HashSet, ops::Range};

use super::{Entry, IdHash, Origin, Told};
use crate::{mapping::Fingerprint, okta::SessionId};

/// What the ledger knows of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Okta was told to have them active, with this fingerprint.
    Active(Fingerprint),
    /// Okta was told to have them inactive.
    Inactive,
    /// Okta was told something by a session that did not end well, or of which nothing is known.
    Doubtful {
        /// Whether that was to have them active.
        active: bool,
    },
}

impl Known {
    /// Whether Okta may have this user active.
    #[must_use]
    pub fn may_be_active(self) -> bool {
        !matches!(self, Self::Inactive)
    }
}

/// Every user's entry: 35 bytes each, in the order of their hashes.
#[derive(Debug, Default)]
pub struct Book {
    rows: Vec<Row>,
    named_doubtful: HashSet<SessionId>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    id: IdHash,
    print: [u8; 16],
    state: State,
    origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Active,
    Inactive,
    DoubtfulActive,
    DoubtfulInactive,
}

impl Book {
    /// Adds a user; `doubtful` where their session cannot be relied on.
    pub(super) fn add(&mut self, id: IdHash, told: Told, origin: Origin, doubtful: bool) {
        let (print, state) = match (told, doubtful) {
            (Told::Active(print), false) => (*print.as_bytes(), State::Active),
            (Told::Active(_), true) => ([0; 16], State::DoubtfulActive),
            (Told::Inactive, false) => ([0; 16], State::Inactive),
            (Told::Inactive, true) => ([0; 16], State::DoubtfulInactive),
        };
        self.rows.push(Row {
            id,
            print,
            state,
            origin,
        });
    }

    /// A book of these entries alone.
    #[must_use]
    pub fn of(entries: &[Entry], doubtful: &HashSet<SessionId>) -> Self {
        let mut book = Self::default();
        for entry in entries {
            let unsure = entry
                .session
                .as_ref()
                .is_none_or(|session| doubtful.contains(session));
            book.add(
                IdHash::of(&entry.external_id),
                entry.told,
                entry.origin,
                unsure,
            );
        }
        book.sort();
        book
    }

    /// Remembers that an entry names this session, which cannot be relied on.
    pub(super) fn name_doubtful(&mut self, session: &str) {
        if !self
            .named_doubtful
            .iter()
            .any(|known| known.as_str() == session)
        {
            self.named_doubtful
                .insert(SessionId::from(session.to_owned()));
        }
    }

    /// Takes another book's rows.
    pub(super) fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.named_doubtful.extend(other.named_doubtful);
    }

    /// Puts the rows in order, after which they can be found.
    pub(super) fn sort(&mut self) {
        self.rows.sort_unstable_by_key(|row| row.id);
    }

    /// The sessions that entries name and that cannot be relied on.
    #[must_use]
    pub fn doubtful_sessions(&self) -> &HashSet<SessionId> {
        &self.named_doubtful
    }

    /// How many users there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nobody is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A user's row number and what is known of them.
    #[must_use]
    pub fn find(&self, id: IdHash) -> Option<(usize, Known)> {
        let near = self.near(id);
        let from = near.start;
        let row = self.rows[near]
            .binary_search_by_key(&id, |row| row.id)
            .ok()?
            + from;
        Some((row, self.rows[row].known()))
    }

    /// Rows among which a user's is, if they have one. Hashes are spread evenly, so that one tells
    /// about how far down its row is, and the row that is there, how far it is from there; a
    /// search of all rows would miss the processor's caches at nearly every step.
    fn near(&self, id: IdHash) -> Range<usize> {
        let rows = &self.rows;
        let place = id.place_among(rows.len());
        let mut guess = place;
        for _ in 0..2 {
            let Some(there) = rows.get(guess) else { break };
            let expected = there.id.place_among(rows.len());
            guess = (guess + place).saturating_sub(expected).min(rows.len());
        }
        let (mut start, mut end) = (guess, guess);
        let mut step = 8;
        while start > 0 && rows[start - 1].id >= id {
            start = start.saturating_sub(step);
            step *= 2;
        }
        step = 8;
        while end < rows.len() && rows[end].id <= id {
            end = (end + step).min(rows.len());
            step *= 2;
        }
        start..end
    }

    /// Where a user came from, by their row number.
    #[must_use]
    pub fn origin(&self, row: usize) -> Origin {
        self.rows[row].origin
    }

    /// Every user, in the order of their row numbers.
    pub fn iter(&self) -> impl Iterator<Item = (IdHash, Known)> {
        self.rows.iter().map(|row| (row.id, row.known()))
    }

    /// How many users Okta was last told to have active, surely or doubtfully.
    #[must_use]
    pub fn active(&self) -> u64 {
        self.rows
            .iter()
            .filter(|row| matches!(row.state, State::Active | State::DoubtfulActive))
            .count() as u64
    }
}

impl Row {
    fn known(&self) -> Known {
        match self.state {
            State::Active => Known::Active(Fingerprint::from(self.print)),
            State::Inactive => Known::Inactive,
            State::DoubtfulActive => Known::Doubtful { active: true },
            State::DoubtfulInactive => Known::Doubtful { active: false },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn book(ids: &[u128]) -> Book {
        let mut book = Book::default();
        for id in ids {
            let hash = IdHash::from_pk(&format!("user#{id:032x}")).unwrap();
            book.add(hash, Told::Inactive, Origin::Table, false);
        }
        book.sort();
        book
    }

    /// Hashes as they come, and such as lie together or at an end.
    fn hash() -> impl Strategy<Value = u128> {
        prop_oneof![
            any::<u128>(),
            0..50u128,
            (u128::MAX - 50)..=u128::MAX,
            (1u128 << 127)..(1 << 127) + 50
        ]
    }

    proptest! {
        #[test]
        fn whoever_has_a_row_is_found_in_it_and_nobody_else(
            ids in proptest::collection::btree_set(hash(), 0..200),
            others in proptest::collection::vec(hash(), 0..50),
        ) {
            let ids: Vec<_> = ids.into_iter().collect();
            let book = book(&ids);

            for id in ids.iter().chain(&others) {
                let hash = IdHash::from_pk(&format!("user#{id:032x}")).unwrap();
                let row = book.find(hash).map(|(row, _)| row);
                prop_assert_eq!(row, ids.binary_search(id).ok());
            }
        }
    }

    #[test]
    fn a_row_stays_small() {
        assert!(
            std::mem::size_of::<Row>() <= 40,
            "{} bytes a user",
            std::mem::size_of::<Row>()
        );
    }
}
