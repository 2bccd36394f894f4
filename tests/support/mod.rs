//! A whole world on this machine: an embedded DynamoDB, Okta's emulator, and the function
//! between them, each on a port of its own. The tests and the local run both stand on it.

// Each of those who use it uses a part of it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

pub mod crash;
pub mod keys;
pub mod proxy;

use std::{net::Ipv4Addr, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::{
    Client,
    config::{Credentials, SharedCredentialsProvider},
    types::{
        AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, PutRequest,
        ScalarAttributeType, WriteRequest,
    },
};
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use dynamodb_identity_source::{
    clock::Clock,
    handler::{Answer, BatchResponse, Function, InvocationError, Sdk},
    sync::Report,
};
use okta_emulator::{Emulator, Options};
use serde_json::{Value, json};
use tokio::net::TcpListener;

// The same names as in events/env.json, so that what is served here fits it.

/// The users table's name.
pub const USERS: &str = "users";
/// The state table's name.
pub const STATE: &str = "identity-source-state";
/// The identity source's id.
pub const SOURCE: &str = "0oaemulated00source0";
/// The API token that the emulator takes.
pub const TOKEN: &str = "emulated-token";
/// The service app's client id, where there is one.
pub const CLIENT: &str = "0oaserviceapp";

/// Everything that a run meets.
pub struct World {
    /// Okta.
    pub okta: Emulator,
    /// The database's client.
    pub dynamodb: Client,
    /// What the function's own clients are made of.
    pub sdk: SdkConfig,
    /// The database's address.
    pub endpoint: String,
    /// Okta's address, as the function knows it.
    pub okta_url: String,
    /// The function's credentials: the API token, unless somebody changes them.
    pub credentials: Value,
    /// The time.
    pub clock: Clock,
}

/// Time as the SDK's limits see it. Under tokio's paused clock it jumps whenever everybody waits,
/// for a socket too, so that a limit would be over before an answer had a chance: long sleeps wait
/// a while in real time first, during which the clock stands still.
#[derive(Debug)]
struct Patient;

impl AsyncSleep for Patient {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(async move {
            let began = std::time::Instant::now();
            while duration >= Duration::from_secs(3) && began.elapsed() < Duration::from_secs(3) {
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(duration).await;
        })
    }
}

/// The proxies between the function and what it talks to.
pub struct Between {
    /// Before the database.
    pub dynamodb: proxy::Proxy,
    /// Before Okta.
    pub okta: proxy::Proxy,
}

impl World {
    /// An empty users table, an empty state table and an Okta that knows nobody.
    pub async fn start(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::of(Emulator::start(options).await.unwrap(), listener).await
    }

    /// The same with this Okta, and with the database listening here.
    pub async fn of(okta: Emulator, dynamodb: TcpListener) -> Self {
        let endpoint = serve_dynamodb(dynamodb);
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&endpoint)
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .sleep_impl(aws_sdk_dynamodb::config::SharedAsyncSleep::new(Patient))
            .build();
        let dynamodb = Client::new(&sdk);
        create_table(&dynamodb, USERS, &["id"]).await;
        create_table(&dynamodb, STATE, &["pk"]).await;
        Self {
            okta_url: okta.url(),
            credentials: json!({ "apiToken": TOKEN }),
            okta,
            dynamodb,
            sdk,
            endpoint,
            clock: Clock::follow_tokio(),
        }
    }

    /// Puts a proxy before the database and another before Okta: whatever functions are made
    /// from now on send passes through them. The world's own client does not.
    pub async fn between(&mut self) -> Between {
        let between = Between {
            dynamodb: proxy::Proxy::start(&self.endpoint).await,
            okta: proxy::Proxy::start(&self.okta.url()).await,
        };
        self.sdk = self
            .sdk
            .clone()
            .into_builder()
            .endpoint_url(between.dynamodb.url())
            .build();
        self.okta_url = between.okta.url().to_owned();
        between
    }

    /// The function's environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("OKTA_ORG_URL", self.okta_url.clone()),
            ("OKTA_IDENTITY_SOURCE_ID", SOURCE.to_owned()),
            ("OKTA_CREDENTIALS", self.credentials.to_string()),
            ("USERS_TABLE", USERS.to_owned()),
            ("STATE_TABLE", STATE.to_owned()),
            ("PUSH", "on".to_owned()),
        ]
    }

    /// A function with this environment, as after a cold start. `changes` go over it.
    pub fn function(&self, changes: &[(&str, &str)]) -> Function {
        let environment = self.environment();
        let lookup = |name: &str| {
            let changed = changes
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned());
            changed.or_else(|| {
                environment
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.clone())
            })
        };
        Function::new(lookup, Sdk::Given(Box::new(self.sdk.clone())), self.clock)
    }

    /// Puts a record, written as plain JSON, into the users table.
    pub async fn put(&self, record: Value) {
        put(&self.dynamodb, USERS, &record).await;
    }

    /// Whether Okta has this user, whom it must know, active.
    pub fn is_active(&self, id: &str) -> bool {
        self.okta.user(id).unwrap().status == okta_emulator::UserStatus::Active
    }

    /// Deletes a record from the users table.
    pub async fn delete(&self, id: &str) {
        let key = AttributeValue::S(id.to_owned());
        self.dynamodb
            .delete_item()
            .table_name(USERS)
            .key("id", key)
            .send()
            .await
            .unwrap();
    }
}

