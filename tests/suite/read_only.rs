//! A function that only reads: what it answers, what it refuses, and that it changes nothing.

use std::time::Duration;

use dynamodb_identity_source::{
    doctor::Status,
    handler::{Answer, Function},
};
use okta_emulator::{Effect, Fault, Options, ServiceApp};
use serde_json::{Value, json};

use crate::{
    doctor::{complete, complete_world, diagnosis, says},
    steps::{answer, cooldown, options, person, sync, world_of},
    support::{CLIENT, STATE, World, keys::Key, proxy},
};

const READS: [(&str, &str); 2] = [("READ_ONLY", "on"), ("PUSH", "off")];

/// What it may do in DynamoDB.
const LOOKS: [&str; 4] = ["BatchGetItem ", "DescribeTable ", "GetItem ", "Scan "];

/// A world whose function is a service app with these scopes.
async fn world_with_scopes(scopes: &[&str]) -> World {
    let key = Key::new();
    let mut app = ServiceApp::new(CLIENT, &*key.jwks);
    app.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let mut world = World::start(Options {
        service_app: Some(app),
        ..options()
    })
    .await;
    world.credentials = key.credentials(CLIENT);
    world.put(complete("user")).await;
    world
}

async fn ask(world: &World, function: &Function, command: Value) -> Value {
    answer(world, function, &command).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn whatever_may_change_something_is_refused_before_anything_is_read() {
    let mut world = world_of(2).await;
    let between = world.between().await;
    sync(&world, &world.function(&[])).await;
    let reader = world.function(&READS);
    let schedule = serde_json::from_str(include_str!("../../events/schedule.json")).unwrap();
    between.dynamodb.forget();
    world.okta.clear_requests();

    for (event, what) in [
        (schedule, "the schedule's full run"),
        (
            json!({"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {
                "Keys": {"id": {"S": "user0"}}, "SequenceNumber": "1"}}]}),
            "a stream batch",
        ),
        (json!({"command": "sync"}), "sync"),
        (
            json!({"command": "push", "records": [], "at": "2026-05-13T10:00:00Z"}),
            "push",
        ),
        (json!({"command": "approve", "digest": "abc"}), "approve"),
        (json!({"command": "pause"}), "pause"),
        (json!({"command": "resume"}), "resume"),
        (json!({"command": "prove"}), "prove"),
        (
            json!({"command": "verify", "adopt": true}),
            "verify with \"adopt\"",
        ),
        (
            json!({"command": "verify", "repair": true}),
            "verify with \"repair\"",
        ),
    ] {
        let (name, said) = answer(&world, &reader, &event).await.unwrap_err();

        assert_eq!(name, "InvalidEvent", "{event}");
        let says = format!("this function only reads (READ_ONLY), and {what} may change");
        assert!(said.starts_with(&says), "{said}");
        assert!(said.contains("FunctionName"), "{said}");
    }
    assert!(between.dynamodb.calls().is_empty());
    assert!(world.okta.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_may_only_look_is_answered_and_nothing_is_written() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    let writer = world.function(&[]);
    sync(&world, &writer).await;
    cooldown().await;
    world.put(person("new")).await;
    world
        .okta
        .admin_edits("user1", "lastName", Some("Byron"))
        .unwrap();
    let reader = world.function(&READS);

    for paused in [false, true] {
        if paused {
            ask(&world, &writer, json!({"command": "pause"})).await;
        }
        between.dynamodb.forget();
        world.okta.clear_requests();

        let plan = ask(&world, &reader, json!({"command": "plan", "detail": true})).await;
        let explained = json!({"command": "explain", "externalId": "new"});
        let explained = ask(&world, &reader, explained).await;
        let verified = ask(&world, &reader, json!({"command": "verify"})).await;
        let status = ask(&world, &reader, json!({"command": "status"})).await;
        let doctor = ask(&world, &reader, json!({"command": "doctor"})).await;

        assert_eq!(
            (&plan["dryRun"], &plan["upserts"]),
            (&json!(true), &json!(1))
        );
        assert_eq!(explained["next"], "create");
        let found = (&verified["different"], &verified["missing"]);
        assert_eq!(found, (&json!(1), &json!(1)), "{verified}");
        assert_eq!(verified["more"], false);
        assert_eq!(status["verified"], Value::Null, "that is not kept");
        assert_eq!(status["lastRuns"].as_array().unwrap().len(), 1);
        assert_eq!(doctor["ok"], true, "{doctor}");
        for call in between.dynamodb.calls() {
            let looks = LOOKS.iter().any(|look| call.what.starts_with(look));
            assert!(looks, "{}", call.what);
        }
        let requests = world.okta.requests().into_iter();
        let writes: Vec<_> = requests.filter(|request| request.method != "GET").collect();
        assert_eq!(writes, []);
    }
}

