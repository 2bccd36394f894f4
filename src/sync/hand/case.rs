//! What becomes of a person, from what is at hand about them: one table.

use serde::Serialize;

/// The records about a person that were read just now: the one that led to them, and the one that
/// the ledger leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AtHand {
    /// There are none.
    Absent,
    /// The one in their place does not have an external id.
    Unclear,
    /// One says active.
    Active,
    /// One says inactive.
    Inactive,
    /// One is out of scope, and no other is about them.
    OutOfScope,
    /// One is out of scope, and the mapping keeps such people.
    Kept,
    /// One says that their first day is still ahead.
    Upcoming,
    /// One cannot be sent.
    Rejected,
    /// There are several: none of them can be believed.
    Several,
}

/// What else a read of the whole table, which ended just now, found about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Elsewhere {
    /// There was no such read.
    Unknown,
    /// No record that lets them stay.
    Nothing,
    /// Nothing but records without an external id.
    Unclear,
    /// A record that lets them stay, or may do so.
    Somebody,
}

/// Where the ledger knows a person from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Known {
    /// It does not know them.
    Not,
    /// From the users table: people that it no longer has are gone.
    Table,
    /// From pushes alone: absence from the table says nothing.
    Push,
    /// From pushes alone, one of which wants them to leave.
    PushToLeave,
}

/// What becomes of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// They must be active.
    Active,
    /// They must leave.
    Leaves(Why),
    /// They stay as they are, because their record cannot be sent.
    Rejected,
    /// They stay as they are, because nobody can say which of their records counts.
    Several,
    /// They stay as they are.
    Stays,
    /// They stay as they are until a look at the whole table.
    NextLook,
}

/// Why a user is deactivated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    /// Their record says so.
    Inactive,
    /// The mapping's `include` leaves their record out.
    OutOfScope,
    /// They no longer have a record.
    Gone,
}

