//! Okta's limits, at their edges: 200 users and 200 KB a request, 50 requests a session.

use std::time::Duration;

use dynamodb_identity_source::sync::Report;
use okta_emulator::Options;
use serde_json::{Value, json};

use crate::{
    steps::{
        assert_agreement, changes, cooldown, inactive, invoke_for, options, person, sync, with,
        world_of,
    },
    support::{USERS, World, put_all},
};

async fn put_people(world: &World, from: usize, to: usize) {
    let people: Vec<_> = (from..to).map(|n| person(&format!("user{n}"))).collect();
    put_all(&world.dynamodb, USERS, &people).await;
}

/// Somebody whose profile takes more than half of a request.
fn large(id: usize) -> Value {
    with(
        person(&format!("user{id}")),
        json!({"title": "x".repeat(110_000)}),
    )
}

fn requests(report: &Report) -> Vec<u64> {
    report
        .sessions
        .iter()
        .map(|session| session.requests)
        .collect()
}

/// The loads that Okta answered, in order.
fn loads(world: &World) -> Vec<&'static str> {
    let requests = world.okta.requests();
    let kinds = requests.iter().filter_map(|request| {
        ["bulk-delete", "bulk-upsert"]
            .into_iter()
            .find(|kind| request.path.ends_with(kind))
    });
    kinds.collect()
}

#[tokio::test(start_paused = true)]
async fn two_hundred_users_are_one_load_and_one_more_is_a_second() {
    for (people, expected) in [(200, 1), (201, 2)] {
        let world = World::start(options()).await;
        put_people(&world, 0, people).await;

        let report = sync(&world, &world.function(&[])).await;

        assert_eq!(requests(&report), [expected], "{people}");
        assert_eq!(world.okta.active_count(), people);
    }
}

#[tokio::test(start_paused = true)]
async fn loads_are_as_few_as_can_be_and_deactivations_come_first() {
    let world = World::start(options()).await;
    put_people(&world, 0, 402).await;
    let function = world.function(&[("MAX_DEACTIVATIONS", "100%"), ("MAX_UPDATES", "100%")]);
    sync(&world, &function).await;
    cooldown().await;
    let changed: Vec<_> = (0..201)
        .map(|n| inactive(&format!("user{n}")))
        .chain((201..402).map(|n| with(person(&format!("user{n}")), json!({"first_name": "Zoë"}))))
        .collect();
    put_all(&world.dynamodb, USERS, &changed).await;
    world.okta.clear_requests();

    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (201, 201));
    assert_eq!(requests(&report), [4]);
    assert_eq!(
        loads(&world),
        ["bulk-delete", "bulk-delete", "bulk-upsert", "bulk-upsert"]
    );
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn users_are_packed_by_bytes_too() {
    let world = world_of(0).await;
    let small = |n: usize| {
        with(
            person(&format!("user{n}")),
            json!({"title": "x".repeat(49_000)}),
        )
    };
    for n in 0..9 {
        world.put(small(n)).await;
    }

    let report = sync(&world, &world.function(&[])).await;

    assert_eq!(requests(&report), [3], "four of 49 KB fit into 200 KB");
    assert_eq!(world.okta.active_count(), 9);
}