/// Starts an embedded DynamoDB in this process; gives its address.
pub async fn start_dynamodb() -> String {
    serve_dynamodb(TcpListener::bind("127.0.0.1:0").await.unwrap())
}

/// Serves an embedded DynamoDB here; gives the address that this process reaches it at.
pub fn serve_dynamodb(listener: TcpListener) -> String {
    let mut address = listener.local_addr().unwrap();
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    format!("http://{address}")
}

/// Creates a table whose key attributes, all strings, are `keys`.
pub async fn create_table(client: &Client, name: &str, keys: &[&str]) {
    let mut request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    for (key, kind) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
        let attribute = AttributeDefinition::builder()
            .attribute_name(*key)
            .attribute_type(ScalarAttributeType::S);
        let element = KeySchemaElement::builder()
            .attribute_name(*key)
            .key_type(kind);
        request = request
            .attribute_definitions(attribute.build().unwrap())
            .key_schema(element.build().unwrap());
    }
    request.send().await.unwrap();
}

/// Puts a record, written as plain JSON.
pub async fn put(client: &Client, table: &str, record: &Value) {
    let item = record
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect();
    client
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
}

/// Puts many records, each written as plain JSON.
pub async fn put_all(client: &Client, table: &str, records: &[Value]) {
    for batch in records.chunks(25) {
        let puts = batch.iter().map(|record| {
            let item = record
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), attribute(value)));
            let put = PutRequest::builder()
                .set_item(Some(item.collect()))
                .build()
                .unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        client
            .batch_write_item()
            .request_items(table, puts.collect())
            .send()
            .await
            .unwrap();
    }
}

/// Plain JSON as DynamoDB has it.
pub fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(flag) => AttributeValue::Bool(*flag),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(list) => AttributeValue::L(list.iter().map(attribute).collect()),
        Value::Object(map) => {
            AttributeValue::M(map.iter().map(|(k, v)| (k.clone(), attribute(v))).collect())
        }
    }
}

/// One invocation, with Lambda's longest timeout.
pub async fn invoke(
    function: &Function,
    clock: Clock,
    event: &Value,
) -> Result<Report, InvocationError> {
    let deadline = clock.now() + std::time::Duration::from_secs(900);
    let id = format!("run-{:08x}", fastrand::u32(..));
    match Box::pin(function.invoke(event, &id, deadline)).await? {
        Answer::Report(report) => Ok(*report),
        Answer::Plan(plan) => Ok(plan.report),
        other => panic!("a report was expected, not {other:?}"),
    }
}

/// One invocation with a stream batch.
pub async fn invoke_stream(function: &Function, clock: Clock, event: &Value) -> BatchResponse {
    let deadline = clock.now() + std::time::Duration::from_secs(900);
    let id = format!("run-{:08x}", fastrand::u32(..));
    match Box::pin(function.invoke(event, &id, deadline))
        .await
        .unwrap()
    {
        Answer::Batch(batch) => batch,
        other => panic!("a batch response was expected, not {other:?}"),
    }
}
