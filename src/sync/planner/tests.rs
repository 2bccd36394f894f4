use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    ledger::{Entry, Told},
    mapping::Mapping,
    okta::SessionId,
    sync::Counts,
};

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

fn book(mapping: &Mapping, ledger: &BTreeMap<u8, Had>) -> Book {
    let print = |user, version| match mapped(mapping, user, Says::Active(version)) {
        Mapped::Active(_, profile) => profile.fingerprint(),
        other => panic!("{other:?}"),
    };
    let entries: Vec<_> = ledger
        .iter()
        .map(|(user, had)| Entry {
            external_id: ExternalId::parse(format!("u{user}")).unwrap(),
            key: key(0),
            told: match had {
                Had::Active(version) => Told::Active(print(*user, *version)),
                Had::Inactive => Told::Inactive,
                Had::Doubtful => Told::Active(print(*user, 0)),
            },
            session: Some(SessionId::from(
                match had {
                    Had::Doubtful => "lost",
                    _ => "landed",
                }
                .to_owned(),
            )),
            origin: Origin::Table,
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
        })
        .collect();
    Book::of(
        &entries,
        &HashSet::from([SessionId::from("lost".to_owned())]),
    )
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Decided {
    upserts: BTreeSet<String>,
    leavers: BTreeSet<String>,
    gone: BTreeSet<u8>,
    rejected: u64,
    counts: Counts,
}

fn decide(records: &[(u8, Says)], ledger: &BTreeMap<u8, Had>) -> (Decided, Draft) {
    let mapping = mapping();
    let book = book(&mapping, ledger);
    let mut planner = Planner::new(&book, Origin::Table);
    for (n, (user, says)) in records.iter().enumerate() {
        planner.take(key(n), mapped(&mapping, *user, *says));
    }
    let mut draft = planner.finish();
    draft.reject_duplicates();
    let upserts = draft.upserts.iter();
    let leavers = draft.leavers.iter();
    let decided = Decided {
        upserts: upserts
            .map(|upsert| upsert.external_id.to_string())
            .collect(),
        leavers: leavers
            .map(|leaver| leaver.external_id.to_string())
            .collect(),
        gone: (0..USERS)
            .filter(|user| {
                let id = ExternalId::parse(format!("u{user}")).unwrap();
                draft.gone.contains(&IdHash::of(&id))
            })
            .collect(),
        rejected: draft.rejected.count,
        counts: draft.counts,
    };
    (decided, draft)
}

/// The same, as one would say it.
fn expected(records: &[(u8, Says)], ledger: &BTreeMap<u8, Had>) -> Decided {
    let mut expected = Decided::default();
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
                if matches!(had, Some(Had::Active(_) | Had::Doubtful)) {
                    expected.gone.insert(user);
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
            (Says::Active(_), _) => {
                counts.active += 1;
                expected.upserts.insert(format!("u{user}"));
            }
            (Says::Inactive, Some(Had::Inactive)) => {
                counts.inactive += 1;
                counts.unchanged += 1;
            }
            (Says::Inactive, _) => {
                counts.inactive += 1;
                expected.leavers.insert(format!("u{user}"));
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
    fn a_draft_is_what_the_rules_say_in_whatever_order_records_come(
        records in records(),
        ledger in ledger(),
    ) {
        let (decided, draft) = decide(&records, &ledger);

        prop_assert_eq!(&decided, &expected(&records, &ledger));
        prop_assert_eq!(draft.upserts_found, decided.upserts.len() as u64);
        prop_assert_eq!(draft.leavers_found, decided.leavers.len() as u64);
        prop_assert_eq!(draft.gone_found, decided.gone.len() as u64);
        let Counts { scanned, active, inactive, out_of_scope, .. } = draft.counts;
        prop_assert_eq!(scanned, active + inactive + out_of_scope + draft.rejected.count);

        let mut backwards = records.clone();
        backwards.reverse();
        prop_assert_eq!(decide(&backwards, &ledger).0, decided);
    }

    #[test]
    fn nobody_is_in_a_draft_twice(records in records(), ledger in ledger()) {
        let (_, draft) = decide(&records, &ledger);

        let upserts = draft.upserts.iter().map(|upsert| IdHash::of(&upsert.external_id));
        let leavers = draft.leavers.iter().map(|leaver| IdHash::of(&leaver.external_id));
        let all: Vec<_> = upserts.chain(leavers).chain(draft.gone.iter().copied()).collect();
        let distinct: HashSet<_> = all.iter().collect();
        prop_assert_eq!(distinct.len(), all.len());
    }
}

#[test]
fn what_one_session_cannot_carry_is_counted() {
    let mapping = mapping();
    let book = Book::default();
    let mut planner = Planner::new(&book, Origin::Table);
    let text = |text: String| AttributeValue::S(text);
    for n in 0..HELD + 7 {
        let item = HashMap::from([
            ("user".to_owned(), text(format!("u{n}"))),
            ("active".to_owned(), AttributeValue::Bool(true)),
            ("version".to_owned(), text("v".to_owned())),
            ("email".to_owned(), text("a@example.com".to_owned())),
        ]);
        planner.take(key(n), mapping.map(item.into(), Timestamp::UNIX_EPOCH));
    }

    let draft = planner.finish();

    assert_eq!(
        (draft.upserts.len(), draft.upserts_found),
        (HELD, HELD as u64 + 7)
    );
}
