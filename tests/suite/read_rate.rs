//! A users table with provisioned capacity: how fast it is read, and what becomes of throttling.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use serde_json::json;

use crate::{
    steps::{plan, sync, world_of},
    support::{
        USERS, World,
        proxy::{Call, Fault},
    },
};

/// A world of so many people, where the SDK tries once.
async fn world(people: usize) -> World {
    let mut world = world_of(people).await;
    let once = RetryConfig::disabled();
    world.sdk = world.sdk.into_builder().retry_config(once).build();
    world
}

fn scans(calls: &[Call]) -> usize {
    let what = format!("Scan {USERS}");
    calls.iter().filter(|call| call.what == what).count()
}

#[tokio::test(start_paused = true)]
async fn a_cap_on_read_units_is_kept_by_looks_and_by_what_is_read_again() {
    let mut world = world_of(60).await;
    let between = world.between().await;
    // Each page and each record takes a unit; without a cap the whole takes no time.
    let free = world.function(&[]);
    let capped = world.function(&[("READ_UNITS_PER_SECOND", "2")]);
    let began = world.clock.now();
    plan(&world, &free).await;
    let without = world.clock.now().duration_since(began).unsigned_abs();
    between.dynamodb.forget();
    let began = world.clock.now();

    let report = sync(&world, &capped).await;

    let seconds = world.clock.now().duration_since(began).as_secs_f64();
    let units = report.consumed.users_table.read_units;
    assert!(without < Duration::from_secs(5), "{without:?}");
    assert!(units > 60.0, "{units}");
    // The last answers are not waited for, and one page may be larger than a second's share.
    assert!(seconds > (units - 16.0) / 2.0, "{units} in {seconds} s");
    assert_eq!(world.okta.active_count(), 60);
    let limits = between.dynamodb.calls();
    let limits = limits
        .iter()
        .filter(|call| call.what.starts_with("Scan users"));
    assert!(
        limits
            .into_iter()
            .all(|call| call.body["Limit"].is_number())
    );
}

#[tokio::test(start_paused = true)]
async fn a_throttled_read_slows_down_and_goes_on_and_the_report_tells() {
    let mut world = world(30).await;
    let between = world.between().await;
    let throttled = Fault::dynamodb(400, "ProvisionedThroughputExceededException");
    between
        .dynamodb
        .on(&format!("Scan {USERS}"), 1..=20, throttled);

    let report = sync(&world, &world.function(&[])).await;

    assert_eq!(world.okta.active_count(), 30);
    assert_eq!(report.consumed.users_table.throttled, 20);
    assert!(scans(&between.dynamodb.calls()) > 20);
}

#[tokio::test(start_paused = true)]
async fn a_table_that_stays_throttled_ends_the_run_with_an_error_that_says_so() {
    let mut world = world(3).await;
    let between = world.between().await;
    let throttled = Fault::dynamodb(400, "ProvisionedThroughputExceededException");
    between
        .dynamodb
        .on(&format!("Scan {USERS}"), 0.., throttled);

    let said = crate::steps::fails(&world, &world.function(&[])).await;

    assert!(said.contains("ProvisionedThroughputExceeded"), "{said}");
    assert!(world.okta.sessions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cap_that_is_no_number_is_a_wrong_configuration() {
    let world = world_of(0).await;
    let function = world.function(&[("READ_UNITS_PER_SECOND", "fast")]);

    let event = json!({"command": "sync"});
    let (name, text) = crate::steps::answer(&world, &function, &event)
        .await
        .unwrap_err();

    assert_eq!(name, "InvalidConfiguration");
    assert!(text.contains("READ_UNITS_PER_SECOND"), "{text}");
}
