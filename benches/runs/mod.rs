//! Whole runs, against a stand-in for DynamoDB and an emulation of Okta in the same process.

use std::{sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedAsyncSleep, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use criterion::{Criterion, Throughput};
use dynamodb_identity_source::{
    clock::Clock,
    handler::{Answer, Function, Sdk},
    okta::MAX_USERS,
    sync::Report,
};
use okta_emulator::{Emulator, Options};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    USERS,
    dynamodb::{self, DynamoDb, ENTRY_BYTES, HISTORY, Known, STATE, read_units, scan_units},
};

const RECORD_BYTES: u32 = 1024;
/// What a run reads beside: the small items of the state table, so many units at most.
const BESIDES: f64 = 100.0;

/// The tables, Okta, and the function between them.
struct World {
    function: Function,
    // Okta ends when it is dropped.
    _okta: Emulator,
}

/// Nothing changed, and as many changes as one session carries.
pub fn whole(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let users = scan_units(USERS as u64, RECORD_BYTES.into());
    let ledger = scan_units(USERS as u64, ENTRY_BYTES as u64);

    let world = runtime.block_on(World::start(Known::Everybody));
    let report = runtime.block_on(world.run());
    assert_eq!((report.upserts, report.deactivations), (0, 0));
    says("nothing changed", &report, users, ledger);

    let many = Known::OneOtherwiseIn(USERS / MAX_USERS);
    let changed = runtime.block_on(World::start(many));
    let report = runtime.block_on(changed.run());
    assert_eq!(report.upserts + report.deactivations, MAX_USERS as u64);
    assert_eq!(report.sessions.len(), 1);
    let in_hand = MAX_USERS as f64 * read_units(RECORD_BYTES as usize);
    says("10,000 changed", &report, users + in_hand, ledger + in_hand);

    let mut group = criterion.benchmark_group("per user");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(20))
        .throughput(Throughput::Elements(USERS as u64));
    group.bench_function("whole run, nothing changed", |bencher| {
        bencher.iter(|| runtime.block_on(world.run()));
    });
    group.finish();
}

/// Prints what a run has read, which is no more than it should be.
fn says(what: &str, report: &Report, users: f64, state: f64) {
    let read = report.consumed.users_table.read_units;
    let read_of_state = report.consumed.state_table.read_units;
    println!(
        "{what}, of {USERS} users: {read} units of the users table read ({users} needed), \
         {read_of_state} of the state table ({state} needed), {} written",
        report.consumed.state_table.write_units
    );
    assert!(read <= users + BESIDES, "the users table is read once");
    assert!(read_of_state <= state + BESIDES, "the ledger is read once");
}

impl World {
    async fn start(known: Known) -> Self {
        let database = DynamoDb::of(USERS as u32, known, RECORD_BYTES).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynamodb::serve(listener, Arc::new(database)));
        let okta = Emulator::start(Options {
            cooldown: Duration::from_millis(5),
            import_time: Duration::from_millis(1),
            ..Options::default()
        })
        .await
        .unwrap();
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .build();
        let credentials = json!({"apiToken": okta.options().token}).to_string();
        let environment = [
            ("OKTA_ORG_URL", okta.url()),
            (
                "OKTA_IDENTITY_SOURCE_ID",
                okta.options().identity_source.clone(),
            ),
            ("OKTA_CREDENTIALS", credentials),
            ("USERS_TABLE", dynamodb::USERS.to_owned()),
            ("STATE_TABLE", STATE.to_owned()),
            ("HISTORY_TABLE", HISTORY.to_owned()),
            ("WATCH_SECONDS", "0".to_owned()),
        ];
        let lookup = |name: &str| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.clone())
        };
        Self {
            function: Function::new(lookup, Sdk::Given(Box::new(sdk)), Clock::System),
            _okta: okta,
        }
    }

    async fn run(&self) -> Report {
        let deadline = jiff::Timestamp::now() + Duration::from_secs(900);
        let event = json!({"command": "sync"});
        let answer = Box::pin(self.function.invoke(&event, "bench", deadline)).await;
        match answer.unwrap() {
            Answer::Report(report) => *report,
            other => panic!("a report was expected, not {other:?}"),
        }
    }
}
