//! The fast lane: a few people told at once by single-user calls, once these are proven.

use std::time::Duration;

use dynamodb_identity_source::handler::Function;
use okta_emulator::Options;
use serde_json::{Value, json};

use crate::{
    steps::{answer, approve, assert_agreement, cooldown, inactive, options, person, sync, with},
    streams::{DONE, batch},
    support::{USERS, World, invoke_stream, put_all},
};

/// A world with these many people whom Okta has, and in which single-user calls are proven. Okta has
/// just imported somebody, so that it opens no session for five minutes.
pub async fn proven(people: usize, options: Options) -> (World, Function) {
    let world = World::start(options).await;
    let function = world.function(&[]);
    let records: Vec<_> = (0..people).map(|n| person(&format!("user{n}"))).collect();
    put_all(&world.dynamodb, USERS, &records).await;
    sync(&world, &function).await;
    cooldown().await;
    let said = prove(&world, &function).await;
    assert_eq!(works(&said), ["works"; 3], "{said}");
    cooldown().await;
    world.put(person("bystander")).await;
    sync(&world, &function).await;
    world.okta.clear_requests();
    (world, function)
}

pub async fn prove(world: &World, function: &Function) -> Value {
    let event = serde_json::from_str(include_str!("../../events/prove.json")).unwrap();
    answer(world, function, &event).await.unwrap()
}

pub fn works(proven: &Value) -> [&str; 3] {
    ["create", "update", "deactivate"].map(|call| proven[call].as_str().unwrap())
}

pub async fn status(world: &World, function: &Function) -> Value {
    let event = json!({"command": "status"});
    answer(world, function, &event).await.unwrap()
}

/// What a batch about these people is answered with.
pub async fn stream(world: &World, function: &Function, people: &[&str]) -> String {
    let changes: Vec<_> = people.iter().map(|id| ("MODIFY", *id)).collect();
    let answer = invoke_stream(function, world.clock, &batch(&changes)).await;
    serde_json::to_string(&answer).unwrap()
}

/// The methods of the calls about single users, in the order in which they were answered.
pub fn calls(world: &World) -> Vec<String> {
    let requests = world.okta.requests().into_iter();
    let about_users = requests.filter(|it| it.path.contains("/users") && it.method != "GET");
    about_users.map(|it| it.method.clone()).collect()
}

/// How many sessions were opened since the last time anybody forgot.
pub fn sessions(world: &World) -> usize {
    let requests = world.okta.requests().into_iter();
    let opened = requests.filter(|it| it.path.ends_with("/sessions") && it.method == "POST");
    opened.count()
}

#[tokio::test(start_paused = true)]
async fn a_leaver_a_mover_and_a_joiner_are_told_at_once_while_okta_opens_no_session() {
    let (world, function) = proven(20, options()).await;
    world.put(inactive("user0")).await;
    world
        .put(with(person("user1"), json!({"first_name": "Eve"})))
        .await;
    world.put(person("joiner")).await;
    let began = world.clock.now();

    let done = stream(&world, &function, &["joiner", "user1", "user0"]).await;

    assert_eq!(done, DONE);
    assert_agreement(&world).await;
    let mut made = calls(&world);
    assert_eq!(made[0], "DELETE", "leavers first: {made:?}");
    made.sort();
    assert_eq!(made, ["DELETE", "PATCH", "POST"]);
    assert_eq!(sessions(&world), 0);
    assert!(world.clock.now().duration_since(began).as_secs() < 5);
}

