//! What CloudWatch is told of runs that do not get on, which alarms watch.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use crate::{
    recorder::Recorder,
    steps::{answer, cooldown, invoke_for, person, sync, world_of},
    support::{STATE, World, invoke_stream},
};

/// Gives the lease to another run for two minutes.
pub async fn somebody_is_at_work(world: &World) {
    let until = (world.clock.now() + Duration::from_secs(120)).as_millisecond();
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

#[tokio::test(start_paused = true)]
async fn a_closed_latch_is_said_until_a_full_run_finds_none_withheld() {
    let world = world_of(10).await;
    let function = world.function(&[("MAX_DEACTIVATIONS", "2")]);
    sync(&world, &function).await;
    for n in 0..3 {
        world.delete(&format!("user{n}")).await;
    }
    let seen = Recorder::new();
    let guard = metrics::set_default_local_recorder(&seen);

    sync(&world, &function).await;
    let batch = json!({"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {
        "Keys": {"id": {"S": "user9"}}, "SequenceNumber": "1"}}]});
    invoke_stream(&function, world.clock, &batch).await;
    for n in 0..3 {
        world.put(person(&format!("user{n}"))).await;
    }
    sync(&world, &function).await;
    drop(guard);

    assert_eq!(
        seen.level("Withheld"),
        [3.0, 0.0],
        "a batch that sees a part says nothing"
    );
    assert_eq!(
        (seen.flow("RunsSucceeded"), seen.flow("FullRunsSucceeded")),
        (3, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_left_to_another_is_counted_as_that() {
    let world = world_of(1).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("new")).await;
    let seen = Recorder::new();

    let guard = metrics::set_default_local_recorder(&seen);
    somebody_is_at_work(&world).await;
    let left = invoke_for(&world, &function, Duration::from_secs(60)).await;
    cooldown().await;
    sync(&world, &function).await;
    drop(guard);

    assert!(left.skipped.is_some() && left.more);
    assert_eq!(
        (seen.flow("RunsSkipped"), seen.flow("RunsSucceeded")),
        (1, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_change_pending_over_three_full_runs_is_said() {
    let world = world_of(1).await;
    let function = world.function(&[]);
    let seen = Recorder::new();
    let guard = metrics::set_default_local_recorder(&seen);

    for _ in 0..3 {
        somebody_is_at_work(&world).await;
        invoke_for(&world, &function, Duration::from_secs(60)).await;
    }
    cooldown().await;
    sync(&world, &function).await;
    drop(guard);

    assert_eq!(seen.level("PendingRuns"), [1.0, 2.0, 3.0, 0.0]);
    assert_eq!(seen.level("Pending"), [1.0, 1.0, 1.0, 0.0]);
}

#[tokio::test(start_paused = true)]
async fn paused_is_said_by_full_runs_while_the_ledger_knows_somebody() {
    let world = world_of(2).await;
    let function = world.function(&[]);
    let set = async |switch| answer(&world, &function, &json!({ "command": switch })).await;
    let seen = Recorder::new();
    let guard = metrics::set_default_local_recorder(&seen);

    set("pause").await.unwrap();
    sync(&world, &function).await;
    set("resume").await.unwrap();
    sync(&world, &function).await;
    set("pause").await.unwrap();
    sync(&world, &function).await;
    drop(guard);

    assert_eq!(seen.level("Paused"), [0.0, 0.0, 1.0]);
    assert_eq!(seen.flow("FullRunsSucceeded"), 1, "a paused run is none");
}
