//! People whose external id is not the key of their record: it may get another key, and there
//! may be two of them.

use dynamodb_identity_source::handler::Function;
use okta_emulator::UserStatus;
use serde_json::{Value, json};

use crate::{
    steps::{changes, cooldown, inactive, is_active, options, person, sync, with},
    support::{Between, World, invoke_stream, proxy::Fault},
};

const MAPPING: &str =
    r#"{"externalId":"{{ person }}","profile":{"userName":"{{ email }}","email":"{{ email }}"}}"#;

/// A record about somebody under a key of its own.
fn record(key: &str, who: &str) -> Value {
    with(person(who), json!({"id": key, "person": who}))
}

async fn world_of_two() -> (World, Function) {
    let world = World::start(options()).await;
    let function = fill(&world).await;
    (world, function)
}

/// The same, and the proxies that all passes through.
async fn world_between() -> (World, Function, Between) {
    let mut world = World::start(options()).await;
    let between = world.between().await;
    let function = fill(&world).await;
    (world, function, between)
}

async fn fill(world: &World) -> Function {
    world.put(record("k1", "ada")).await;
    world.put(record("k2", "bob")).await;
    let function = world.function(&[("MAPPING", MAPPING)]);
    sync(world, &function).await;
    cooldown().await;
    function
}

async fn stream(world: &World, function: &Function, keys: &[&str]) {
    let records: Vec<_> = keys.iter().map(|key| {
        json!({"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"id": {"S": key}}, "SequenceNumber": "100"}})
    }).collect();
    let answer = invoke_stream(function, world.clock, &json!({ "Records": records })).await;
    assert!(answer.batch_item_failures.is_empty());
}

#[tokio::test(start_paused = true)]
async fn whose_record_got_another_key_while_the_table_was_read_stays() {
    let (world, function, between) = world_between().await;
    world.delete("k1").await;
    world.put(record("k9", "ada")).await;
    // The segment of the new key was read before the move, that of the old one after it.
    let misses = Fault::edit(|_, answer| {
        if let Some(items) = answer["Items"].as_array_mut() {
            items.retain(|item| item["id"]["S"] != "k9");
        }
    });
    between.dynamodb.on("Scan users", ..=8, misses);

    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (0, 0));
    assert!(is_active(&world, "ada"));
    // Those of the first run, of the look, and of the look for whoever seems to be gone.
    assert_eq!(between.dynamodb.count("Scan users"), 24);
}

#[tokio::test(start_paused = true)]
async fn who_is_really_gone_is_deactivated_after_a_second_read() {
    let (world, function) = world_of_two().await;
    world.delete("k1").await;

    assert_eq!(changes(&sync(&world, &function).await), (0, 1));

    assert!(!is_active(&world, "ada") && is_active(&world, "bob"));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_by_one_record_and_is_active_by_another_stays() {
    let (world, function) = world_of_two().await;
    world.put(record("k9", "ada")).await;
    world
        .put(with(inactive("ada"), json!({"id": "k1", "person": "ada"})))
        .await;

    stream(&world, &function, &["k1"]).await;

    assert!(is_active(&world, "ada"));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_by_their_only_record_leaves_at_once() {
    let (world, function) = world_of_two().await;
    world
        .put(with(inactive("ada"), json!({"id": "k1", "person": "ada"})))
        .await;

    stream(&world, &function, &["k1"]).await;

    assert!(!is_active(&world, "ada"));
}

#[tokio::test(start_paused = true)]
async fn an_inactive_stranger_is_not_told() {
    let (world, function) = world_of_two().await;
    world
        .okta
        .seed_user("eve", UserStatus::Active, [("userName", "eve@example.com")]);
    world
        .put(with(inactive("eve"), json!({"id": "k5", "person": "eve"})))
        .await;

    stream(&world, &function, &["k5"]).await;
    assert!(is_active(&world, "eve"));

    let report = sync(&world, &function).await;
    cooldown().await;
    assert_eq!(report.strangers, 1);
    assert!(is_active(&world, "eve"));
}
