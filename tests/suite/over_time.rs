//! The guard over time: it remembers, whatever fired a run and however little each run does.

use serde_json::{Value, json};

use crate::{
    steps::{answer, approval, approve, cooldown, inactive, person, sync, world_of},
    streams::{DONE, stream},
    support::{USERS, World, put_all},
};

const DAY: std::time::Duration = std::time::Duration::from_secs(25 * 3_600);

/// Stream batches of so many people, one after another, each as soon as Okta opens a session.
async fn stream_in_batches(world: &World, what: &str, ids: &[String], size: usize) {
    for batch in ids.chunks(size) {
        let changes: Vec<_> = batch.iter().map(|id| (what, id.as_str())).collect();
        assert_eq!(stream(world, &changes).await, DONE);
        cooldown().await;
    }
}

fn people(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("user{n}")).collect()
}

async fn leave(world: &World, ids: &[String]) {
    let records: Vec<_> = ids.iter().map(|id| inactive(id)).collect();
    put_all(&world.dynamodb, USERS, &records).await;
}

#[tokio::test(start_paused = true)]
async fn many_small_stream_batches_deactivate_no_more_than_one_large_run() {
    let world = world_of(100).await;
    sync(&world, &world.function(&[])).await;
    cooldown().await;
    let leavers = people(0..60);
    leave(&world, &leavers).await;

    stream_in_batches(&world, "MODIFY", &leavers, 4).await;

    assert_eq!(
        world.okta.active_count(),
        92,
        "two batches fit ten of a hundred"
    );
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_emptied_record_by_record_deactivates_a_tenth_and_no_more() {
    let world = world_of(60).await;
    sync(&world, &world.function(&[])).await;
    cooldown().await;

    for batch in people(0..60).chunks(3) {
        for id in batch {
            world.delete(id).await;
        }
        stream_in_batches(&world, "REMOVE", batch, 3).await;
    }

    assert_eq!(world.okta.active_count(), 54);
    let report = sync(&world, &world.function(&[])).await;
    assert_eq!(report.withheld.deactivations.count, 54);
    assert_eq!(
        report.withheld.deactivations.digest, None,
        "nobody approves of an empty table"
    );
    assert_eq!(world.okta.active_count(), 54);
}

#[tokio::test(start_paused = true)]
async fn scheduled_runs_one_after_another_share_one_day_s_budget() {
    let world = world_of(100).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    for n in 0..5 {
        cooldown().await;
        leave(&world, &people(n * 4..n * 4 + 4)).await;
        sync(&world, &function).await;
    }
    assert_eq!(world.okta.active_count(), 92);

    // A day later there is room again, for those who waited and fit.
    tokio::time::sleep(DAY).await;
    let report = sync(&world, &function).await;
    assert_eq!(
        report.withheld.deactivations.count, 12,
        "more than ten still wait"
    );
    for id in people(12..20) {
        world.put(person(&id)).await;
    }
    let report = sync(&world, &function).await;
    assert_eq!((report.deactivations, report.withheld.count()), (4, 0));
    assert_eq!(world.okta.active_count(), 88);
}

#[tokio::test(start_paused = true)]
async fn a_count_holds_where_a_share_would_let_thousands_go() {
    let world = world_of(100).await;
    let function = world.function(&[("MAX_DEACTIVATIONS", "50%,7")]);
    sync(&world, &function).await;
    cooldown().await;
    leave(&world, &people(0..8)).await;

    let report = sync(&world, &function).await;

    assert_eq!(report.withheld.deactivations.count, 8);
}

#[tokio::test(start_paused = true)]
async fn an_approval_lets_exactly_its_people_through_however_often_it_is_sent() {
    let world = world_of(30).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    leave(&world, &people(0..10)).await;
    let withheld = sync(&world, &function).await;
    let mut event = approval(&withheld);
    event["only"] = json!(["user1", "user2"]);

    let first = answer(&world, &function, &event).await.unwrap();
    let again = answer(&world, &function, &event).await.unwrap();
    leave(&world, &people(10..20)).await;
    let report = sync(&world, &function).await;

    assert_eq!(
        (&first["approved"], &first["kind"]),
        (&json!(2), &json!("deactivations"))
    );
    assert_eq!(first, again);
    assert_eq!(
        (report.deactivations, report.withheld.deactivations.count),
        (2, 18)
    );
    let gone: Vec<_> = (0..30)
        .filter(|n| !world.is_active(&format!("user{n}")))
        .collect();
    assert_eq!(gone, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn an_approval_of_somebody_who_is_not_on_the_list_or_of_no_list_is_an_error() {
    let world = world_of(30).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    leave(&world, &people(0..10)).await;
    let withheld = sync(&world, &function).await;
    let mut others = approval(&withheld);
    others["only"] = json!(["user1", "user29"]);
    let unknown = json!({"command": "approve", "digest": "0123"});

    for event in [others, unknown] {
        let (name, _) = answer(&world, &function, &event).await.unwrap_err();
        assert_eq!(name, "UnknownDigest");
    }
    tokio::time::sleep(DAY).await;
    let late = answer(&world, &function, &approval(&withheld)).await;
    assert_eq!(late.unwrap_err().0, "UnknownDigest");
    assert_eq!(world.okta.active_count(), 30);
}

#[tokio::test(start_paused = true)]
async fn changed_profiles_have_a_budget_of_their_own() {
    let world = world_of(250).await;
    let function = world.function(&[("MAX_UPDATES", "10%,20")]);
    sync(&world, &function).await;
    cooldown().await;
    let renamed: Vec<Value> = people(0..21)
        .iter()
        .map(|id| crate::steps::with(person(id), json!({"first_name": "Zoë"})))
        .collect();
    put_all(&world.dynamodb, USERS, &renamed).await;
    world.put(person("joiner")).await;

    let report = sync(&world, &function).await;

    assert_eq!(
        (report.upserts, report.withheld.updates.count),
        (1, 21),
        "{report:?}"
    );
    assert!(world.is_active("joiner"));
    let digest = report.withheld.updates.digest.unwrap();
    let event = json!({"command": "approve", "digest": digest});
    let granted = answer(&world, &function, &event).await.unwrap();
    assert_eq!(
        (&granted["kind"], &granted["approved"]),
        (&json!("updates"), &json!(21))
    );
    cooldown().await;
    assert_eq!(sync(&world, &function).await.upserts, 21);
}

#[tokio::test(start_paused = true)]
async fn pausing_works_though_the_mapping_is_broken() {
    let world = world_of(2).await;
    let broken = world.function(&[("MAPPING", "{")]);
    assert!(
        answer(&world, &broken, &json!({"command": "sync"}))
            .await
            .is_err()
    );

    let paused = answer(&world, &broken, &json!({"command": "pause"})).await;

    assert_eq!(paused.unwrap()["switch"], "paused");
    let report = sync(&world, &world.function(&[])).await;
    assert!(report.paused && report.upserts == 2);
    assert_eq!(world.okta.active_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn pausing_never_writes_into_the_users_table() {
    let world = world_of(2).await;
    let mistaken = world.function(&[("STATE_TABLE", USERS)]);

    let refused = answer(&world, &mistaken, &json!({"command": "pause"})).await;

    assert_eq!(refused.unwrap_err().0, "InvalidConfiguration");
}

#[tokio::test(start_paused = true)]
async fn paused_nothing_is_told_and_resumed_everything_is() {
    let world = world_of(5).await;
    let function = world.function(&[]);
    let pause = json!({"command": "pause", "by": "ada", "reason": "migration"});

    let paused = answer(&world, &function, &pause).await.unwrap();

    assert_eq!(
        (&paused["switch"], &paused["by"]),
        (&json!("paused"), &json!("ada"))
    );
    let dry = sync(&world, &function).await;
    assert_eq!((dry.dry_run, dry.paused, dry.upserts), (true, true, 5));
    assert_eq!(stream(&world, &[("INSERT", "user1")]).await, DONE);
    let push =
        json!({"command": "push", "records": [person("x")], "at": world.clock.now().to_string()});
    assert_eq!(
        answer(&world, &function, &push).await.unwrap_err().0,
        "Paused"
    );
    assert_eq!(world.okta.user_count(), 0);
    let status = crate::status::status(&world, &function).await;
    assert_eq!(status["switch"], "paused");

    let resume = json!({"command": "resume", "by": "ada"});
    assert_eq!(
        answer(&world, &function, &resume).await.unwrap()["switch"],
        "running"
    );
    let status = crate::status::status(&world, &function).await;
    assert_eq!(status["fullLookDue"], true);
    assert_eq!(sync(&world, &function).await.upserts, 5);
    let status = crate::status::status(&world, &function).await;
    assert_eq!(
        (&status["switch"], &status["fullLookDue"]),
        (&json!("running"), &json!(false))
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_guard_has_spent_and_keeps_back_is_told_by_status() {
    let world = world_of(60).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    leave(&world, &people(0..2)).await;
    sync(&world, &function).await;
    cooldown().await;
    leave(&world, &people(2..10)).await;
    let report = sync(&world, &function).await;
    approve(&world, &function, &report).await;

    let guard = crate::status::status(&world, &function).await["guard"]["deactivations"].clone();

    assert_eq!(
        (&guard["limit"], &guard["spent"], &guard["base"]),
        (&json!(6), &json!(2), &json!(60))
    );
    assert_eq!(guard["withheld"], 8);
    assert_eq!(guard["digest"], json!(report.withheld.deactivations.digest));
}

#[tokio::test(start_paused = true)]
async fn people_who_left_long_ago_and_have_no_record_are_forgotten() {
    let world = world_of(8).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.delete("user0").await;
    world.put(inactive("user1")).await;
    sync(&world, &function).await;
    let entries = async || {
        let items = crate::steps::state(&world).await;
        let users = items.iter().filter(|item| {
            let pk = item["pk"].as_s().unwrap();
            pk.starts_with("user#")
        });
        users.count()
    };
    assert_eq!(entries().await, 8);

    for _ in 0..401 {
        tokio::time::sleep(std::time::Duration::from_secs(24 * 3_600)).await;
    }
    let report = sync(&world, &function).await;

    // Whoever has a record would become a stranger.
    assert_eq!((report.unchanged, entries().await), (7, 7));
    assert_eq!(sync(&world, &function).await.strangers, 0);
}

#[tokio::test(start_paused = true)]
async fn a_report_stays_small_however_much_is_wrong_with_however_many() {
    let world = crate::support::World::start(crate::steps::options()).await;
    let long = "é".repeat(1_000);
    let records: Vec<Value> = (0..60)
        .map(|n| {
            let id = format!("{n}{long}");
            crate::steps::with(
                person(&id),
                json!({"email": long, "first_name": long, "last_name": long}),
            )
        })
        .collect();
    for record in records {
        world.put(record).await;
    }

    let report = sync(&world, &world.function(&[])).await;

    assert_eq!(report.rejected.count, 60);
    assert!(serde_json::to_string(&report).unwrap().len() < 200_000);
}
