//! The whole ledger in memory, as small as it can be.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    GroupEntry, IdHash, InGroups, Known, Origin, SessionLog, Told,
    log::{Again, Number, Standing},
};
use crate::mapping::{Fingerprint, GroupId};

/// Every user's entry: 29 bytes each, in the order of their hashes.
#[derive(Debug, Default)]
pub struct Book {
    rows: Vec<Row>,
    /// Each row's user and their groups, in eight bytes. Empty while Okta was told about nobody's
    /// groups.
    in_groups: Vec<[u8; 8]>,
    groups: BTreeMap<GroupId, KnownGroup>,
    named: BTreeSet<Number>,
}

/// What the ledger knows about a group.
#[derive(Debug, Clone)]
pub struct KnownGroup {
    /// Its entry.
    pub entry: GroupEntry,
    /// Whether Okta certainly has it, because we made it.
    pub is_there: bool,
    /// How far its last telling can be relied on.
    pub standing: Option<Standing>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    id: IdHash,
    print: [u8; Fingerprint::COMPARED],
    flags: [u8; 2],
}

/// What the flags of a row mean.
mod flag {
    pub(super) const KNOWN: u16 = 1;
    pub(super) const ACTIVE: u16 = 1 << 1;
    pub(super) const HOLDS: u16 = 1 << 2;
    pub(super) const LIVE: u16 = 1 << 3;
    pub(super) const PUSHED: u16 = 1 << 4;
    pub(super) const DEACTIVATION_PAID: u16 = 1 << 5;
    pub(super) const UPDATE_PAID: u16 = 1 << 6;
    pub(super) const TO_LEAVE: u16 = 1 << 7;
    pub(super) const AGAIN_APART: u16 = 1 << 8;
    pub(super) const AGAIN_LATER: u16 = 1 << 9;
    pub(super) const ISOLATED: u16 = 1 << 10;
    pub(super) const LONG_GONE: u16 = 1 << 11;
    pub(super) const UPDATE_UNDONE: u16 = 1 << 12;
    pub(super) const OTHER_ID: u16 = 1 << 13;
    pub(super) const DONE_BY_CALL: u16 = 1 << 14;
}

impl Book {
    /// Adds a group.
    pub(super) fn add_group(&mut self, entry: GroupEntry, log: &SessionLog) {
        for session in [entry.session, entry.made] {
            if log.is_exception(session) {
                self.name(session);
            }
        }
        let known = KnownGroup {
            is_there: entry.is_there(log),
            standing: entry.standing(log),
            entry,
        };
        self.groups.insert(known.entry.id.clone(), known);
    }

    /// What the ledger knows about groups.
    #[must_use]
    pub fn groups(&self) -> &BTreeMap<GroupId, KnownGroup> {
        &self.groups
    }

    /// Whether Okta was ever told about somebody's groups.
    #[must_use]
    pub fn has_memberships(&self) -> bool {
        !self.in_groups.is_empty()
    }

    /// How many group memberships the users told active were told, all together.
    #[must_use]
    pub fn memberships(&self) -> u64 {
        let all = self.rows.iter().zip(&self.in_groups);
        all.filter(|(row, _)| row.has(flag::ACTIVE))
            .map(|(_, bytes)| u64::from(InGroups::from_bytes(*bytes).count()))
            .sum()
    }

    /// Adds a user.
    pub fn add(&mut self, id: IdHash, known: Known) {
        if known.in_groups != InGroups::Never || self.has_memberships() {
            let never = InGroups::Never.to_bytes();
            self.in_groups.resize(self.rows.len(), never);
            self.in_groups.push(known.in_groups.to_bytes());
        }
        let standing = known.standing;
        let set = |is: bool, flag: u16| if is { flag } else { 0 };
        let print = match standing.map(|standing| standing.told) {
            Some(Told::Active(print)) => print.compared(),
            _ => [0; Fingerprint::COMPARED],
        };
        let flags = set(standing.is_some(), flag::KNOWN)
            | set(known.told_active(), flag::ACTIVE)
            | set(standing.is_some_and(|it| it.holds), flag::HOLDS)
            | set(standing.is_some_and(|it| it.live), flag::LIVE)
            | set(known.origin == Origin::Push, flag::PUSHED)
            | set(known.deactivation_paid, flag::DEACTIVATION_PAID)
            | set(known.update_paid, flag::UPDATE_PAID)
            | set(known.to_leave, flag::TO_LEAVE)
            | set(known.long_gone, flag::LONG_GONE)
            | set(known.update_undone, flag::UPDATE_UNDONE)
            | set(known.other_id, flag::OTHER_ID)
            | set(known.done_by_call, flag::DONE_BY_CALL)
            | match known.again {
                Again::AsEver => 0,
                Again::Apart => flag::AGAIN_APART,
                Again::Later => flag::AGAIN_LATER,
                Again::Isolated => flag::ISOLATED,
            };
        let flags = flags.to_be_bytes();
        self.rows.push(Row { id, print, flags });
    }

    /// Remembers that an entry names this session, about which the log says more than that it
    /// landed.
    pub(super) fn name(&mut self, session: Number) {
        self.named.insert(session);
    }

    /// Takes another book's rows.
    pub(super) fn append(&mut self, other: Self) {
        if self.has_memberships() || other.has_memberships() {
            let never = InGroups::Never.to_bytes();
            self.in_groups.resize(self.rows.len(), never);
            self.in_groups.extend(&other.in_groups);
            self.in_groups
                .resize(self.rows.len() + other.rows.len(), never);
        }
        self.rows.extend(other.rows);
        self.groups.extend(other.groups);
        self.named.extend(other.named);
    }

