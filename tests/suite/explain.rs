//! What is known of one person, and what the next run will do about them.

use std::{collections::BTreeMap, time::Duration};

use okta_emulator::{Effect, Fault, Options};
use serde_json::{Value, json};

use crate::{
    refused_singly::{poisoned, refuse},
    steps::{answer, cooldown, inactive, options, person, state, sync, with, world_of},
    support::World,
};

async fn explain(world: &World, changes: &[(&str, &str)], id: &str) -> Value {
    let event = json!({"command": "explain", "externalId": id});
    answer(world, &world.function(changes), &event)
        .await
        .unwrap()
}

/// What is next for somebody; asserts that the reason is a sentence that says so much.
async fn next(world: &World, changes: &[(&str, &str)], id: &str, says: &[&str]) -> String {
    let explained = explain(world, changes, id).await;
    let because = explained["because"].as_str().unwrap();
    for says in says {
        assert!(because.contains(says), "{because}");
    }
    assert!(
        because.ends_with('.') || because.ends_with(')'),
        "{because}"
    );
    explained["next"].as_str().unwrap().to_owned()
}

/// A world in which something is to be done about nearly everybody.
async fn lively() -> World {
    let world = world_of(6).await;
    world.put(person("back")).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.put(inactive("back")).await;
    sync(&world, &function).await;
    cooldown().await;
    world
        .put(with(person("user1"), json!({"first_name": "Zoë"})))
        .await;
    world.put(inactive("user2")).await;
    world.delete("user3").await;
    world
        .put(with(person("user4"), json!({"email": "broken"})))
        .await;
    world.put(person("back")).await;
    world.put(person("new")).await;
    world.put(inactive("strange")).await;
    world
}

#[tokio::test(start_paused = true)]
async fn it_says_what_is_next_in_a_sentence_and_the_run_that_follows_does_just_that() {
    let world = lively().await;
    let function = world.function(&[]);
    let before = state(&world).await;

    let expected = [
        ("user0", "nothing", "Nothing has changed since"),
        ("user1", "update", "other values than Okta was told"),
        ("user2", "deactivate", "Their record says inactive"),
        ("user3", "deactivate", "They have no record"),
        ("user4", "rejected", "email"),
        ("back", "reactivate", "Okta was told to deactivate them"),
        ("new", "create", "never told of them"),
        ("strange", "stranger", "nobody to deactivate"),
        ("nobody", "nothing", "check how the id is written"),
    ];
    let mut upserts = Vec::new();
    let mut deactivations = Vec::new();
    for (id, what, says) in expected {
        let is = next(&world, &[], id, &[says]).await;
        assert_eq!(is, what, "{id}");
        match is.as_str() {
            "create" | "update" | "reactivate" | "retell" => upserts.push(id),
            "deactivate" => deactivations.push(id),
            _ => {}
        }
    }

    assert_eq!(state(&world).await, before, "nothing is written");
    let report = sync(&world, &function).await;
    let (mut told, mut left) = (report.tells.upserts, report.tells.deactivations);
    told.sort();
    left.sort();
    upserts.sort_unstable();
    assert_eq!((told, left), (to_owned(&upserts), to_owned(&deactivations)));
    for (id, ..) in expected {
        let is = next(&world, &[], id, &[]).await;
        assert!(
            ["nothing", "rejected", "stranger"].contains(&is.as_str()),
            "{id}: {is}"
        );
    }
}

