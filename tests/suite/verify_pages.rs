//! Which of what Okta lists counts, and going on where a verification stopped.

use std::time::Duration;

use dynamodb_identity_source::handler::Answer;
use okta_emulator::{Effect, Fault, Options};
use serde_json::{Value, json};

use crate::{
    steps::{changes, cooldown, options, person, sync, with, world_of},
    support::{World, proxy},
    verify::{REPAIR, VERIFY, synced, verify, wrong},
};

#[tokio::test(start_paused = true)]
async fn a_page_that_was_read_while_a_session_was_triggered_does_not_count() {
    let (world, function) = synced(3).await;
    let slow = Fault::on("POST", "/sessions/*/start-import");
    world.okta.inject(slow.then(Effect::ImportTakes {
        time: Duration::from_secs(90),
    }));
    world
        .put(with(person("user1"), json!({"last_name": "Byron"})))
        .await;
    let quick = world.function(&[("WATCH_SECONDS", "0")]);
    sync(&world, &quick).await;
    world.okta.clear_requests();

    let began = world.clock.now();
    let verified = verify(&world, &function, REPAIR).await;

    assert!(
        world.clock.now().duration_since(began).as_secs() > 60,
        "it waited"
    );
    assert_eq!(verified["same"], 3, "{verified}");
    cooldown().await;
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn where_an_import_takes_long_it_goes_on_later() {
    let (world, function) = synced(2).await;
    let slow = Fault::on("POST", "/sessions/*/start-import");
    world.okta.inject(slow.then(Effect::ImportTakes {
        time: Duration::from_secs(1_000),
    }));
    world.put(person("new")).await;
    sync(&world, &world.function(&[("WATCH_SECONDS", "0")])).await;

    let stopped = verify(&world, &function, VERIFY).await;
    assert_eq!(
        (&stopped["more"], &stopped["listed"]),
        (&json!(true), &json!(0))
    );
    assert!(stopped["reason"].as_str().unwrap().contains("session"));
    tokio::time::sleep(Duration::from_secs(1_000)).await;

    let verified = verify(&world, &function, VERIFY).await;
    assert_eq!(
        (&verified["more"], &verified["same"]),
        (&json!(false), &json!(3))
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_opened_while_a_page_is_on_its_way_makes_it_be_asked_for_again() {
    let (world, function) = synced(3).await;
    world.put(person("new")).await;
    let late = Fault::on("GET", "/api/v1/apps/*/users");
    world.okta.inject(late.then(Effect::DelayAnswer {
        time: Duration::from_secs(20),
    }));
    let verifying = verify(&world, &function, REPAIR);
    let running = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        sync(&world, &function).await
    };

    let (verified, report) = tokio::join!(verifying, running);

    assert_eq!(changes(&report), (1, 0));
    assert_eq!(
        (&verified["same"], wrong(&verified)),
        (&json!(4), [0, 0, 0]),
        "{verified}"
    );
    let pages = world.okta.requests().into_iter();
    let pages = pages.filter(|request| request.path.ends_with("/users"));
    assert_eq!(pages.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_was_written_between_page_and_repair_is_left_alone() {
    let mut world = world_of(2).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world
        .okta
        .admin_edits("user1", "lastName", Some("Byron"))
        .unwrap();
    // As if the entry had been another when it was read.
    between.dynamodb.on(
        "BatchGetItem identity-source-state",
        ..,
        proxy::Fault::edit(|_, answer| {
            let items = answer["Responses"]["identity-source-state"].as_array_mut();
            for item in items.unwrap() {
                if item["pk"]["S"].as_str().unwrap().starts_with("user#") {
                    item["at"] = json!({"S": "2026-01-01T00:00:00Z"});
                }
            }
        }),
    );

    let verified = verify(&world, &function, REPAIR).await;
    between.dynamodb.heal();

    assert_eq!(wrong(&verified), [0, 1, 0]);
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn three_pages_of_which_one_fails_first_are_read_to_the_end() {
    let world = World::start(options()).await;
    let records: Vec<_> = (0..1_200).map(|n| person(&format!("user{n:04}"))).collect();
    crate::support::put_all(&world.dynamodb, crate::support::USERS, &records).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .okta
        .admin_edits("user1100", "lastName", Some("Byron"))
        .unwrap();
    let second = Fault::on("GET", "/api/v1/apps/*/users").nth(2);
    world.okta.inject(second.then(Effect::Status {
        status: 503,
        code: "E0000009".into(),
        causes: Vec::new(),
    }));
    world.okta.clear_requests();

    let verified = verify(&world, &function, VERIFY).await;

    assert_eq!(
        (&verified["listed"], &verified["same"]),
        (&json!(1_200), &json!(1_199))
    );
    assert_eq!(wrong(&verified), [0, 1, 0]);
    let pages = world.okta.requests().into_iter();
    assert_eq!(
        pages
            .filter(|request| request.path.ends_with("/users"))
            .count(),
        4
    );
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_an_invocation_is_gone_on_with_and_counted_once() {
    let world = World::start(options()).await;
    let records: Vec<_> = (0..1_700).map(|n| person(&format!("user{n:04}"))).collect();
    crate::support::put_all(&world.dynamodb, crate::support::USERS, &records).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .okta
        .admin_edits("user0001", "lastName", Some("Byron"))
        .unwrap();
    world.okta.admin_deletes("user0600").unwrap();
    let slow = Fault::on("GET", "/api/v1/apps/*/users").always();
    world.okta.inject(slow.then(Effect::DelayAnswer {
        time: Duration::from_secs(25),
    }));
    let event: Value = serde_json::from_str(REPAIR).unwrap();

    let mut answers = Vec::new();
    loop {
        let deadline = world.clock.now() + Duration::from_secs(60);
        let answer = Box::pin(function.invoke(&event, "short", deadline)).await;
        let Answer::Verified(verified) = answer.unwrap() else {
            panic!("no verification");
        };
        let more = verified.more;
        answers.push(serde_json::to_value(verified).unwrap());
        if !more {
            break;
        }
    }

    assert!(answers.len() > 1);
    let last = answers.last().unwrap();
    assert_eq!(
        (&last["listed"], &last["same"]),
        (&json!(1_699), &json!(1_698))
    );
    assert_eq!(wrong(last), [1, 1, 0]);
    assert_eq!(changes(&sync(&world, &function).await), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_listing_whose_link_has_expired_begins_anew() {
    let world = World::start(Options {
        page_link_life: Some(Duration::from_secs(60)),
        ..options()
    })
    .await;
    let records: Vec<_> = (0..600).map(|n| person(&format!("user{n:04}"))).collect();
    crate::support::put_all(&world.dynamodb, crate::support::USERS, &records).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    let slow = Fault::on("GET", "/api/v1/apps/*/users");
    world.okta.inject(slow.then(Effect::DelayAnswer {
        time: Duration::from_secs(20),
    }));
    let event: Value = serde_json::from_str(VERIFY).unwrap();
    let deadline = world.clock.now() + Duration::from_secs(20);
    let first = Box::pin(function.invoke(&event, "short", deadline))
        .await
        .unwrap();
    let Answer::Verified(first) = first else {
        panic!("no verification");
    };
    assert!(first.more);
    tokio::time::sleep(Duration::from_secs(120)).await;

    let verified = verify(&world, &function, VERIFY).await;

    assert_eq!(
        (&verified["listed"], &verified["same"]),
        (&json!(600), &json!(600))
    );
}
