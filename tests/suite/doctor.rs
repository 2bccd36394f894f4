//! What the doctor says, and that it only looks.

use dynamodb_identity_source::{
    clock::Clock,
    doctor::{Check, Diagnosis, Status},
    handler::{Answer, Function},
};
use serde_json::json;

use crate::{
    steps::{items, options, person, state, with, world_of},
    support::{USERS, World},
};

async fn examine(function: &Function, clock: Clock) -> Diagnosis {
    let deadline = clock.now() + std::time::Duration::from_secs(900);
    let event = json!({"command": "doctor"});
    match Box::pin(function.invoke(&event, "doctor", deadline)).await {
        Ok(Answer::Doctor(diagnosis)) => *diagnosis,
        other => panic!("a diagnosis was expected, not {other:?}"),
    }
}

pub async fn diagnosis(world: &World, changes: &[(&str, &str)]) -> Diagnosis {
    examine(&world.function(changes), world.clock).await
}

fn check<'a>(diagnosis: &'a Diagnosis, name: &str) -> &'a Check {
    let found = diagnosis.checks.iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("no check {name} in {diagnosis:#?}"))
}

/// Asserts how a check ended, and that what it says has these words in it.
pub fn says(diagnosis: &Diagnosis, name: &str, status: Status, words: &[&str]) {
    let check = check(diagnosis, name);
    assert_eq!(check.status, status, "{check:#?}");
    assert_eq!(check.todo.is_none(), status == Status::Ok, "{check:#?}");
    let said = format!("{} {}", check.summary, check.todo.as_deref().unwrap_or(""));
    for word in words {
        assert!(said.contains(word), "{word} is not in {check:#?}");
    }
}

/// A person about whom everything is known.
pub fn complete(id: &str) -> serde_json::Value {
    with(
        person(id),
        json!({"title": "Dr", "street_number": 7, "street_name": "Main", "city": "Oslo",
            "state": "Oslo", "country": "NO", "postcode": "0150", "phone": "555-0100",
            "cell": "555-0101"}),
    )
}

pub async fn complete_world() -> World {
    let world = World::start(options()).await;
    for n in 0..25 {
        world.put(complete(&format!("user{n}"))).await;
    }
    world
}

#[tokio::test(start_paused = true)]
async fn where_everything_is_fine_the_doctor_says_so() {
    let world = complete_world().await;

    let found = diagnosis(&world, &[]).await;

    assert!(found.ok, "{found:#?}");
    assert_eq!(found.summary, "everything that a run needs is there");
    let names: Vec<_> = found.checks.iter().map(|check| check.name).collect();
    assert_eq!(
        names,
        [
            "configuration",
            "mapping",
            "users table",
            "state table",
            "credentials",
            "identity source",
            "profile schema",
            "verification",
            "further scopes",
            "fast lane",
            "clock",
            "answer times"
        ]
    );
    for name in names {
        says(&found, name, Status::Ok, &[&format!("{name} ok: ")]);
    }
    says(
        &found,
        "mapping",
        Status::Ok,
        &["of 20 records 20 are active", "present: city, "],
    );
    says(
        &found,
        "users table",
        Status::Ok,
        &["key id (S)", "no stream"],
    );
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["checks"][0]["status"], "ok");
    assert_eq!(json["checks"][0]["todo"], json!(null));
}

#[tokio::test(start_paused = true)]
async fn the_doctor_changes_nothing_and_tells_nothing_of_anybody() {
    let mut world = complete_world().await;
    let between = world.between().await;
    crate::steps::sync(&world, &world.function(&[])).await;
    let before = (
        items(&world, USERS).await,
        state(&world).await,
        world.okta.directory(),
    );
    world.okta.clear_requests();

    let found = diagnosis(&world, &[]).await;

    let after = (
        items(&world, USERS).await,
        state(&world).await,
        world.okta.directory(),
    );
    assert_eq!(before, after);
    assert!(
        world
            .okta
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );
    assert!(between.dynamodb.count("UpdateItem identity-source-state") > 0);
    assert_eq!(between.dynamodb.count("UpdateItem users"), 0);
    let told = serde_json::to_string(&found).unwrap();
    for value in ["user1", "Okafor", "Oslo", "555-01", crate::support::TOKEN] {
        assert!(!told.contains(value), "{value} is in {told}");
    }
    says(&found, "state table", Status::Ok, &["25 users active"]);
}

#[tokio::test(start_paused = true)]
async fn missing_variables_are_named_and_what_does_not_need_them_is_checked_all_the_same() {
    let world = complete_world().await;

    let found = diagnosis(&world, &[("OKTA_ORG_URL", ""), ("STATE_TABLE", "")]).await;

    assert!(!found.ok);
    says(
        &found,
        "configuration",
        Status::Failed,
        &["OKTA_ORG_URL", "STATE_TABLE"],
    );
    says(&found, "mapping", Status::Ok, &[]);
    says(&found, "users table", Status::Ok, &[]);
    says(
        &found,
        "state table",
        Status::Skipped,
        &["see configuration"],
    );
    says(
        &found,
        "credentials",
        Status::Warning,
        &["could not be tried"],
    );
    says(
        &found,
        "identity source",
        Status::Skipped,
        &["see credentials"],
    );
    says(
        &found,
        "profile schema",
        Status::Skipped,
        &["see identity source"],
    );
}

#[tokio::test(start_paused = true)]
async fn without_any_variable_there_is_an_answer_too() {
    let world = World::start(options()).await;
    let everything: Vec<_> = world
        .environment()
        .iter()
        .map(|(name, _)| (*name, ""))
        .collect();

    let found = diagnosis(&world, &everything).await;

    says(
        &found,
        "configuration",
        Status::Failed,
        &["USERS_TABLE", "OKTA_CREDENTIALS"],
    );
    says(
        &found,
        "credentials",
        Status::Skipped,
        &["see configuration"],
    );
    says(&found, "clock", Status::Skipped, &[]);
}

#[tokio::test(start_paused = true)]
async fn a_broken_mapping_is_shown_where_it_is_broken() {
    let world = complete_world().await;
    let mapping =
        r#"{"externalId":"{{ id }}","active":"active","profile":{"userName":"{{ email "}}"#;

    let found = diagnosis(&world, &[("MAPPING", mapping)]).await;

    says(&found, "configuration", Status::Ok, &[]);
    says(&found, "mapping", Status::Failed, &["profile.userName"]);
    says(&found, "identity source", Status::Ok, &[]);
    says(&found, "profile schema", Status::Skipped, &["see mapping"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_mapping_makes_of_records_is_told_in_names_and_numbers() {
    let world = world_of(3).await;
    world
        .put(with(person("bad"), json!({"email": "nowhere"})))
        .await;
    world
        .put(with(person("left"), json!({"active": false})))
        .await;

    let found = diagnosis(&world, &[]).await;

    assert!(found.ok, "{found:#?}");
    says(
        &found,
        "mapping",
        Status::Warning,
        &[
            "of 5 records 3 are active, 1 inactive",
            "1 of 5 are rejected",
            "email: is not an email address (1×)",
            "no record has the attributes cell, city",
        ],
    );
}
