//! How things stand, and what is kept of the runs.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodb_identity_source::handler::Function;
use okta_emulator::{Effect, Fault};
use serde_json::{Value, json};

use crate::{
    steps::{cooldown, fails, inactive, person, plan, state, sync, with, world_of},
    support::{STATE, USERS, World, invoke, invoke_stream, proxy, put_all},
};

/// The answer to `{"command":"status"}`.
pub async fn status(world: &World, function: &Function) -> Value {
    let deadline = world.clock.now() + Duration::from_secs(900);
    let event: Value = serde_json::from_str(include_str!("../../events/status.json")).unwrap();
    let answer = Box::pin(function.invoke(&event, "status", deadline)).await;
    serde_json::to_value(answer.unwrap()).unwrap()
}

async fn item(world: &World, pk: &str) -> Option<BTreeMap<String, AttributeValue>> {
    let wanted = AttributeValue::S(pk.to_owned());
    let items = state(world).await.into_iter();
    items.into_iter().find(|item| item["pk"] == wanted)
}

async fn kept(world: &World) -> Vec<String> {
    let items = state(world).await.into_iter();
    let keys = items.map(|item| item["pk"].as_s().unwrap().clone());
    keys.filter(|pk| pk.starts_with("run#")).collect()
}

#[tokio::test(start_paused = true)]
async fn before_the_first_run_there_is_nothing_to_tell() {
    let world = world_of(1).await;

    let status = status(&world, &world.function(&[])).await;

    assert_eq!(status["lastRuns"], json!([]));
    assert_eq!(status["sessions"], json!([]));
    assert_eq!(status["stuck"]["count"], 0);
    for nothing in ["oktaError", "lease", "withheld", "nextSession"] {
        assert_eq!(status[nothing], Value::Null, "{status}");
    }
}

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
async fn dry_runs_skipped_runs_and_idle_stream_batches_are_not_kept() {
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
    let skipped = sync(&world, &function).await;
    assert!(skipped.skipped.is_some());
    let holder = status(&world, &function).await["lease"].clone();
    assert_eq!(holder["run"], "another-run");
    tokio::time::sleep(Duration::from_secs(21)).await;
    assert_eq!(status(&world, &function).await["lease"], Value::Null);
    let batch = json!({"Records": [{"eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": {"id": {"S": "user0"}}, "SequenceNumber": "1"}}]});
    invoke_stream(&function, world.clock, &batch).await;

    assert_eq!(kept(&world).await, [format!("run#{}", first.run_id)]);

    cooldown().await;
    world
        .put(with(person("user0"), json!({"first_name": "Bo"})))
        .await;
    invoke_stream(&function, world.clock, &batch).await;
    assert_eq!(kept(&world).await.len(), 2);
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
    assert_eq!(kept(&world).await.len(), 35);
    let item = item(&world, "history").await.unwrap();
    assert!(item["runs"].as_l().unwrap().len() < 30);
}

