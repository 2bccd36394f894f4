//! A full run, from the table to Okta's directory.

use serde_json::json;

pub use crate::steps::{options, person};
use crate::support::{World, invoke};

#[tokio::test(start_paused = true)]
async fn everybody_in_the_table_is_created_and_a_second_run_has_nothing_to_do() {
    let world = World::start(options()).await;
    for n in 0..30 {
        world.put(person(&format!("user{n}"))).await;
    }
    let function = world.function(&[]);

    let first = invoke(&function, world.clock, &json!({"command": "sync"}))
        .await
        .unwrap();
    let second = invoke(&function, world.clock, &json!({"command": "sync"}))
        .await
        .unwrap();

    assert_eq!(
        (
            first.scanned,
            first.active,
            first.upserts,
            first.deactivations
        ),
        (30, 30, 30, 0),
        "{first:?}"
    );
    assert_eq!(first.sessions.len(), 1);
    assert_eq!(first.sessions[0].status, "COMPLETED");
    assert_eq!(world.okta.active_count(), 30);
    assert_eq!(
        (second.unchanged, second.upserts, second.sessions.len()),
        (30, 0, 0),
        "{second:?}"
    );
    assert_eq!(world.okta.sessions().len(), 1);
    assert_eq!(world.okta.violations(), Vec::<String>::new());
}
