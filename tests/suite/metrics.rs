//! What CloudWatch is told of runs: numbers that are so.

use std::{collections::BTreeSet, time::Duration};

use dynamodb_identity_source::{handler::Answer, metrics::ALL};
use serde_json::json;

use crate::{
    metrics_alarms::somebody_is_at_work,
    recorder::Recorder,
    steps::{cooldown, fails, inactive, invoke_for, person, plan, sync, with, world_of},
    support::{invoke_stream, proxy::Fault},
};

#[tokio::test(start_paused = true)]
async fn a_full_run_says_how_things_are_and_what_was_sent() {
    let world = world_of(4).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.put(inactive("user0")).await;
    world
        .put(with(person("user1"), json!({"first_name": "Zoë"})))
        .await;
    world
        .put(with(person("user2"), json!({"email": "none"})))
        .await;
    let seen = Recorder::new();

    let guard = metrics::set_default_local_recorder(&seen);
    sync(&world, &function).await;
    drop(guard);

    assert_eq!(seen.flow("RunsSucceeded"), 1);
    assert_eq!(seen.flow("FullRunsSucceeded"), 1);
    assert_eq!((seen.flow("Upserts"), seen.flow("Deactivations")), (1, 1));
    assert_eq!(seen.level("Scanned"), [4.0]);
    assert_eq!(seen.level("Active"), [2.0]);
    assert_eq!(seen.level("Unchanged"), [1.0]);
    assert_eq!(seen.level("Rejected"), [1.0]);
    assert_eq!(seen.level("Withheld"), [0.0]);
    let kinds = ["deactivations", "membershipRemovals", "updates"].map(str::to_owned);
    let of_each = |counts: [u64; 3]| kinds.clone().into_iter().zip(counts).collect::<Vec<_>>();
    assert_eq!(seen.split("GuardSpent"), of_each([1, 0, 1]));
    assert_eq!(seen.split("GuardLimit"), of_each([5, 20, 100]));
    assert_eq!(seen.level("Pending"), [0.0]);
    assert_eq!(seen.level("LedgerUsers"), [4.0]);
    assert_eq!(seen.split("Sessions"), [("COMPLETED".into(), 1)]);
    let imported = seen.level("ImportSeconds");
    assert!((2.0..10.0).contains(&imported[0]), "{imported:?}");
    assert!(seen.level("RunSeconds")[0] >= imported[0]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_what_it_asked_and_read_and_nothing_of_runs() {
    let world = world_of(3).await;
    let function = world.function(&[("WATCH_SECONDS", "0")]);
    sync(&world, &function).await;
    world.put(person("new")).await;
    let seen = Recorder::new();

    let guard = metrics::set_default_local_recorder(&seen);
    plan(&world, &function).await;
    drop(guard);

    assert_eq!(
        seen.names(),
        BTreeSet::from(["LedgerUsers", "OktaRequests"])
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_that_fails_is_counted_once_however_late_its_end_is_seen() {
    let world = world_of(2).await;
    let function = world.function(&[("WATCH_SECONDS", "0")]);
    let seen = Recorder::new();
    let guard = metrics::set_default_local_recorder(&seen);

    let first = sync(&world, &function).await;
    assert_eq!(seen.split("Sessions"), [], "it is being imported");
    world
        .okta
        .force_status(first.sessions[0].id.as_str(), "EXPIRED");
    cooldown().await;
    let again = sync(&world, &function).await;
    cooldown().await;
    sync(&world, &function).await;
    drop(guard);

    assert_eq!(again.upserts, 2);
    assert_eq!(
        seen.split("Sessions"),
        [("COMPLETED".into(), 1), ("EXPIRED".into(), 1)]
    );
    assert_eq!(seen.flow("SessionsFailed"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_session_is_measured() {
    let world = world_of(1).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("new")).await;
    let seen = Recorder::new();

    let guard = metrics::set_default_local_recorder(&seen);
    sync(&world, &function).await;
    drop(guard);

    let waited = seen.level("SessionWaitSeconds")[0];
    assert!((250.0..330.0).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_says_what_it_had_sent_and_nothing_of_how_things_are() {
    let mut world = world_of(2).await;
    let between = world.between().await;
    between.okta.on(
        "POST sessions/{id}/start-import",
        ..,
        Fault::Answer(403, json!({"errorCode": "E0000006"})),
    );
    let function = world.function(&[]);
    let seen = Recorder::new();

    let guard = metrics::set_default_local_recorder(&seen);
    fails(&world, &function).await;
    drop(guard);

    assert_eq!(seen.flow("RunsFailed"), 1);
    assert_eq!(
        (seen.flow("RunsSucceeded"), seen.flow("FullRunsSucceeded")),
        (0, 0)
    );
    assert_eq!(seen.flow("Upserts"), 0);
    for level in ["Scanned", "Active", "Rejected", "Withheld"] {
        assert!(seen.level(level).is_empty(), "{level}");
    }
    let requests = seen.split("OktaRequests");
    assert!(requests.contains(&("Refused".into(), 1)), "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_by_what_came_of_them() {
    let mut world = world_of(1).await;
    let between = world.between().await;
    let answered = |status| Fault::Answer(status, json!({}));
    for (call, fault) in [
        ("POST sessions", answered(429)),
        ("POST sessions/{id}/bulk-upsert", answered(503)),
        ("GET sessions/{id}", Fault::CloseBefore),
    ] {
        between.okta.on(call, ..=1, fault);
    }
    let function = world.function(&[]);
    let seen = Recorder::new();

    let guard = metrics::set_default_local_recorder(&seen);
    sync(&world, &function).await;
    drop(guard);

    let requests = seen.split("OktaRequests");
    let kinds: Vec<_> = requests.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["RateLimited", "Succeeded", "Unanswered", "Unavailable"]
    );
    let answered = requests
        .iter()
        .find(|(kind, _)| kind == "Succeeded")
        .unwrap()
        .1;
    assert_eq!(answered, world.okta.requests().len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_comes_back_is_as_old_as_its_oldest_change() {
    let world = world_of(1).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("new")).await;
    let made = world.clock.now().as_second() - 100;
    let batch = json!({"Records": [
        {"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"id": {"S": "new"}}, "SequenceNumber": "2",
            "ApproximateCreationDateTime": made + 40}},
        {"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"id": {"S": "new"}}, "SequenceNumber": "1",
            "ApproximateCreationDateTime": made}},
    ]});
    let seen = Recorder::new();
    let guard = metrics::set_default_local_recorder(&seen);

    // Okta opens no session in the time that there is.
    let short = function.invoke(&batch, "short", world.clock.now() + Duration::from_secs(30));
    let Answer::Batch(comes_back) = short.await.unwrap() else {
        panic!("no answer to a batch")
    };
    let waiting = seen.level("PendingChangeSeconds");
    let done = invoke_stream(&function, world.clock, &batch).await;
    drop(guard);

    assert_eq!(
        (
            comes_back.batch_item_failures.len(),
            done.batch_item_failures.len()
        ),
        (1, 0)
    );
    assert!((100.0..131.0).contains(&waiting[0]), "{waiting:?}");
    assert_eq!(seen.level("PendingChangeSeconds")[1], 0.0);
    let [took] = seen.level("ChangeSeconds")[..] else {
        panic!("one batch is done")
    };
    assert!((300.0..500.0).contains(&took), "{took}");
}

/// Somebody joins a group, and leaves it.
async fn somebody_moves(world: &crate::support::World) {
    let with_groups = crate::groups::function(world);
    world.put(crate::groups::of("new", "Sales")).await;
    cooldown().await;
    crate::groups::settle(world, &with_groups).await;
    world.put(person("new")).await;
    crate::groups::settle(world, &with_groups).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_is_in_the_catalogue_is_emitted() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    let seen = Recorder::new();
    let guard = metrics::set_default_local_recorder(&seen);

    let unwatched = sync(&world, &world.function(&[("WATCH_SECONDS", "0")])).await;
    let id = unwatched.sessions[0].id.as_str();
    world.okta.force_status(id, "ERROR");
    cooldown().await;
    sync(&world, &function).await;
    world.put(inactive("user0")).await;
    let batch = |id: &str| {
        json!({"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {
            "Keys": {"id": {"S": id}}, "SequenceNumber": "1", "ApproximateCreationDateTime": 1_700_000_000}}]})
    };
    let leaves = batch("user0");
    tokio::join!(invoke_stream(&function, world.clock, &leaves), async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        sync(&world, &function).await
    });
    crate::fast_lane::prove(&world, &function).await;
    world.put(inactive("user1")).await;
    invoke_stream(&function, world.clock, &batch("user1")).await;
    fails(&world, &world.function(&[("MAX_DEACTIVATIONS", "many")])).await;
    let elsewhere = world.function(&[("OKTA_IDENTITY_SOURCE_ID", "0oaanother")]);
    fails(&world, &elsewhere).await;
    somebody_is_at_work(&world).await;
    world.put(person("new")).await;
    invoke_for(&world, &function, Duration::from_secs(60)).await;
    crate::verify::verify(&world, &function, crate::verify::VERIFY).await;
    somebody_moves(&world).await;
    drop(guard);

    let catalogue: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(seen.names(), catalogue);
}
