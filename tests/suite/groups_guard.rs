//! The guard over memberships: who is taken out of groups.

use serde_json::json;

use crate::{
    groups::{function, members, of, settle, world},
    steps::{answer, cooldown, person, sync},
    support::World,
};

/// So many people in Sales and as many in Legal.
async fn departments(each: usize) -> World {
    let people: Vec<_> = (0..2 * each)
        .map(|n| {
            (
                format!("user{n:03}"),
                if n < each { "Sales" } else { "Legal" },
            )
        })
        .collect();
    let people: Vec<_> = people.iter().map(|(id, of)| (id.as_str(), *of)).collect();
    world(&people).await
}

#[tokio::test(start_paused = true)]
async fn a_group_that_would_lose_more_than_half_of_its_members_is_withheld_by_itself() {
    let world = departments(12).await;
    let function = function(&world);
    settle(&world, &function).await;
    for n in 0..7 {
        world.put(of(&format!("user{n:03}"), "Ops")).await;
    }
    world.put(of("user012", "Ops")).await;

    let report = settle(&world, &function).await;

    let withheld = &report.withheld.membership_removals;
    assert_eq!(withheld.count, 7);
    let reason = withheld.reason.as_deref().unwrap();
    assert!(reason.contains("dept-sales (7 of 12)"), "{reason}");
    // They join where they are to be, and who leaves another group goes.
    assert_eq!(members(&world, "dept-sales").len(), 12);
    assert_eq!(members(&world, "dept-ops").len(), 8);
    assert_eq!(members(&world, "dept-legal").len(), 11);
}

#[tokio::test(start_paused = true)]
async fn what_is_approved_leaves_and_nobody_else() {
    let world = departments(12).await;
    let function = function(&world);
    settle(&world, &function).await;
    for n in 0..8 {
        world.put(of(&format!("user{n:03}"), "Ops")).await;
    }
    let report = settle(&world, &function).await;
    let digest = report.withheld.membership_removals.digest.unwrap();
    let approve = json!({"command": "approve", "digest": digest, "only": ["user000", "user001"]});
    let approved = answer(&world, &function, &approve).await.unwrap();
    assert_eq!(approved["kind"], "membershipRemovals");

    let report = settle(&world, &function).await;

    let left = members(&world, "dept-sales");
    assert_eq!(left.len(), 10);
    assert!(!left.contains("user000") && !left.contains("user001"));
    assert_eq!(report.withheld.membership_removals.count, 6);
}

#[tokio::test(start_paused = true)]
async fn the_limit_counts_memberships_over_a_day_and_over_runs() {
    let world = departments(60).await;
    let function = function(&world);
    settle(&world, &function).await;
    // A fifth of 120 memberships may be taken away within 24 hours.
    for n in 0..20 {
        world.put(person(&format!("user{n:03}"))).await;
    }
    settle(&world, &function).await;
    assert_eq!(members(&world, "dept-sales").len(), 40);
    for n in 60..70 {
        world.put(person(&format!("user{n:03}"))).await;
    }

    let report = settle(&world, &function).await;

    assert_eq!(report.withheld.membership_removals.count, 10);
    let reason = report.withheld.membership_removals.reason.unwrap();
    assert!(
        reason.contains("24 of 120 memberships, of which 20 are spent"),
        "{reason}"
    );
    assert_eq!(members(&world, "dept-legal").len(), 60);
    tokio::time::sleep(std::time::Duration::from_secs(25 * 3_600)).await;
    let later = settle(&world, &function).await;
    assert_eq!(later.withheld.membership_removals.count, 0, "{later:?}");
    assert_eq!(members(&world, "dept-legal").len(), 50);
}

#[tokio::test(start_paused = true)]
async fn half_the_records_that_lose_their_department_are_withheld_until_they_have_it_again() {
    let world = departments(30).await;
    let function = function(&world);
    settle(&world, &function).await;
    for n in (0..60).step_by(2) {
        world.put(person(&format!("user{n:03}"))).await;
    }
    let report = settle(&world, &function).await;
    assert_eq!(report.withheld.membership_removals.count, 30);
    assert_eq!(members(&world, "dept-sales").len(), 30);

    for n in (0..60).step_by(2) {
        let department = if n < 30 { "Sales" } else { "Legal" };
        world.put(of(&format!("user{n:03}"), department)).await;
    }
    let report = sync(&world, &function).await;

    assert_eq!(report.withheld.membership_removals.count, 0);
    assert!(report.sessions.is_empty());
    cooldown().await;
}

#[tokio::test(start_paused = true)]
async fn an_approval_holds_when_the_group_that_people_move_to_is_made_meanwhile() {
    let world = departments(12).await;
    let function = function(&world);
    settle(&world, &function).await;
    for n in 0..8 {
        world.put(of(&format!("user{n:03}"), "Ops")).await;
    }
    // The first run has yet to make the group.
    let report = sync(&world, &function).await;
    let digest = report.withheld.membership_removals.digest.unwrap();
    let approve = json!({"command": "approve", "digest": digest});
    answer(&world, &function, &approve).await.unwrap();
    cooldown().await;

    let report = settle(&world, &function).await;

    assert_eq!(report.withheld.membership_removals.count, 0);
    assert_eq!(members(&world, "dept-sales").len(), 4);
    assert_eq!(members(&world, "dept-ops").len(), 8);
}