/// What is to become of a person. `by_key`: the key of a record identifies the person, so that
/// there is no other record about them.
///
/// | by key | at hand | elsewhere | known | outcome |
/// |---|---|---|---|---|
/// | | active | | | active |
/// | | rejected | | | rejected |
/// | | several | | | several |
/// | | unclear, kept, upcoming | | | stays |
/// | yes | inactive, out of scope | | | leaves |
/// | no | inactive, out of scope | nothing, unclear | | leaves |
/// | no | inactive, out of scope | somebody | | stays |
/// | no | inactive, out of scope | unknown | | next look |
/// | | absent | | not, by push | stays |
/// | yes | absent | | table, push to leave | leaves |
/// | no | absent | nothing | table, push to leave | leaves |
/// | no | absent | somebody, unclear | table, push to leave | stays |
/// | no | absent | unknown | table, push to leave | next look |
#[must_use]
pub fn outcome(by_key: bool, at_hand: AtHand, elsewhere: Elsewhere, known: Known) -> Outcome {
    let leaves = |why| match (by_key, elsewhere) {
        (true, _) | (false, Elsewhere::Nothing) => Outcome::Leaves(why),
        // Their own record says it.
        (false, Elsewhere::Unclear) if at_hand != AtHand::Absent => Outcome::Leaves(why),
        (false, Elsewhere::Somebody | Elsewhere::Unclear) => Outcome::Stays,
        (false, Elsewhere::Unknown) => Outcome::NextLook,
    };
    match (at_hand, known) {
        (AtHand::Active, _) => Outcome::Active,
        (AtHand::Rejected, _) => Outcome::Rejected,
        (AtHand::Several, _) => Outcome::Several,
        (AtHand::Unclear | AtHand::Kept | AtHand::Upcoming, _) => Outcome::Stays,
        (AtHand::Inactive, _) => leaves(Why::Inactive),
        (AtHand::OutOfScope, _) => leaves(Why::OutOfScope),
        (AtHand::Absent, Known::Not | Known::Push) => Outcome::Stays,
        (AtHand::Absent, Known::PushToLeave) => leaves(Why::Inactive),
        (AtHand::Absent, Known::Table) => leaves(Why::Gone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_HAND: [AtHand; 9] = [
        AtHand::Absent,
        AtHand::Unclear,
        AtHand::Active,
        AtHand::Inactive,
        AtHand::OutOfScope,
        AtHand::Kept,
        AtHand::Upcoming,
        AtHand::Rejected,
        AtHand::Several,
    ];
    const ELSEWHERE: [Elsewhere; 4] = [
        Elsewhere::Unknown,
        Elsewhere::Nothing,
        Elsewhere::Unclear,
        Elsewhere::Somebody,
    ];
    const KNOWN: [Known; 4] = [Known::Not, Known::Table, Known::Push, Known::PushToLeave];

    /// The table in the documentation, row by row; every case is in exactly one of its rows.
    #[test]
    fn every_case_comes_to_what_the_table_says() {
        let source = include_str!("case.rs");
        let rows: Vec<Vec<&str>> = source
            .lines()
            .filter_map(|line| line.strip_prefix("/// | "))
            .skip(1)
            .map(|row| {
                row.trim_end_matches('|')
                    .split('|')
                    .map(str::trim)
                    .collect()
            })
            .collect();
        assert_eq!(rows.len(), 13);
        let is_in = |cell: &str, word: &str| {
            cell.is_empty() || cell.split(',').any(|one| one.trim() == word)
        };
        for by_key in [true, false] {
            for at_hand in AT_HAND {
                for elsewhere in ELSEWHERE {
                    for known in KNOWN {
                        let words = [
                            if by_key { "yes" } else { "no" }.to_owned(),
                            words(&format!("{at_hand:?}")),
                            words(&format!("{elsewhere:?}")),
                            match known {
                                Known::Push => "by push".to_owned(),
                                other => words(&format!("{other:?}")),
                            },
                        ];
                        let mut fitting = rows.iter().filter(|row| {
                            words.iter().zip(*row).all(|(word, cell)| is_in(cell, word))
                        });
                        let row = fitting.next().unwrap_or_else(|| panic!("{words:?}"));
                        assert!(fitting.next().is_none(), "{words:?}");
                        let said = match outcome(by_key, at_hand, elsewhere, known) {
                            Outcome::Leaves(_) => "leaves".to_owned(),
                            other => self::words(&format!("{other:?}")),
                        };
                        assert_eq!(said, row[4], "{words:?}");
                    }
                }
            }
        }
    }

    /// With `SNAPSHOTS=overwrite` it is written there.
    #[test]
    fn architecture_has_the_same_table() {
        const BEGINS: &str = "<!-- from src/sync/hand/case.rs -->\n";
        const ENDS: &str = "<!-- end -->\n";
        let source = include_str!("case.rs");
        let table = source.lines().filter_map(|line| line.strip_prefix("/// "));
        let table = table.filter(|line| line.starts_with('|'));
        let table: String = table.map(|line| format!("{line}\n")).collect();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/ARCHITECTURE.md");
        let document = std::fs::read_to_string(file).unwrap();

        let (before, rest) = document.split_once(BEGINS).unwrap();
        let (there, after) = rest.split_once(ENDS).unwrap();

        if std::env::var("SNAPSHOTS").is_ok_and(|it| it == "overwrite") {
            let written = [before, BEGINS, "\n", &table, "\n", ENDS, after].concat();
            std::fs::write(file, written).unwrap();
        } else {
            assert_eq!(there.trim(), table.trim());
        }
    }

    /// `NextLook` as `next look`.
    fn words(name: &str) -> String {
        let mut words = String::new();
        for c in name.chars() {
            if c.is_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.extend(c.to_lowercase());
        }
        words
    }

    #[test]
    fn nobody_leaves_whose_record_is_active_or_in_doubt() {
        for at_hand in [
            AtHand::Active,
            AtHand::Unclear,
            AtHand::Rejected,
            AtHand::Several,
        ] {
            for (elsewhere, known) in ELSEWHERE
                .into_iter()
                .flat_map(|it| KNOWN.map(|known| (it, known)))
            {
                for by_key in [true, false] {
                    let outcome = outcome(by_key, at_hand, elsewhere, known);
                    assert!(!matches!(outcome, Outcome::Leaves(_)));
                }
            }
        }
    }
}
