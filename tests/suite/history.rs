//! What is kept of what runs did.

use crate::status::{item, kept, status};
use crate::{
    steps::{cooldown, fails, inactive, person, plan, sync, with, world_of},
    support::{STATE, World, invoke_stream, proxy},
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_run_is_kept_with_its_report_until_it_expires() {
    let world = world_of(3).await;
    let function = world.function(&[("HISTORY_DAYS", "7")]);

    let report = sync(&world, &function).await;

    let item = item(&world, &format!("run#{}", report.run_id))
        .await
        .unwrap();
    let told: Value = serde_json::from_str(item["report"].as_s().unwrap()).unwrap();
    assert_eq!(told, serde_json::to_value(&report).unwrap());
    let expires: i64 = item["expires"].as_n().unwrap().parse().unwrap();
    let in_a_week = world.clock.now().as_second() + 7 * 24 * 3600;
    assert!((in_a_week - 5..=in_a_week).contains(&expires), "{expires}");
    // After a cold start, too.
    let status = status(&world, &world.function(&[])).await;
    let run = &status["lastRuns"][0];
    assert_eq!(run["runId"], json!(report.run_id));
    assert_eq!((&run["upserts"], &run["error"]), (&json!(3), &Value::Null));
    assert_eq!(run["sessions"][0]["status"], "COMPLETED");
}

#[tokio::test(start_paused = true)]
async fn the_history_names_everybody_who_was_told() {
    let world = world_of(130).await;
    let function = world.function(&[]);
    let first = sync(&world, &function).await;
    cooldown().await;
    for leaver in ["user7", "user9"] {
        world.put(inactive(leaver)).await;
    }

    let second = sync(&world, &function).await;

    let mut created = named(&world, &format!("run#{}#upserts#0", first.run_id)).await;
    assert_eq!(created.len(), 120);
    created.extend(named(&world, &format!("run#{}#upserts#1", first.run_id)).await);
    created.sort();
    let mut everybody: Vec<_> = (0..130).map(|n| format!("user{n}")).collect();
    everybody.sort();
    assert_eq!(created, everybody);
    let mut left = named(&world, &format!("run#{}#deactivations#0", second.run_id)).await;
    left.sort();
    assert_eq!(left, ["user7", "user9"]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_not_kept_whether_or_not_the_function_is_paused() {
    let world = world_of(2).await;
    let function = world.function(&[]);
    for switch in ["running", "paused"] {
        if switch == "paused" {
            let pause = json!({"command": "pause"});
            crate::steps::answer(&world, &function, &pause)
                .await
                .unwrap();
        }
        let before = crate::steps::state(&world).await;

        plan(&world, &function).await;

        assert_eq!(crate::steps::state(&world).await, before, "{switch}");
    }
}

async fn named(world: &World, pk: &str) -> Vec<String> {
    let item = item(world, pk).await.unwrap_or_else(|| panic!("no {pk}"));
    let ids = item["externalIds"].as_l().unwrap().iter();
    ids.map(|id| id.as_s().unwrap().clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_is_kept_with_its_error() {
    let world = world_of(3).await;
    let function = world.function(&[("OKTA_CREDENTIALS", r#"{"apiToken":"00wrong"}"#)]);

    let said = fails(&world, &function).await;

    let status = status(&world, &function).await;
    assert_eq!(status["lastRuns"][0]["error"], json!(said));
    assert_eq!(status["lastRuns"][0]["upserts"], 3);
    let run = status["lastRuns"][0]["runId"].as_str().unwrap();
    let item = item(&world, &format!("run#{run}")).await.unwrap();
    assert_eq!(item["error"].as_s().unwrap(), &said);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_kept_fails_no_run_and_hides_no_error() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    for write in ["PutItem", "UpdateItem"] {
        let what = format!("{write} {STATE}");
        let fault = proxy::Fault::ask(move |body| {
            // What is kept of a run, and nothing else, is refused.
            if body.to_string().contains("\"run#") || body.to_string().contains("list_append") {
                *body = json!({});
            }
        });
        between.dynamodb.on(&what, .., fault);
    }
    let good = world.function(&[]);
    let bad = world.function(&[("OKTA_CREDENTIALS", r#"{"apiToken":"00wrong"}"#)]);

    let said = fails(&world, &bad).await;
    let report = sync(&world, &good).await;

    assert!(said.contains("check that the API token"), "{said}");
    assert_eq!(report.upserts, 3);
    assert_eq!(kept(&world).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn dry_runs_and_idle_stream_batches_are_not_kept() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    let first = sync(&world, &function).await;
    plan(&world, &function).await;
    let until = (world.clock.now() + Duration::from_secs(20)).as_millisecond();
    let lease = world.dynamodb.put_item().table_name(STATE);
    lease
        .item("pk", AttributeValue::S("lease".into()))
        .item("owner", AttributeValue::S("another-run".into()))
        .item("until", AttributeValue::N(until.to_string()))
        .send()
        .await
        .unwrap();
    let holder = status(&world, &function).await["lease"].clone();
    assert_eq!(holder["run"], "another-run");
    tokio::time::sleep(Duration::from_secs(21)).await;
    assert_eq!(status(&world, &function).await["lease"], Value::Null);
    let batch = json!({"Records": [{"eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": {"id": {"S": "user0"}}, "SequenceNumber": "1"}}]});
    invoke_stream(&function, world.clock, &batch).await;

    let id = &first.run_id;
    assert_eq!(
        kept(&world).await,
        [format!("run#{id}#upserts#0"), format!("run#{id}")]
    );

    cooldown().await;
    world
        .put(with(person("user0"), json!({"first_name": "Bo"})))
        .await;
    invoke_stream(&function, world.clock, &batch).await;
    let runs = kept(&world).await;
    let whole = |pk: &&String| pk.matches('#').count() == 1;
    assert_eq!(runs.iter().filter(whole).count(), 2);
    let last = &status(&world, &function).await["lastRuns"][0];
    assert_eq!(
        (&last["trigger"], &last["upserts"]),
        (&json!("stream"), &json!(1))
    );
}

#[tokio::test(start_paused = true)]
async fn no_history_is_kept_where_none_is_wanted() {
    let world = world_of(1).await;

    sync(&world, &world.function(&[("HISTORY_DAYS", "0")])).await;

    assert_eq!(kept(&world).await, Vec::<String>::new());
    assert!(item(&world, "history").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_last_runs_are_few_however_many_there_were() {
    let world = world_of(1).await;
    let function = world.function(&[]);
    let mut last = String::new();
    for _ in 0..35 {
        last = sync(&world, &function).await.run_id;
    }

    let status = status(&world, &function).await;

    assert_eq!(status["lastRuns"].as_array().unwrap().len(), 20);
    assert_eq!(status["lastRuns"][0]["runId"], json!(last));
    // And whom the first of them told.
    assert_eq!(kept(&world).await.len(), 36);
    let item = item(&world, "history").await.unwrap();
    assert!(item["runs"].as_l().unwrap().len() < 30);
}
