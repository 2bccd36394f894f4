//! Inactive records of people whom the ledger does not know.

use okta_emulator::UserStatus;
use serde_json::json;

use crate::{
    steps::{answer, cooldown, inactive, sync, world_of},
    support::World,
};

async fn world_with_strangers() -> World {
    let world = world_of(3).await;
    for id in ["kim", "sam"] {
        world
            .okta
            .seed_user(id, UserStatus::Active, [("userName", id)]);
        world.put(inactive(id)).await;
    }
    world
}

#[tokio::test(start_paused = true)]
async fn strangers_leave_once_somebody_names_them_whatever_the_limit() {
    let world = world_with_strangers().await;
    let function = world.function(&[("MAX_DEACTIVATIONS", "0")]);

    let first = sync(&world, &function).await;
    let withheld = &first.withheld.deactivations;
    assert_eq!((first.strangers, withheld.count), (2, 0));
    let digest = withheld.digest.clone().unwrap();
    let all = json!({"command": "approve", "digest": digest});
    let named = json!({"command": "approve", "digest": digest, "only": ["kim"]});
    let nobody = answer(&world, &function, &all).await.unwrap();
    let one = answer(&world, &function, &named).await.unwrap();
    cooldown().await;
    let second = sync(&world, &function).await;

    assert_eq!(
        (&nobody["approved"], &one["approved"]),
        (&json!(0), &json!(1))
    );
    assert_eq!((second.deactivations, second.strangers), (1, 1));
    assert!(!world.is_active("kim") && world.is_active("sam"));
}