#[tokio::test(start_paused = true)]
async fn fifty_loads_are_one_session_and_the_fifty_first_waits_for_the_next() {
    let world = world_of(0).await;
    put_all(
        &world.dynamodb,
        USERS,
        &(0..50).map(large).collect::<Vec<_>>(),
    )
    .await;
    let function = world.function(&[]);
    assert_eq!(requests(&sync(&world, &function).await), [50]);
    cooldown().await;
    let changed = |n| with(large(n), json!({"first_name": "Zoë"}));
    put_all(
        &world.dynamodb,
        USERS,
        &(0..51).map(changed).collect::<Vec<_>>(),
    )
    .await;

    let report = sync(&world, &function).await;

    assert_eq!(requests(&report), [50, 1]);
    assert_eq!((report.upserts, report.more), (51, false));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn what_an_invocation_has_no_time_for_is_left_to_the_next_which_is_told_when() {
    let world = world_of(0).await;
    put_all(
        &world.dynamodb,
        USERS,
        &(0..51).map(large).collect::<Vec<_>>(),
    )
    .await;
    let function = world.function(&[]);

    let first = invoke_for(&world, &function, Duration::from_secs(200)).await;

    assert_eq!(requests(&first), [50]);
    assert_eq!((first.upserts, first.more), (51, true));
    assert_eq!(world.okta.active_count(), 50);
    let triggered = world.okta.sessions()[0].triggered.unwrap();
    let triggered = jiff::Timestamp::try_from(triggered).unwrap();
    let wait = first.resume_at.unwrap().duration_since(triggered);
    assert!((300..302).contains(&wait.as_secs()), "{wait:?}");

    world.clock.sleep_until(first.resume_at.unwrap()).await;
    let second = sync(&world, &function).await;
    assert_eq!((requests(&second), second.more), (vec![1], false));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn more_than_ten_thousand_users_take_a_second_session() {
    let world = World::start(options()).await;
    put_people(&world, 0, 10_001).await;

    let report = sync(&world, &world.function(&[])).await;

    assert_eq!(requests(&report), [50, 1]);
    assert_eq!((report.upserts, report.more), (10_001, false));
    assert_eq!(world.okta.active_count(), 10_001);
}

#[tokio::test(start_paused = true)]
async fn when_time_runs_out_in_the_middle_of_loading_what_is_loaded_is_imported() {
    let world = World::start(Options {
        rate_limit: Some("15/60s".parse().unwrap()),
        ..options()
    })
    .await;
    put_all(
        &world.dynamodb,
        USERS,
        &(0..50).map(large).collect::<Vec<_>>(),
    )
    .await;
    let function = world.function(&[]);

    let first = invoke_for(&world, &function, Duration::from_secs(150)).await;

    let loaded = first.sessions[0].requests;
    assert!((1..50).contains(&loaded), "{first:?}");
    assert_eq!((first.upserts, first.more), (50, true));
    assert_eq!(first.sessions[0].upserts, loaded);
    cooldown().await;
    assert_eq!(world.okta.active_count() as u64, loaded);

    let second = sync(&world, &function).await;
    assert_eq!((second.upserts, second.more), (50 - loaded, false));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_waited_for_and_never_run_into() {
    let world = World::start(Options {
        rate_limit: Some("15/60s".parse().unwrap()),
        ..options()
    })
    .await;
    put_all(
        &world.dynamodb,
        USERS,
        &(0..40).map(large).collect::<Vec<_>>(),
    )
    .await;

    let report = sync(&world, &world.function(&[])).await;

    assert_eq!((requests(&report), report.more), (vec![40], false));
    let refused = world
        .okta
        .requests()
        .iter()
        .filter(|r| r.status == 429)
        .count();
    assert_eq!(refused, 0);
    assert_agreement(&world).await;
}

/// When the first load began and the last had ended, in seconds between.
fn loading(world: &World, call: Duration) -> f64 {
    let requests = world.okta.requests();
    let loads = requests.iter().filter(|it| it.path.contains("/bulk-"));
    let times: Vec<_> = loads.map(|load| load.at).collect();
    let (first, last) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    (last.duration_since(*first).unwrap() + call).as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn fifty_loads_of_a_second_and_a_half_take_less_than_ten() {
    let call = Duration::from_millis(1_500);
    let world = World::start(Options {
        call_time: call,
        ..options()
    })
    .await;
    let people: Vec<_> = (0..50).map(large).collect();
    put_all(&world.dynamodb, USERS, &people).await;

    let report = sync(&world, &world.function(&[])).await;

    assert_eq!(requests(&report), [50]);
    let took = loading(&world, call);
    assert!((7.4..10.0).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn fifty_slow_loads_take_what_the_rate_limit_demands_and_none_is_refused() {
    let call = Duration::from_millis(1_500);
    let world = World::start(Options {
        call_time: call,
        rate_limit: Some("15/60s".parse().unwrap()),
        ..options()
    })
    .await;
    let people: Vec<_> = (0..50).map(large).collect();
    put_all(&world.dynamodb, USERS, &people).await;

    let report = sync(&world, &world.function(&[])).await;

    assert_eq!(requests(&report), [50]);
    // One call opened the session, so that the fourth minute takes the last six loads.
    let took = loading(&world, call);
    assert!((180.0..190.0).contains(&took), "{took}");
    let refused = world.okta.requests().iter().any(|it| it.status == 429);
    assert!(!refused);
}
