//! Groups while something else is under way.

use std::{collections::BTreeSet, time::Duration};

use dynamodb_identity_source::mutation::{self, Small};
use okta_emulator::{Effect, Fault, GroupChange, LoadKind, Options};
use serde_json::json;

use crate::{
    groups::{mapping, members, names, of, settle, world},
    steps::{cooldown, inactive, options, sync, with},
    support::World,
};

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(start_paused = true)]
async fn a_group_is_not_deleted_while_an_import_may_still_put_somebody_into_it() {
    let world = world(&[("ada", "Sales"), ("bob", "Legal")]).await;
    let mut mapping = mapping();
    mapping["deleteEmptyGroups"] = json!(true);
    let function = world.function(&[("MAPPING", &mapping.to_string())]);
    settle(&world, &function).await;
    world.put(of("bob", "Ops")).await;
    sync(&world, &function).await;
    cooldown().await;
    let sleeps = Effect::ImportWakes { after: HOUR };
    world
        .okta
        .inject(Fault::on("POST", "/sessions/*/start-import").then(sleeps));
    sync(&world, &function).await;
    world.put(of("bob", "Sales")).await;
    cooldown().await;

    sync(&world, &function).await;

    assert!(world.okta.groups().contains_key("dept-ops"));
    tokio::time::sleep(HOUR).await;
    settle(&world, &function).await;
    assert_eq!(members(&world, "dept-sales"), names(&["ada", "bob"]));
    assert!(!world.okta.groups().contains_key("dept-ops"));
    world.put(of("bob", "Ops")).await;
    settle(&world, &function).await;
    assert_eq!(members(&world, "dept-ops"), names(&["bob"]));
}

#[tokio::test(start_paused = true)]
async fn people_who_return_lose_their_old_groups_in_the_session_that_lets_them_in_or_not_at_all() {
    let ids = ["ada", "bob", "cy", "dee", "eve"];
    mutation::play_in_small(Some(Small {
        entities: 2,
        requests: 6,
        segments: 2,
    }));
    let world = World::start(Options {
        max_entities: 2,
        max_bulk_requests: 6,
        ..options()
    })
    .await;
    let roles = json!({"department": "Sales", "roles": ["x", "y"]});
    for id in ids {
        world.put(with(of(id, "Sales"), roles.clone())).await;
    }
    let function = world.function(&[
        ("MAPPING", &mapping().to_string()),
        ("MAX_DEACTIVATIONS", "100%"),
        ("MAX_UPDATES", "100%"),
    ]);
    settle(&world, &function).await;
    assert_eq!(members(&world, "role-y"), names(&ids));
    for id in ids {
        world.put(with(inactive(id), roles.clone())).await;
    }
    settle(&world, &function).await;
    let before = world.okta.sessions().len();
    for id in ids {
        world.put(of(id, "Legal")).await;
    }

    settle(&world, &function).await;

    let mut returned = BTreeSet::new();
    for session in world.okta.sessions().split_off(before) {
        let users = world.okta.session_users(&session.id).into_iter();
        let let_in: BTreeSet<_> = users
            .filter(|user| user.loaded == LoadKind::Upsert)
            .map(|user| user.external_id)
            .collect();
        let mut left = BTreeSet::new();
        for loaded in world.okta.session_groups(&session.id) {
            if let GroupChange::Leave { member } = loaded.change
                && !returned.contains(&member)
            {
                assert!(let_in.contains(&member), "{member} leaves {}", loaded.group);
                left.insert((member, loaded.group));
            }
        }
        for id in let_in.difference(&returned) {
            for group in ["dept-sales", "role-x", "role-y"] {
                assert!(
                    left.contains(&(id.clone(), group.to_owned())),
                    "{id}: {group}"
                );
            }
        }
        returned.extend(let_in);
    }
    assert_eq!(returned, names(&ids));
    assert_eq!(members(&world, "dept-legal"), names(&ids));
    assert_eq!(members(&world, "dept-sales"), names(&[]));
    mutation::play_in_small(None);
}
