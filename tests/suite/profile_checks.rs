//! What the app's own schema would refuse is rejected before Okta is asked.

use std::time::Duration;

use dynamodb_identity_source::{handler::Function, sync::Report};
use serde_json::{Value, json};

use crate::{
    steps::{changes, cooldown, inactive, is_active, person, plan, sync, with, world_of},
    streams::{DONE, batch},
    support::{Between, World, invoke, invoke_stream, proxy::Fault},
};

const SCHEMA: &str = "GET apps/{id}/default";

/// A world whose app asks something of these attributes.
async fn strict(people: usize, asks: Value) -> (World, Between, Function) {
    let mut world = world_of(people).await;
    let between = world.between().await;
    asked(&between, asks);
    let function = world.function(&[("PROFILE_CHECKS", "on")]);
    (world, between, function)
}

/// From now on the app asks this.
fn asked(between: &Between, asks: Value) {
    let edit = Fault::edit(move |_, schema| {
        for (name, rules) in asks.as_object().unwrap() {
            let properties = &mut schema["definitions"]["custom"]["properties"];
            properties[name] = with(json!({"type": "string"}), rules.clone());
        }
    });
    between.okta.on(SCHEMA, .., edit);
}

fn reasons(report: &Report) -> Vec<&str> {
    let reasons = report.rejected.examples.iter().flat_map(|one| &one.reasons);
    reasons.map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn what_the_app_would_refuse_is_rejected_by_plans_and_runs_alike() {
    let asks = json!({"city": {"maxLength": 4}, "title": {"enum": ["Dr"]}, "zipCode": {"type": "integer"}});
    let (world, between, function) = strict(1, asks).await;
    for (id, changes) in [
        (
            "good",
            json!({"city": "Oslo", "title": "Dr", "postcode": "1234"}),
        ),
        ("city", json!({"city": "Bergen"})),
        ("title", json!({"title": "Mx"})),
        ("zip", json!({"postcode": "D02 XY"})),
    ] {
        world.put(with(person(id), changes)).await;
    }

    let planned = plan(&world, &function).await;
    let report = sync(&world, &function).await;

    for report in [&planned, &report] {
        assert_eq!(
            (report.upserts, report.rejected.count),
            (2, 3),
            "{report:?}"
        );
        let mut said = reasons(report);
        said.sort_unstable();
        assert_eq!(
            said,
            [
                "city: has 6 characters, the app allows at most 4",
                "title: is not one of the 1 values that the app allows",
                "zipCode: is not of type integer, as the app has it",
            ]
        );
    }
    assert!(is_active(&world, "good") && world.okta.user("city").is_none());
    // At most once in ten minutes, and in every invocation.
    assert_eq!(between.okta.count(SCHEMA), 1);
    tokio::time::advance(Duration::from_secs(11 * 60)).await;
    sync(&world, &function).await;
    assert_eq!(between.okta.count(SCHEMA), 2);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_never_held_against_it_nor_whom_okta_has_as_they_are() {
    let (world, between, function) = strict(4, json!({})).await;
    world
        .put(with(person("settled"), json!({"city": "Bergen"})))
        .await;
    sync(&world, &function).await;
    asked_anew(
        &between,
        json!({"city": {"maxLength": 4}, "state": {"required": true}}),
    );
    tokio::time::advance(Duration::from_secs(11 * 60)).await;
    world
        .put(with(inactive("user1"), json!({"city": "Bergen"})))
        .await;
    world.delete("user2").await;
    world
        .put(with(person("user3"), json!({"city": "Bergen"})))
        .await;

    let report = sync(&world, &function).await;

    assert_eq!(
        (changes(&report), report.unchanged, report.rejected.count),
        ((0, 2), 2, 1),
        "{report:?}"
    );
    assert_eq!(report.withheld.deactivations.count, 0);
    assert!(!is_active(&world, "user1") && !is_active(&world, "user2"));
    assert!(is_active(&world, "user3") && is_active(&world, "settled"));
}

fn asked_anew(between: &Between, asks: Value) {
    between.okta.heal();
    asked(between, asks);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_out_is_missed_in_newcomers_alone() {
    let (world, between, _) = strict(1, json!({})).await;
    let mapping = json!({"externalId": "{{ id }}", "profile": {"userName": "{{ email }}", "email": "{{ email }}",
        "title": "{{ title }}", "city": {"value": "{{ city }}", "whenEmpty": "omit"}}});
    let mapping = mapping.to_string();
    let function = world.function(&[("PROFILE_CHECKS", "on"), ("MAPPING", &mapping)]);
    sync(&world, &function).await;
    asked_anew(&between, json!({"city": {"required": true}}));
    tokio::time::advance(Duration::from_secs(11 * 60)).await;
    world
        .put(with(person("user0"), json!({"title": "Dr"})))
        .await;
    world.put(person("new")).await;

    let report = sync(&world, &function).await;

    assert_eq!(
        (report.upserts, report.rejected.count),
        (1, 1),
        "{report:?}"
    );
    assert_eq!(
        reasons(&report),
        ["city: is empty, and the app requires it"]
    );
    assert_eq!(
        report.rejected.examples[0].external_id.as_deref(),
        Some("new")
    );
}

#[tokio::test(start_paused = true)]
async fn batches_and_pushes_keep_to_it_too() {
    let (world, between, function) = strict(2, json!({"city": {"maxLength": 4}})).await;
    let long = |id: &str| with(person(id), json!({"city": "Bergen"}));
    world.put(long("streamed")).await;

    let event = batch(&[("INSERT", "streamed"), ("INSERT", "user0")]);
    let streamed = invoke_stream(&function, world.clock, &event).await;
    cooldown().await;
    let event = json!({"command": "push", "records": [long("pushed"), person("other")],
        "at": world.clock.now().to_string()});
    let pushed = invoke(&function, world.clock, &event).await.unwrap();

    assert_eq!(serde_json::to_string(&streamed).unwrap(), DONE);
    assert_eq!(
        (pushed.upserts, pushed.rejected.count),
        (1, 1),
        "{pushed:?}"
    );
    assert!(is_active(&world, "user0") && is_active(&world, "other"));
    assert!(world.okta.user("streamed").is_none() && world.okta.user("pushed").is_none());
    assert_eq!(between.okta.count(SCHEMA), 1);
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_cannot_be_read_stops_nobody_and_is_not_asked_for_again_and_again() {
    for fault in [
        Fault::Answer(403, json!({"errorCode": "E0000006"})),
        Fault::Answer(200, json!("nonsense")),
        Fault::Answer(500, json!({})),
        Fault::CloseBefore,
    ] {
        let (world, between, function) = strict(2, json!({})).await;
        between.okta.heal();
        between.okta.on(SCHEMA, .., fault);

        let report = sync(&world, &function).await;
        let asked = between.okta.count(SCHEMA);
        let again = plan(&world, &function).await;

        assert_eq!((report.upserts, again.unchanged), (2, 2), "{report:?}");
        assert_eq!(between.okta.count(SCHEMA), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_reads_it_unless_the_configuration_says_so() {
    let (world, between, _) = strict(2, json!({"city": {"required": true}})).await;

    let report = sync(&world, &world.function(&[])).await;

    assert_eq!((report.upserts, between.okta.count(SCHEMA)), (2, 0));
}
