use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{ledger::Standing, mapping::Mapping, sync::Counts};

/// A record about user `id`: what it says of them, and in which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Active(u8),
    Inactive,
    OutOfScope,
    Invalid,
}

/// What the ledger has of a user.
#[derive(Debug, Clone, Copy)]
enum Had {
    Active(u8),
    Inactive,
    Doubtful,
}

fn mapping() -> Mapping {
    let mapping = json!({"externalId": "{{ user }}", "include": "kind != 'other'",
        "profile": {"userName": "{{ user }}", "title": "{{ version }}", "email": "{{ email }}"}});
    Mapping::from_json(&mapping.to_string()).unwrap()
}

fn mapped(mapping: &Mapping, user: u8, says: Says) -> Mapped {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let (active, kind, version, email) = match says {
        Says::Active(version) => (true, "", version, "a@example.com"),
        Says::Inactive => (false, "", 0, "a@example.com"),
        Says::OutOfScope => (true, "other", 0, "a@example.com"),
        Says::Invalid => (true, "", 0, "broken"),
    };
    let item = HashMap::from([
        ("user".to_owned(), text(&format!("u{user}"))),
        ("active".to_owned(), AttributeValue::Bool(active)),
        ("kind".to_owned(), text(kind)),
        ("version".to_owned(), text(&format!("v{version}"))),
        ("email".to_owned(), text(email)),
    ]);
    mapping.map(item.into(), Timestamp::UNIX_EPOCH)
}

fn key(n: usize) -> RecordKey {
    RecordKey::from_item(&[("id".to_owned(), AttributeValue::S(format!("r{n}")))].into())
}

fn id(user: u8) -> IdHash {
    IdHash::of(&ExternalId::parse(format!("u{user}")).unwrap())
}

