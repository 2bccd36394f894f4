//! `cargo bench`: what a user costs the function.
//!
//! Mapping, comparison and packing of 100,000 users, apart from the two services; then whole runs
//! against stand-ins, which also say what they read. Criterion shows users a second.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dynamodb_identity_source::{
    guard::Approved,
    ledger::{Book, Entry, IdHash, Origin, Paid, Reading, SessionLog, Stuck, Told},
    mapping::{DEFAULT_MAPPING, Mapped, Mapping},
    okta::{self, Entity},
    sync::{
        Refusals,
        look::{Comparison, Found},
    },
    users::{KeyKind, KeySchema, Record, RecordKey},
};

#[allow(dead_code, unused_imports)]
#[path = "../examples/load/dynamodb/mod.rs"]
mod dynamodb;
#[path = "../examples/local/invented.rs"]
mod invented;
mod runs;
#[path = "../examples/load/teams.rs"]
#[allow(dead_code, reason = "the bench has no groups")]
mod teams;

/// Whatever keeps the stand-ins from starting.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

const USERS: usize = 100_000;

fn per_user(criterion: &mut Criterion) {
    let mapping = Mapping::from_json(DEFAULT_MAPPING).unwrap();
    let now = jiff::Timestamp::now();
    let records: Vec<Record> = (0..USERS).map(|n| invented::person(n).into()).collect();
    let users: Vec<(RecordKey, Mapped)> = {
        let schema = KeySchema::new(vec![("id".to_owned(), KeyKind::Text)]);
        let keys = records
            .iter()
            .map(|record| schema.key_of(record.attributes()).unwrap());
        keys.zip(
            records
                .iter()
                .map(|record| mapping.map(record.clone(), now)),
        )
        .collect()
    };
    let nobody = Book::default();
    let everybody = book(&users);
    let entities: Vec<Entity> = users.iter().map(|(_, user)| upsert(user)).collect();
    no_request_is_wasted(&users);

    let mut group = criterion.benchmark_group("per user");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(5))
        .throughput(Throughput::Elements(USERS as u64));
    group.bench_function("map", |bencher| {
        bencher.iter_batched(
            || records.clone(),
            |records| {
                for record in records {
                    black_box(mapping.map(record, now));
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("fingerprint", |bencher| {
        bencher.iter(|| {
            for (_, user) in &users {
                if let Mapped::Active(_, profile) = user {
                    black_box(profile.fingerprint());
                }
            }
        });
    });
    for (name, book, suspects) in [
        ("compare, nothing changed", &everybody, 0),
        ("compare, all new", &nobody, USERS),
    ] {
        assert_eq!(compare(book, users.clone()).counts.upserts, suspects as u64);
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || users.clone(),
                |users| compare(book, users),
                BatchSize::PerIteration,
            );
        });
    }
    group.bench_function("pack", |bencher| {
        bencher.iter_batched(
            || entities.clone(),
            |entities| {
                for batch in okta::pack(entities) {
                    black_box(batch.body());
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn compare(book: &Book, users: Vec<(RecordKey, Mapped)>) -> Found {
    let (refusals, approved) = (
        Refusals::new(Stuck::default(), false, true),
        Approved::default(),
    );
    let mut comparison = Comparison::new(book, &refusals, &approved);
    for (key, user) in users {
        comparison.take(key, user);
    }
    comparison.finish()
}

/// The ledger, had Okta been told everybody.
fn book(users: &[(RecordKey, Mapped)]) -> Book {
    let reading = Reading {
        log: SessionLog::default(),
        paid: Paid::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let mut known: Vec<_> = users
        .iter()
        .map(|(key, user)| match user {
            Mapped::Active(id, profile) => {
                let entry = Entry {
                    external_id: id.clone(),
                    key: key.clone(),
                    told: Told::Active(profile.fingerprint()),
                    session: 0,
                    session_id: None,
                    behind: None,
                    doubtful: false,
                    origin: Origin::Table,
                    at: reading.now,
                    deactivation: None,
                    update: None,
                    pushed: None,
                    to_leave: false,
                    repaired: None,
                    called: None,
                    login: None,
                    stranger: false,
                    memberships: None,
                };
                (IdHash::of(id), reading.of(&entry))
            }
            other => panic!("everybody is active, but not {other:?}"),
        })
        .collect();
    // A ledger is in the order of its hashes once it has been read.
    known.sort_unstable_by_key(|(id, _)| *id);
    let mut book = Book::default();
    for (id, known) in known {
        book.add(id, known);
    }
    book
}

fn upsert(user: &Mapped) -> Entity {
    match user {
        Mapped::Active(id, profile) => Entity::upsert(id.as_str(), profile).unwrap(),
        other => panic!("everybody is active, but not {other:?}"),
    }
}

/// What is measured must be what is wanted: as few requests to Okta as its limits allow.
fn no_request_is_wasted(users: &[(RecordKey, Mapped)]) {
    for leavers in [0, 1, 200, 201, 12_345, USERS] {
        let (leaving, staying) = users.split_at(leavers);
        let leaving = leaving.iter().map(|(_, user)| match user {
            Mapped::Active(id, _) => Entity::deactivate(id.as_str()).unwrap(),
            other => panic!("everybody is active, but not {other:?}"),
        });
        let entities = leaving.chain(staying.iter().map(|(_, user)| upsert(user)));

        let requests = okta::pack(entities).len();

        let fewest =
            leavers.div_ceil(okta::MAX_ENTITIES) + (USERS - leavers).div_ceil(okta::MAX_ENTITIES);
        assert_eq!(requests, fewest, "with {leavers} deactivations");
    }
}

criterion_group!(benches, per_user, runs::whole);
criterion_main!(benches);
