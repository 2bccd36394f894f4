//! DynamoDB Streams: something happened to a record, so look at it again.

use okta_emulator::Options;
use serde_json::{Value, json};

use crate::full_run::{options, person};
use crate::support::{World, invoke, invoke_stream};

/// A batch of keys-only stream records, numbered from 100.
pub fn batch(changes: &[(&str, &str)]) -> Value {
    let records = changes.iter().enumerate().map(|(n, (what, id))| {
        json!({"eventID": n.to_string(), "eventName": what, "eventSource": "aws:dynamodb", "eventVersion": "1.1",
            "dynamodb": {"Keys": {"id": {"S": id}}, "SequenceNumber": (100 + n).to_string(), "StreamViewType": "KEYS_ONLY"}})
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

pub const DONE: &str = r#"{"batchItemFailures":[]}"#;
pub const FROM_THE_FIRST: &str = r#"{"batchItemFailures":[{"itemIdentifier":"100"}]}"#;

pub async fn stream(world: &World, changes: &[(&str, &str)]) -> String {
    serde_json::to_string(&invoke_stream(&world.function(&[]), world.clock, &batch(changes)).await)
        .unwrap()
}

/// A full run must find nothing that the stream has not told Okta already.
pub async fn assert_settled(world: &World) {
    let sessions = world.okta.sessions().len();
    let report = invoke(
        &world.function(&[]),
        world.clock,
        &json!({"command": "sync"}),
    )
    .await
    .unwrap();

    assert_eq!(
        (
            report.upserts,
            report.deactivations,
            report.withheld.deactivations.count
        ),
        (0, 0, 0),
        "{report:?}"
    );
    assert_eq!(world.okta.sessions().len(), sessions);
    assert_eq!(world.okta.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_joiner_a_mover_and_a_leaver_arrive_in_okta() {
    let world = World::start(options()).await;
    world.put(person("mover")).await;
    world.put(person("leaver")).await;
    assert_eq!(
        stream(&world, &[("INSERT", "mover"), ("INSERT", "leaver")]).await,
        DONE
    );

    world.put(person("joiner")).await;
    let mut moved = person("mover");
    moved["title"] = json!("Head of Everything");
    world.put(moved).await;
    world.delete("leaver").await;
    let answer = stream(
        &world,
        &[
            ("INSERT", "joiner"),
            ("MODIFY", "mover"),
            ("REMOVE", "leaver"),
        ],
    )
    .await;

    assert_eq!(answer, DONE);
    assert!(world.is_active("joiner"));
    assert_eq!(
        world.okta.user("mover").unwrap().profile["title"],
        "Head of Everything"
    );
    assert!(!world.is_active("leaver"));
    assert_settled(&world).await;
}

#[tokio::test(start_paused = true)]
async fn many_events_of_one_user_are_one_change_and_their_images_do_not_matter() {
    let world = World::start(options()).await;
    world.put(person("ada")).await;
    let mut event = batch(&[("MODIFY", "ada"); 10]);
    for (n, record) in event["Records"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .enumerate()
    {
        record["dynamodb"]["NewImage"] =
            json!({"id": {"S": "ada"}, "title": {"S": format!("old title {n}")}});
    }
    event["Records"].as_array_mut().unwrap().reverse();

    invoke_stream(&world.function(&[]), world.clock, &event).await;

    let session = &world.okta.sessions()[0];
    assert_eq!((session.upserts, session.deletes), (1, 0));
    assert!(
        !world
            .okta
            .user("ada")
            .unwrap()
            .profile
            .contains_key("title")
    );
    assert_settled(&world).await;
}

#[tokio::test(start_paused = true)]
async fn removed_then_inserted_is_there_and_inserted_then_removed_is_not() {
    let world = World::start(options()).await;
    world.put(person("back")).await;
    assert_eq!(
        stream(
            &world,
            &[
                ("REMOVE", "back"),
                ("INSERT", "back"),
                ("INSERT", "gone"),
                ("REMOVE", "gone")
            ]
        )
        .await,
        DONE
    );

    assert!(world.is_active("back"));
    assert!(world.okta.user("gone").is_none());
    assert_settled(&world).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_changes_nothing_that_is_mapped_asks_nothing_of_okta() {
    let world = World::start(options()).await;
    world.put(person("ada")).await;
    stream(&world, &[("INSERT", "ada")]).await;
    let requests = world.okta.requests().len();

    let mut unmapped = person("ada");
    unmapped["dob"] = json!("1970-01-01");
    world.put(unmapped).await;
    let answer = stream(&world, &[("MODIFY", "ada")]).await;

    assert_eq!(answer, DONE);
    assert_eq!(world.okta.requests().len(), requests);
}

#[tokio::test(start_paused = true)]
async fn a_poison_record_is_reported_and_stops_nobody_and_comes_not_back() {
    let world = World::start(options()).await;
    world.put(person("good")).await;
    world
        .put(json!({"id": "poison", "active": true, "email": "no address"}))
        .await;
    let mut event = batch(&[("INSERT", "poison"), ("INSERT", "good")]);
    event["Records"]
        .as_array_mut()
        .unwrap()
        .push(json!({"eventSource": "aws:dynamodb", "dynamodb": {"SequenceNumber": "102"}}));

    let answer = invoke_stream(&world.function(&[]), world.clock, &event).await;

    assert_eq!(serde_json::to_string(&answer).unwrap(), DONE);
    assert_eq!(world.okta.active_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_user_whose_record_cannot_be_read_any_more_is_not_taken_for_gone() {
    let world = World::start(options()).await;
    world.put(person("ada")).await;
    stream(&world, &[("INSERT", "ada")]).await;

    world
        .put(json!({"id": "ada", "active": "perhaps", "email": "ada@example.com"}))
        .await;
    assert_eq!(stream(&world, &[("MODIFY", "ada")]).await, DONE);

    assert_eq!(world.okta.active_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_comes_back_when_okta_gives_no_session_in_time() {
    let world = World::start(Options {
        cooldown: std::time::Duration::from_secs(3600),
        ..options()
    })
    .await;
    world.put(person("first")).await;
    stream(&world, &[("INSERT", "first")]).await;

    world.put(person("second")).await;
    assert_eq!(
        stream(&world, &[("INSERT", "second")]).await,
        FROM_THE_FIRST
    );
    world.okta.end_cooldown();
    assert_eq!(stream(&world, &[("INSERT", "second")]).await, DONE);

    assert_eq!(world.okta.active_count(), 2);
    assert_settled(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_comes_back_when_okta_refuses_the_credentials() {
    let world = World::start(options()).await;
    world.put(person("ada")).await;

    let function = world.function(&[("OKTA_CREDENTIALS", r#"{"apiToken":"wrong"}"#)]);
    let answer = invoke_stream(&function, world.clock, &batch(&[("INSERT", "ada")])).await;

    assert_eq!(serde_json::to_string(&answer).unwrap(), FROM_THE_FIRST);
    assert_eq!(stream(&world, &[("INSERT", "ada")]).await, DONE);
    assert_settled(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_the_lease_and_comes_back_if_it_waits_in_vain() {
    let world = World::start(options()).await;
    world.put(person("ada")).await;
    hold_lease(&world, 600).await;
    assert_eq!(stream(&world, &[("INSERT", "ada")]).await, DONE);
    assert_eq!(world.okta.active_count(), 1);

    world.put(person("bob")).await;
    hold_lease(&world, 6000).await;
    assert_eq!(stream(&world, &[("INSERT", "bob")]).await, FROM_THE_FIRST);
    assert_eq!(world.okta.active_count(), 1);
}

async fn hold_lease(world: &World, seconds: i64) {
    let until = world.clock.now().as_millisecond() + seconds * 1000;
    crate::support::put(
        &world.dynamodb,
        crate::support::STATE,
        &json!({"pk": "lease", "owner": "a full run", "until": until}),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn leavers_past_the_limit_wait_and_the_limit_is_that_of_the_directory() {
    let world = World::start(options()).await;
    for n in 0..80 {
        world.put(person(&format!("user{n:02}"))).await;
    }
    invoke(
        &world.function(&[]),
        world.clock,
        &json!({"command": "sync"}),
    )
    .await
    .unwrap();

    let ids: Vec<_> = (0..9).map(|n| format!("user{n:02}")).collect();
    for id in &ids {
        world.delete(id).await;
    }
    let removes = |range: std::ops::Range<usize>| {
        ids[range]
            .iter()
            .map(|id| ("REMOVE", id.as_str()))
            .collect::<Vec<_>>()
    };
    assert_eq!(stream(&world, &removes(0..9)).await, DONE);
    assert_eq!(
        world.okta.active_count(),
        80,
        "nine are more than a tenth of eighty"
    );

    // Past the limit everything waits, until a full run finds that what waits fits.
    assert_eq!(stream(&world, &removes(0..2)).await, DONE);
    assert_eq!(world.okta.active_count(), 80);
    world.put(person("user08")).await;
    crate::steps::cooldown().await;
    let report = crate::steps::sync(&world, &world.function(&[])).await;
    assert_eq!((report.deactivations, report.withheld.count()), (8, 0));
    assert_eq!(world.okta.active_count(), 72, "eight are a tenth of eighty");
}
