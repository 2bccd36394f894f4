//! Quarantine where many are refused, and what a run may say of those it did not look at.

use crate::refused_singly::{loads, poisoned, refuse, status, world_with};
use crate::{
    steps::{changes, cooldown, is_active, person, sync, with},
    support::{USERS, invoke_stream, put_all},
};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn with_many_refused_no_session_gets_more_than_its_fifty_loads_and_all_others_land() {
    let bad = |n: usize| n.is_multiple_of(211);
    let world = world_with(2_000, bad).await;
    refuse(&world, false);
    let function = world.function(&[]);

    let mut reports = vec![sync(&world, &function).await];
    while reports.last().unwrap().more {
        cooldown().await;
        reports.push(sync(&world, &function).await);
        assert!(reports.len() < 10, "no end to it: {reports:?}");
    }

    let count = (0..2_000).filter(|n| bad(*n)).count() as u64;
    assert_eq!(reports.last().unwrap().refused.count, count);
    assert!(loads(&world).len() > 1);
    assert!(loads(&world).into_iter().all(|loads| loads <= 50));
    cooldown().await;
    assert_eq!(world.okta.active_count() as u64, 2_000 - count);
    world.okta.clear_requests();
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));
    assert!(
        world
            .okta
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );
}

#[tokio::test(start_paused = true)]
async fn where_everybody_is_refused_a_run_isolates_a_few_and_comes_to_an_end() {
    let world = world_with(700, |_| true).await;
    refuse(&world, false);
    let function = world.function(&[]);

    let report = sync(&world, &function).await;

    assert_eq!((report.refused.count, report.rejected.count), (700, 0));
    assert!(!report.more && report.resume_at.is_none());
    assert_eq!(world.okta.user_count(), 0);
    assert!(
        loads(&world).into_iter().sum::<usize>() <= 100,
        "{:?}",
        loads(&world)
    );
    let stuck = &status(&world).await["stuck"];
    assert_eq!(stuck["count"], 700);
    // The last two may be refused at the same time.
    let isolated = stuck["refused"].as_u64().unwrap();
    assert!((20..=21).contains(&isolated), "{isolated}");

    // Once it is put right, everybody comes.
    world.okta.clear_faults();
    let records: Vec<_> = (0..700).map(|n| person(&format!("user{n}"))).collect();
    put_all(&world.dynamodb, USERS, &records).await;
    let report = sync(&world, &function).await;
    assert_eq!((report.upserts, report.refused.count), (700, 0));
    assert_eq!(status(&world).await["stuck"]["count"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_batch_quarantines_and_heals_whom_it_looked_at_and_nobody_else() {
    let world = world_with(3, |n| n > 0).await;
    world
        .put(with(person("broken"), json!({"email": ""})))
        .await;
    refuse(&world, false);
    let function = world.function(&[]);
    let record = |id: &str| json!({"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"id": {"S": id}}, "SequenceNumber": "1"}});
    sync(&world, &function).await;
    assert_eq!(status(&world).await["stuck"]["count"], 3);
    cooldown().await;
    world.put(person("user1")).await;
    world.put(poisoned("late")).await;

    let batch = json!({"Records": [record("user1"), record("late"), record("user2")]});
    invoke_stream(&function, world.clock, &batch).await;

    let stuck = status(&world).await["stuck"].clone();
    let named: Vec<_> = stuck["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let id = entry["externalId"].as_str().unwrap().to_owned();
            (id, entry["times"].as_u64().unwrap())
        })
        .collect();
    let expected = [("user2", 2), ("late", 1), ("broken", 1)];
    assert_eq!(named, expected.map(|(id, times)| (id.to_owned(), times)));
    assert!(is_active(&world, "user1"));

    world.delete("late").await;
    let batch = json!({"Records": [record("late")]});
    invoke_stream(&function, world.clock, &batch).await;
    assert_eq!(status(&world).await["stuck"]["count"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_quarantine_is_only_found_again() {
    let mut world = world_with(6, |n| n == 2).await;
    let between = world.between().await;
    refuse(&world, false);
    let function = world.function(&[]);
    between.dynamodb.on(
        "BatchGetItem identity-source-state",
        ..,
        crate::support::proxy::Fault::edit(|call, answer| {
            // As another release might have written it.
            if call.to_string().contains("stuck#") {
                for item in answer["Responses"]["identity-source-state"]
                    .as_array_mut()
                    .into_iter()
                    .flatten()
                {
                    item["entries"] = json!({"S": "?"});
                }
            }
        }),
    );
    sync(&world, &function).await;
    cooldown().await;

    let report = sync(&world, &function).await;

    assert_eq!((report.upserts, report.refused.count), (0, 1), "{report:?}");
    assert_eq!(world.okta.user_count(), 5);
}
