//! What a verification has found wrong is told again by the next run, through the guard.

use std::time::Duration;

use okta_emulator::{Options, UserStatus};
use serde_json::json;

use crate::{
    steps::{
        answer, assert_agreement, changes, cooldown, inactive, options, person, sync, with,
        world_of,
    },
    support::World,
    verify::{REPAIR, VERIFY, synced, verify, wrong},
};

#[tokio::test(start_paused = true)]
async fn who_should_have_left_and_is_active_is_told_again_through_the_guard() {
    let (world, function) = synced(4).await;
    world.put(inactive("user0")).await;
    world.delete("user1").await;
    sync(&world, &function).await;
    tokio::time::sleep(Duration::from_secs(26 * 3_600)).await;
    for id in ["user0", "user1"] {
        world.okta.admin_reactivates(id).unwrap();
    }
    let guarded = world.function(&[("MAX_DEACTIVATIONS", "0")]);

    let verified = verify(&world, &guarded, REPAIR).await;
    assert_eq!(wrong(&verified), [0, 0, 2], "{verified}");
    let withheld = sync(&world, &guarded).await;
    assert_eq!(withheld.withheld.deactivations.count, 2);
    assert!(world.is_active("user0") && world.is_active("user1"));

    sync(&world, &function).await;
    assert!(!world.is_active("user0") && !world.is_active("user1"));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_repair_of_more_people_than_may_be_changed_waits_for_an_approval() {
    let world = world_of(4).await;
    let function = world.function(&[("MAX_UPDATES", "1")]);
    sync(&world, &function).await;
    cooldown().await;
    for id in ["user0", "user1"] {
        world.okta.admin_deactivates(id).unwrap();
    }

    verify(&world, &function, REPAIR).await;
    let report = sync(&world, &function).await;
    let updates = &report.withheld.updates;
    assert_eq!((changes(&report), updates.count), ((0, 0), 2));
    assert!(!world.is_active("user0"));

    let approve = json!({"command": "approve", "digest": updates.digest});
    answer(&world, &function, &approve).await.unwrap();
    assert_eq!(changes(&sync(&world, &function).await), (2, 0));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_stranger_whom_okta_has_active_leaves_after_a_repair_and_only_then() {
    let (world, function) = synced(3).await;
    for id in ["kim", "sam"] {
        world
            .okta
            .seed_user(id, UserStatus::Active, [("userName", id)]);
    }
    world.put(inactive("kim")).await;

    let looked = verify(&world, &function, VERIFY).await;
    assert_eq!((wrong(&looked), &looked["unknown"]), ([0, 0, 1], &json!(1)));
    assert_eq!(looked["examples"]["unknown"], json!(["sam"]));
    let report = sync(&world, &function).await;
    assert_eq!((report.deactivations, report.strangers), (0, 1));

    verify(&world, &function, REPAIR).await;
    let report = sync(&world, &function).await;

    assert_eq!((report.deactivations, report.strangers), (1, 0));
    assert!(!world.is_active("kim"));
    assert!(world.is_active("sam"), "who is unknown is only reported");
}

#[tokio::test(start_paused = true)]
async fn somebody_whom_the_mapping_leaves_out_is_unknown_and_nobody_who_should_have_left() {
    let mapping = json!({"externalId": "{{ id }}", "include": "company == 'acme'",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
    .to_string();
    let world = world_of(0).await;
    world
        .put(with(person("ada"), json!({"company": "acme"})))
        .await;
    world
        .put(with(inactive("kim"), json!({"company": "other"})))
        .await;
    let function = world.function(&[("MAPPING", &mapping)]);
    sync(&world, &function).await;
    world
        .okta
        .seed_user("kim", UserStatus::Active, [("userName", "kim")]);

    let verified = verify(&world, &function, REPAIR).await;
    cooldown().await;
    sync(&world, &function).await;

    assert_eq!(
        (wrong(&verified), &verified["unknown"]),
        ([0, 0, 0], &json!(1))
    );
    assert!(world.is_active("kim"));
}

#[tokio::test(start_paused = true)]
async fn a_difference_that_survived_being_told_again_is_reported_and_not_told_once_more() {
    let world = World::start(Options {
        // Okta drops what the app's profile does not have.
        custom_attributes: vec!["title".to_owned()],
        ..options()
    })
    .await;
    world
        .put(with(person("ada"), json!({"city": "Oslo"})))
        .await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;

    let first = verify(&world, &function, REPAIR).await;
    assert_eq!(first["examples"]["different"][0]["survived"], false);
    let waiting = verify(&world, &function, REPAIR).await;
    assert_eq!(
        waiting["examples"]["different"][0]["survived"], false,
        "it was not told yet"
    );
    assert_eq!(changes(&sync(&world, &function).await), (1, 0));
    let second = verify(&world, &function, REPAIR).await;
    assert_eq!(wrong(&second), [0, 1, 0]);
    assert_eq!(second["examples"]["different"][0]["survived"], true);
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));

    // What is new about them is told.
    world
        .okta
        .admin_edits("ada", "lastName", Some("Byron"))
        .unwrap();
    verify(&world, &function, REPAIR).await;
    assert_eq!(changes(&sync(&world, &function).await), (1, 0));
    assert_eq!(
        world.okta.user("ada").unwrap().profile["lastName"],
        "Okafor"
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_edit_made_twice_is_mended_twice() {
    let (world, function) = synced(1).await;
    for _ in 0..2 {
        world
            .okta
            .admin_edits("user0", "lastName", Some("Byron"))
            .unwrap();
        verify(&world, &function, REPAIR).await;
        assert_eq!(changes(&sync(&world, &function).await), (1, 0));
        assert_eq!(verify(&world, &function, REPAIR).await["same"], 1);
        cooldown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_came_by_push_alone_and_is_missing_is_found_and_told_by_the_next_push() {
    let (world, function) = synced(1).await;
    let push = |at: jiff::Timestamp| json!({"command": "push", "records": [person("kim"), person("pat")], "at": at.to_string()});
    answer(&world, &function, &push(world.clock.now()))
        .await
        .unwrap();
    cooldown().await;
    world.okta.admin_deletes("kim").unwrap();
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));

    let looked = verify(&world, &function, VERIFY).await;
    assert_eq!((wrong(&looked), &looked["same"]), ([1, 0, 0], &json!(1)));
    assert_eq!(looked["examples"]["missing"], json!(["kim"]));
    verify(&world, &function, REPAIR).await;
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));
    assert!(
        world.okta.user("kim").is_none(),
        "a push cannot be read again"
    );

    let again = push(world.clock.now());
    let report = answer(&world, &function, &again).await.unwrap();
    assert_eq!(
        (&report["upserts"], &report["unchanged"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    assert!(world.is_active("kim") && world.is_active("pat"));
    assert_eq!(wrong(&verify(&world, &function, VERIFY).await), [0, 0, 0]);
}
