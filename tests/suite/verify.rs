//! What Okta has is looked at, and put right by the next run.

use std::time::Duration;

use dynamodb_identity_source::handler::{Answer, Function};
use okta_emulator::{Effect, Fault, Options, ServiceApp};
use serde_json::{Value, json};

use crate::{
    recorder::Recorder,
    status::{item, status},
    steps::{
        answer, assert_agreement, changes, cooldown, inactive, options, person, sync,
        without_history, world_of,
    },
    support::{CLIENT, World, keys::Key, proxy},
};

pub const VERIFY: &str = include_str!("../../events/verify.json");
pub const REPAIR: &str = include_str!("../../events/verify-repair.json");

/// The answer to a verification.
pub async fn verify(world: &World, function: &Function, event: &str) -> Value {
    let event = serde_json::from_str(event).unwrap();
    let verified = answer(world, function, &event).await.unwrap();
    assert_eq!(world.okta.violations(), Vec::<String>::new());
    verified
}

/// `missing`, `different` and `shouldHaveLeft`.
pub fn wrong(verified: &Value) -> [u64; 3] {
    ["missing", "different", "shouldHaveLeft"].map(|name| verified[name].as_u64().unwrap())
}

/// A world whose people are synced.
pub async fn synced(people: usize) -> (World, Function) {
    let world = world_of(people).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    (world, function)
}

#[tokio::test(start_paused = true)]
async fn where_all_is_well_everybody_is_the_same_and_nothing_is_told() {
    let (world, function) = synced(3).await;
    world.put(inactive("user2")).await;
    sync(&world, &function).await;
    world.okta.clear_requests();

    let verified = verify(&world, &function, VERIFY).await;

    assert_eq!(
        verified,
        json!({
            "listed": 3, "same": 3, "missing": 0, "different": 0, "shouldHaveLeft": 0, "unknown": 0, "adopted": 0,
            "examples": {"missing": [], "different": [], "shouldHaveLeft": [], "unknown": []},
            "more": false, "resumeAt": null, "reason": null
        })
    );
    let requests = world.okta.requests();
    assert!(requests.iter().all(|request| request.method == "GET"));
}

#[tokio::test(start_paused = true)]
async fn an_admins_edit_is_found_and_with_repair_put_right_by_the_next_run() {
    let (world, function) = synced(3).await;
    world
        .okta
        .admin_edits("user1", "lastName", Some("Byron"))
        .unwrap();
    let before = without_history(&world).await;

    let looked = verify(&world, &function, VERIFY).await;
    let mut after = without_history(&world).await;
    after.retain(|item| item["pk"].as_s().unwrap() != "verification");
    assert_eq!(after, before, "looking changes no entry");
    assert_eq!(wrong(&looked), [0, 1, 0], "{looked}");
    let example = json!([{"externalId": "user1", "attributes": ["lastName"], "survived": false}]);
    assert_eq!(looked["examples"]["different"], example);
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));

    let repaired = verify(&world, &function, REPAIR).await;
    assert_eq!(wrong(&repaired), [0, 1, 0]);
    assert_eq!(
        world.okta.user("user1").unwrap().profile["lastName"],
        "Byron",
        "a verification tells nobody"
    );
    assert_eq!(changes(&sync(&world, &function).await), (1, 0));

    assert_eq!(
        world.okta.user("user1").unwrap().profile["lastName"],
        "Okafor"
    );
    assert_eq!(verify(&world, &function, VERIFY).await["same"], 3);
}

#[tokio::test(start_paused = true)]
async fn an_attribute_that_the_mapping_leaves_alone_is_nobodys_business() {
    let mapping = json!({"externalId": "{{ id }}", "profile": {"userName": "{{ email }}", "email": "{{ email }}",
        "title": {"value": "{{ title }}", "whenEmpty": "omit"}}})
    .to_string();
    let world = world_of(1).await;
    let function = world.function(&[("MAPPING", &mapping)]);
    sync(&world, &function).await;
    for (name, value) in [("title", "Dr"), ("lastName", "Byron")] {
        world.okta.admin_edits("user0", name, Some(value)).unwrap();
    }

    assert_eq!(verify(&world, &function, VERIFY).await["same"], 1);
}

#[tokio::test(start_paused = true)]
async fn spaces_at_the_ends_and_nothing_in_another_form_are_no_difference() {
    let (world, function) = synced(1).await;
    let edit = |name, value| world.okta.admin_edits("user0", name, value).unwrap();
    edit("firstName", Some(" Ada "));
    edit("title", Some(""));

    assert_eq!(verify(&world, &function, VERIFY).await["same"], 1);
    edit("firstName", Some("ada"));
    assert_eq!(verify(&world, &function, VERIFY).await["different"], 1);
}

