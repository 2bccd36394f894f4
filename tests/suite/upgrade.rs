//! A state table as the first release leaves it: nothing is forgotten, and nobody is told again.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    steps::{assert_agreement, changes, cooldown, inactive, state, sync, world_of},
    support::{STATE, World},
};

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// A session as that release logged it.
fn session(verdict: &str) -> AttributeValue {
    let map = [
        ("verdict", verdict),
        ("opened", "2026-05-13T10:00:00Z"),
        ("triggered", "2026-05-13T10:00:09Z"),
        ("run", "an-old-run"),
    ];
    AttributeValue::M(
        map.map(|(name, value)| (name.to_owned(), text(value)))
            .into(),
    )
}

/// Rewrites the state table as the first release would have left it: entries without numbers, one
/// log of sessions, nothing of a guard. `lost` names the user whose session came to nothing.
async fn as_the_first_release(world: &World, lost: &str) {
    for item in state(world).await {
        let pk = item["pk"].as_s().unwrap().clone();
        let key = HashMap::from([("pk".to_owned(), text(&pk))]);
        world
            .dynamodb
            .delete_item()
            .table_name(STATE)
            .set_key(Some(key))
            .send()
            .await
            .unwrap();
        if !pk.starts_with("user#") {
            continue;
        }
        let mut old: HashMap<_, _> = item.into_iter().collect();
        if let Some(at) = old.remove("toldAt") {
            old.insert("at".to_owned(), at);
        }
        let is_lost = old["externalId"] == text(lost);
        let named = if is_lost { "apsVoid" } else { "apsForgotten" };
        old.insert("session".to_owned(), text(named));
        old.retain(|name, _| {
            ["pk", "externalId", "key", "at", "print", "session"].contains(&name.as_str())
        });
        let put = world.dynamodb.put_item().table_name(STATE);
        put.set_item(Some(old)).send().await.unwrap();
    }
    let put = world.dynamodb.put_item().table_name(STATE);
    put.item("pk", text("sessions"))
        .item("knownActive", AttributeValue::N("20".to_owned()))
        .item("apsLanded", session("LANDED"))
        .item("apsVoid", session("VOID"))
        .send()
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_again_but_those_who_were_in_doubt() {
    let world = world_of(20).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.put(inactive("user1")).await;
    sync(&world, &function).await;
    cooldown().await;
    as_the_first_release(&world, "user7").await;

    let report = sync(&world, &world.function(&[])).await;

    assert_eq!(
        (changes(&report), report.unchanged),
        ((1, 0), 19),
        "{report:?}"
    );
    assert_eq!((report.strangers, report.withheld.count()), (0, 0));
    assert_agreement(&world).await;
    cooldown().await;
    assert_eq!(changes(&sync(&world, &world.function(&[])).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_a_share_of_those_whom_that_release_left_active() {
    let world = world_of(20).await;
    sync(&world, &world.function(&[])).await;
    cooldown().await;
    as_the_first_release(&world, "nobody").await;
    for n in 0..6 {
        world.put(inactive(&format!("user{n}"))).await;
    }

    let report = sync(&world, &world.function(&[("MAX_DEACTIVATIONS", "30%")])).await;

    assert_eq!(changes(&report), (0, 6), "six are 30 % of twenty");
    assert_agreement(&world).await;
}
