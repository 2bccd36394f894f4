//! Records that come in the payload.

use okta_emulator::{Effect, Fault};
use serde_json::{Value, json};

use crate::full_run::{options, person};
use crate::steps::{answer, approve};
use crate::support::{World, invoke};
use dynamodb_identity_source::sync::Report;

/// A mapping by which the key says whom a record is about, and one by which it does not.
const PLAIN: &str = r#"{"externalId": "{{ id }}", "include": "kind is undefined", "profile": {"userName": "{{ email }}",
    "email": "{{ email }}", "firstName": "{{ first_name }}", "lastName": "{{ last_name }}"}}"#;
const FOLDING: &str = r#"{"externalId": "{{ id | lower }}", "include": "kind is undefined", "profile": {
    "userName": "{{ email }}", "email": "{{ email }}", "firstName": "{{ first_name }}", "lastName": "{{ last_name }}"}}"#;

async fn push(world: &World, records: Value) -> Report {
    let event = json!({"command": "push", "records": records, "at": world.clock.now().to_string()});
    invoke(&world.function(&[]), world.clock, &event)
        .await
        .unwrap()
}

async fn sync(world: &World) -> Report {
    invoke(
        &world.function(&[]),
        world.clock,
        &json!({"command": "sync"}),
    )
    .await
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_the_payload_says_is_done_and_nobody_else_is_touched() {
    let world = World::start(options()).await;
    world.put(person("stays")).await;
    sync(&world).await;

    push(&world, json!([person("leaves")])).await;
    let mut leaver = person("leaves");
    leaver["active"] = json!(false);
    let report = push(&world, json!([person("joins"), leaver])).await;

    assert_eq!(
        (report.scanned, report.upserts, report.deactivations),
        (2, 1, 1),
        "{report:?}"
    );
    assert!(world.is_active("joins"));
    assert!(!world.is_active("leaves"));
    assert!(world.is_active("stays"));
}

#[tokio::test(start_paused = true)]
async fn malformed_records_are_rejected_one_by_one() {
    let world = World::start(options()).await;

    let report = push(
        &world,
        json!([7, {"email": "nobody@example.com"}, person("good"), {"id": "bad", "active": true}]),
    )
    .await;

    assert_eq!(
        (report.rejected.count, report.upserts),
        (3, 1),
        "{report:?}"
    );
    let reasons: Vec<_> = report
        .rejected
        .examples
        .iter()
        .flat_map(|example| &example.reasons)
        .collect();
    assert!(
        reasons[0].contains("records[0]: is not a JSON object"),
        "{reasons:?}"
    );
    assert!(reasons[1].contains("key (id)"), "{reasons:?}");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_in_a_push_twice_is_one_and_two_that_differ_are_none() {
    let world = World::start(options()).await;
    let mut other = person("several");
    other["first_name"] = json!("Eve");

    let records = json!([person("twice"), person("several"), person("twice"), other]);
    let report = push(&world, records).await;

    assert_eq!(
        (report.upserts, report.rejected.count),
        (1, 2),
        "{report:?}"
    );
    assert!(world.is_active("twice"));
    assert!(world.okta.user("several").is_none());
}

#[tokio::test(start_paused = true)]
async fn who_came_by_push_alone_is_not_gone() {
    let world = World::start(options()).await;
    world.put(person("table")).await;
    sync(&world).await;
    push(&world, json!([person("pushed")])).await;

    let report = sync(&world).await;

    assert_eq!(
        (
            report.upserts,
            report.deactivations,
            report.withheld.deactivations.count
        ),
        (0, 0, 0),
        "{report:?}"
    );
    assert_eq!(world.okta.active_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_pushed_user_who_appears_in_the_table_belongs_to_it_from_then_on() {
    let world = World::start(options()).await;
    world.put(person("table")).await;
    push(&world, json!([person("pushed")])).await;

    world.put(person("pushed")).await;
    let appears = sync(&world).await;
    world.delete("pushed").await;
    let vanishes = sync(&world).await;

    assert_eq!((appears.unchanged, appears.upserts), (1, 1), "{appears:?}");
    assert_eq!(vanishes.deactivations, 1, "{vanishes:?}");
    assert!(!world.is_active("pushed"));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_a_record_is_told_what_the_table_says() {
    let world = World::start(options()).await;
    world.put(person("ada")).await;
    sync(&world).await;

    let report = push(&world, json!([{"id": "ada", "active": false}])).await;

    assert_eq!((report.upserts, report.deactivations), (0, 0), "{report:?}");
    assert!(world.is_active("ada"));
}

#[tokio::test(start_paused = true)]
async fn leavers_by_push_whom_the_guard_withholds_are_told_by_a_full_run_once_they_are_approved() {
    let world = World::start(options()).await;
    let function = world.function(&[]);
    world.put(person("table")).await;
    let people: Vec<_> = (0..20).map(|n| person(&format!("user{n}"))).collect();
    push(&world, json!(people)).await;
    sync(&world).await;
    let leavers: Vec<_> = (0..6)
        .map(|n| json!({"id": format!("user{n}"), "active": false}))
        .collect();
    let at = world.clock.now().to_string();
    let event = json!({"command": "push", "records": leavers, "at": at});

    let (name, said) = answer(&world, &function, &event).await.unwrap_err();

    assert_eq!(name, "PushUnfinished");
    assert!(
        said.contains("6 of the 6") && said.contains("6 are withheld"),
        "{said}"
    );
    assert_eq!(world.okta.active_count(), 21);
    let withheld = sync(&world).await;
    assert_eq!(withheld.withheld.deactivations.count, 6, "{withheld:?}");
    approve(&world, &function, &withheld).await;
    assert_eq!(sync(&world).await.deactivations, 6);
    assert_eq!(world.okta.active_count(), 15);
}

#[tokio::test(start_paused = true)]
async fn a_push_that_is_repeated_is_not_done_before_the_import_that_carries_it_has_ended() {
    for active in [true, false] {
        let world = World::start(options()).await;
        let function = world.function(&[]);
        world.put(person("table")).await;
        push(&world, json!([person("ada")])).await;
        world
            .okta
            .inject(
                Fault::on("POST", "/sessions/*/start-import").then(Effect::ImportTakes {
                    time: std::time::Duration::from_secs(2_000),
                }),
            );
        let mut record = person("ada");
        record["active"] = json!(active);
        record["first_name"] = json!("Augusta");
        let at = world.clock.now().to_string();
        let event = json!({"command": "push", "records": [record], "at": at});

        for _ in 0..2 {
            let (name, said) = answer(&world, &function, &event).await.unwrap_err();
            assert_eq!(name, "PushUnfinished", "{said}");
        }
        tokio::time::sleep(std::time::Duration::from_secs(2_000)).await;
        let done = answer(&world, &function, &event).await.unwrap();

        assert_eq!(done["waiting"], 0, "{done}");
        assert_eq!(world.is_active("ada"), active);
    }
}

#[tokio::test(start_paused = true)]
async fn an_older_push_never_overwrites_a_newer_one() {
    let world = World::start(options()).await;
    let function = world.function(&[]);
    world.put(person("table")).await;
    let now = world.clock.now();
    let push = async |name: &str, ago: u64| {
        let mut record = person("ada");
        record["first_name"] = json!(name);
        let at = (now - std::time::Duration::from_secs(ago)).to_string();
        let event = json!({"command": "push", "records": [record], "at": at});
        answer(&world, &function, &event).await.unwrap()
    };

    push("New", 60).await;
    let older = push("Old", 120).await;

    assert_eq!(older["upserts"], 0, "{older}");
    assert_eq!(world.okta.user("ada").unwrap().profile["firstName"], "New");
}

#[tokio::test(start_paused = true)]
async fn an_older_push_lets_nobody_in_whom_a_newer_one_has_leave_though_nobody_knew_them() {
    let leaves = [("active", json!(false), 1), ("kind", json!("robot"), 0)];
    for (mapping, (name, value, strangers)) in [PLAIN, FOLDING].into_iter().flat_map(|mapping| {
        let each = leaves.clone().into_iter();
        each.map(move |leaves| (mapping, leaves))
    }) {
        let world = World::start(options()).await;
        let function = world.function(&[("MAPPING", mapping)]);
        let before = world.clock.now();
        let push = async |record: Value, at: String| {
            let event = json!({"command": "push", "records": [record], "at": at});
            answer(&world, &function, &event).await.unwrap()
        };
        let mut leaver = person("joiner");
        leaver[name] = value;
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;

        let newer = push(leaver, world.clock.now().to_string()).await;
        let older = push(person("joiner"), before.to_string()).await;

        assert!(
            newer["strangers"] == strangers || mapping == FOLDING,
            "{newer}"
        );
        assert_eq!(older["upserts"], 0, "{name} {older}");
        assert!(world.okta.user("joiner").is_none());
        let plan = json!({"command": "plan"});
        let plan = answer(&world, &function, &plan).await.unwrap();
        assert_eq!(plan["deactivations"], 0, "{plan}");
        // Whoever is pushed later is let in.
        let said = push(person("joiner"), world.clock.now().to_string()).await;
        assert_eq!(said["upserts"], 1, "{said}");
        assert!(world.is_active("joiner"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_that_another_has_overtaken_is_not_done_before_that_one_is() {
    let world = World::start(options()).await;
    let function = world.function(&[("MAX_DEACTIVATIONS", "0")]);
    world.put(person("table")).await;
    push(&world, json!([person("ada")])).await;
    let now = world.clock.now() + std::time::Duration::from_secs(200);
    let leaves = async |ago: u64| {
        let at = (now - std::time::Duration::from_secs(ago)).to_string();
        let records = json!([{"id": "ada", "active": false}]);
        let event = json!({"command": "push", "records": records, "at": at});
        answer(&world, &function, &event).await
    };

    for ago in [20, 100] {
        let (name, said) = leaves(ago).await.unwrap_err();
        assert_eq!(name, "PushUnfinished", "{said}");
    }
    let withheld = invoke(&function, world.clock, &json!({"command": "sync"}))
        .await
        .unwrap();
    approve(&world, &function, &withheld).await;
    let told = invoke(&function, world.clock, &json!({"command": "sync"}))
        .await
        .unwrap();

    assert_eq!(told.deactivations, 1, "{told:?}");
    assert!(!world.is_active("ada"));
    assert_eq!(leaves(100).await.unwrap()["waiting"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_push_from_the_future_or_one_that_nobody_allows_is_an_error() {
    let world = World::start(options()).await;
    let ahead = (world.clock.now() + std::time::Duration::from_secs(360)).to_string();
    let event = |at: &str| json!({"command": "push", "records": [person("ada")], "at": at});

    let early = answer(&world, &world.function(&[]), &event(&ahead)).await;
    let now = world.clock.now().to_string();
    let off = answer(&world, &world.function(&[("PUSH", "off")]), &event(&now)).await;

    assert_eq!(early.unwrap_err().0, "InvalidEvent");
    assert_eq!(off.unwrap_err().0, "PushForbidden");
    assert_eq!(world.okta.request_count(), 0);
}
