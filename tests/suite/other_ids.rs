//! The mapping gives people other ids: to Okta they would be other people.

use std::time::Duration;

use dynamodb_identity_source::{handler::Function, sync::Report};
use okta_emulator::Options;
use serde_json::{Value, json};

use crate::{
    adopt::ADOPT,
    status::status,
    steps::{
        answer, approval, changes, cooldown, inactive, options, person, sync, without_history,
        world_of,
    },
    support::{World, invoke},
    verify::{REPAIR, VERIFY, verify},
};

const REBIND: &str = r#"{"command":"sync","rebind":true}"#;

/// A function whose mapping gives people these ids.
fn by(world: &World, template: &str) -> Function {
    let mapping = json!({"externalId": template, "active": "active", "profile": {"userName": "{{ email }}",
        "email": "{{ email }}", "firstName": "{{ first_name }}", "lastName": "{{ last_name }}"}});
    world.function(&[("MAPPING", &mapping.to_string())])
}

async fn says(world: &World, function: &Function, event: &str) -> Result<Value, String> {
    let event = serde_json::from_str(event).unwrap();
    let answered = answer(world, function, &event).await;
    answered.map_err(|(name, said)| {
        assert_eq!(name, "OtherBinding", "{said}");
        said
    })
}

async fn rebind(world: &World, function: &Function) -> Report {
    let event = serde_json::from_str(REBIND).unwrap();
    invoke(function, world.clock, &event).await.unwrap()
}

fn active(world: &World) -> Vec<String> {
    let directory = world.okta.directory().into_iter();
    let active = directory.filter(|(id, _)| world.is_active(id));
    active.map(|(id, _)| id).collect()
}

