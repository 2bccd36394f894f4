//! How things stand, and what is kept of the runs.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodb_identity_source::handler::Function;
use okta_emulator::{Effect, Fault};
use serde_json::{Value, json};

use crate::{
    steps::{cooldown, inactive, person, state, sync, with, world_of},
    support::{USERS, World, put_all},
};

/// The answer to `{"command":"status"}`.
pub async fn status(world: &World, function: &Function) -> Value {
    let deadline = world.clock.now() + Duration::from_secs(900);
    let event: Value = serde_json::from_str(include_str!("../../events/status.json")).unwrap();
    let answer = Box::pin(function.invoke(&event, "status", deadline)).await;
    serde_json::to_value(answer.unwrap()).unwrap()
}

pub async fn item(world: &World, pk: &str) -> Option<BTreeMap<String, AttributeValue>> {
    let wanted = AttributeValue::S(pk.to_owned());
    let items = state(world).await.into_iter();
    items.into_iter().find(|item| item["pk"] == wanted)
}

pub async fn kept(world: &World) -> Vec<String> {
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
    for nothing in ["oktaError", "lease", "withheld", "nextDate", "nextSession"] {
        assert_eq!(status[nothing], Value::Null, "{status}");
    }
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
        (&entry["refused"], &entry["times"]),
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
    for n in 0..10 {
        world.put(person(&format!("user{n}"))).await;
    }
    sync(&world, &function).await;
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

#[tokio::test(start_paused = true)]
async fn the_next_date_is_the_first_that_a_record_crosses_by_the_last_full_run() {
    let world = world_of(1).await;
    let day = |days: i64| world.clock.now() + jiff::SignedDuration::from_hours(24 * days);
    let mapping =
        json!({"externalId": "{{ id }}", "activeFrom": "{{ starts }}", "activeUntil": "{{ ends }}",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
        .to_string();
    let function = world.function(&[("MAPPING", &mapping)]);
    let (comes, leaves) = (day(2), day(4));
    let put = async |id: &str, starts: String, ends: String| {
        let dates = json!({"starts": starts, "ends": ends});
        world.put(with(person(id), dates)).await;
    };
    let next = async || status(&world, &function).await["nextDate"].clone();
    sync(&world, &function).await;
    assert_eq!(next().await, Value::Null, "nobody has a date");

    put("joiner", comes.to_string(), String::new()).await;
    put("leaver", String::new(), leaves.to_string()).await;
    // Whoever is out of it anyway crosses nothing.
    let gone = with(inactive("gone"), json!({"ends": day(1).to_string()}));
    world.put(gone).await;
    crate::steps::plan(&world, &function).await;
    assert_eq!(next().await, Value::Null, "a plan writes nothing");
    sync(&world, &function).await;
    assert_eq!(next().await, comes.to_string());

    let paused = json!({"command": "pause"});
    crate::steps::answer(&world, &function, &paused)
        .await
        .unwrap();
    tokio::time::advance(Duration::from_secs(3 * 24 * 60 * 60)).await;
    assert_eq!(
        next().await,
        comes.to_string(),
        "it is past, and no run has seen it"
    );
    sync(&world, &function).await;
    assert_eq!(
        next().await,
        leaves.to_string(),
        "a paused run looks as well"
    );

    tokio::time::advance(Duration::from_secs(3 * 24 * 60 * 60)).await;
    sync(&world, &function).await;
    assert_eq!(next().await, Value::Null);
}
