//! What a run consumed of the two tables, as its report tells it.

use std::collections::BTreeSet;

use dynamodb_identity_source::sync::{Consumed, Report};
use serde_json::json;

use crate::{
    steps::{cooldown, inactive, person, plan, sync, with, world_of},
    support::{
        STATE, USERS, World,
        proxy::{Call, Fault},
    },
};

/// Everything that full runs do: people come, change, leave and vanish.
async fn much_happens(world: &World) -> [Report; 2] {
    let function = world.function(&[]);
    let first = sync(world, &function).await;
    cooldown().await;
    world
        .put(with(person("user0"), json!({"first_name": "Zoë"})))
        .await;
    world.put(inactive("user1")).await;
    world.delete("user2").await;
    [first, sync(world, &function).await]
}

/// What answers are made to say: the call, its units, and whether they are of a read.
const TOLD: [(&str, f64, bool); 7] = [
    ("BatchGetItem identity-source-state", 11.0, true),
    ("BatchGetItem users", 13.0, true),
    ("DeleteItem identity-source-state", 7.0, false),
    ("PutItem identity-source-state", 3.0, false),
    ("Scan identity-source-state", 0.5, true),
    ("Scan users", 1.5, true),
    ("UpdateItem identity-source-state", 5.0, false),
];

#[tokio::test(start_paused = true)]
async fn every_call_to_either_table_asks_what_it_consumes() {
    let mut world = world_of(5).await;
    let between = world.between().await;

    much_happens(&world).await;

    let calls = between.dynamodb.calls();
    let asking: BTreeSet<&str> = calls
        .iter()
        .filter(|call| call.body["ReturnConsumedCapacity"] == "TOTAL")
        .map(|call| call.what.as_str())
        .collect();
    assert!(
        asking.iter().copied().eq(TOLD.map(|(what, ..)| what)),
        "{asking:?}"
    );
    let silent = calls
        .iter()
        .filter(|call| call.body["ReturnConsumedCapacity"] != "TOTAL");
    assert!(
        silent
            .map(|call| call.what.as_str())
            .all(|what| what == "DescribeTable users")
    );
}

#[tokio::test(start_paused = true)]
async fn a_report_adds_up_what_the_answers_say_of_each_table() {
    let mut world = world_of(5).await;
    let between = world.between().await;
    for (what, units, _) in TOLD {
        let tell = Fault::edit(move |_, answer| {
            let consumed = if what.starts_with("Batch") {
                &mut answer["ConsumedCapacity"][0]
            } else {
                &mut answer["ConsumedCapacity"]
            };
            consumed["CapacityUnits"] = json!(units);
        });
        between.dynamodb.on(what, .., tell);
    }

    let [_, report] = much_happens(&world).await;

    let calls = between.dynamodb.calls();
    let key = |call: &Call| {
        let of = if call.body["Item"].is_null() {
            "Key"
        } else {
            "Item"
        };
        call.body[of]["pk"]["S"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    // What every run reads first.
    let begins = |call: &Call| {
        let keys = &call.body["RequestItems"][STATE]["Keys"];
        call.what.starts_with("BatchGetItem") && keys.as_array().is_some_and(|keys| keys.len() == 5)
    };
    let second_run = &calls[calls.iter().rposition(begins).unwrap()..];
    // A report cannot tell what keeping it costs.
    let second_run: Vec<_> = second_run
        .iter()
        .filter(|call| !key(call).starts_with("run#") && key(call) != "history")
        .collect();
    let expected = |table: &str, read: bool| -> f64 {
        let units = second_run.iter().map(|call| {
            let told = TOLD.iter().find(|(what, ..)| *what == call.what).unwrap();
            if told.2 == read && call.what.ends_with(table) {
                told.1
            } else {
                0.0
            }
        });
        units.sum()
    };
    let Consumed {
        users_table,
        state_table,
    } = report.consumed;
    // The eight segments of a scan, whoever is to leave and to change in hand, and the look for
    // somebody in scope.
    assert!(expected(USERS, true) >= 8.0 * 1.5 + 2.0 * 13.0);
    assert_eq!(users_table.read_units, expected(USERS, true));
    assert_eq!(state_table.read_units, expected(STATE, true));
    assert_eq!(state_table.write_units, expected(STATE, false));
}

#[tokio::test(start_paused = true)]
async fn each_run_counts_for_itself_and_a_plan_writes_nothing() {
    let world = world_of(5).await;
    let function = world.function(&[]);

    let first = plan(&world, &function).await.consumed;
    let second = plan(&world, &function).await.consumed;

    assert!(first.users_table.read_units > 0.0, "{first:?}");
    assert_eq!(first, second);
    assert_eq!(first.state_table.write_units, 0.0);
    let loaded = sync(&world, &function).await.consumed.state_table;
    let unchanged = sync(&world, &function).await.consumed.state_table;
    assert!(
        loaded.write_units >= unchanged.write_units + 5.0,
        "an entry for each of five: {loaded:?}, {unchanged:?}"
    );
}