#[tokio::test(start_paused = true)]
async fn a_session_confirms_what_calls_told_and_does_so_once_an_hour() {
    let (world, function) = proven(20, options()).await;
    world.put(inactive("user0")).await;
    stream(&world, &function, &["user0"]).await;
    cooldown().await;

    let confirmed = sync(&world, &function).await;
    cooldown().await;
    let settled = sync(&world, &function).await;
    world.put(inactive("user1")).await;
    stream(&world, &function, &["user1"]).await;
    let put_off = sync(&world, &function).await;
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let confirmed_later = sync(&world, &function).await;

    let told = |report: &dynamodb_identity_source::sync::Report| {
        (report.deactivations, report.sessions.len())
    };
    assert_eq!(told(&confirmed), (1, 1), "{confirmed:?}");
    assert_eq!(told(&settled), (0, 0), "{settled:?}");
    assert_eq!(told(&put_off), (0, 0), "{put_off:?}");
    assert_eq!((put_off.more, put_off.unchanged > 0), (false, true));
    assert_eq!(told(&confirmed_later), (1, 1), "{confirmed_later:?}");
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn what_else_is_told_takes_confirmations_along() {
    let (world, function) = proven(20, options()).await;
    world.put(inactive("user0")).await;
    stream(&world, &function, &["user0"]).await;
    cooldown().await;
    sync(&world, &function).await;
    world.put(inactive("user1")).await;
    stream(&world, &function, &["user1"]).await;
    world.put(person("joiner")).await;
    cooldown().await;

    let report = sync(&world, &function).await;

    assert_eq!((report.upserts, report.deactivations), (1, 1), "{report:?}");
    assert_eq!(report.sessions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_more_changes_than_the_limit_waits_for_a_session() {
    let (world, function) = proven(250, options()).await;
    let people: Vec<_> = (0..21).map(|n| format!("user{n}")).collect();
    for id in &people {
        world.put(inactive(id)).await;
    }
    let names: Vec<_> = people.iter().map(String::as_str).collect();
    let began = world.clock.now();

    let done = stream(&world, &function, &names).await;

    assert_eq!(done, DONE);
    assert_eq!((calls(&world).len(), sessions(&world) > 0), (0, true));
    assert!(world.clock.now().duration_since(began).as_secs() > 200);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_by_calls_that_was_not_proven_or_that_is_switched_off() {
    let world = World::start(options()).await;
    let function = world.function(&[]);
    world.put(person("ada")).await;
    stream(&world, &function, &["ada"]).await;
    assert_eq!((calls(&world).len(), sessions(&world)), (0, 1));

    let (world, _) = proven(20, options()).await;
    let off = world.function(&[("FAST_LANE", "0")]);
    world.put(person("ada")).await;
    stream(&world, &off, &["ada"]).await;

    assert_eq!(calls(&world), Vec::<String>::new());
    assert_eq!(status(&world, &off).await["fastLane"]["upserts"], false);
}

#[tokio::test(start_paused = true)]
async fn the_guard_is_asked_before_a_call_as_before_a_load() {
    let (world, function) = proven(60, options()).await;
    let leave = async |ids: std::ops::Range<usize>| {
        let people: Vec<_> = ids.map(|n| format!("user{n}")).collect();
        for id in &people {
            world.put(inactive(id)).await;
        }
        let names: Vec<_> = people.iter().map(String::as_str).collect();
        stream(&world, &function, &names).await
    };

    // A tenth of those told active may leave within 24 hours. Made-up people take nobody's place.
    assert_eq!(leave(0..6).await, DONE);
    assert_eq!(leave(6..12).await, DONE);

    assert_eq!(calls(&world), ["DELETE"; 6]);
    assert!((6..12).all(|n| world.is_active(&format!("user{n}"))));
    cooldown().await;
    let report = sync(&world, &function).await;
    assert_eq!(report.withheld.deactivations.count, 6, "{report:?}");
    approve(&world, &function, &report).await;
    cooldown().await;
    sync(&world, &function).await;
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_may_still_be_in_an_import_goes_by_session() {
    let (world, function) = proven(20, options()).await;
    // An import that takes long carries a joiner, who leaves meanwhile.
    let takes_long = okta_emulator::Effect::ImportTakes {
        time: Duration::from_secs(1_000),
    };
    world
        .okta
        .inject(okta_emulator::Fault::on("POST", "/sessions/*/start-import").then(takes_long));
    cooldown().await;
    world.put(person("joiner")).await;
    sync(&world, &function).await;
    world.okta.clear_requests();
    world.put(inactive("joiner")).await;

    stream(&world, &function, &["joiner"]).await;

    assert_eq!(calls(&world), Vec::<String>::new());
    tokio::time::sleep(Duration::from_secs(1_200)).await;
    sync(&world, &function).await;
    cooldown().await;
    sync(&world, &function).await;
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn people_known_by_push_alone_never_use_it_and_others_do() {
    let (world, function) = proven(20, options()).await;
    world
        .put(with(person("user1"), json!({"first_name": "Eve"})))
        .await;
    let at = world.clock.now().to_string();
    let push = |record: Value| json!({"command": "push", "records": [record], "at": at});

    let known = answer(&world, &function, &push(person("user1"))).await;
    let quick = sessions(&world) == 0;
    let stranger = answer(&world, &function, &push(person("pushed"))).await;

    assert_eq!(
        known.unwrap()["fastLane"],
        json!({"upserts": 1, "deactivations": 0})
    );
    assert!(quick);
    assert_eq!(stranger.unwrap()["fastLane"]["upserts"], 0);
    assert_eq!(
        (calls(&world), sessions(&world) > 0),
        (vec!["PATCH".to_owned()], true)
    );
}

#[tokio::test(start_paused = true)]
async fn where_okta_knows_better_the_other_call_is_made() {
    let (world, function) = proven(20, options()).await;
    world.okta.admin_deletes("user0").unwrap();
    world
        .put(with(person("user0"), json!({"first_name": "Eve"})))
        .await;
    world.okta.seed_user(
        "joiner",
        okta_emulator::UserStatus::Active,
        [
            ("userName", "joiner@example.com"),
            ("email", "joiner@example.com"),
        ],
    );
    world.put(person("joiner")).await;

    stream(&world, &function, &["user0"]).await;
    stream(&world, &function, &["joiner"]).await;

    assert_eq!(calls(&world), ["PATCH", "POST", "POST", "PATCH"]);
    assert_eq!(sessions(&world), 0);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn somebody_who_comes_back_is_left_to_a_session_as_no_proof_shows_that_calls_bring_anybody_back()
 {
    let (world, function) = proven(20, options()).await;
    for record in [inactive("user0"), person("user0")] {
        world.put(record).await;
        stream(&world, &function, &["user0"]).await;
    }

    assert_eq!(calls(&world), ["DELETE"]);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_comes_twice_is_told_once() {
    let (world, function) = proven(20, options()).await;
    world.put(inactive("user0")).await;

    stream(&world, &function, &["user0"]).await;
    let again = stream(&world, &function, &["user0"]).await;

    assert_eq!(
        (again.as_str(), calls(&world)),
        (DONE, vec!["DELETE".to_owned()])
    );
    assert_eq!(sessions(&world), 0);
}

#[tokio::test(start_paused = true)]
async fn the_history_of_one_person_shows_the_call_and_its_confirmation() {
    let (world, function) = proven(20, options()).await;
    world.put(inactive("user0")).await;
    stream(&world, &function, &["user0"]).await;
    let explain = json!({"command": "explain", "externalId": "user0"});

    let called = answer(&world, &function, &explain).await.unwrap();
    cooldown().await;
    sync(&world, &function).await;
    let confirmed = answer(&world, &function, &explain).await.unwrap();

    let because = |said: &Value| said["because"].as_str().unwrap().to_owned();
    assert_eq!(
        (&called["next"], &called["ledger"]["session"]),
        (&json!("retell"), &Value::Null)
    );
    assert!(because(&called).contains("by a single-user call, which was seen to be done"));
    assert!(called["ledger"]["called"].is_string());
    assert_eq!(confirmed["ledger"]["called"], called["ledger"]["called"]);
    assert!(confirmed["ledger"]["session"].is_string());
    assert!(
        because(&confirmed).contains("A single-user call had told it"),
        "{confirmed}"
    );
}

#[tokio::test(start_paused = true)]
async fn while_a_full_run_has_a_session_open_a_batch_waits_those_seconds() {
    let (world, function) = proven(20, options()).await;
    let until = world.clock.now().as_millisecond() + 20_000;
    let lease = json!({"pk": "lease", "owner": "a full run", "until": until});
    crate::support::put(&world.dynamodb, crate::support::STATE, &lease).await;
    world.put(inactive("user0")).await;
    let began = world.clock.now();

    let done = stream(&world, &function, &["user0"]).await;

    assert_eq!((done.as_str(), calls(&world).len()), (DONE, 1));
    let took = world.clock.now().duration_since(began).as_secs();
    assert!((20..25).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn calls_pass_a_full_run_that_waits_for_okta_and_not_one_that_is_kept_from_the_lease() {
    let (world, function) = proven(20, options()).await;
    let claim = async |since: i64| {
        let now = world.clock.now().as_millisecond();
        let claim = json!({"pk": "claim", "owner": "a full run", "claim": "a full run",
            "until": now + 30_000, "since": now - since});
        crate::support::put(&world.dynamodb, crate::support::STATE, &claim).await;
    };
    let leave = async |id: &str| {
        world.put(inactive(id)).await;
        let began = world.clock.now();
        stream(&world, &function, &[id]).await;
        world.clock.now().duration_since(began).as_secs()
    };

    claim(59_000).await;
    assert!(leave("user0").await < 5);
    claim(60_000).await;
    assert!(leave("user1").await >= 29);
    assert_eq!(calls(&world).len(), 2);
}
