//! The binary that is deployed, under Lambda's Runtime API, with the events that it gets there.

use std::time::Duration;

use okta_emulator::Options;
use serde_json::{Value, json};

use crate::{
    lambda::{Lambda, Outcome},
    steps::{assert_agreement, inactive, options, person},
    support::World,
};

fn event(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

/// An Okta that does not let real time pass.
async fn quick_world(people: usize) -> World {
    let world = World::start(Options {
        cooldown: Duration::ZERO,
        import_time: Duration::from_millis(200),
        ..options()
    })
    .await;
    for n in 0..people {
        world.put(person(&format!("user{n}"))).await;
    }
    world
}

fn report(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Answer(report) => report,
        Outcome::Error(error) => panic!("{error}"),
    }
}

fn error(outcome: Outcome) -> String {
    match outcome {
        Outcome::Answer(report) => panic!("{report}"),
        Outcome::Error(error) => error["errorMessage"].as_str().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn the_binary_answers_every_event_that_it_is_deployed_for() {
    let world = quick_world(10).await;
    let mut lambda = Lambda::start(&world, &[]).await;

    let plan = report(
        lambda
            .invoke(event(include_str!("../../events/plan.json")))
            .await,
    );
    assert_eq!(
        (&plan["dryRun"], &plan["upserts"]),
        (&json!(true), &json!(10))
    );
    let detailed = report(
        lambda
            .invoke(event(include_str!("../../events/plan-detail.json")))
            .await,
    );
    let listed = detailed["changes"]["upserts"].as_array().unwrap();
    assert_eq!((listed.len(), &detailed["upserts"]), (10, &json!(10)));
    let candidate = report(
        lambda
            .invoke(event(include_str!("../../events/plan-mapping.json")))
            .await,
    );
    assert_eq!(
        (&candidate["scanned"], &candidate["leavers"]),
        (&json!(10), &json!(0))
    );
    assert_eq!(world.okta.user_count(), 0);

    let rule = report(
        lambda
            .invoke(event(include_str!("../../events/schedule.json")))
            .await,
    );
    assert_eq!(
        (&rule["trigger"], &rule["upserts"]),
        (&json!("schedule"), &json!(10))
    );
    assert_eq!(rule["sessions"][0]["status"], "COMPLETED");
    assert_agreement(&world).await;

    let scheduler = report(
        lambda
            .invoke(event(include_str!("../../events/scheduler.json")))
            .await,
    );
    assert_eq!(
        (&scheduler["trigger"], &scheduler["unchanged"]),
        (&json!("schedule"), &json!(10))
    );
    assert_eq!(scheduler["sessions"], json!([]));

    for n in 0..8 {
        world.put(inactive(&format!("user{n}"))).await;
    }
    let sync = report(
        lambda
            .invoke(event(include_str!("../../events/sync.json")))
            .await,
    );
    let withheld = &sync["withheld"]["deactivations"];
    assert_eq!(
        (&sync["trigger"], &withheld["count"]),
        (&json!("direct"), &json!(8))
    );

    let mut approve = event(include_str!("../../events/approve.json"));
    let digest = std::mem::replace(&mut approve["digest"], withheld["digest"].clone());
    approve["only"] = json!(["user0", "user1"]);
    let approved = report(lambda.invoke(approve.clone()).await);
    assert_eq!(
        (&approved["approved"], &approved["kind"]),
        (&json!(2), &json!("deactivations"))
    );
    let told = report(lambda.invoke(json!({"command": "sync"})).await);
    assert_eq!(
        (
            &told["deactivations"],
            &told["withheld"]["deactivations"]["count"]
        ),
        (&json!(2), &json!(6))
    );
    approve["digest"] = digest;
    let unknown = error(lambda.invoke(approve).await);
    assert!(unknown.contains("no list of withheld people"), "{unknown}");
    for n in 2..8 {
        world.put(person(&format!("user{n}"))).await;
    }

    let mut explain = event(include_str!("../../events/explain.json"));
    explain["externalId"] = json!("user7");
    let explained = report(lambda.invoke(explain).await);
    assert_eq!(
        (&explained["next"], &explained["ledger"]["told"]),
        (&json!("nothing"), &json!("active"))
    );

    let status = event(include_str!("../../events/status.json"));
    let status = report(lambda.invoke(status).await);
    assert_eq!(status["lastRuns"].as_array().unwrap().len(), 4);
    assert_eq!(status["lastRuns"][0]["runId"], told["runId"]);
    assert_eq!(
        (
            &status["oktaError"],
            &status["guard"]["deactivations"]["withheld"]
        ),
        (&Value::Null, &json!(6))
    );

    let push = event(include_str!("../../events/push.json"));
    for (switch, push_is) in [("pause", Err("paused")), ("resume", Ok(()))] {
        let set = match switch {
            "pause" => event(include_str!("../../events/pause.json")),
            _ => event(include_str!("../../events/resume.json")),
        };
        let by = set["by"].clone();
        let set = report(lambda.invoke(set).await);
        assert_eq!(set["by"], by);
        match push_is {
            Err(why) => {
                let said = error(lambda.invoke(push.clone()).await);
                assert!(said.contains(why), "{said}");
            }
            Ok(()) => {
                let pushed = report(lambda.invoke(push.clone()).await);
                assert_eq!(
                    (&pushed["scanned"], &pushed["upserts"]),
                    (&json!(3), &json!(2))
                );
            }
        }
    }
    report(lambda.invoke(json!({"command": "sync"})).await);
    assert_eq!(
        world.okta.active_count(),
        10,
        "eight stay, and two were pushed"
    );

    for verification in [
        include_str!("../../events/verify.json"),
        include_str!("../../events/verify-repair.json"),
        include_str!("../../events/verify-adopt.json"),
    ] {
        let verified = report(lambda.invoke(event(verification)).await);
        assert_eq!(verified["listed"], 12, "{verified}");
        assert_eq!(crate::verify::wrong(&verified), [0, 0, 0], "{verified}");
    }
}

#[tokio::test]
async fn an_event_of_another_kind_is_an_error_that_says_what_was_expected() {
    let world = quick_world(1).await;
    let mut lambda = Lambda::start(&world, &[]).await;

    for event in [
        json!({"command": "dance"}),
        json!({"detail-type": "EC2 Instance State-change Notification"}),
        json!({}),
        json!("sync"),
    ] {
        let said = error(lambda.invoke(event).await);

        assert!(said.contains(r#"{"command":"sync"}"#), "{said}");
    }
    assert_eq!(world.okta.requests(), []);
}

#[tokio::test]
async fn an_event_that_is_none_of_ours_is_an_error_with_a_name() {
    let world = quick_world(1).await;
    let mut lambda = Lambda::start(&world, &[]).await;
    let sns = json!({"Records": [{"EventVersion": "1.0", "EventSource": "aws:sns", "Sns": {"Message": "x"}}]});

    let Outcome::Error(said) = lambda.invoke(sns).await else {
        panic!("it was answered");
    };

    assert_eq!(said["errorType"], "InvalidEvent");
    assert!(
        said["errorMessage"]
            .as_str()
            .unwrap()
            .contains("records of aws:sns"),
        "{said}"
    );
}

#[tokio::test]
async fn a_mapping_or_a_configuration_that_is_broken_is_the_answer_to_every_invocation() {
    let world = quick_world(1).await;
    let mapping = r#"{"externalId": "{{ id }}", "profile": {"userName": "{{ email }}", "title": "Mx {{ title"}}"#;
    let mut lambda = Lambda::start(&world, &[("MAPPING", mapping)]).await;

    for _ in 0..2 {
        let said = error(lambda.invoke(json!({"command": "sync"})).await);

        assert!(said.contains("profile.title, column "), "{said}");
    }

    let mut lambda = Lambda::start(
        &world,
        &[("USERS_TABLE", ""), ("MAX_DEACTIVATIONS", "many")],
    )
    .await;
    let said = error(lambda.invoke(json!({"command": "plan"})).await);
    assert!(
        said.contains("USERS_TABLE is not set") && said.contains("MAX_DEACTIVATIONS: "),
        "{said}"
    );
    assert_eq!(world.okta.requests(), []);
}

#[tokio::test]
async fn a_run_under_cargo_lambda_watch_has_the_ten_minutes_that_it_is_told() {
    let world = quick_world(1).await;
    let mut lambda = Lambda::start(&world, &[]).await;

    let report = report(
        lambda
            .invoke_with_deadline(json!({"command": "sync"}), 600_000)
            .await,
    );

    assert_eq!(report["sessions"][0]["status"], "COMPLETED");
    assert_agreement(&world).await;
}
