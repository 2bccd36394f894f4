//! One run works at a time.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodb_identity_source::handler::Answer;
use serde_json::{Value, json};

use crate::{
    steps::{assert_agreement, changes, fails, invoke_for, person, state, sync, world_of},
    support::{
        STATE, World, invoke,
        proxy::{Call, Fault},
    },
};

fn a_rule_fired() -> Value {
    serde_json::from_str(include_str!("../../events/schedule.json")).unwrap()
}

/// Gives the lease to another run for this long.
async fn give_away(world: &World, time: Duration) {
    let until = (world.clock.now() + time).as_millisecond();
    world
        .dynamodb
        .put_item()
        .table_name(STATE)
        .item("pk", AttributeValue::S("lease".into()))
        .item("owner", AttributeValue::S("another-run".into()))
        .item("until", AttributeValue::N(until.to_string()))
        .send()
        .await
        .unwrap();
}

async fn lease(world: &World) -> Option<std::collections::BTreeMap<String, AttributeValue>> {
    let key = AttributeValue::S("lease".into());
    state(world)
        .await
        .into_iter()
        .find(|item| item["pk"] == key)
}

#[tokio::test(start_paused = true)]
async fn a_run_that_meets_another_one_lets_it_pass_and_finds_nothing_left() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    between
        .okta
        .on("POST sessions", ..=1, Fault::Delay(Duration::from_secs(25)));
    let function = world.function(&[]);
    let late = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let began = world.clock.now();
        let report = invoke(&function, world.clock, &a_rule_fired())
            .await
            .unwrap();
        (report, world.clock.now().duration_since(began))
    };

    let (first, (second, took)) = tokio::join!(sync(&world, &function), late);

    assert_eq!(changes(&first), (3, 0));
    assert!(took.as_secs() < 30, "{took:?}");
    assert_eq!((second.scanned, second.upserts, second.more), (3, 0, false));
    assert_eq!(world.okta.sessions().len(), 1);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn the_same_event_delivered_twice_at_once_is_worked_on_once() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    between
        .okta
        .on("POST sessions", ..=1, Fault::Delay(Duration::from_secs(25)));
    let function = world.function(&[]);
    let deadline = world.clock.now() + Duration::from_secs(900);
    // Lambda may deliver an asynchronous event twice, under one and the same request id.
    let deliver = async |after: u64| {
        tokio::time::sleep(Duration::from_secs(after)).await;
        match function
            .invoke(&a_rule_fired(), "one-request", deadline)
            .await
            .unwrap()
        {
            Answer::Report(report) => *report,
            other => panic!("{other:?}"),
        }
    };

    let (first, second) = tokio::join!(deliver(0), deliver(5));

    assert_eq!((changes(&first), first.skipped), ((3, 0), None));
    assert_eq!((changes(&second), second.skipped), ((0, 0), None));
    assert_eq!(world.okta.sessions().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_has_run_out_is_taken_over() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    give_away(&world, Duration::from_secs(100)).await;

    let early = sync(&world, &function).await;
    assert!(early.more && early.resume_at.is_some());
    let late = sync(&world, &function).await;

    assert!(early.skipped.unwrap().contains("another-run"));
    assert_eq!((changes(&late), late.skipped), ((3, 0), None));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_loses_its_lease_stops_before_it_loads_or_records() {
    for lost_at in ["POST sessions", "POST sessions/{id}/bulk-upsert"] {
        let mut world = world_of(3).await;
        let between = world.between().await;
        // Long enough that the run tries to renew its lease and is told that it is lost.
        between
            .okta
            .on(lost_at, ..=1, Fault::Delay(Duration::from_secs(25)));
        let function = world.function(&[]);
        let thief = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            give_away(&world, Duration::from_secs(60)).await;
        };

        let (said, ()) = tokio::join!(fails(&world, &function), thief);

        assert!(said.contains("lease was lost"), "{said}");
        assert_eq!(between.okta.count("POST sessions/{id}/start-import"), 0);
        assert_eq!(
            between
                .dynamodb
                .count("BatchWriteItem identity-source-state"),
            0
        );
        if lost_at == "POST sessions" {
            let calls = between.dynamodb.calls();
            let logs = |call: &&Call| {
                call.body["Key"]["pk"]["S"] == "sessions" && call.what.starts_with("UpdateItem")
            };
            assert_eq!(
                calls.iter().filter(logs).count(),
                0,
                "not even that a session was opened"
            );
            assert_eq!(between.okta.count("POST sessions/{id}/bulk-upsert"), 0);
        }
        let owner = lease(&world).await.unwrap()["owner"].clone();
        assert_eq!(
            owner,
            AttributeValue::S("another-run".into()),
            "it is not ours to give back"
        );

        tokio::time::sleep(Duration::from_secs(61)).await;
        assert_eq!(changes(&sync(&world, &function).await), (3, 0));
        assert_agreement(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_given_back_whether_a_run_ends_well_or_not() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    let function = world.function(&[]);
    between
        .okta
        .on("POST sessions", .., Fault::Answer(403, json!({})));
    fails(&world, &function).await;
    assert_eq!(lease(&world).await, None);
    between.okta.heal();

    let report = sync(&world, &function).await;

    assert_eq!((changes(&report), lease(&world).await), ((3, 0), None));
}

#[tokio::test(start_paused = true)]
async fn a_lease_never_outlives_its_invocation() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    between
        .okta
        .on("POST sessions", ..=1, Fault::Delay(Duration::from_secs(4)));
    let function = world.function(&[]);
    let deadline = (world.clock.now() + Duration::from_secs(20)).as_millisecond();
    let look = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        lease(&world).await.unwrap()["until"]
            .as_n()
            .unwrap()
            .parse::<i64>()
            .unwrap()
    };

    let (_, until) = tokio::join!(invoke_for(&world, &function, Duration::from_secs(20)), look);

    assert!(until <= deadline + 1, "{until} {deadline}");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_okta_with_the_lease_in_hand() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("new")).await;
    let look = async {
        tokio::time::sleep(Duration::from_secs(100)).await;
        let mut held = 0;
        for _ in 0..30 {
            tokio::time::sleep(Duration::from_secs(5)).await;
            held += usize::from(lease(&world).await.is_some());
        }
        held
    };

    // It waits five minutes for Okta to open a session.
    let (report, held) = tokio::join!(sync(&world, &function), look);

    assert_eq!(changes(&report), (1, 0));
    assert!(held < 5, "{held} of 30 looks");
}
