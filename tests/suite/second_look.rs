//! Nobody is deactivated on doubt: reads that miss something, fail, or come in pieces.

use dynamodb_identity_source::handler::Function;
use serde_json::{Value, json};

use crate::{
    steps::{
        assert_agreement, changes, cooldown, fails, inactive, is_active, person, sync, with,
        without_history, world_of,
    },
    support::{Between, World, proxy::Fault},
};

/// A world whose users are synced, seen through proxies.
async fn synced(people: usize) -> (World, Between, Function) {
    let mut world = world_of(people).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    between.dynamodb.forget();
    (world, between, function)
}

/// A scan that does not see these.
fn blind_to(ids: &'static [&str]) -> Fault {
    Fault::edit(move |_, answer| {
        if let Some(items) = answer["Items"].as_array_mut() {
            items.retain(|item| !ids.iter().any(|id| item["id"]["S"] == **id));
        }
    })
}

#[tokio::test(start_paused = true)]
async fn who_is_missing_from_a_scan_and_there_at_a_second_look_stays() {
    let (world, between, function) = synced(10).await;
    between
        .dynamodb
        .on("Scan users", .., blind_to(&["user3", "user7"]));
    world.delete("user7").await;

    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (0, 1));
    assert!(is_active(&world, "user3") && !is_active(&world, "user7"));
    let looks = between.dynamodb.calls();
    let look = looks
        .iter()
        .find(|call| call.what == "BatchGetItem users")
        .unwrap();
    assert_eq!(look.body["RequestItems"]["users"]["ConsistentRead"], true);
}