#[tokio::test(start_paused = true)]
async fn rejected_records_are_listed_since_when_and_how_often_until_they_are_healed() {
    let world = world_of(2).await;
    world.put(with(person("bad"), json!({"email": ""}))).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    let first = status(&world, &function).await["stuck"].clone();
    cooldown().await;
    sync(&world, &function).await;

    let second = status(&world, &function).await["stuck"].clone();

    assert_eq!(
        (&second["count"], &second["rejected"]),
        (&json!(1), &json!(1))
    );
    let entry = &second["entries"][0];
    assert_eq!(entry["externalId"], "bad");
    assert_eq!(entry["record"], "id=bad");
    assert_eq!(entry["reasons"], json!(["userName: is empty"]));
    assert_eq!(
        (&entry["quarantined"], &entry["times"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(entry["since"], first["entries"][0]["since"]);
    assert_ne!(entry["last"], entry["since"]);

    world.put(person("bad")).await;
    sync(&world, &function).await;
    assert_eq!(status(&world, &function).await["stuck"]["count"], 0);
}

#[tokio::test(start_paused = true)]
async fn thousands_of_rejected_records_are_counted_and_only_some_remembered() {
    let world = World::start(crate::steps::options()).await;
    let records: Vec<_> = (0..2_200)
        .map(|n| with(person(&format!("bad{n}")), json!({"email": ""})))
        .collect();
    put_all(&world.dynamodb, USERS, &records).await;
    let function = world.function(&[]);

    for times in 1..=2 {
        sync(&world, &function).await;

        let stuck = &status(&world, &function).await["stuck"];
        assert_eq!(stuck["count"], 2_200);
        assert_eq!(stuck["entries"].as_array().unwrap().len(), 100);
        assert!(
            stuck["entries"]
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one["times"].as_u64() >= Some(1))
        );
        assert!(times > 1 || stuck["entries"][0]["times"] == 1);
    }
    for n in 0..16 {
        let shelf = item(&world, &format!("stuck#{n:x}")).await.unwrap();
        let entries = shelf["entries"].as_m().unwrap().len();
        assert!((90..300).contains(&entries), "{entries}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_withheld_is_told_with_the_time_since_which_it_is() {
    let world = world_of(20).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    for n in 0..10 {
        world.put(inactive(&format!("user{n}"))).await;
    }
    sync(&world, &function).await;
    let first = status(&world, &function).await["withheld"].clone();
    cooldown().await;
    sync(&world, &function).await;

    let second = status(&world, &function).await["withheld"].clone();

    assert_eq!(first, second);
    assert_eq!(second["deactivations"], 10);
    assert!(
        second["reason"]
            .as_str()
            .unwrap()
            .contains("MAX_DEACTIVATIONS")
    );
    let event = json!({"command": "sync", "allowDeactivations": 10});
    invoke(&function, world.clock, &event).await.unwrap();
    assert_eq!(status(&world, &function).await["withheld"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn sessions_are_told_with_what_okta_says_of_them_and_when_the_next_may_be_opened() {
    let world = world_of(3).await;
    let function = world.function(&[("WATCH_SECONDS", "0")]);
    let report = sync(&world, &function).await;
    let id = report.sessions[0].id.as_str();
    world.okta.force_status(id, "ERROR");
    let foreign = world.okta.open_foreign_session();

    let status = status(&world, &function).await;

    let sessions = status["sessions"].as_array().unwrap();
    let find = |id: &str| {
        sessions
            .iter()
            .find(|session| session["id"] == json!(id))
            .unwrap()
    };
    assert_eq!(find(id)["verdict"], "TRIGGERED");
    assert_eq!(find(id)["status"], "ERROR");
    assert_eq!(find(id)["run"], json!(report.run_id));
    assert_eq!(find(&foreign)["verdict"], Value::Null);
    assert_eq!(find(&foreign)["status"], "CREATED");
    let triggered: jiff::Timestamp = find(id)["triggered"].as_str().unwrap().parse().unwrap();
    let next: jiff::Timestamp = status["nextSession"].as_str().unwrap().parse().unwrap();
    assert_eq!(next.duration_since(triggered).as_secs(), 300);
}

#[tokio::test(start_paused = true)]
async fn without_okta_the_rest_is_told_all_the_same() {
    let world = world_of(3).await;
    world.put(with(person("bad"), json!({"email": ""}))).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    let down = Fault::on("*", "/**").always();
    world.okta.inject(down.then(Effect::CloseBefore));

    let status = status(&world, &function).await;

    let error = status["oktaError"].as_str().unwrap();
    assert!(error.contains("GET /sessions"), "{error}");
    assert_eq!(status["lastRuns"].as_array().unwrap().len(), 1);
    assert_eq!(status["sessions"][0]["verdict"], "LANDED");
    assert_eq!(status["stuck"]["count"], 1);
}

#[tokio::test(start_paused = true)]
async fn looking_changes_nothing_on_either_side() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    world.put(with(person("bad"), json!({"email": ""}))).await;
    let function = world.function(&[("WATCH_SECONDS", "0")]);
    sync(&world, &function).await;
    world.okta.open_foreign_session();
    let (before, sessions) = (state(&world).await, world.okta.sessions());
    world.okta.clear_requests();
    between.dynamodb.forget();

    status(&world, &function).await;

    assert_eq!(state(&world).await, before);
    assert_eq!(
        format!("{:?}", world.okta.sessions()),
        format!("{sessions:?}")
    );
    assert!(
        world
            .okta
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );
    for call in between.dynamodb.calls() {
        assert!(
            ["GetItem", "BatchGetItem"]
                .iter()
                .any(|read| call.what.starts_with(read)),
            "{call:?}"
        );
    }
}
