//! What a change in the users table comes to at Okta.

use okta_emulator::Options;
use serde_json::json;

use crate::{
    steps::{
        assert_agreement, changes, cooldown, inactive, is_active, options, person, sync, with,
        world_of,
    },
    support::World,
};

#[tokio::test(start_paused = true)]
async fn a_changed_attribute_is_one_upsert() {
    let world = world_of(10).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world
        .put(with(person("user3"), json!({"first_name": "Zoë"})))
        .await;

    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (1, 0));
    assert_eq!(report.sessions.len(), 1);
    assert_eq!(report.sessions[0].requests, 1);
    let results = world
        .okta
        .session(report.sessions[0].id.as_str())
        .unwrap()
        .results;
    assert_eq!((results.updated, results.created), (1, 0));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_turns_inactive_is_one_deactivation_and_only_once() {
    let world = world_of(10).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.put(inactive("user3")).await;

    let first = sync(&world, &function).await;
    let second = sync(&world, &function).await;

    assert_eq!(changes(&first), (0, 1));
    assert_eq!((first.active, first.inactive), (9, 1));
    assert_eq!(changes(&second), (0, 0));
    assert_eq!((second.unchanged, second.sessions.len()), (10, 0));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_deleted_is_one_deactivation_and_only_once() {
    let world = world_of(10).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.delete("user3").await;

    let first = sync(&world, &function).await;
    let second = sync(&world, &function).await;

    assert_eq!(changes(&first), (0, 1));
    assert!(!is_active(&world, "user3"));
    assert_eq!(changes(&second), (0, 0));
    assert_eq!(world.okta.sessions().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_comes_back_is_reactivated() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    for gone_by in ["an update", "a deletion"] {
        cooldown().await;
        if gone_by == "an update" {
            world.put(inactive("user1")).await;
        } else {
            world.delete("user1").await;
        }
        sync(&world, &function).await;
        assert!(!is_active(&world, "user1"), "{gone_by}");
        cooldown().await;
        world.put(person("user1")).await;

        let report = sync(&world, &function).await;

        assert_eq!(changes(&report), (1, 0), "{gone_by}");
        assert!(is_active(&world, "user1"), "{gone_by}");
    }
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn an_attribute_that_the_mapping_does_not_name_changes_nothing() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .put(with(
            person("user1"),
            json!({"dob": "1990-01-01", "note": ["x"]}),
        ))
        .await;

    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (0, 0));
    assert_eq!(report.unchanged, 3);
    assert_eq!(world.okta.sessions().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_the_scope_is_deactivated_and_who_never_was_in_it_is_nothing() {
    let mapping = json!({"externalId": "{{ id }}", "include": "kind == 'staff'",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
    .to_string();
    let world = World::start(options()).await;
    world
        .put(with(person("ada"), json!({"kind": "staff"})))
        .await;
    world
        .put(with(person("bo"), json!({"kind": "staff"})))
        .await;
    world
        .put(with(person("robot"), json!({"kind": "robot"})))
        .await;
    let function = world.function(&[("MAPPING", &mapping)]);

    let first = sync(&world, &function).await;
    cooldown().await;
    world
        .put(with(person("bo"), json!({"kind": "guest"})))
        .await;
    let second = sync(&world, &function).await;
    let third = sync(&world, &function).await;

    assert_eq!(changes(&first), (2, 0));
    assert_eq!((first.active, first.out_of_scope), (2, 1));
    assert_eq!(changes(&second), (0, 1));
    assert_eq!((second.out_of_scope, is_active(&world, "bo")), (2, false));
    assert_eq!(changes(&third), (0, 0));
    assert!(world.okta.user("robot").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_record_that_takes_another_external_id_replaces_a_user() {
    let mapping = json!({"externalId": "{{ number }}", "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
        .to_string();
    let world = World::start(Options {
        deactivation_frees_logins: true,
        ..options()
    })
    .await;
    world.put(with(person("ada"), json!({"number": 1}))).await;
    let function = world.function(&[("MAPPING", &mapping)]);
    sync(&world, &function).await;
    cooldown().await;
    world.put(with(person("ada"), json!({"number": 2}))).await;

    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (1, 1));
    assert_eq!(
        (is_active(&world, "1"), is_active(&world, "2")),
        (false, true)
    );
}

#[tokio::test(start_paused = true)]
async fn an_attribute_that_becomes_empty_is_left_alone_or_cleared_as_the_mapping_says() {
    for (when_empty, title_after) in [("omit", Some("Engineer")), ("null", None)] {
        let mapping = json!({"externalId": "{{ id }}", "whenEmpty": when_empty,
            "profile": {"userName": "{{ email }}", "email": "{{ email }}", "title": "{{ title }}"}})
        .to_string();
        let world = World::start(options()).await;
        world
            .put(with(person("ada"), json!({"title": "Engineer"})))
            .await;
        let function = world.function(&[("MAPPING", &mapping)]);
        sync(&world, &function).await;
        cooldown().await;
        world.put(with(person("ada"), json!({"title": ""}))).await;

        let report = sync(&world, &function).await;

        assert_eq!(changes(&report), (1, 0));
        let profile = world.okta.user("ada").unwrap().profile;
        assert_eq!(
            profile.get("title").map(String::as_str),
            title_after,
            "{when_empty}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_under_a_composite_key_is_found_again_by_it() {
    let world = World::start(options()).await;
    crate::support::create_table(&world.dynamodb, "by-tenant", &["tenant", "name"]).await;
    let record = json!({"tenant": "t1", "name": "ada", "active": true, "id": "ada", "email": "ada@example.com", "first_name": "Ada"});
    crate::support::put(&world.dynamodb, "by-tenant", &record).await;
    let function = world.function(&[("USERS_TABLE", "by-tenant")]);
    sync(&world, &function).await;
    assert!(is_active(&world, "ada"));
    cooldown().await;
    // The table must not be empty, or nobody would be deactivated.
    let other = json!({"tenant": "t2", "name": "bo", "active": true, "id": "bo", "email": "bo@example.com", "first_name": "Bo"});
    crate::support::put(&world.dynamodb, "by-tenant", &other).await;
    world
        .dynamodb
        .delete_item()
        .table_name("by-tenant")
        .key("tenant", crate::support::attribute(&json!("t1")))
        .key("name", crate::support::attribute(&json!("ada")))
        .send()
        .await
        .unwrap();

    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (1, 1), "{report:?}");
    assert!(!is_active(&world, "ada"));
}