#[tokio::test(start_paused = true)]
async fn scans_are_consistent_and_bring_only_what_the_mapping_reads() {
    let (world, between, function) = synced(1).await;

    sync(&world, &function).await;

    let calls = between.dynamodb.calls();
    let scans: Vec<_> = calls
        .iter()
        .filter(|call| call.what == "Scan users")
        .collect();
    assert!(scans.len() > 1, "in segments");
    for scan in scans {
        assert_eq!(scan.body["ConsistentRead"], true);
        let names = scan.body["ExpressionAttributeNames"].as_object().unwrap();
        let mut names: Vec<_> = names.values().filter_map(Value::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "active",
                "cell",
                "city",
                "country",
                "email",
                "first_name",
                "id",
                "last_name",
                "phone",
                "postcode",
                "state",
                "street_name",
                "street_number",
                "title"
            ]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_came_back_between_the_scan_and_the_second_look_stays() {
    let (world, between, function) = synced(5).await;
    world.put(inactive("user1")).await;
    between.dynamodb.on(
        "BatchGetItem users",
        ..,
        Fault::edit(|_, answer| {
            for item in answer["Responses"]["users"].as_array_mut().unwrap() {
                item["active"] = json!({"BOOL": true});
            }
        }),
    );

    let report = sync(&world, &function).await;

    assert_eq!(
        (changes(&report), is_active(&world, "user1")),
        ((0, 0), true)
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_that_does_not_finish_is_an_error_and_deactivates_nobody() {
    for (call, nth) in [
        ("Scan users", 8),
        ("Scan users", 1),
        ("BatchGetItem users", 1),
        ("BatchGetItem identity-source-state", 1),
        ("BatchGetItem identity-source-state", 2),
        ("Scan identity-source-state", 3),
    ] {
        for fault in [
            Fault::dynamodb(500, "InternalServerError"),
            Fault::dynamodb(400, "ProvisionedThroughputExceededException"),
            Fault::CloseBefore,
        ] {
            let (world, between, function) = synced(10).await;
            world.delete("user1").await;
            world
                .put(with(person("user2"), json!({"first_name": "Zoë"})))
                .await;
            let before = without_history(&world).await;
            between.dynamodb.on(call, nth.., fault);

            let said = fails(&world, &function).await;

            assert!(said.contains("table failed"), "{call}: {said}");
            assert_eq!(world.okta.active_count(), 10);
            assert_eq!(world.okta.sessions().len(), 1);
            assert_eq!(
                without_history(&world).await,
                before,
                "nothing but the lease, which is given back, and the history"
            );

            between.dynamodb.heal();
            assert_eq!(changes(&sync(&world, &function).await), (1, 1));
            assert_agreement(&world).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_once_is_repeated() {
    for call in [
        "DescribeTable users",
        "Scan users",
        "Scan identity-source-state",
        "BatchGetItem users",
        "BatchGetItem identity-source-state",
        "PutItem identity-source-state",
        "UpdateItem identity-source-state",
    ] {
        for fault in [
            Fault::dynamodb(500, "InternalServerError"),
            Fault::dynamodb(400, "ProvisionedThroughputExceededException"),
            Fault::CloseAfter,
        ] {
            let (world, between, _) = synced(5).await;
            world.delete("user1").await;
            world
                .put(with(person("user2"), json!({"first_name": "Zoë"})))
                .await;
            let function = world.function(&[]);
            between.dynamodb.on(call, ..=1, fault);

            let report = sync(&world, &function).await;

            assert_eq!(
                (changes(&report), &report.skipped),
                ((1, 1), &None),
                "{call}"
            );
            assert_agreement(&world).await;
            assert_eq!(changes(&sync(&world, &function).await), (0, 0), "{call}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn keys_left_unprocessed_are_asked_for_until_they_are_read() {
    let (world, between, _) = synced(60).await;
    let function = world.function(&[("MAX_DEACTIVATIONS", "100%")]);
    for n in 0..5 {
        world.delete(&format!("user{n}")).await;
    }
    world.put(inactive("user5")).await;
    // Of what is asked, all but the first key is left undone, three times in a row.
    for call in ["BatchGetItem users", "BatchGetItem identity-source-state"] {
        between.dynamodb.on(
            call,
            ..=3,
            Fault::edit(|request, answer| {
                let (table, asked) = request["RequestItems"]
                    .as_object()
                    .unwrap()
                    .iter()
                    .next()
                    .unwrap();
                let mut left = asked.clone();
                let first = left["Keys"].as_array_mut().unwrap().remove(0);
                let (name, value) = first.as_object().unwrap().iter().next().unwrap();
                answer["Responses"][table]
                    .as_array_mut()
                    .unwrap()
                    .retain(|item| item[name] == *value);
                if !left["Keys"].as_array().unwrap().is_empty() {
                    answer["UnprocessedKeys"] = json!({ table: left });
                }
            }),
        );
    }

    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (0, 6));
    assert_eq!(between.dynamodb.count("BatchGetItem users"), 4);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn keys_left_unprocessed_for_ever_are_an_error() {
    let (world, between, function) = synced(5).await;
    world.delete("user1").await;
    between.dynamodb.on(
        "BatchGetItem users",
        ..,
        Fault::edit(|request, answer| {
            answer["UnprocessedKeys"] = request["RequestItems"].clone();
            answer["Responses"] = json!({"users": []});
        }),
    );

    let said = fails(&world, &function).await;

    assert!(said.contains("unprocessed"), "{said}");
    assert_eq!(world.okta.active_count(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_scan_in_small_pages_is_read_to_its_end() {
    let (world, between, function) = synced(40).await;
    for table in ["Scan users", "Scan identity-source-state"] {
        between
            .dynamodb
            .on(table, .., Fault::ask(|request| request["Limit"] = json!(1)));
    }
    world.delete("user7").await;

    let report = sync(&world, &function).await;

    assert_eq!((report.scanned, changes(&report)), (39, (0, 1)));
    assert!(between.dynamodb.count("Scan users") > 39);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn who_came_back_while_a_run_waited_for_a_session_stays() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(inactive("user1")).await;
    let meanwhile = async {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        world.put(person("user1")).await;
    };

    // It waits five minutes for Okta to open a session.
    let (report, ()) = tokio::join!(sync(&world, &function), meanwhile);

    assert_eq!((changes(&report), report.more), ((0, 0), false));
    assert!(is_active(&world, "user1"));
    assert_eq!(world.okta.sessions().len(), 1);
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_left_while_a_run_waited_for_a_session_is_not_let_in() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("eve")).await;
    world.put(person("new")).await;
    let meanwhile = async {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        world.delete("eve").await;
    };

    let (report, ()) = tokio::join!(sync(&world, &function), meanwhile);

    cooldown().await;
    assert_eq!(changes(&report), (1, 0));
    assert!(world.okta.user("eve").is_none() && is_active(&world, "new"));
}
