//! Two people with one login who are both to be active: neither is told, and nobody is hurt.

use dynamodb_identity_source::{handler::Function, sync::Report};
use serde_json::{Value, json};

use crate::{
    refused_singly::refuse,
    steps::{
        assert_agreement, changes, cooldown, inactive, is_active, person, plan, sync, with,
        world_of,
    },
    streams::{DONE, batch},
    support::{World, invoke, invoke_stream, proxy::Fault},
};

/// Somebody with the login of another.
fn like(id: &str, other: &str) -> Value {
    with(person(id), json!({"email": format!("{other}@example.com")}))
}

/// Why a user's record was rejected.
fn reason(report: &Report, id: &str) -> String {
    let rejects = report.rejected.examples.iter();
    let reasons: Vec<_> = rejects
        .filter(|reject| reject.external_id.as_deref() == Some(id))
        .flat_map(|reject| reject.reasons.clone())
        .collect();
    assert_eq!(reasons.len(), 1, "{id}: {report:?}");
    reasons[0].clone()
}

async fn synced(people: usize) -> (World, Function) {
    let world = world_of(people).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    (world, function)
}

#[tokio::test(start_paused = true)]
async fn both_are_rejected_before_okta_is_asked_each_with_the_others_record_named() {
    let world = world_of(2).await;
    world.put(person("ada")).await;
    // Okta takes no notice of case.
    world.put(like("bo", "ADA")).await;
    let function = world.function(&[]);

    let planned = plan(&world, &function).await;
    let report = sync(&world, &function).await;

    for report in [planned, report] {
        assert_eq!(
            (
                report.scanned,
                report.active,
                report.upserts,
                report.rejected.count
            ),
            (4, 2, 2, 2),
            "{report:?}"
        );
        assert_eq!(
            reason(&report, "ada"),
            "userName: another active record (id=bo) has the same login; neither is sent until one of them has another login or \
             is inactive"
        );
        assert!(reason(&report, "bo").contains("id=ada"), "{report:?}");
    }
    assert!(world.okta.user("ada").is_none() && world.okta.user("bo").is_none());

    // Put right, both are told.
    world.put(person("bo")).await;
    cooldown().await;
    let report = sync(&world, &function).await;
    assert_eq!((changes(&report), report.rejected.count), ((2, 0), 0));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn who_has_had_the_login_all_along_stays_and_others_leave_meanwhile() {
    let (world, function) = synced(3).await;
    world.put(like("bo", "user0")).await;
    world.delete("user2").await;

    let report = sync(&world, &function).await;

    assert_eq!(
        (changes(&report), report.rejected.count, report.unchanged),
        ((0, 1), 2, 1),
        "{report:?}"
    );
    assert_eq!(report.withheld.deactivations.count, 0, "{report:?}");
    assert!(is_active(&world, "user0") && !is_active(&world, "user2"));
    assert!(world.okta.user("bo").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_table_of_nobody_but_them_is_no_empty_read() {
    let (world, function) = synced(3).await;
    world.delete("user2").await;
    world.put(like("user1", "user0")).await;

    let report = sync(&world, &function).await;

    assert_eq!(
        (changes(&report), report.rejected.count, report.active),
        ((0, 1), 2, 0),
        "{report:?}"
    );
    assert_eq!(report.withheld.deactivations.count, 0, "{report:?}");
    assert!(is_active(&world, "user0") && is_active(&world, "user1"));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_hands_the_login_on_to_who_was_hired_again_under_another_number() {
    let (world, function) = synced(3).await;
    world.put(inactive("user0")).await;
    world.put(like("again", "user0")).await;

    let report = sync(&world, &function).await;

    assert_eq!((changes(&report), report.rejected.count), ((1, 1), 0));
    assert!(!is_active(&world, "user0"));
}

#[tokio::test(start_paused = true)]
async fn either_of_two_who_share_a_login_may_leave() {
    for leaver in ["user0", "user1"] {
        let (world, function) = synced(3).await;
        world.put(like("user1", "user0")).await;
        assert_eq!(sync(&world, &function).await.rejected.count, 2);
        world.delete(leaver).await;

        let report = sync(&world, &function).await;

        assert_eq!(report.rejected.count, 0, "{report:?}");
        assert_eq!(report.deactivations, 1, "{report:?}");
        for user in ["user0", "user1", "user2"] {
            assert_eq!(is_active(&world, user), user != leaver, "{leaver} left");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whom_a_batch_has_told_meanwhile_is_told_again_once_the_login_is_theirs_alone() {
    let (world, function) = synced(2).await;
    world.put(like("bo", "user0")).await;
    let told = invoke_stream(&function, world.clock, &batch(&[("INSERT", "bo")])).await;
    assert_eq!(serde_json::to_string(&told).unwrap(), DONE);

    cooldown().await;
    let report = sync(&world, &function).await;
    assert_eq!(
        (changes(&report), report.rejected.count),
        ((0, 0), 2),
        "{report:?}"
    );

    // Okta has at most one of them as the ledger says, and nobody knows which.
    world
        .put(with(person("user0"), json!({"email": "new@example.com"})))
        .await;
    invoke_stream(&function, world.clock, &batch(&[("MODIFY", "user0")])).await;
    cooldown().await;
    let report = sync(&world, &function).await;
    assert_eq!((changes(&report), report.rejected.count), ((1, 0), 0));
    assert_eq!(
        world.okta.user("bo").unwrap().profile["userName"],
        "user0@example.com"
    );
    assert_agreement(&world).await;
    cooldown().await;
    assert_eq!(sync(&world, &function).await.unchanged, 3);
}

#[tokio::test(start_paused = true)]
async fn three_with_one_login_are_rejected_and_two_records_of_one_person_are_not_two_people() {
    let world = world_of(1).await;
    let mapping = json!({"externalId": "{{ number }}",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}});
    let function = world.function(&[("MAPPING", &mapping.to_string())]);
    for (id, number, email) in [
        ("a", "1", "one@example.com"),
        ("b", "2", "one@example.com"),
        ("c", "3", "One@example.com"),
        // One person's, whose records agree about nothing else.
        ("d", "4", "four@example.com"),
        ("e", "4", "four@example.com"),
        // Whoever has a record that is in doubt anyway takes nobody's login.
        ("f", "5", "four@example.com"),
        ("user0", "6", "six@example.com"),
    ] {
        world
            .put(with(person(id), json!({"number": number, "email": email})))
            .await;
    }

    let report = sync(&world, &function).await;

    assert_eq!(
        (report.upserts, report.active, report.rejected.count),
        (2, 2, 5),
        "{report:?}"
    );
    let said = reason(&report, "2");
    assert!(
        said.contains("2 other active records") && said.contains("id=a") && said.contains("id=c"),
        "{said}"
    );
    assert!(!said.contains("id=b"), "{said}");
    assert!(reason(&report, "4").starts_with("externalId"));
    assert!(is_active(&world, "5") && is_active(&world, "6"));
}

#[tokio::test(start_paused = true)]
async fn whose_first_day_is_to_come_takes_nobodys_login_until_then() {
    let world = world_of(0).await;
    let day =
        |days: i64| (world.clock.now() + jiff::SignedDuration::from_hours(24 * days)).to_string();
    let mapping = json!({"externalId": "{{ id }}", "activeFrom": "{{ starts }}",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}});
    let function = world.function(&[("MAPPING", &mapping.to_string())]);
    world.put(person("ada")).await;
    world
        .put(with(like("bo", "ada"), json!({"starts": day(2)})))
        .await;

    let before = sync(&world, &function).await;
    tokio::time::advance(std::time::Duration::from_secs(3 * 24 * 60 * 60)).await;
    let after = sync(&world, &function).await;

    assert_eq!(
        (before.upserts, before.upcoming, before.rejected.count),
        (1, 1, 0),
        "{before:?}"
    );
    assert_eq!((changes(&after), after.rejected.count), ((0, 0), 2));
    assert!(is_active(&world, "ada") && world.okta.user("bo").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_login_that_changes_hands_while_the_table_is_read_rejects_nobody() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world
        .put(with(person("user0"), json!({"email": "new@example.com"})))
        .await;
    world.put(like("bo", "user0")).await;
    // The read came by before.
    between.dynamodb.on(
        "Scan users",
        ..,
        Fault::edit(|_, answer| {
            for item in answer["Items"].as_array_mut().into_iter().flatten() {
                if item["id"]["S"] == "user0" {
                    item["email"]["S"] = json!("user0@example.com");
                }
            }
        }),
    );

    let report = sync(&world, &function).await;

    assert_eq!(
        (report.upserts, report.active, report.rejected.count),
        (1, 4, 0),
        "{report:?}"
    );
    assert!(is_active(&world, "user0"));
}

#[tokio::test(start_paused = true)]
async fn whom_okta_refused_meanwhile_is_rejected_once_and_told_when_the_login_is_free() {
    let (world, function) = synced(2).await;
    refuse(&world, false);
    let bo = with(like("bo", "user0"), json!({"title": "a poisonous title"}));
    world.put(bo).await;
    invoke_stream(&function, world.clock, &batch(&[("INSERT", "bo")])).await;
    cooldown().await;

    let report = sync(&world, &function).await;

    assert_eq!(
        (report.rejected.count, report.refused.count, report.active),
        (2, 0, 1),
        "{report:?}"
    );
    assert!(reason(&report, "bo").contains("id=user0"), "{report:?}");
    world.okta.clear_faults();
    world
        .put(with(person("user0"), json!({"email": "new@example.com"})))
        .await;
    invoke_stream(&function, world.clock, &batch(&[("MODIFY", "user0")])).await;
    cooldown().await;
    let report = sync(&world, &function).await;
    assert_eq!((changes(&report), report.refused.count), ((1, 0), 0));
    assert!(is_active(&world, "bo"));
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_gives_everybody_one_login_changes_nothing() {
    let (world, _) = synced(30).await;
    let mapping = json!({"externalId": "{{ id }}",
        "profile": {"userName": "all@example.com", "email": "{{ email }}"}});
    let function = world.function(&[("MAPPING", &mapping.to_string())]);
    let before = world.okta.directory();

    let report = sync(&world, &function).await;

    assert_eq!((changes(&report), report.rejected.count), ((0, 0), 30));
    assert_eq!(
        (report.withheld.count(), report.more),
        (0, false),
        "{report:?}"
    );
    assert_eq!(world.okta.directory(), before);
}

#[tokio::test(start_paused = true)]
async fn the_guard_neither_counts_nor_lists_them() {
    let (world, _) = synced(6).await;
    let function = world.function(&[("MAX_UPDATES", "1")]);
    for n in 0..4 {
        world
            .put(with(
                person(&format!("user{n}")),
                json!({"email": format!("pair{}@example.com", n / 2)}),
            ))
            .await;
    }
    world
        .put(with(person("user4"), json!({"title": "Dr"})))
        .await;

    let report = sync(&world, &function).await;

    assert_eq!(
        (
            changes(&report),
            report.rejected.count,
            report.withheld.updates.count
        ),
        ((1, 0), 4, 0),
        "{report:?}"
    );
    let event = json!({"command": "plan", "detail": true});
    let planned = invoke(&function, world.clock, &event).await.unwrap();
    assert_eq!(planned.changes.map(|changes| changes.upserts.len()), None);
}

#[tokio::test(start_paused = true)]
async fn somebody_whose_record_has_another_key_by_now_is_named_by_their_id() {
    let world = world_of(0).await;
    let mapping = json!({"externalId": "{{ number }}",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}});
    let function = world.function(&[("MAPPING", &mapping.to_string())]);
    let ada = |key: &str| with(person("ada"), json!({"id": key, "number": "7"}));
    world.put(ada("a-1")).await;
    sync(&world, &function).await;
    world.delete("a-1").await;
    world.put(ada("a-2")).await;
    cooldown().await;
    assert_eq!(sync(&world, &function).await.unchanged, 1);

    // The key that the ledger leads to is somebody else's.
    let bo = with(like("bo", "ada"), json!({"id": "a-1", "number": "8"}));
    world.put(bo).await;
    let report = sync(&world, &function).await;

    assert_eq!((changes(&report), report.rejected.count), ((0, 0), 2));
    assert!(reason(&report, "8").contains("(of user 7)"), "{report:?}");
    assert!(reason(&report, "7").contains("(id=a-1)"), "{report:?}");
    assert!(is_active(&world, "7") && world.okta.user("8").is_none());
}

/// Five people with a few logins among them, whatever happens to them, by runs and by batches.
#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_logins_nobody_active_is_deactivated_and_in_the_end_all_are_told() {
    const PEOPLE: usize = 5;
    for seed in 0..2 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let world = world_of(0).await;
        let function = world.function(&[("MAX_DEACTIVATIONS", "1000"), ("MAX_UPDATES", "1000")]);
        let ids: Vec<_> = (0..PEOPLE).map(|n| format!("user{n}")).collect();
        let mut table = [None; PEOPLE];
        for step in 0..20 {
            let n = rng.usize(0..PEOPLE);
            let id = &ids[n];
            if rng.u8(0..6) == 0 {
                world.delete(id).await;
                table[n] = None;
            } else {
                let active = rng.u8(0..5) > 0;
                let email = format!("Login{}@example.com", rng.u8(0..4));
                let changes = json!({"active": active, "email": email, "title": format!("{step}")});
                world.put(with(person(id), changes)).await;
                table[n] = Some(active);
            }
            let was_active: Vec<_> = ids.iter().map(|id| is_active(&world, id)).collect();
            match rng.u8(0..4) {
                0 => drop(sync(&world, &function).await),
                1 | 2 => {
                    let event = batch(&[("MODIFY", id.as_str())]);
                    invoke_stream(&function, world.clock, &event).await;
                }
                _ => {}
            }
            for (n, id) in ids.iter().enumerate() {
                let stays = was_active[n] && table[n] == Some(true);
                assert!(
                    !stays || is_active(&world, id),
                    "seed {seed}, step {step}: {id}"
                );
            }
        }

        for id in &ids {
            world.put(person(id)).await;
        }
        for _ in 0..3 {
            cooldown().await;
            sync(&world, &function).await;
        }
        assert_agreement(&world).await;
        for id in &ids {
            let login = &world.okta.user(id).unwrap().profile["userName"];
            assert_eq!(*login, format!("{id}@example.com"), "seed {seed}");
        }
    }
}
