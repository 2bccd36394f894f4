//! A complete first load: an empty Okta, an embedded DynamoDB with everybody in it, and the
//! function, invoked as the state machine does, and killed now and then.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType, PutRequest,
        ScalarAttributeType, WriteRequest,
    },
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use okta_emulator::Emulator;
use tokio::net::TcpListener;

use crate::{
    Arguments, Scenario, Trouble,
    dynamodb::{HISTORY, STATE, Tally, USERS},
    function::Measured,
    invented,
    processes::Part,
    scenarios::sessions,
    servers::{self, Addresses, Served},
};

/// How often the function is killed.
const KILLS: usize = 10;
/// When it is killed, at random: up to so many milliseconds after its start.
const KILLED_WITHIN: u64 = 120_000;
/// The most memory that the function may use, for a million people.
const MEMORY: u64 = 256 << 20;
/// Okta's limits: users per request, requests per session.
const USERS_PER_REQUEST: u64 = 200;
const USERS_PER_SESSION: u64 = 10_000;

/// Plays it, and prints what it took.
pub fn play(users: u32, arguments: &Arguments) -> Result<(), Trouble> {
    let scenario = Scenario::ToTheEnd;
    fastrand::seed(users.into());
    let began = Instant::now();
    let mut servers = Part::start("servers", scenario, users, arguments, &[])?;
    let addresses: Addresses = servers.line()?;
    println!(
        "{users} people in the table after {:.0} s",
        began.elapsed().as_secs_f64()
    );
    let began = Instant::now();
    let mut environment = addresses.environment();
    environment.push(("SINCE", Timestamp::now().to_string()));
    let mut whole = Whole::default();
    loop {
        let function = Part::start("function", scenario, users, arguments, &environment)?;
        whole.invocations += 1;
        // Every other one, so that some invocations get somewhere.
        let until = match whole.kills < KILLS && whole.invocations.is_multiple_of(2) {
            true => Duration::from_millis(fastrand::u64(0..KILLED_WITHIN)),
            false => Duration::MAX,
        };
        let Some(measured) = function.line_within::<Measured>(until)? else {
            whole.kills += 1;
            println!("  killed after {:.1} s", until.as_secs_f64());
            continue;
        };
        if !whole.add(measured)? {
            break;
        }
    }
    whole.wall = began.elapsed();
    servers.tell_end();
    let served: Served = servers.line()?;
    servers.end()?;
    whole.print(u64::from(users), &served)
}

/// All invocations together.
#[derive(Debug, Default)]
struct Whole {
    invocations: usize,
    kills: usize,
    wall: Duration,
    processor: Duration,
    peak: u64,
    scanned: u64,
    looks: usize,
    units: [f64; 3],
}

impl Whole {
    /// Adds an invocation that was not killed. Returns whether there is more to do.
    fn add(&mut self, measured: Measured) -> Result<bool, Trouble> {
        let report = measured.reports.last().ok_or("no report")?;
        let scanned = report["scanned"].as_u64().unwrap_or_default();
        let units = |table: &str, kind: &str| report["consumed"][table][kind].as_f64();
        let units = [
            units("usersTable", "readUnits"),
            units("stateTable", "readUnits"),
            units("stateTable", "writeUnits"),
        ];
        println!(
            "  {:.1} s, {:.0} MB, {} sessions, {scanned} scanned, {} left",
            measured.wall.as_secs_f64(),
            measured.peak as f64 / 1e6,
            sessions(report).len(),
            report["outstanding"]["left"],
        );
        self.processor += measured.processor;
        self.peak = self.peak.max(measured.peak);
        self.scanned += scanned;
        self.looks += usize::from(scanned > 0);
        for (all, one) in self.units.iter_mut().zip(units) {
            *all += one.unwrap_or_default();
        }
        Ok(report["more"].as_bool().unwrap_or_default())
    }

    /// Figures of a load that did not finish are worthless.
    fn print(&self, users: u64, served: &Served) -> Result<(), Trouble> {
        if served.active != users {
            return Err(format!("Okta has {} of {users} active", served.active).into());
        }
        if !served.violations.is_empty() {
            return Err(format!("Okta's rules were broken: {:?}", served.violations).into());
        }
        if self.peak > MEMORY {
            return Err(format!("{} bytes of memory at the peak", self.peak).into());
        }
        let called = |what: &str| {
            let found = served.okta.iter().find(|(call, _)| call == what);
            found.map_or(0, |(_, count)| *count)
        };
        println!(
            "complete, {users} people: {:.0} s; processor time {:.0} s in invocations not killed; \
             {} MB at the peak",
            self.wall.as_secs_f64(),
            self.processor.as_secs_f64(),
            self.peak / 1_000_000,
        );
        println!(
            "  {} invocations, {} killed; those that ended read the whole table {} times ({:.2} \
             records per person)",
            self.invocations,
            self.kills,
            self.looks,
            self.scanned as f64 / users as f64,
        );
        for (what, least) in [
            ("POST bulk-upsert", users.div_ceil(USERS_PER_REQUEST)),
            ("POST start-import", users.div_ceil(USERS_PER_SESSION)),
            ("POST sessions", users.div_ceil(USERS_PER_SESSION)),
        ] {
            let calls = called(what);
            println!("  {what}: {calls}, at least {least}");
        }
        let [users_read, state_read, written] = self.units;
        println!(
            "  units of those that ended: users {users_read} read, state table {state_read} read \
             and {written} written"
        );
        Ok(())
    }
}

/// Starts an embedded DynamoDB with everybody in it. Returns its address.
pub async fn database(users: u32) -> Result<String, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let database = dynoxide::Database::memory()?;
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&url)
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::for_tests());
    let client = Client::from_conf(config.build());
    for (table, key) in [(USERS, "id"), (STATE, "pk"), (HISTORY, "pk")] {
        create(&client, table, key).await?;
    }
    let numbers: Vec<_> = (0..users as usize).collect();
    stream::iter(numbers.chunks(25).map(<[_]>::to_vec))
        .map(|numbers| {
            let client = client.clone();
            async move {
                let puts = numbers.into_iter().map(|n| {
                    let put = PutRequest::builder().set_item(Some(invented::person(n)));
                    let put = put.build()?;
                    Ok(WriteRequest::builder().put_request(put).build())
                });
                let puts = puts.collect::<Result<Vec<_>, Trouble>>()?;
                let write = client.batch_write_item().request_items(USERS, puts);
                write.send().await?;
                Ok::<_, Trouble>(())
            }
        })
        .buffer_unordered(8)
        .try_collect::<()>()
        .await?;
    Ok(url)
}

async fn create(client: &Client, table: &str, key: &str) -> Result<(), Trouble> {
    let attribute = AttributeDefinition::builder().attribute_name(key);
    let attribute = attribute.attribute_type(ScalarAttributeType::S).build()?;
    let element = KeySchemaElement::builder().attribute_name(key);
    let element = element.key_type(KeyType::Hash).build()?;
    let create = client.create_table().table_name(table);
    let create = create.billing_mode(BillingMode::PayPerRequest);
    let create = create.attribute_definitions(attribute).key_schema(element);
    create.send().await?;
    Ok(())
}

/// The requests to Okta, once all is done.
pub fn served(okta: &Emulator) -> Served {
    servers::asked(okta, Tally::default())
}
