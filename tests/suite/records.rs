//! Records as they really are: keys of another type, other kinds of items, numbers, dates.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use serde_json::{Value, json};

use crate::full_run::{options, person};
use crate::streams::DONE;
use crate::streams_of_records::create_by_tenant;
use crate::support::{World, invoke, invoke_stream, put};
use dynamodb_identity_source::sync::Report;

async fn run(world: &World, environment: &[(&str, &str)], event: Value) -> Report {
    invoke(&world.function(environment), world.clock, &event)
        .await
        .unwrap()
}

fn sync() -> Value {
    json!({"command": "sync"})
}

fn push(world: &World, records: Value) -> Value {
    json!({"command": "push", "records": records, "at": world.clock.now().to_string()})
}

#[tokio::test(start_paused = true)]
async fn a_pushed_key_of_another_type_is_rejected_and_later_runs_go_on() {
    let world = World::start(options()).await;
    let mut wrong = person("7");
    wrong["id"] = json!(7);

    let pushed = run(&world, &[], push(&world, json!([wrong, person("good")]))).await;

    assert_eq!(
        (pushed.rejected.count, pushed.upserts),
        (1, 1),
        "{pushed:?}"
    );
    world.put(person("other")).await;
    let report = run(&world, &[], sync()).await;
    assert_eq!(
        (report.upserts, report.rejected.count),
        (1, 0),
        "{report:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_record_of_a_wrong_shape_is_that_ones_alone() {
    let world = World::start(options()).await;
    world.put(person("joiner")).await;
    let keys = [
        json!({"id": {"S": "joiner"}}),
        json!({"id": {"N": "7"}}),
        json!({"id": {"S": ""}}),
        json!({"id": {"BOOL": true}}),
        json!({"other": {"S": "x"}}),
        json!({}),
        json!("joiner"),
    ];
    let records = keys.iter().enumerate().map(|(n, keys)| {
        json!({"eventSource": "aws:dynamodb", "dynamodb": {"Keys": keys, "SequenceNumber": n.to_string()}})
    });
    let event = json!({"Records": records.collect::<Vec<_>>()});

    let answer = invoke_stream(&world.function(&[]), world.clock, &event).await;

    assert_eq!(serde_json::to_string(&answer).unwrap(), DONE);
    assert!(world.is_active("joiner"));
}

#[tokio::test(start_paused = true)]
async fn a_table_with_another_key_may_take_the_place_of_the_users_table() {
    let world = World::start(options()).await;
    for id in ["stays", "leaves"] {
        world.put(person(id)).await;
    }
    run(&world, &[], sync()).await;
    create_by_tenant(&world.dynamodb, ScalarAttributeType::N).await;
    let mut stays = person("stays");
    stays["tenant"] = json!(7);
    put(&world.dynamodb, "by-tenant", &stays).await;

    let rebind = json!({"command": "sync", "rebind": true});
    let report = run(&world, &[("USERS_TABLE", "by-tenant")], rebind).await;

    // Who stays is told again, because nothing that was told is taken for granted.
    assert_eq!((report.upserts, report.deactivations), (1, 1), "{report:?}");
    assert!(world.is_active("stays") && !world.is_active("leaves"));
}

#[tokio::test(start_paused = true)]
async fn items_of_another_kind_take_part_in_nothing() {
    let world = World::start(options()).await;
    let mapping = json!({"externalId": "{{ number }}", "include": "kind == 'PROFILE'",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
    .to_string();
    let environment = [("MAPPING", mapping.as_str())];
    for id in ["ada", "bo"] {
        let mut profile = person(id);
        profile["kind"] = json!("PROFILE");
        profile["number"] = json!(id);
        world.put(profile).await;
        // One that names its owner, and one that does not.
        world
            .put(json!({"id": format!("{id}-invoice-1"), "kind": "INVOICE", "number": id}))
            .await;
        world
            .put(json!({"id": format!("{id}-invoice-2"), "kind": "INVOICE"}))
            .await;
    }

    let first = run(&world, &environment, sync()).await;
    world.delete("bo").await;
    let second = run(&world, &environment, sync()).await;

    assert_eq!(
        (first.upserts, first.out_of_scope, first.rejected.count),
        (2, 4, 0),
        "{first:?}"
    );
    assert_eq!(
        (second.deactivations, second.withheld.deactivations.count),
        (1, 0),
        "{second:?}"
    );
    assert!(world.is_active("ada") && !world.is_active("bo"));
}

#[tokio::test(start_paused = true)]
async fn an_id_that_nobody_can_have_holds_nobodys_removal() {
    let world = World::start(options()).await;
    for id in ["ada", "bo"] {
        world.put(person(id)).await;
    }
    run(&world, &[], sync()).await;
    world.put(person(&"x".repeat(600))).await;
    world.delete("bo").await;

    let report = run(&world, &[], sync()).await;

    assert_eq!(
        (report.deactivations, report.rejected.count),
        (1, 1),
        "{report:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_number_means_the_same_in_a_push_a_scan_and_a_stream() {
    let mapping = json!({"externalId": "{{ number }}",
        "profile": {"userName": "{{ id }}", "email": "{{ id }}", "title": "{{ share }}"}})
    .to_string();
    let environment = [("MAPPING", mapping.as_str())];
    let record = |number: &str, share: &str| -> Value {
        let written = format!(
            r#"{{"id": "ada@example.com", "active": true, "number": {number}, "share": {share}}}"#
        );
        serde_json::from_str(&written).unwrap()
    };
    for (number, share, id, title) in [
        (
            "12345678901234567890123",
            "2.50",
            "12345678901234567890123",
            "2.5",
        ),
        ("5e1", "1E-2", "50", "0.01"),
        ("9007199254740993", "-0.0", "9007199254740993", "0"),
    ] {
        let world = World::start(options()).await;
        let record = record(number, share);
        world.put(record.clone()).await;
        let push = push(&world, json!([record]));

        let pushed = run(&world, &environment, push).await;

        assert_eq!(
            (pushed.upserts, pushed.rejected.count),
            (1, 0),
            "{pushed:?}"
        );
        assert_eq!(world.okta.user(id).unwrap().profile["title"], title);
        let scanned = run(&world, &environment, sync()).await;
        assert_eq!((scanned.unchanged, scanned.upserts), (1, 0), "{scanned:?}");
        let batch = crate::streams::batch(&[("MODIFY", "ada@example.com")]);
        invoke_stream(&world.function(&environment), world.clock, &batch).await;
        assert_eq!(world.okta.sessions().len(), 1);
    }
    let world = World::start(options()).await;
    let push = push(&world, json!([record(&"7".repeat(39), "0")]));
    let pushed = run(&world, &environment, push).await;
    assert_eq!(
        (pushed.upserts, pushed.rejected.count),
        (0, 1),
        "{pushed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_date_that_is_crossed_is_found_without_any_change_in_the_table() {
    let world = World::start(options()).await;
    let day =
        |days: i64| (world.clock.now() + jiff::SignedDuration::from_hours(24 * days)).to_string();
    let mapping =
        json!({"externalId": "{{ id }}", "activeFrom": "{{ starts }}", "activeUntil": "{{ ends }}",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
        .to_string();
    let environment = [("MAPPING", mapping.as_str())];
    let mut joiner = person("joiner");
    joiner["starts"] = json!(day(2));
    joiner["ends"] = json!(day(4));
    world.put(joiner).await;
    world.put(person("other")).await;
    let mut seen = Vec::new();

    for _ in 0..3 {
        let report = run(&world, &environment, sync()).await;
        seen.push((report.upcoming, report.upserts, report.deactivations));
        let again = run(&world, &environment, sync()).await;
        assert_eq!((again.upserts, again.deactivations), (0, 0), "{again:?}");
        tokio::time::advance(std::time::Duration::from_secs(2 * 24 * 60 * 60 + 60)).await;
    }

    assert_eq!(seen, [(1, 1, 0), (0, 1, 0), (0, 0, 1)]);
    assert!(!world.is_active("joiner") && world.is_active("other"));
}

#[tokio::test(start_paused = true)]
async fn who_is_upcoming_stays_as_okta_has_them() {
    let world = World::start(options()).await;
    let mapping = json!({"externalId": "{{ id }}", "activeFrom": "{{ starts }}",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
    .to_string();
    let environment = [("MAPPING", mapping.as_str())];
    world.put(person("ada")).await;
    run(&world, &environment, sync()).await;
    let mut postponed = person("ada");
    postponed["starts"] = json!("2999-01-01");
    world.put(postponed).await;

    let report = run(&world, &environment, sync()).await;

    assert_eq!(
        (report.upcoming, report.deactivations),
        (1, 0),
        "{report:?}"
    );
    assert!(world.is_active("ada"));
}

#[tokio::test(start_paused = true)]
async fn who_goes_out_of_scope_is_kept_where_the_mapping_says_so() {
    for (rule, kept) in [("keep", true), ("deactivate", false)] {
        let world = World::start(options()).await;
        let mapping =
            json!({"externalId": "{{ number }}", "include": "kind != 'out'", "outOfScope": rule,
            "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
            .to_string();
        let environment = [("MAPPING", mapping.as_str())];
        for id in ["ada", "bo"] {
            let mut record = person(id);
            record["number"] = json!(id);
            world.put(record).await;
        }
        run(&world, &environment, sync()).await;
        let mut out = person("ada");
        out["number"] = json!("ada");
        out["kind"] = json!("out");
        world.put(out).await;

        let report = run(&world, &environment, sync()).await;

        assert_eq!(report.out_of_scope, 1, "{report:?}");
        assert_eq!(world.is_active("ada"), kept, "{rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_out_of_scope_leaves_by_the_stream_too() {
    let world = World::start(options()).await;
    let mapping = json!({"externalId": "{{ number }}", "include": "kind != 'out'",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
    .to_string();
    let function = world.function(&[("MAPPING", &mapping)]);
    for id in ["ada", "bo"] {
        let mut record = person(id);
        record["number"] = json!(format!("n-{id}"));
        world.put(record).await;
    }
    invoke(&function, world.clock, &sync()).await.unwrap();
    let mut out = person("ada");
    out["number"] = json!("n-ada");
    out["kind"] = json!("out");
    world.put(out).await;

    let batch = crate::streams::batch(&[("MODIFY", "ada")]);
    let answer = invoke_stream(&function, world.clock, &batch).await;

    assert_eq!(serde_json::to_string(&answer).unwrap(), DONE);
    assert!(!world.is_active("n-ada") && world.is_active("n-bo"));
}

#[test]
fn plain_json_is_put_with_all_its_digits() {
    let record: Value = serde_json::from_str(r#"{"n": 12345678901234567890.50}"#).unwrap();

    let attribute = crate::support::attribute(&record["n"]);

    assert_eq!(
        attribute,
        AttributeValue::N("12345678901234567890.50".to_owned())
    );
}
