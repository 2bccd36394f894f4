//! What stands between a bad read and a company that is locked out.

use okta_emulator::{Applied, Effect, Fault, SessionEnd};
use serde_json::json;

use crate::{
    steps::{
        answer, approval, approve, assert_agreement, changes, cooldown, inactive, is_active,
        person, plan, sync, with, world_of,
    },
    support::World,
};

async fn delete(world: &World, from: usize, to: usize) {
    for n in from..to {
        world.delete(&format!("user{n}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_as_the_limit_leave_and_one_more_keeps_all_of_them() {
    let world = world_of(60).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    delete(&world, 0, 7).await;
    world
        .put(with(person("user50"), json!({"first_name": "Zoë"})))
        .await;

    let seven = sync(&world, &function).await;

    assert_eq!(changes(&seven), (1, 0));
    assert_eq!(seven.withheld.deactivations.count, 7);
    let reason = seven.withheld.deactivations.reason.unwrap();
    assert!(reason.contains("6 of 60 people told active"), "{reason}");
    assert!(reason.contains(r#""command":"approve""#), "{reason}");
    assert_eq!(world.okta.active_count(), 60);
    assert_eq!(
        world.okta.user("user50").unwrap().profile["firstName"],
        "Zoë"
    );

    cooldown().await;
    world.put(person("user6")).await;
    let six = sync(&world, &function).await;
    assert_eq!(
        (changes(&six), six.withheld.deactivations.count),
        ((0, 6), 0)
    );
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_withheld_is_let_through_by_an_approval_and_nobody_else_is() {
    let world = world_of(20).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    delete(&world, 0, 8).await;
    let withheld = sync(&world, &function).await;
    assert_eq!(withheld.withheld.deactivations.count, 8);
    assert_eq!(world.okta.active_count(), 20);
    approve(&world, &function, &withheld).await;
    for n in 10..16 {
        world.put(inactive(&format!("user{n}"))).await;
    }

    let allowed = sync(&world, &function).await;

    assert_eq!(
        (changes(&allowed), allowed.withheld.deactivations.count),
        ((0, 8), 6)
    );
    assert!((0..8).all(|n| !is_active(&world, &format!("user{n}"))));
    assert_eq!(world.okta.active_count(), 12);
    cooldown().await;
    let (name, said) = answer(&world, &function, &approval(&withheld))
        .await
        .unwrap_err();
    assert_eq!(name, "UnknownDigest");
    assert!(said.contains("approved"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_what_would_be_withheld() {
    let world = world_of(20).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    delete(&world, 0, 8).await;

    let report = plan(&world, &function).await;

    assert_eq!(
        (report.deactivations, report.withheld.deactivations.count),
        (0, 8)
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_a_count_or_none_at_all() {
    for (limit, leavers, withheld) in [
        ("3", 3, 0),
        ("3", 4, 4),
        ("0", 1, 1),
        ("0%", 1, 1),
        ("50%", 10, 0),
        ("100%", 19, 0),
    ] {
        let world = world_of(20).await;
        let function = world.function(&[("MAX_DEACTIVATIONS", limit)]);
        sync(&world, &function).await;
        cooldown().await;
        delete(&world, 0, leavers).await;

        let report = sync(&world, &function).await;

        assert_eq!(
            report.withheld.deactivations.count, withheld,
            "{limit} {leavers}"
        );
        let leaving = leavers as u64 - withheld;
        assert_eq!(report.deactivations, leaving, "{limit} {leavers}");
    }
}

#[tokio::test(start_paused = true)]
async fn five_may_always_leave_even_a_small_directory() {
    let world = world_of(6).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    delete(&world, 0, 5).await;

    let report = sync(&world, &function).await;

    assert_eq!(
        (report.deactivations, report.withheld.deactivations.count),
        (5, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn an_empty_table_deactivates_nobody_whatever_the_limit() {
    let world = world_of(4).await;
    let function = world.function(&[("MAX_DEACTIVATIONS", "100%")]);
    sync(&world, &function).await;
    cooldown().await;
    delete(&world, 0, 4).await;

    for report in [sync(&world, &function).await, plan(&world, &function).await] {
        assert_eq!(
            (report.deactivations, report.withheld.deactivations.count),
            (0, 4)
        );
        assert!(
            report
                .withheld
                .deactivations
                .reason
                .unwrap()
                .contains("no record in scope")
        );
    }
    assert_eq!(world.okta.active_count(), 4);
    assert_eq!(world.okta.sessions().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_table_opens_no_latch_and_clears_no_list() {
    let world = world_of(20).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    delete(&world, 0, 8).await;
    let withheld = sync(&world, &function).await;
    let digest = withheld.withheld.deactivations.digest.clone();
    assert!(digest.is_some());
    delete(&world, 8, 20).await;
    sync(&world, &function).await;
    for n in 8..20 {
        world.put(person(&format!("user{n}"))).await;
    }

    approve(&world, &function, &withheld).await;
    let allowed = sync(&world, &function).await;

    assert_eq!(changes(&allowed), (0, 8));
    assert_eq!(world.okta.active_count(), 12);
}

#[tokio::test(start_paused = true)]
async fn leavers_by_every_way_count_together() {
    let mapping = json!({"externalId": "{{ id }}", "include": "kind is undefined",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
    .to_string();
    let world = world_of(10).await;
    let function = world.function(&[("MAPPING", &mapping)]);
    sync(&world, &function).await;
    world.put(inactive("user0")).await;
    world.put(inactive("user1")).await;
    world
        .put(with(person("user2"), json!({"kind": "robot"})))
        .await;
    world
        .put(with(person("user3"), json!({"kind": "robot"})))
        .await;
    world.delete("user4").await;
    world.delete("user5").await;

    let report = sync(&world, &function).await;

    assert_eq!(report.withheld.deactivations.count, 6);
    assert_eq!(world.okta.active_count(), 10);
}

#[tokio::test(start_paused = true)]
async fn telling_people_again_whose_import_failed_costs_nothing_more() {
    let world = world_of(10).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    for _ in 0..3 {
        cooldown().await;
        for n in 0..5 {
            world.put(inactive(&format!("user{n}"))).await;
        }
        world.okta.inject(
            Fault::on("POST", "/sessions/*/start-import").then(Effect::ImportEnds {
                how: SessionEnd::Error,
                applied: Applied::Nobody,
            }),
        );
        let report = sync(&world, &function).await;
        assert_eq!(report.withheld.count(), 0, "{report:?}");
    }
    assert_eq!(world.okta.active_count(), 10);

    while world.okta.active_count() > 5 {
        cooldown().await;
        sync(&world, &function).await;
    }

    assert_agreement(&world).await;
    cooldown().await;
    world.put(inactive("user5")).await;
    assert_eq!(
        sync(&world, &function).await.withheld.deactivations.count,
        1
    );
}