#[tokio::test(start_paused = true)]
async fn a_rebind_to_other_ids_needs_a_verification_that_shows_who_would_be_whom() {
    let world = world_of(3).await;
    world.put(inactive("user2")).await;
    world.put(person("user3")).await;
    let before = by(&world, "{{ id }}");
    sync(&world, &before).await;
    world.okta.seed_user(
        "visitor",
        okta_emulator::UserStatus::Active,
        [("userName", "visitor@example.com")],
    );
    let function = by(&world, "{{ email }}");

    let refused = says(&world, &function, REBIND).await.unwrap_err();
    assert!(refused.contains(r#"{"command":"verify"}"#), "{refused}");
    let stopped = says(&world, &function, r#"{"command":"sync"}"#).await;
    assert!(stopped.unwrap_err().contains(r#"{"command":"verify"}"#));

    let mut written = without_history(&world).await;
    let shown = verify(&world, &function, VERIFY).await;
    assert_eq!(
        shown["newIds"],
        json!({"same": 0, "others": 3, "nobody": 1, "examples": [
            {"externalId": "user0", "wouldBe": "user0@example.com"},
            {"externalId": "user1", "wouldBe": "user1@example.com"},
            {"externalId": "user3", "wouldBe": "user3@example.com"},
        ]})
    );
    assert_eq!(
        (
            &shown["missing"],
            &shown["shouldHaveLeft"],
            &shown["unknown"]
        ),
        (&json!(3), &json!(3), &json!(1)),
        "{shown}"
    );
    let mut after = without_history(&world).await;
    for items in [&mut written, &mut after] {
        items.retain(|item| {
            !["verification", "shown"].contains(&item["pk"].as_s().unwrap().as_str())
        });
    }
    assert_eq!(after, written, "nothing is written about people");
    assert_eq!(status(&world, &before).await["verified"], Value::Null);

    let report = rebind(&world, &function).await;

    let withheld = &report.withheld.deactivations;
    assert_eq!((report.deactivations, withheld.count), (0, 3));
    assert!(withheld.digest.is_some());
    let reason = withheld.reason.as_ref().unwrap();
    assert!(
        reason.contains("ids that the mapping's externalId no longer gives"),
        "{reason}"
    );
    for id in ["user0", "user1", "user3"] {
        assert!(world.is_active(id), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_approved_of_leaves_and_comes_back_under_the_other_id() {
    let world = World::start(Options {
        deactivation_frees_logins: true,
        ..options()
    })
    .await;
    for n in 0..8 {
        world.put(person(&format!("user{n}"))).await;
    }
    sync(&world, &by(&world, "{{ id }}")).await;
    cooldown().await;
    let function = by(&world, "{{ email }}");
    verify(&world, &function, VERIFY).await;
    // Whatever the limit says.
    let report = rebind(&world, &function).await;
    assert_eq!(report.withheld.deactivations.count, 8);
    cooldown().await;
    // The logins are still taken.
    let report = sync(&world, &function).await;
    assert_eq!(
        (report.deactivations, report.withheld.deactivations.count),
        (0, 8)
    );
    assert_eq!(report.refused.count, 8);

    answer(&world, &function, &approval(&report)).await.unwrap();
    for _ in 0..4 {
        cooldown().await;
        sync(&world, &function).await;
    }

    let wanted: Vec<_> = (0..8).map(|n| format!("user{n}@example.com")).collect();
    assert_eq!(active(&world), wanted);
    let report = sync(&world, &function).await;
    assert_eq!((changes(&report), report.withheld.count()), ((0, 0), 0));
}

#[tokio::test(start_paused = true)]
async fn only_those_wait_whom_the_template_gives_another_id() {
    let world = world_of(2).await;
    for id in ["Kim", "sam"] {
        world.put(person(id)).await;
    }
    sync(&world, &by(&world, "{{ id }}")).await;
    cooldown().await;
    let function = by(&world, "{{ id | lower }}");

    let shown = verify(&world, &function, VERIFY).await;
    assert_eq!(
        shown["newIds"],
        json!({"same": 3, "others": 1, "nobody": 0, "examples": [{"externalId": "Kim", "wouldBe": "kim"}]})
    );
    rebind(&world, &function).await;
    cooldown().await;
    world.put(inactive("sam")).await;
    let report = sync(&world, &function).await;

    // Behind them waits whoever else would have to be charged.
    let withheld = &report.withheld.deactivations;
    assert_eq!((report.deactivations, withheld.count), (0, 2));
    let event = json!({"command": "explain", "externalId": "Kim"});
    let told = answer(&world, &function, &event).await.unwrap();
    assert_eq!(told["next"], "withheld", "{told}");
    assert!(
        told["because"].as_str().unwrap().contains("under an id"),
        "{told}"
    );
    let event = json!({"command": "sync", "only": ["Kim"]});
    let report = answer(&world, &function, &event).await.unwrap();
    assert_eq!(report["deactivations"], 0, "{report}");
    assert!(world.is_active("Kim") && world.is_active("sam"));

    let approve = json!({"command": "approve", "digest": withheld.digest, "only": ["Kim"]});
    answer(&world, &function, &approve).await.unwrap();
    for _ in 0..2 {
        cooldown().await;
        sync(&world, &function).await;
    }
    assert!(!world.is_active("Kim") && !world.is_active("sam"));
    assert!(world.is_active("user0") && world.is_active("user1"));
}

#[tokio::test(start_paused = true)]
async fn what_a_verification_has_shown_counts_for_that_template_and_a_day() {
    let world = world_of(2).await;
    sync(&world, &by(&world, "{{ id }}")).await;
    cooldown().await;
    let (email, upper) = (by(&world, "{{ email }}"), by(&world, "{{ id | upper }}"));

    verify(&world, &email, VERIFY).await;
    assert!(says(&world, &upper, REBIND).await.is_err());
    tokio::time::sleep(Duration::from_secs(24 * 3_600)).await;
    assert!(says(&world, &email, REBIND).await.is_err());

    verify(&world, &email, VERIFY).await;
    assert_eq!(rebind(&world, &email).await.withheld.deactivations.count, 2);
}

#[tokio::test(start_paused = true)]
async fn with_other_ids_nothing_is_adopted_or_repaired() {
    let world = world_of(2).await;
    sync(&world, &by(&world, "{{ id }}")).await;
    let function = by(&world, "{{ email }}");

    for event in [ADOPT, REPAIR] {
        assert!(says(&world, &function, event).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_function_shows_what_a_rebind_to_other_ids_would_do() {
    let world = world_of(2).await;
    sync(&world, &by(&world, "{{ id }}")).await;
    cooldown().await;
    let function = by(&world, "{{ email }}");
    let pause = json!({"command": "pause"});
    answer(&world, &function, &pause).await.unwrap();
    let before = world.okta.sessions().len();
    verify(&world, &function, VERIFY).await;

    let report = rebind(&world, &function).await;

    assert!(report.paused && report.dry_run);
    assert_eq!((report.upserts, report.deactivations), (2, 0));
    assert_eq!(report.withheld.deactivations.count, 2);
    assert!(report.withheld.deactivations.digest.is_some());
    assert_eq!(world.okta.sessions().len(), before);
}
