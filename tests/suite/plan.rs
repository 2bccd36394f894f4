//! A dry run, and what a run tells.

use serde_json::json;

use crate::{
    steps::{
        assert_agreement, changes, inactive, options, person, plan, state, sync, with, world_of,
    },
    support::{USERS, World, invoke},
};

#[tokio::test(start_paused = true)]
async fn a_plan_writes_nothing_on_either_side() {
    let mut world = world_of(8).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .put(with(person("user1"), json!({"first_name": "Zoë"})))
        .await;
    world.put(inactive("user2")).await;
    world.delete("user3").await;
    world.put(person("new")).await;
    let (state_before, okta_before) = (state(&world).await, world.okta.directory());
    world.okta.clear_requests();
    between.dynamodb.forget();

    let report = plan(&world, &function).await;

    assert!(report.dry_run);
    assert_eq!(changes(&report), (2, 2), "{report:?}");
    assert_eq!(report.sessions, []);
    assert_eq!(state(&world).await, state_before);
    assert_eq!(world.okta.directory(), okta_before);
    assert!(
        world
            .okta
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );
    for call in between.dynamodb.calls() {
        assert!(
            ["Scan", "GetItem", "BatchGetItem", "DescribeTable"]
                .iter()
                .any(|read| call.what.starts_with(read)),
            "{call:?}"
        );
    }
}