fn to_owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_answer_has_what_record_ledger_and_okta_say_and_values_only_where_they_may_be_told() {
    let world = lively().await;

    let explained = explain(&world, &[], "user1").await;

    let session = world.okta.sessions()[0].id.clone();
    let ledger = explained["ledger"].clone();
    assert!(ledger["at"].is_string());
    assert_eq!(
        explained,
        json!({"externalId": "user1", "record": {"state": "active", "reasons": []},
            "ledger": {"told": "active", "doubtful": false, "session": session, "at": ledger["at"]},
            "okta": {"status": "ACTIVE", "differs": ["displayName", "firstName"]},
            "next": "update", "because": explained["because"], "digest": null})
    );
    assert!(!explained.to_string().contains("Zo"), "{explained}");
    let open = explain(&world, &[("PLAN_VALUES", "allow")], "user1").await;
    assert_eq!(
        open["okta"]["values"]["firstName"],
        json!({"old": "Ada", "new": "Zoë"})
    );
    let gone = explain(&world, &[], "back").await;
    assert_eq!(
        gone["okta"],
        json!({"status": "NOT_FOUND", "differs": null})
    );
    let new = explain(&world, &[], "new").await;
    assert_eq!(
        (&new["ledger"], &new["record"]["state"]),
        (&json!(null), &json!("active"))
    );
    let rejected = explain(&world, &[], "user4").await;
    assert_eq!(rejected["record"]["state"], "rejected");
    assert!(
        rejected["record"]["reasons"][0]
            .as_str()
            .unwrap()
            .starts_with("email")
    );
}