#[tokio::test(start_paused = true)]
async fn that_a_repair_has_done_its_work_is_written_by_the_writer_alone() {
    let mut world = complete_world().await;
    let between = world.between().await;
    let writer = world.function(&[]);
    sync(&world, &writer).await;
    cooldown().await;
    world
        .okta
        .admin_edits("user1", "firstName", Some("Otherwise"))
        .unwrap();
    let repaired = ask(
        &world,
        &writer,
        json!({"command": "verify", "repair": true}),
    )
    .await;
    sync(&world, &writer).await;
    cooldown().await;
    between.dynamodb.forget();

    let verified = ask(
        &world,
        &world.function(&READS),
        json!({"command": "verify"}),
    )
    .await;

    assert_eq!(
        (&repaired["different"], &verified["same"]),
        (&json!(1), &json!(25))
    );
    for call in between.dynamodb.calls() {
        let looks = LOOKS.iter().any(|look| call.what.starts_with(look));
        assert!(looks, "{}", call.what);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_app_that_may_do_more_is_asked_for_tokens_that_read() {
    let world = world_with_scopes(&[
        "okta.identitySources.manage",
        "okta.identitySources.read",
        "okta.schemas.read",
        "okta.apps.read",
        "okta.users.read",
    ])
    .await;

    let found = diagnosis(&world, &READS).await;

    assert!(found.ok, "{found:#?}");
    let token = "with okta.identitySources.read";
    says(&found, "credentials", Status::Ok, &[token]);
    let all = serde_json::to_string(&found).unwrap();
    assert!(!all.contains("okta.identitySources.manage"), "{all}");
}

#[tokio::test(start_paused = true)]
async fn a_service_app_that_may_only_read_is_enough_for_it() {
    let world = world_with_scopes(&["okta.identitySources.read", "okta.apps.read"]).await;
    let reader = world.function(&READS);

    let found = diagnosis(&world, &READS).await;
    let plan = ask(&world, &reader, json!({"command": "plan"})).await;
    let verified = ask(&world, &reader, json!({"command": "verify"})).await;

    says(&found, "credentials", Status::Ok, &[]);
    says(&found, "identity source", Status::Ok, &[]);
    assert_eq!(plan["upserts"], 1);
    assert_eq!(verified["missing"], 1);
}

#[tokio::test(start_paused = true)]
async fn its_doctor_asks_for_nothing_that_only_a_writer_needs() {
    let mut world = complete_world().await;
    let between = world.between().await;
    for action in ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"] {
        let denied = proxy::Fault::dynamodb(400, "AccessDeniedException");
        between
            .dynamodb
            .on(&format!("{action} {STATE}"), .., denied);
    }

    let found = diagnosis(&world, &READS).await;

    assert!(found.ok, "{found:#?}");
    says(&found, "state table", Status::Ok, &["may read it"]);
    let names: Vec<_> = found.checks.iter().map(|check| check.name).collect();
    assert!(!names.contains(&"fast lane"), "{names:?}");
    let all = serde_json::to_string(&found).unwrap();
    assert!(!all.contains("okta.logs.read"), "{all}");
}

#[tokio::test(start_paused = true)]
async fn its_verification_is_over_with_the_invocation_and_says_so() {
    let world = world_of(0).await;
    let records: Vec<_> = (0..600).map(|n| person(&format!("user{n:04}"))).collect();
    crate::support::put_all(&world.dynamodb, crate::support::USERS, &records).await;
    sync(&world, &world.function(&[])).await;
    let reader = world.function(&READS);
    let slow = Fault::on("GET", "/api/v1/apps/*/users").always();
    world.okta.inject(slow.then(Effect::DelayAnswer {
        time: Duration::from_secs(20),
    }));

    let deadline = world.clock.now() + Duration::from_secs(30);
    let event = json!({"command": "verify"});
    let Answer::Verified(cut) = Box::pin(reader.invoke(&event, "short", deadline))
        .await
        .unwrap()
    else {
        panic!("no verification");
    };
    let whole = ask(&world, &reader, event).await;

    assert_eq!((cut.more, cut.counts.same), (false, 500));
    let reason = cut.reason.unwrap();
    assert!(reason.contains("READ_ONLY"), "{reason}");
    assert!(reason.contains("one invocation"), "{reason}");
    assert_eq!(
        (&whole["listed"], &whole["same"]),
        (&json!(600), &json!(600))
    );
}

#[tokio::test(start_paused = true)]
async fn settings_that_do_not_go_together_are_said() {
    let world = complete_world().await;

    let same = diagnosis(&world, &[("HISTORY_TABLE", STATE)]).await;
    let push = diagnosis(&world, &[("READ_ONLY", "on")]).await;
    let wrong = diagnosis(&world, &[("READ_ONLY", "yes")]).await;

    let table = ["HISTORY_TABLE names the state table", "a table of its own"];
    says(&same, "configuration", Status::Warning, &table);
    let refused = ["READ_ONLY refuses every push"];
    says(&push, "configuration", Status::Warning, &refused);
    let on_or_off = ["READ_ONLY: give on or off"];
    says(&wrong, "configuration", Status::Failed, &on_or_off);
}
