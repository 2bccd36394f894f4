//! A sync of some people, now.

use okta_emulator::UserStatus;
use serde_json::{Value, json};

use crate::{
    steps::{
        answer, assert_agreement, cooldown, inactive, options, person, state, sync, with, world_of,
    },
    support::World,
};

async fn only(
    world: &World,
    changes: &[(&str, &str)],
    ids: &[&str],
) -> Result<Value, (&'static str, String)> {
    let event = json!({"command": "sync", "only": ids});
    answer(world, &world.function(changes), &event).await
}

#[tokio::test(start_paused = true)]
async fn those_who_are_named_are_told_now_and_nobody_else_without_reading_the_whole_table() {
    let mut world = world_of(8).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world
        .put(with(person("user1"), json!({"first_name": "Zoë"})))
        .await;
    world
        .put(with(person("user2"), json!({"first_name": "Zoë"})))
        .await;
    world.put(inactive("user3")).await;
    world.delete("user4").await;
    world.put(person("new")).await;
    world.put(person("later")).await;
    between.dynamodb.forget();

    let report = only(
        &world,
        &[],
        &["user1", "user3", "user4", "new", "user5", "user1"],
    )
    .await
    .unwrap();

    assert_eq!(
        (&report["upserts"], &report["deactivations"]),
        (&json!(2), &json!(2)),
        "{report}"
    );
    assert_eq!(
        (&report["unchanged"], &report["more"]),
        (&json!(1), &json!(false))
    );
    let calls = between.dynamodb.calls();
    let scans: Vec<_> = calls
        .iter()
        .filter(|call| call.what.starts_with("Scan"))
        .collect();
    // Whether the table has anybody in scope, before somebody counts as gone, takes one page.
    assert!(scans.len() <= 1, "{scans:?}");
    assert!(!world.is_active("user3") && !world.is_active("user4"));
    assert_eq!(
        world.okta.user("user2").unwrap().profile["firstName"],
        "Ada"
    );
    assert!(world.okta.user("later").is_none());
    cooldown().await;
    sync(&world, &function).await;
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn it_goes_through_the_guard_like_everything_else() {
    let limit = [("MAX_DEACTIVATIONS", "2")];
    let world = world_of(6).await;
    sync(&world, &world.function(&limit)).await;
    cooldown().await;
    for n in 0..3 {
        world.put(inactive(&format!("user{n}"))).await;
    }

    let report = only(&world, &limit, &["user0", "user1", "user2"])
        .await
        .unwrap();

    assert_eq!(
        (
            &report["deactivations"],
            &report["withheld"]["deactivations"]["count"]
        ),
        (&json!(0), &json!(3)),
        "{report}"
    );
    assert_eq!(world.okta.active_count(), 6);
    let late = only(&world, &limit, &["user0"]).await.unwrap();
    assert_eq!(
        late["withheld"]["deactivations"]["count"], 1,
        "the latch is closed: {late}"
    );
}

#[tokio::test(start_paused = true)]
async fn ids_that_nobody_has_are_named_by_their_place_and_nobody_is_told() {
    let world = world_of(2).await;
    let before = world.okta.request_count();

    let (name, said) = only(&world, &[], &["user0", "usr1", "user1", "USER1"])
        .await
        .unwrap_err();

    assert_eq!(name, "InvalidEvent");
    assert!(
        said.contains("only[1], only[3]") && !said.contains("usr1"),
        "{said}"
    );
    assert_eq!(world.okta.sessions().len(), 0);
    assert!(world.okta.request_count() - before <= 2);
    let too_many: Vec<String> = (0..201).map(|n| format!("u{n}")).collect();
    for event in [
        json!({"command": "sync", "only": too_many}),
        json!({"command": "sync", "only": []}),
        json!({"command": "sync", "only": [" "]}),
        json!({"command": "sync", "only": ["user0"], "rebind": true}),
    ] {
        let error = answer(&world, &world.function(&[]), &event)
            .await
            .unwrap_err();
        assert_eq!(error.0, "InvalidEvent", "{event}");
    }
}

#[tokio::test(start_paused = true)]
async fn paused_it_is_an_error_and_nothing_is_written() {
    let world = world_of(2).await;
    let function = world.function(&[]);
    answer(&world, &function, &json!({"command": "pause"}))
        .await
        .unwrap();
    let before = state(&world).await;

    let (name, said) = only(&world, &[], &["user0"]).await.unwrap_err();

    assert_eq!(name, "Paused");
    assert!(said.contains("resume"), "{said}");
    let kept = |item: &&std::collections::BTreeMap<String, _>| !format!("{item:?}").contains("run");
    assert_eq!(
        state(&world).await.iter().filter(kept).count(),
        before.iter().filter(kept).count()
    );
    assert_eq!(world.okta.user_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn where_the_key_does_not_identify_people_they_are_looked_for_in_the_whole_table() {
    let mapping = json!({"externalId": "{{ id | lower }}", "profile": {"userName": "{{ email }}",
        "email": "{{ email }}", "firstName": "{{ first_name }}"}})
    .to_string();
    let folding = [("MAPPING", mapping.as_str())];
    let world = World::start(options()).await;
    for id in ["E1", "E2", "E3"] {
        world.put(person(id)).await;
    }
    sync(&world, &world.function(&folding)).await;
    cooldown().await;
    world.delete("E1").await;
    world.delete("E2").await;
    world.put(person("e2")).await;
    world
        .put(with(person("E3"), json!({"first_name": "Bo"})))
        .await;

    let report = only(&world, &folding, &["e1", "e2", "e3"]).await.unwrap();

    assert_eq!(
        (&report["upserts"], &report["deactivations"]),
        (&json!(2), &json!(1)),
        "{report}"
    );
    assert_eq!(report["scanned"], 2, "the whole table");
    assert_eq!(
        world.okta.user("e1").unwrap().status,
        UserStatus::Deprovisioned
    );
    assert!(world.is_active("e2"));
    assert_eq!(world.okta.user("e3").unwrap().profile["firstName"], "Bo");
}
