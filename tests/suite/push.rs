//! Records that come in the payload.

use serde_json::{Value, json};

use crate::full_run::{options, person};
use crate::support::{World, invoke};
use dynamodb_identity_source::sync::Report;

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
    for id in ["stays", "leaves"] {
        world.put(person(id)).await;
    }
    sync(&world).await;

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
async fn the_safeguard_holds_for_pushes_too() {
    let world = World::start(options()).await;
    for n in 0..20 {
        world.put(person(&format!("user{n}"))).await;
    }
    sync(&world).await;
    let leavers: Vec<_> = (0..6)
        .map(|n| json!({"id": format!("user{n}"), "active": false}))
        .collect();

    let held = push(&world, json!(leavers)).await;
    let event = json!({"command": "push", "records": leavers, "allowDeactivations": 6});
    let allowed = invoke(&world.function(&[]), world.clock, &event)
        .await
        .unwrap();

    assert_eq!(
        (held.deactivations, held.withheld.deactivations.count),
        (0, 6),
        "{held:?}"
    );
    assert_eq!((allowed.deactivations, world.okta.active_count()), (6, 14));
}