    /// Puts the rows in order, after which they can be found.
    pub(crate) fn sort(&mut self) {
        if !self.has_memberships() {
            self.rows.sort_unstable_by_key(|row| row.id);
            return;
        }
        let both = std::mem::take(&mut self.rows)
            .into_iter()
            .zip(std::mem::take(&mut self.in_groups));
        let mut both: Vec<_> = both.collect();
        both.sort_unstable_by_key(|(row, _)| row.id);
        (self.rows, self.in_groups) = both.into_iter().unzip();
    }

    /// The sessions that entries name, where the log says more than that they landed.
    #[must_use]
    pub fn named(&self) -> &BTreeSet<Number> {
        &self.named
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

    /// A user's row number and what is known about them.
    #[must_use]
    pub fn find(&self, id: IdHash) -> Option<(usize, Known)> {
        let near = self.near(id);
        let from = near.start;
        let row = self.rows[near]
            .binary_search_by_key(&id, |row| row.id)
            .ok()?
            + from;
        Some((row, self.known(row)))
    }

    fn known(&self, row: usize) -> Known {
        let in_groups = self.in_groups.get(row);
        Known {
            in_groups: in_groups.map_or(InGroups::Never, |bytes| InGroups::from_bytes(*bytes)),
            ..self.rows[row].known()
        }
    }

    /// Rows that have a user's row among them, if they have one. Hashes are spread evenly. So a
    /// hash tells about how far down its row is, and the row found there tells how far off that
    /// was. A search of all rows would miss the processor's caches at nearly every step.
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

    /// Every user, in the order of their row numbers.
    pub fn iter(&self) -> impl Iterator<Item = (IdHash, Known)> {
        let rows = self.rows.iter().enumerate();
        rows.map(|(nth, row)| (row.id, self.known(nth)))
    }

    /// How many users Okta was last told to have active, certainly or doubtfully.
    #[must_use]
    pub fn active(&self) -> u64 {
        let told_active = |row: &&Row| row.has(flag::ACTIVE);
        self.rows.iter().filter(told_active).count() as u64
    }
}

impl Row {
    fn has(&self, flag: u16) -> bool {
        u16::from_be_bytes(self.flags) & flag != 0
    }

    fn known(&self) -> Known {
        let told = if self.has(flag::ACTIVE) {
            Told::Active(Fingerprint::of_compared(self.print))
        } else {
            Told::Inactive
        };
        Known {
            standing: self.has(flag::KNOWN).then(|| Standing {
                told,
                holds: self.has(flag::HOLDS),
                live: self.has(flag::LIVE),
            }),
            origin: if self.has(flag::PUSHED) {
                Origin::Push
            } else {
                Origin::Table
            },
            again: match () {
                () if self.has(flag::AGAIN_APART) => Again::Apart,
                () if self.has(flag::AGAIN_LATER) => Again::Later,
                () if self.has(flag::ISOLATED) => Again::Isolated,
                () => Again::AsEver,
            },
            deactivation_paid: self.has(flag::DEACTIVATION_PAID),
            update_paid: self.has(flag::UPDATE_PAID),
            to_leave: self.has(flag::TO_LEAVE),
            long_gone: self.has(flag::LONG_GONE),
            update_undone: self.has(flag::UPDATE_UNDONE),
            other_id: self.has(flag::OTHER_ID),
            done_by_call: self.has(flag::DONE_BY_CALL),
            in_groups: InGroups::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STRANGER: Known = Known {
        standing: None,
        origin: Origin::Table,
        again: Again::AsEver,
        deactivation_paid: false,
        update_paid: false,
        update_undone: false,
        to_leave: false,
        long_gone: false,
        other_id: false,
        done_by_call: false,
        in_groups: InGroups::Never,
    };

    #[test]
    fn a_row_gives_back_what_is_known() {
        let told = [Told::Inactive, Told::Active(Fingerprint::from([7; 16]))];
        let agains = [Again::AsEver, Again::Apart, Again::Later, Again::Isolated];
        for (told, again) in told
            .into_iter()
            .flat_map(|told| agains.map(|again| (told, again)))
        {
            for bits in 0..64 {
                let bit = |number: u32| bits >> number & 1 == 1;
                let known = Known {
                    standing: Some(Standing {
                        told,
                        holds: bit(0),
                        live: bit(1),
                    }),
                    origin: if bit(2) { Origin::Push } else { Origin::Table },
                    again,
                    deactivation_paid: bit(3),
                    update_paid: bit(4),
                    to_leave: bit(5),
                    long_gone: bit(5),
                    update_undone: bit(3),
                    other_id: bit(4),
                    done_by_call: bit(2),
                    in_groups: [InGroups::Never, InGroups::Doubtful(3)][usize::from(bit(0))],
                };
                let id = IdHash::from_pk(&format!("user#{:032x}", 7)).unwrap();
                let mut book = Book::default();

                book.add(id, known);

                assert_eq!(book.find(id), Some((0, known)));
            }
        }
    }

    fn book(ids: &[u128]) -> Book {
        let mut book = Book::default();
        for id in ids {
            let hash = IdHash::from_pk(&format!("user#{id:032x}")).unwrap();
            book.add(hash, STRANGER);
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
            std::mem::size_of::<Row>() <= 29,
            "{} bytes a user",
            std::mem::size_of::<Row>()
        );
    }
}
