//! What a plan in detail asks Okta, and what it says where it cannot.

use crate::plan_detail::{detailed, upsert};
use crate::{
    steps::{options, person, sync, with, world_of},
    support::{STATE, World, proxy::Fault},
};
use okta_emulator::Options;
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn what_okta_has_already_is_told_again_where_the_ledger_was_lost() {
    let world = world_of(2).await;
    sync(&world, &world.function(&[])).await;
    world
        .put(with(person("user1"), json!({"title": "Dr"})))
        .await;
    world
        .dynamodb
        .delete_table()
        .table_name(STATE)
        .send()
        .await
        .unwrap();
    crate::support::create_table(&world.dynamodb, STATE, &["pk"]).await;

    let plan = detailed(&world, &world.function(&[]), json!({})).await;

    let repeated = upsert(&plan, "user0");
    assert_eq!(
        (&repeated["change"], &repeated["attributes"]),
        (&json!("repeat"), &json!([]))
    );
    let updated = upsert(&plan, "user1");
    assert_eq!(
        (&updated["change"], &updated["attributes"]),
        (&json!("update"), &json!(["title"]))
    );
}

#[tokio::test(start_paused = true)]
async fn what_okta_does_not_tell_is_said_to_be_unknown() {
    let mut world = world_of(2).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .put(with(person("user1"), json!({"title": "Dr"})))
        .await;
    world.put(person("new")).await;

    for call in ["GET sessions", "GET users/{id}"] {
        between.okta.on(
            call,
            ..,
            Fault::Answer(403, json!({"errorCode": "E0000006"})),
        );
        let plan = detailed(&world, &function, json!({})).await;
        between.okta.heal();

        let (new, changed) = (upsert(&plan, "new"), upsert(&plan, "user1"));
        assert_eq!(
            (&new["change"], &new["attributes"]),
            (&json!("unknown"), &Value::Null),
            "{call}"
        );
        assert_eq!(
            (&changed["change"], &changed["attributes"]),
            (&json!("update"), &Value::Null),
            "{call}"
        );
        let not_asked = &plan["changes"]["notAsked"];
        assert_eq!(not_asked["users"], 2, "{call}");
        assert!(
            not_asked["reason"].as_str().unwrap().contains("E0000006"),
            "{call}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn asking_ends_in_time_however_slow_okta_lets_it_be() {
    let world = World::start(Options {
        rate_limit: Some("4/60s".parse().unwrap()),
        ..options()
    })
    .await;
    for n in 0..60 {
        world.put(person(&format!("user{n}"))).await;
    }
    let began = world.clock.now();

    let plan = detailed(&world, &world.function(&[]), json!({"limit": 60})).await;

    let took = world.clock.now().duration_since(began).as_secs();
    assert!((200..=310).contains(&took), "{took}");
    let upserts = plan["changes"]["upserts"].as_array().unwrap();
    let known = upserts
        .iter()
        .filter(|upsert| upsert["change"] == "create")
        .count();
    assert!((10..25).contains(&known), "{known}");
    assert_eq!(plan["changes"]["notAsked"]["users"], 60 - known);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_no_url_can_hold_is_not_taken_for_another() {
    let world = world_of(1).await;
    sync(&world, &world.function(&[])).await;
    for (n, id) in ["..", "user\t0", "a/b c?d#%é"].into_iter().enumerate() {
        let odd = person(&format!("odd{n}"));
        world.put(with(odd, json!({"id": id}))).await;
    }

    let plan = detailed(&world, &world.function(&[]), json!({})).await;

    assert_eq!(upsert(&plan, "..")["change"], "unknown");
    assert_eq!(
        upsert(&plan, "user\t0")["change"],
        "unknown",
        "it is not user0"
    );
    assert_eq!(upsert(&plan, "a/b c?d#%é")["change"], "create");
    assert_eq!(plan["changes"]["notAsked"]["users"], 2);
}