fn book(mapping: &Mapping, ledger: &BTreeMap<u8, Had>) -> Book {
    let print = |user, version| match mapped(mapping, user, Says::Active(version)) {
        Mapped::Active(_, profile) => profile.fingerprint(),
        other => panic!("{other:?}"),
    };
    let mut book = Book::default();
    for (user, had) in ledger {
        let (told, holds) = match had {
            Had::Active(version) => (Told::Active(print(*user, *version)), true),
            Had::Inactive => (Told::Inactive, true),
            Had::Doubtful => (Told::Active(print(*user, 0)), false),
        };
        let known = Known::of(Standing {
            told,
            holds,
            live: false,
        });
        book.add(id(*user), known);
    }
    book.sort();
    book
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Decided {
    upserts: BTreeSet<u8>,
    leavers: BTreeSet<u8>,
    rejected: u64,
    held: u64,
    counts: Counts,
}

fn decide(records: &[(u8, Says)], ledger: &BTreeMap<u8, Had>) -> (Decided, Found) {
    let mapping = mapping();
    let book = book(&mapping, ledger);
    let (refusals, approved) = (Refusals::default(), Approved::default());
    let mut comparison = Comparison::new(&book, &refusals, &approved);
    for (n, (user, says)) in records.iter().enumerate() {
        comparison.take(key(n), mapped(&mapping, *user, *says));
    }
    let mut found = comparison.finish();
    found.reject_duplicates();
    let users = |suspects: &[Suspect]| {
        let found: BTreeSet<_> = suspects.iter().map(|suspect| suspect.id).collect();
        (0..USERS)
            .filter(|user| found.contains(&id(*user)))
            .collect()
    };
    let decided = Decided {
        upserts: users(&found.upserts),
        leavers: users(&found.leavers),
        rejected: found.rejected.count,
        held: found.held.as_ref().map_or(0, |held| held.count),
        counts: found.counts,
    };
    (decided, found)
}

/// The same, as one would say it.
fn expected(records: &[(u8, Says)], ledger: &BTreeMap<u8, Had>) -> Decided {
    let mut expected = Decided::default();
    let in_scope = |(_, says): &(u8, Says)| *says != Says::OutOfScope;
    let is_empty = !records.iter().any(in_scope) && !ledger.is_empty();
    expected.counts.scanned = records.len() as u64;
    for user in 0..USERS {
        let about = records.iter().filter(|(id, _)| *id == user);
        let (out, about): (Vec<_>, Vec<_>) =
            about.partition(|(_, says)| matches!(says, Says::OutOfScope));
        // Such a record is nobody's.
        expected.counts.out_of_scope += out.len() as u64;
        let had = ledger.get(&user);
        let says = match about.as_slice() {
            [] => {
                if matches!(had, Some(Had::Active(_) | Had::Doubtful)) && is_empty {
                    expected.held += 1;
                } else if matches!(had, Some(Had::Active(_) | Had::Doubtful)) {
                    let counts = &mut expected.counts;
                    counts.deactivations += 1;
                    counts.deactivations_charged += 1;
                    counts.gone += u64::from(out.is_empty());
                    expected.leavers.insert(user);
                }
                continue;
            }
            [(_, says)] => *says,
            several => {
                expected.rejected += several.len() as u64;
                continue;
            }
        };
        let counts = &mut expected.counts;
        match (says, had) {
            (Says::Invalid, _) => expected.rejected += 1,
            (Says::Active(new), Some(Had::Active(old))) if new == *old => {
                counts.active += 1;
                counts.unchanged += 1;
            }
            (Says::Active(new), had) => {
                counts.active += 1;
                counts.upserts += 1;
                // Creating somebody costs nothing, nor does telling the same again.
                let same = matches!(had, Some(Had::Doubtful)) && new == 0;
                counts.updates_charged += u64::from(had.is_some() && !same);
                expected.upserts.insert(user);
            }
            (Says::Inactive, Some(Had::Inactive)) => {
                counts.inactive += 1;
                counts.unchanged += 1;
            }
            (Says::Inactive, None) => {
                counts.inactive += 1;
                counts.strangers += 1;
            }
            (Says::Inactive, Some(_)) => {
                counts.inactive += 1;
                counts.deactivations += 1;
                counts.deactivations_charged += 1;
                expected.leavers.insert(user);
            }
            (Says::OutOfScope, _) => {}
        }
    }
    expected
}

const USERS: u8 = 6;

fn records() -> impl Strategy<Value = Vec<(u8, Says)>> {
    let says = prop_oneof![
        3 => (0..2_u8).prop_map(Says::Active),
        1 => Just(Says::Inactive),
        1 => Just(Says::OutOfScope),
        1 => Just(Says::Invalid),
    ];
    proptest::collection::vec((0..USERS, says), 0..9)
}

fn ledger() -> impl Strategy<Value = BTreeMap<u8, Had>> {
    let had = prop_oneof![
        3 => (0..2_u8).prop_map(Had::Active),
        1 => Just(Had::Inactive),
        1 => Just(Had::Doubtful),
    ];
    proptest::collection::btree_map(0..USERS, had, 0..USERS as usize)
}

proptest! {
    #[test]
    fn a_look_finds_what_the_rules_say_in_whatever_order_records_come(
        records in records(),
        ledger in ledger(),
    ) {
        let (decided, _) = decide(&records, &ledger);

        prop_assert_eq!(&decided, &expected(&records, &ledger));
        let Counts { scanned, active, inactive, out_of_scope, .. } = decided.counts;
        prop_assert_eq!(scanned, active + inactive + out_of_scope + decided.rejected);

        let mut backwards = records.clone();
        backwards.reverse();
        prop_assert_eq!(decide(&backwards, &ledger).0, decided);
    }

    #[test]
    fn nobody_is_a_suspect_twice(records in records(), ledger in ledger()) {
        let (_, found) = decide(&records, &ledger);

        let all: Vec<_> = found.upserts.iter().chain(&found.leavers).map(|one| one.id).collect();
        let distinct: BTreeSet<_> = all.iter().collect();
        prop_assert_eq!(distinct.len(), all.len());
    }
}

#[test]
fn what_is_not_held_is_counted() {
    let mapping = mapping();
    let book = Book::default();
    let (refusals, approved) = (Refusals::default(), Approved::default());
    let mut comparison = Comparison::new(&book, &refusals, &approved);
    let text = |text: String| AttributeValue::S(text);
    for n in 0..most_held() + 7 {
        let item = HashMap::from([
            ("user".to_owned(), text(format!("u{n}"))),
            ("active".to_owned(), AttributeValue::Bool(true)),
            ("version".to_owned(), text("v".to_owned())),
            ("email".to_owned(), text("a@example.com".to_owned())),
        ]);
        comparison.take(key(n), mapping.map(item.into(), Timestamp::UNIX_EPOCH));
    }

    let found = comparison.finish();

    assert_eq!(
        (found.upserts.len(), found.counts.upserts),
        (most_held(), most_held() as u64 + 7)
    );
}
