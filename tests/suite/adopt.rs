//! A ledger that was lost, or never was, is written from what Okta has.

use std::time::Duration;

use dynamodb_identity_source::handler::Function;
use okta_emulator::{Options, UserStatus};
use serde_json::{Value, json};

use crate::{
    status::{item, status},
    steps::{
        answer, assert_agreement, changes, cooldown, inactive, options, person, state, sync, with,
        world_of,
    },
    support::{STATE, USERS, World, create_table, put_all},
    verify::{VERIFY, verify, wrong},
};

pub const ADOPT: &str = include_str!("../../events/verify-adopt.json");

/// Nothing is known any more.
async fn lose_the_state_table(world: &World) {
    world
        .dynamodb
        .delete_table()
        .table_name(STATE)
        .send()
        .await
        .unwrap();
    create_table(&world.dynamodb, STATE, &["pk"]).await;
}

async fn entries(world: &World) -> usize {
    let items = state(world).await.into_iter();
    items
        .filter(|item| item["pk"].as_s().unwrap().starts_with("user#"))
        .count()
}

fn told(world: &World) -> Vec<String> {
    let sessions = world.okta.sessions();
    let Some(last) = sessions.last() else {
        return Vec::new();
    };
    let users = world.okta.session_users(&last.id).into_iter();
    users.map(|user| user.external_id).collect()
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_state_table_only_what_differs_is_sent() {
    let world = world_of(10).await;
    world
        .put(with(person("null"), json!({"city": null, "title": ""})))
        .await;
    for id in ["gone", "left", "came-back", "renamed", "cased", "edited"] {
        world.put(person(id)).await;
    }
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(inactive("gone")).await;
    cooldown().await;
    sync(&world, &function).await;
    cooldown().await;
    lose_the_state_table(&world).await;
    world.put(inactive("never-there")).await;
    world.put(inactive("left")).await;
    world.okta.admin_deactivates("came-back").unwrap();
    world
        .put(with(person("renamed"), json!({"last_name": "Byron"})))
        .await;
    world
        .okta
        .admin_edits("cased", "userName", Some("CASED@example.com"))
        .unwrap();
    world
        .okta
        .admin_edits("edited", "city", Some("Oslo"))
        .unwrap();
    world.put(person("new")).await;

    let verified = verify(&world, &function, ADOPT).await;

    assert_eq!(wrong(&verified), [2, 3, 1], "{verified}");
    // The ten, who is null, and the two who are inactive at both ends.
    assert_eq!(verified["adopted"], 13, "{verified}");
    let report = sync(&world, &function).await;
    assert_eq!(changes(&report), (5, 0));
    let mut sent = told(&world);
    sent.sort();
    assert_eq!(sent, ["came-back", "cased", "edited", "new", "renamed"]);
    assert_eq!((report.unchanged, report.strangers), (13, 1));
    cooldown().await;
    verify(
        &world,
        &function,
        include_str!("../../events/verify-repair.json"),
    )
    .await;
    assert_eq!(changes(&sync(&world, &function).await), (0, 1));
    assert_agreement(&world).await;
    assert_eq!(wrong(&verify(&world, &function, VERIFY).await), [0, 0, 0]);
}

/// Okta has somebody just as the default mapping would have them, but for the last name.
fn seed(world: &World, id: &str, last_name: &str) {
    let address = format!("{id}@example.com");
    let profile = [
        ("userName", &*address),
        ("email", &address),
        ("firstName", "Ada"),
        ("lastName", last_name),
        ("displayName", "Ada Okafor"),
    ];
    world.okta.seed_user(id, UserStatus::Active, profile);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_are_adopted_and_nobody_is_sent_who_is_the_same() {
    const PEOPLE: u64 = 10_000;
    let world = World::start(options()).await;
    let ids: Vec<_> = (0..PEOPLE).map(|n| format!("user{n:05}")).collect();
    let records: Vec<_> = ids.iter().map(|id| person(id)).collect();
    put_all(&world.dynamodb, USERS, &records).await;
    ids.iter().for_each(|id| seed(&world, id, "Okafor"));
    seed(&world, "user00007", "Byron");
    let function = world.function(&[]);

    let verified = verify(&world, &function, ADOPT).await;
    let report = sync(&world, &function).await;

    assert_eq!(
        (&verified["adopted"], wrong(&verified)),
        (&json!(PEOPLE - 1), [0, 1, 0])
    );
    assert_eq!((changes(&report), report.unchanged), ((1, 0), PEOPLE - 1));
    assert_eq!(told(&world), ["user00007"]);
}

#[tokio::test(start_paused = true)]
async fn adopting_is_possible_while_paused_and_does_not_resume() {
    let world = world_of(3).await;
    for (id, last_name) in [("user0", "Byron"), ("user1", "Okafor"), ("user2", "Okafor")] {
        seed(&world, id, last_name);
    }
    let function = world.function(&[("START", "paused")]);

    let verified = verify(&world, &function, ADOPT).await;
    let report = sync(&world, &function).await;

    assert_eq!(
        (&verified["adopted"], wrong(&verified)),
        (&json!(2), [0, 1, 0]),
        "{verified}"
    );
    assert!(report.paused && report.dry_run);
    assert_eq!((changes(&report), report.unchanged), ((1, 0), 2));
    assert_eq!(status(&world, &function).await["switch"], "paused");
    assert!(world.okta.sessions().is_empty());
    assert!(
        item(&world, "binding").await.is_some(),
        "what was adopted is bound"
    );

    answer(&world, &function, &json!({"command": "resume"}))
        .await
        .unwrap();
    assert_eq!(changes(&sync(&world, &function).await), (1, 0));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn looking_at_a_new_state_table_binds_and_adopts_nothing() {
    let world = world_of(2).await;
    let function = world.function(&[("START", "paused")]);

    let verified = verify(&world, &function, VERIFY).await;

    assert_eq!(wrong(&verified), [2, 0, 0]);
    assert!(item(&world, "binding").await.is_none());
    assert!(item(&world, "switch").await.is_none());
    assert_eq!(entries(&world).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_list_of_nobody_settles_no_stranger() {
    let world = world_of(1).await;
    world.put(inactive("kim")).await;
    let function = world.function(&[]);

    let verified = verify(&world, &function, ADOPT).await;

    assert_eq!(
        (&verified["adopted"], wrong(&verified)),
        (&json!(0), [1, 0, 0])
    );
    assert_eq!(sync(&world, &function).await.strangers, 1);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_of_another_identity_source_is_not_verified_against_this_one() {
    let world = world_of(2).await;
    sync(&world, &world.function(&[])).await;
    let other = world.function(&[(
        "OKTA_ORG_URL",
        &world.okta_url.replace("127.0.0.1", "127.0.0.2"),
    )]);

    for event in [VERIFY, ADOPT] {
        let event = serde_json::from_str(event).unwrap();
        let (name, _) = answer(&world, &other, &event).await.unwrap_err();
        assert_eq!(name, "OtherBinding");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_not_surely_active_is_not_adopted() {
    let world = World::start(Options {
        deactivated_listed_as: Some("SUSPENDED".to_owned()),
        ..options()
    })
    .await;
    for id in ["ada", "kim"] {
        world.put(person(id)).await;
    }
    let function = world.function(&[]);
    sync(&world, &function).await;
    lose_the_state_table(&world).await;
    world.okta.admin_deactivates("kim").unwrap();

    let verified = verify(&world, &function, ADOPT).await;

    assert_eq!(verified["adopted"], 1, "{verified}");
    cooldown().await;
    sync(&world, &function).await;
    assert_agreement(&world).await;
}

/// A mapping whose externalId is no part of the key.
fn by_address(world: &World) -> Function {
    let mapping = json!({"externalId": "{{ email }}", "active": "active",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}", "firstName": "{{ first_name }}"}});
    world.function(&[("MAPPING", &mapping.to_string())])
}

#[tokio::test(start_paused = true)]
async fn where_the_key_does_not_identify_people_are_found_and_adopted_all_the_same() {
    let world = world_of(4).await;
    world.put(inactive("left")).await;
    let function = by_address(&world);
    sync(&world, &function).await;
    cooldown().await;
    lose_the_state_table(&world).await;
    // Two records of one person: none of them can be believed.
    world
        .put(with(person("twin"), json!({"email": "user3@example.com"})))
        .await;

    let verified = verify(&world, &function, ADOPT).await;
    let report = sync(&world, &function).await;

    assert_eq!(
        (&verified["adopted"], wrong(&verified)),
        (&json!(4), [0, 0, 0]),
        "{verified}"
    );
    assert_eq!((changes(&report), report.rejected.count), ((0, 0), 2));
    assert_eq!(report.strangers, 0);
}

#[tokio::test(start_paused = true)]
async fn an_entry_written_by_a_run_is_not_replaced_by_an_adoption() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    lose_the_state_table(&world).await;
    sync(&world, &function).await;
    let before = state(&world).await;
    tokio::time::sleep(Duration::from_secs(60)).await;

    let verified = verify(&world, &function, ADOPT).await;

    assert_eq!(
        (&verified["adopted"], &verified["same"]),
        (&json!(0), &json!(3))
    );
    let is_entry = |item: &&std::collections::BTreeMap<_, _>| {
        let pk: &aws_sdk_dynamodb::types::AttributeValue = &item["pk"];
        pk.as_s().unwrap().starts_with("user#")
    };
    let after = state(&world).await;
    assert_eq!(
        after.iter().filter(is_entry).collect::<Vec<_>>(),
        before.iter().filter(is_entry).collect::<Vec<_>>()
    );
    let _: Value = verified;
}
