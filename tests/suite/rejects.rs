//! Records that cannot be sent: named, harmless to others, and never taken for missing ones.

use dynamodb_identity_source::sync::Report;
use serde_json::{Value, json};

use crate::{
    steps::{
        assert_agreement, changes, cooldown, inactive, is_active, options, person, plan, sync,
        with, world_of,
    },
    support::World,
};

fn reasons(report: &Report, id: &str) -> Vec<String> {
    let rejects = report.rejected.examples.iter();
    rejects
        .filter(|reject| reject.external_id.as_deref() == Some(id))
        .flat_map(|reject| reject.reasons.clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_rejected_record_stops_nobody_else_and_says_why() {
    let world = world_of(3).await;
    for (id, change) in [
        ("no-name", json!({"email": ""})),
        ("no-address", json!({"email": "not an address"})),
        ("long", json!({"first_name": "x".repeat(51)})),
        ("list", json!({"title": ["a", "b"]})),
        ("map", json!({"city": {"name": "Oslo"}})),
        ("unsure", json!({"active": "perhaps"})),
    ] {
        world.put(with(person(id), change)).await;
    }
    let function = world.function(&[]);

    let report = sync(&world, &function).await;

    assert_eq!(
        (report.upserts, report.rejected.count, report.scanned),
        (3, 6, 9)
    );
    assert_eq!(reasons(&report, "no-name"), ["userName: is empty"]);
    assert!(
        reasons(&report, "no-address")
            .iter()
            .any(|r| r == "email: is not an email address")
    );
    assert_eq!(
        reasons(&report, "long"),
        ["firstName: has 51 characters, at most 50 are allowed"]
    );
    assert!(
        reasons(&report, "list")[0].starts_with("title: is a list, where a string was expected")
    );
    assert!(reasons(&report, "map")[0].starts_with("city: is a map, where a string was expected"));
    assert!(reasons(&report, "unsure")[0].starts_with("active: is a string, where true or false"));
    assert_eq!(world.okta.user_count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_known_user_whose_record_becomes_invalid_stays_as_they_are() {
    let world = world_of(5).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world
        .put(with(person("user1"), json!({"email": "broken"})))
        .await;
    world
        .put(with(person("user2"), json!({"active": null})))
        .await;

    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (0, 0));
    assert_eq!(report.rejected.count, 2);
    assert_eq!(report.withheld.deactivations.count, 0);
    assert!(is_active(&world, "user1") && is_active(&world, "user2"));

    // Made valid again, it goes on as if nothing had happened.
    world.put(person("user1")).await;
    world.put(inactive("user2")).await;
    let report = sync(&world, &function).await;
    assert_eq!(changes(&report), (0, 1));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_leaver_whose_profile_is_invalid_still_leaves() {
    let world = world_of(5).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world
        .put(with(inactive("user1"), json!({"email": "broken"})))
        .await;

    let report = sync(&world, &function).await;

    assert_eq!((changes(&report), report.rejected.count), ((0, 1), 0));
    assert!(!is_active(&world, "user1"));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_nobody_can_be_named_by_holds_back_the_gone_but_not_the_leavers() {
    let mapping = json!({"externalId": "{{ number }}",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}", "firstName": "{{ first_name }}"}})
    .to_string();
    let world = World::start(options()).await;
    for n in 1..=10 {
        world
            .put(with(person(&format!("p{n}")), json!({"number": n})))
            .await;
    }
    let function = world.function(&[("MAPPING", &mapping)]);
    sync(&world, &function).await;
    cooldown().await;
    world.put(with(person("p1"), json!({"number": ""}))).await;
    world.delete("p2").await;
    world.put(with(inactive("p3"), json!({"number": 3}))).await;

    let report = sync(&world, &function).await;

    assert_eq!(report.deactivations, 1);
    assert!(!is_active(&world, "3"));
    assert!(is_active(&world, "1") && is_active(&world, "2"));
    // 1 cannot be told from 2: one of them has a record that does not name them.
    assert_eq!(report.withheld.deactivations.count, 2, "{report:?}");
    let reason = report.withheld.deactivations.reason.unwrap();
    assert!(reason.contains("have no external id"), "{reason}");
    let unnamed = &report.rejected.examples[0];
    assert_eq!(unnamed.external_id, None);
    assert_eq!(unnamed.record.as_deref(), Some("id=p1"));
    assert_eq!(unnamed.reasons, ["externalId: is empty"]);

    cooldown().await;
    world.put(with(person("p1"), json!({"number": 1}))).await;
    let report = sync(&world, &function).await;
    assert_eq!(
        (report.deactivations, report.withheld.deactivations.count),
        (1, 0)
    );
    assert!(is_active(&world, "1") && !is_active(&world, "2"));
}

fn by_number() -> String {
    json!({"externalId": "{{ number }}", "profile": {"userName": "{{ email }}", "email": "{{ email }}"}}).to_string()
}

fn numbered(id: &str, number: u32) -> Value {
    with(person(id), json!({"number": number}))
}

#[tokio::test(start_paused = true)]
async fn two_new_records_about_one_user_are_both_rejected_and_named() {
    let world = World::start(options()).await;
    world.put(numbered("a", 1)).await;
    world.put(numbered("b", 1)).await;
    world.put(numbered("c", 2)).await;
    let function = world.function(&[("MAPPING", &by_number())]);

    let report = sync(&world, &function).await;

    assert_eq!((report.upserts, report.rejected.count), (1, 2));
    let reason = &reasons(&report, "1")[0];
    assert!(
        reason.contains("2 records") && reason.contains("id=a") && reason.contains("id=b"),
        "{reason}"
    );
    assert!(world.okta.user("1").is_none() && is_active(&world, "2"));
}

#[tokio::test(start_paused = true)]
async fn a_second_record_about_a_known_user_deactivates_nobody_whatever_it_says() {
    for second in [
        numbered("zz", 1),
        with(numbered("zz", 1), json!({"active": false})),
        with(numbered("zz", 1), json!({"email": "broken"})),
        with(numbered("zz", 1), json!({"email": "other@example.com"})),
    ] {
        for first in [
            numbered("aa", 1),
            with(numbered("aa", 1), json!({"active": false})),
        ] {
            let world = World::start(options()).await;
            world.put(numbered("aa", 1)).await;
            world.put(numbered("bb", 2)).await;
            let function = world.function(&[("MAPPING", &by_number())]);
            sync(&world, &function).await;
            cooldown().await;
            world.put(first).await;
            world.put(second.clone()).await;

            let report = sync(&world, &function).await;

            assert_eq!(changes(&report), (0, 0), "{report:?}");
            assert_eq!(
                (report.scanned, report.rejected.count),
                (3, 2),
                "{report:?}"
            );
            assert_eq!(
                (report.active, report.inactive, report.unchanged),
                (1, 0, 1),
                "{report:?}"
            );
            let said = serde_json::to_string(&report.rejected).unwrap();
            assert!(said.contains("id=aa") && said.contains("id=zz"), "{said}");
            assert!(said.contains("2 records"), "{said}");
            assert!(is_active(&world, "1"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn once_one_of_two_records_is_gone_the_other_one_counts() {
    let world = World::start(options()).await;
    world.put(numbered("a", 1)).await;
    world.put(numbered("b", 1)).await;
    let function = world.function(&[("MAPPING", &by_number())]);
    sync(&world, &function).await;
    world.delete("a").await;

    let report = sync(&world, &function).await;

    assert_eq!((report.upserts, report.rejected.count), (1, 0));
    assert_eq!(
        world.okta.user("1").unwrap().profile["email"],
        "b@example.com"
    );
}

#[tokio::test(start_paused = true)]
async fn examples_are_few_and_counts_are_complete() {
    let world = world_of(1).await;
    for n in 0..30 {
        world
            .put(with(person(&format!("bad{n}")), json!({"email": "x"})))
            .await;
    }

    let report = plan(&world, &world.function(&[])).await;

    assert_eq!(
        (report.rejected.count, report.rejected.examples.len()),
        (30, 20)
    );
}

#[tokio::test(start_paused = true)]
async fn a_user_too_large_for_a_request_is_rejected_and_the_largest_that_fits_is_sent() {
    let mapping = json!({"externalId": "{{ id }}",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}", "title": "{{ title }}"}})
    .to_string();
    let world = World::start(options()).await;
    let around = json!({"entityType": "USERS", "profiles": [{"externalId": "fits", "profile":
        {"email": "fits@example.com", "title": "", "userName": "fits@example.com"}}]})
    .to_string()
    .len();
    let room = 200_000 - around;
    world
        .put(with(person("fits"), json!({"title": "x".repeat(room)})))
        .await;
    world
        .put(with(person("over"), json!({"title": "x".repeat(room + 1)})))
        .await;
    let function = world.function(&[("MAPPING", &mapping)]);

    let report = sync(&world, &function).await;

    assert_eq!(
        (report.upserts, report.rejected.count),
        (1, 1),
        "{:?}",
        report.rejected
    );
    assert!(
        reasons(&report, "over")[0].contains("200001 bytes"),
        "{:?}",
        report.rejected
    );
    assert!(is_active(&world, "fits"));
}