#[tokio::test(start_paused = true)]
async fn an_admins_deactivation_deletion_or_unassignment_is_found_and_undone() {
    for listed_as in [Some("DEPROVISIONED".to_owned()), None] {
        let world = World::start(Options {
            deactivated_listed_as: listed_as,
            ..options()
        })
        .await;
        for n in 0..5 {
            world.put(person(&format!("user{n}"))).await;
        }
        let function = world.function(&[]);
        sync(&world, &function).await;
        cooldown().await;
        world.okta.admin_deactivates("user0").unwrap();
        world.okta.admin_deletes("user1").unwrap();
        world.okta.admin_unassigns("user2").unwrap();

        let verified = verify(&world, &function, REPAIR).await;
        assert_eq!(wrong(&verified), [3, 0, 0], "{verified}");
        let mut missing = verified["examples"]["missing"].as_array().unwrap().clone();
        missing.sort_by_key(ToString::to_string);
        assert_eq!(missing, ["user0", "user1", "user2"]);
        assert_eq!(changes(&sync(&world, &function).await), (3, 0));

        assert_agreement(&world).await;
        assert_eq!(verify(&world, &function, VERIFY).await["same"], 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_may_not_write_says_what_fitted_into_one_invocation() {
    let mut world = world_of(0).await;
    let records: Vec<_> = (0..600).map(|n| person(&format!("user{n:04}"))).collect();
    crate::support::put_all(&world.dynamodb, crate::support::USERS, &records).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    for what in [
        "PutItem identity-source-state",
        "BatchWriteItem identity-source-state",
    ] {
        let denied = proxy::Fault::dynamodb(400, "AccessDeniedException");
        between.dynamodb.on(what, .., denied);
    }

    let verified = verify(&world, &function, VERIFY).await;
    assert_eq!(
        (&verified["same"], &verified["more"]),
        (&json!(600), &json!(false))
    );

    let slow = Fault::on("GET", "/api/v1/apps/*/users").always();
    world.okta.inject(slow.then(Effect::DelayAnswer {
        time: Duration::from_secs(20),
    }));
    let event: Value = serde_json::from_str(VERIFY).unwrap();
    let deadline = world.clock.now() + Duration::from_secs(30);
    let Answer::Verified(cut) = Box::pin(function.invoke(&event, "short", deadline))
        .await
        .unwrap()
    else {
        panic!("no verification");
    };
    assert_eq!((cut.more, cut.counts.same), (false, 500));
    assert!(cut.reason.unwrap().contains("one invocation"));
}

#[tokio::test(start_paused = true)]
async fn a_service_app_without_the_scope_is_told_which_and_its_runs_go_on() {
    let key = Key::new();
    let mut app = ServiceApp::new(CLIENT, &*key.jwks);
    app.scopes.retain(|scope| scope != "okta.apps.read");
    let mut world = World::start(Options {
        service_app: Some(app),
        ..options()
    })
    .await;
    world.credentials = key.credentials(CLIENT);
    world.put(person("ada")).await;
    let function = world.function(&[]);
    assert_eq!(changes(&sync(&world, &function).await), (1, 0));

    let event = serde_json::from_str(VERIFY).unwrap();
    let (name, said) = answer(&world, &function, &event).await.unwrap_err();

    assert_eq!(name, "Okta");
    assert!(said.contains("okta.apps.read"), "{said}");
    world.okta.grant_scopes([
        "okta.identitySources.manage",
        "okta.identitySources.read",
        "okta.apps.read",
    ]);
    assert_eq!(verify(&world, &function, VERIFY).await["same"], 1);
}

#[tokio::test(start_paused = true)]
async fn status_says_when_okta_was_verified_and_the_drift_is_a_metric() {
    let (world, function) = synced(2).await;
    assert_eq!(status(&world, &function).await["verified"], Value::Null);
    world
        .okta
        .admin_edits("user1", "lastName", Some("Byron"))
        .unwrap();
    // A joiner who is yet to be told is missing, and no drift.
    world.put(person("new")).await;
    let seen = Recorder::new();
    let guard = metrics::set_default_local_recorder(&seen);

    verify(&world, &function, VERIFY).await;
    let first = status(&world, &function).await["verified"].clone();
    verify(&world, &function, REPAIR).await;
    sync(&world, &function).await;
    verify(&world, &function, VERIFY).await;
    drop(guard);

    assert_eq!((wrong(&first), &first["drifted"]), ([1, 1, 0], &json!(1)));
    assert!(first["at"].is_string(), "{first}");
    assert_eq!(seen.level("Drift"), [1.0, 1.0, 0.0]);
    assert_eq!(
        wrong(&status(&world, &function).await["verified"]),
        [0, 0, 0]
    );
    assert!(item(&world, "verification").await.is_some());
}