#[tokio::test(start_paused = true)]
async fn a_record_is_asked_for_by_its_key_and_says_whom_it_is_about() {
    let world = lively().await;
    let function = world.function(&[]);
    for (key, id, what) in [
        ("user1", json!("user1"), "update"),
        ("user3", json!("user3"), "deactivate"),
    ] {
        let event = json!({"command": "explain", "record": {"id": key}});

        let explained = answer(&world, &function, &event).await.unwrap();

        assert_eq!(
            (&explained["externalId"], &explained["next"]),
            (&id, &json!(what))
        );
    }
    for record in [
        json!({"id": 7}),
        json!({"nr": "user1"}),
        json!({"id": "user1", "active": true}),
    ] {
        let event = json!({"command": "explain", "record": record});
        let (name, said) = answer(&world, &function, &event).await.unwrap_err();
        assert_eq!(name, "InvalidEvent");
        assert!(said.contains("id (S)"), "{said}");
    }
    for event in [
        json!({"command": "explain"}),
        json!({"command": "explain", "externalId": "a", "record": {"id": "a"}}),
        json!({"command": "explain", "externalId": " "}),
        json!({"command": "explain", "record": "user1"}),
    ] {
        assert_eq!(
            answer(&world, &function, &event).await.unwrap_err().0,
            "InvalidEvent",
            "{event}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_okta_refuses_and_what_it_is_told_again_is_said_with_the_reason() {
    let world = world_of(3).await;
    world.put(poisoned("bad")).await;
    refuse(&world, false);
    world.okta.occupy_login("taken@example.com");
    world.put(person("taken")).await;
    let function = world.function(&[]);
    sync(&world, &function).await;

    assert_eq!(
        next(&world, &[], "bad", &["E0000001", "retryRefused"]).await,
        "refused"
    );
    assert_eq!(
        next(
            &world,
            &[],
            "taken",
            &["refused the user inside the import", "each full run"]
        )
        .await,
        "retell"
    );
    cooldown().await;
    let report = sync(&world, &function).await;
    assert_eq!(report.tells.upserts, ["taken"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_an_import_is_told_so() {
    let long = Options {
        import_time: Duration::from_secs(3 * 60 * 60),
        ..options()
    };
    let world = World::start(long).await;
    world.put(person("ada")).await;
    let function = world.function(&[]);
    sync(&world, &function).await;

    let same = next(&world, &[], "ada", &["has not ended yet"]).await;
    world
        .put(with(person("ada"), json!({"first_name": "Zoë"})))
        .await;
    let changed = next(&world, &[], "ada", &["That import has not ended"]).await;

    assert_eq!((same.as_str(), changed.as_str()), ("nothing", "waits"));
    cooldown().await;
    assert_eq!(sync(&world, &function).await.waiting, 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_guard_keeps_back_is_withheld_with_the_digest_to_approve() {
    let limit = [("MAX_DEACTIVATIONS", "2")];
    let world = world_of(6).await;
    let function = world.function(&limit);
    sync(&world, &function).await;
    cooldown().await;
    for n in 0..4 {
        world.put(inactive(&format!("user{n}"))).await;
    }
    assert_eq!(
        next(&world, &limit, "user0", &[]).await,
        "deactivate",
        "alone they fit"
    );
    let report = sync(&world, &function).await;
    let digest = report.withheld.deactivations.digest.unwrap().to_string();

    assert_eq!(
        next(&world, &limit, "user0", &["MAX_DEACTIVATIONS", &digest]).await,
        "withheld"
    );
    assert_eq!(explain(&world, &limit, "user0").await["digest"], digest);
    let event = json!({"command": "approve", "digest": digest, "only": ["user0"]});
    answer(&world, &function, &event).await.unwrap();
    assert_eq!(next(&world, &limit, "user0", &[]).await, "deactivate");
    assert_eq!(next(&world, &limit, "user1", &[]).await, "withheld");
    cooldown().await;
    assert_eq!(sync(&world, &function).await.tells.deactivations, ["user0"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_said_to_leave_whom_no_full_look_would_let_go() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    for n in 0..3 {
        world.delete(&format!("user{n}")).await;
    }

    assert_eq!(
        next(&world, &[], "user0", &["nobody in scope"]).await,
        "withheld"
    );
    // No approval lets them go.
    assert_eq!(explain(&world, &[], "user0").await["digest"], Value::Null);
    cooldown().await;
    assert_eq!(sync(&world, &function).await.deactivations, 0);
}

#[tokio::test(start_paused = true)]
async fn what_it_costs_does_not_depend_on_how_many_people_there_are() {
    let mut world = world_of(40).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.okta.clear_requests();
    for id in ["user0", "nobody"] {
        between.dynamodb.forget();
        let event = json!({"command": "explain", "externalId": id});

        answer(&world, &function, &event).await.unwrap();

        let calls = between.dynamodb.calls();
        assert!(
            !calls.iter().any(|call| call.what.starts_with("Scan")),
            "{calls:?}"
        );
        assert!(calls.len() <= 8, "{calls:?}");
    }
    assert!(
        world.okta.request_count() <= 4,
        "{:?}",
        world.okta.requests()
    );
}

#[tokio::test(start_paused = true)]
async fn where_the_key_does_not_identify_people_the_whole_table_is_read_and_it_says_so() {
    let mapping = json!({"externalId": "{{ id | lower }}", "profile": {"userName": "{{ email }}",
        "email": "{{ email }}", "firstName": "{{ first_name }}"}})
    .to_string();
    let folding = [("MAPPING", mapping.as_str())];
    let world = World::start(options()).await;
    for id in ["E1", "E2", "E3"] {
        world.put(person(id)).await;
    }
    let function = world.function(&folding);
    sync(&world, &function).await;
    world.delete("E1").await;
    world.put(person("e1")).await;
    world.delete("E2").await;
    world
        .put(with(person("E3"), json!({"first_name": "Bo"})))
        .await;

    let mut found = BTreeMap::new();
    for id in ["e1", "e2", "e3"] {
        found.insert(
            id,
            next(&world, &folding, id, &["read the whole table"]).await,
        );
    }

    assert_eq!(found["e1"], "update", "the address has another case");
    assert_eq!(
        (found["e2"].as_str(), found["e3"].as_str()),
        ("deactivate", "update")
    );
    cooldown().await;
    let report = sync(&world, &function).await;
    assert_eq!(
        (report.tells.upserts.len(), report.tells.deactivations),
        (2, vec!["e2".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn a_paused_function_and_an_okta_that_does_not_answer_are_no_obstacle() {
    let mut world = lively().await;
    let function = world.function(&[]);
    answer(&world, &function, &json!({"command": "pause"}))
        .await
        .unwrap();
    assert_eq!(next(&world, &[], "new", &["paused"]).await, "create");
    world.okta_url = "http://127.0.0.1:1".to_owned();
    let binding = json!({"command": "explain", "externalId": "new"});
    assert_eq!(
        answer(&world, &world.function(&[]), &binding)
            .await
            .unwrap_err()
            .0,
        "OtherBinding"
    );
    world.okta_url = world.okta.url();
    let fault = Fault::on("*", "/**").always();
    world.okta.inject(fault.then(Effect::CloseBefore));

    let explained = explain(&world, &[], "new").await;

    assert_eq!(
        (&explained["okta"], &explained["next"]),
        (&json!(null), &json!("create"))
    );
}
