//! What tests do again and again.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodb_identity_source::{handler::Function, sync::Report};
use okta_emulator::{Options, UserStatus};
use serde_json::{Value, json};

use crate::support::{STATE, USERS, World, invoke};

/// A person's record.
pub fn person(id: &str) -> Value {
    json!({"id": id, "active": true, "first_name": "Ada", "last_name": "Okafor", "email": format!("{id}@example.com")})
}

/// A record with some of its attributes changed.
pub fn with(mut record: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

/// A person who has left.
pub fn inactive(id: &str) -> Value {
    with(person(id), json!({"active": false}))
}

/// An Okta that takes our token.
pub fn options() -> Options {
    Options {
        identity_source: crate::support::SOURCE.into(),
        token: crate::support::TOKEN.into(),
        ..Options::default()
    }
}

/// A world with these many people, `user0` and so on.
pub async fn world_of(people: usize) -> World {
    let world = World::start(options()).await;
    for n in 0..people {
        world.put(person(&format!("user{n}"))).await;
    }
    world
}

/// A full run that ends well.
pub async fn sync(world: &World, function: &Function) -> Report {
    run(world, function, &json!({"command": "sync"})).await
}

/// A dry run that ends well.
pub async fn plan(world: &World, function: &Function) -> Report {
    run(world, function, &json!({"command": "plan"})).await
}

/// Approves of all whose deactivation a report says is withheld.
pub async fn approve(world: &World, function: &Function, report: &Report) -> Value {
    answer(world, function, &approval(report)).await.unwrap()
}

/// The event that approves of them.
pub fn approval(report: &Report) -> Value {
    let digest = report.withheld.deactivations.digest.as_ref().unwrap();
    json!({"command": "approve", "digest": digest, "by": "tests"})
}

/// What a direct invocation is answered with, as Lambda passes it on; the error's name and text if
/// it is none.
pub async fn answer(
    world: &World,
    function: &Function,
    event: &Value,
) -> Result<Value, (&'static str, String)> {
    let deadline = world.clock.now() + std::time::Duration::from_secs(900);
    let id = format!("run-{:08x}", fastrand::u32(..));
    match Box::pin(function.invoke(event, &id, deadline)).await {
        Ok(answer) => Ok(serde_json::to_value(answer).unwrap()),
        Err(error) => Err((error.name(), error.to_string())),
    }
}

pub async fn run(world: &World, function: &Function, event: &Value) -> Report {
    let report = invoke(function, world.clock, event).await.unwrap();
    assert_eq!(world.okta.violations(), Vec::<String>::new());
    report
}

/// A full run that does not end well: what it says.
pub async fn fails(world: &World, function: &Function) -> String {
    let result = invoke(function, world.clock, &json!({"command": "sync"})).await;
    result.unwrap_err().to_string()
}

/// Five minutes, after which Okta opens a session again.
pub async fn cooldown() {
    tokio::time::sleep(std::time::Duration::from_secs(300)).await;
}

/// Upserts and deactivations of a report.
pub fn changes(report: &Report) -> (u64, u64) {
    (report.upserts, report.deactivations)
}

/// Whether Okta has this user active.
pub fn is_active(world: &World, id: &str) -> bool {
    let user = world.okta.user(id);
    user.is_some_and(|user| user.status == UserStatus::Active)
}

/// Asserts that Okta has active exactly those whom the table has active (by the default
/// mapping), under the names that the table has.
pub async fn assert_agreement(world: &World) {
    let wanted: BTreeMap<_, _> = items(world, USERS)
        .await
        .into_iter()
        .filter(|item| item["active"] == AttributeValue::Bool(true))
        .map(|item| (text(&item, "id"), text(&item, "first_name")))
        .collect();
    let had: BTreeMap<_, _> = world
        .okta
        .directory()
        .into_iter()
        .filter(|(_, user)| user.status == UserStatus::Active)
        .map(|(id, user)| (id, user.profile["firstName"].clone()))
        .collect();
    assert_eq!(had, wanted);
    assert_eq!(world.okta.violations(), Vec::<String>::new());
}

fn text(item: &BTreeMap<String, AttributeValue>, name: &str) -> String {
    item[name].as_s().unwrap().clone()
}

/// All that a table holds, in order.
pub async fn items(world: &World, table: &str) -> Vec<BTreeMap<String, AttributeValue>> {
    let mut pages = world
        .dynamodb
        .scan()
        .table_name(table)
        .consistent_read(true)
        .into_paginator()
        .items()
        .send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        items.push(item.unwrap().into_iter().collect::<BTreeMap<_, _>>());
    }
    items.sort_by_key(|item| format!("{item:?}"));
    items
}

/// All that the state table holds.
pub async fn state(world: &World) -> Vec<BTreeMap<String, AttributeValue>> {
    items(world, STATE).await
}

/// All that the state table holds but what is kept of runs, and of imports that are looked at.
pub async fn without_history(world: &World) -> Vec<BTreeMap<String, AttributeValue>> {
    let mut items = state(world).await;
    items.retain(|item| {
        let pk = text(item, "pk");
        pk != "history" && pk != "unchecked" && !pk.starts_with("run#")
    });
    items
}

/// A full run that ends well in an invocation that Lambda ends after this long.
pub async fn invoke_for(world: &World, function: &Function, time: std::time::Duration) -> Report {
    let deadline = world.clock.now() + time;
    let event = json!({"command": "sync"});
    match function
        .invoke(&event, "short-run", deadline)
        .await
        .unwrap()
    {
        dynamodb_identity_source::handler::Answer::Report(report) => *report,
        other => panic!("a report was expected, not {other:?}"),
    }
}
