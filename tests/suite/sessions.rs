//! Import sessions: waiting for one, what became of the last, and what others left behind.

use std::time::Duration;

use okta_emulator::{Options, SessionStatus};
use serde_json::json;

use crate::{
    steps::{
        assert_agreement, changes, cooldown, fails, inactive, invoke_for, is_active, options,
        person, sync, with, world_of,
    },
    support::{World, proxy::Fault},
};

/// Forces every session that is triggered from now on into ERROR, before it is imported.
async fn fail_sessions(world: &World) {
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        for session in world.okta.sessions() {
            if session.status == SessionStatus::Triggered {
                world.okta.force_status(&session.id, SessionStatus::Error);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_in_which_okta_knows_nobody_is_cancelled_and_its_users_are_done_with() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    // Their import came to nothing, so that Okta does not know them.
    tokio::select! {
        _ = sync(&world, &function) => {},
        () = fail_sessions(&world) => unreachable!(),
    };
    cooldown().await;
    for n in 0..3 {
        world.put(inactive(&format!("user{n}"))).await;
    }

    let first = sync(&world, &function).await;
    let second = sync(&world, &function).await;

    assert_eq!(changes(&first), (0, 3));
    assert_eq!(first.sessions[0].status, "CLOSED");
    assert!(!first.more);
    assert_eq!(world.okta.user_count(), 0);
    assert_eq!(changes(&second), (0, 0));
    assert_eq!((second.unchanged, world.okta.sessions().len()), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn inactive_strangers_are_counted_and_not_told() {
    let world = world_of(3).await;
    world.put(inactive("ada")).await;
    let function = world.function(&[]);

    let first = sync(&world, &function).await;
    let second = sync(&world, &function).await;

    assert_eq!((changes(&first), changes(&second)), ((3, 0), (0, 0)));
    assert_eq!((first.strangers, second.strangers), (1, 1));
    assert_eq!(first.withheld.count(), 0);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_leaver_whom_okta_has_yet_to_import_is_not_taken_for_unknown() {
    let world = World::start(Options {
        import_time: Duration::from_secs(700),
        ..options()
    })
    .await;
    world.put(person("ada")).await;
    let function = world.function(&[]);
    assert_eq!(
        sync(&world, &function).await.sessions[0].status,
        "TRIGGERED"
    );
    cooldown().await;
    world.put(inactive("ada")).await;

    let early = sync(&world, &function).await;

    // Okta knows nobody in it, and the import that will bring them is under way.
    assert_eq!(
        (changes(&early), early.sessions[0].status.as_str()),
        ((0, 1), "CLOSED")
    );
    tokio::time::sleep(Duration::from_secs(700)).await;
    assert!(is_active(&world, "ada"), "the first import is done");
    let late = sync(&world, &function).await;
    assert_eq!(changes(&late), (0, 1));
    tokio::time::sleep(Duration::from_secs(1500)).await;
    assert!(!is_active(&world, "ada"));
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_five_minutes_after_an_import_are_waited_out() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("new")).await;

    let report = sync(&world, &function).await;

    assert_eq!((changes(&report), report.more), ((1, 0), false));
    let sessions = world.okta.sessions();
    let waited = sessions[1]
        .created
        .duration_since(sessions[0].triggered.unwrap())
        .unwrap();
    assert!((300..330).contains(&waited.as_secs()), "{waited:?}");
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn five_minutes_that_an_invocation_does_not_have_are_left_to_the_next() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("new")).await;

    let report = invoke_for(&world, &function, Duration::from_secs(120)).await;

    assert_eq!(
        (report.upserts, report.sessions.len(), report.more),
        (1, 0, true)
    );
    world.clock.sleep_until(report.resume_at.unwrap()).await;
    let next = invoke_for(&world, &function, Duration::from_secs(120)).await;
    assert_eq!(
        (next.upserts, next.sessions.len(), next.more),
        (1, 1, false)
    );
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_somebody_left_open_is_cancelled() {
    let world = world_of(3).await;
    let foreign = world.okta.open_foreign_session();

    let report = sync(&world, &world.function(&[])).await;

    assert_eq!(changes(&report), (3, 0));
    assert_eq!(
        world.okta.session(&foreign).unwrap().status,
        SessionStatus::Closed
    );
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_loaded_and_never_started_is_cancelled_and_loaded_again() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    let function = world.function(&[]);
    between.okta.on(
        "POST sessions/{id}/start-import",
        ..,
        Fault::Answer(403, json!({"errorCode": "E0000006"})),
    );
    let said = fails(&world, &function).await;
    assert!(said.contains("E0000006"), "{said}");
    assert_eq!(world.okta.sessions()[0].status, SessionStatus::InProgress);
    between.okta.heal();

    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (3, 0));
    assert_eq!(world.okta.sessions()[0].status, SessionStatus::Closed);
    assert_agreement(&world).await;
}

/// A world in which a session with two movers and a leaver has just been triggered.
async fn triggered() -> (World, String) {
    let world = world_of(5).await;
    let function = world.function(&[("WATCH_SECONDS", "0")]);
    sync(&world, &function).await;
    cooldown().await;
    for id in ["user0", "user1"] {
        let changed = with(person(id), json!({"first_name": "Zoë"}));
        world.put(changed).await;
    }
    world.delete("user2").await;
    let second = sync(&world, &function).await;
    assert_eq!(second.sessions[0].status, "TRIGGERED");
    let id = second.sessions[0].id.to_string();
    (world, id)
}

#[tokio::test(start_paused = true)]
async fn what_a_session_carried_is_told_again_unless_it_landed() {
    for (ending, told_again) in [
        ("COMPLETED", (0, 0)),
        ("TRIGGERED", (0, 0)),
        ("ERROR", (2, 1)),
        ("EXPIRED", (2, 1)),
        ("CLOSED", (2, 1)),
    ] {
        let (world, id) = triggered().await;
        let function = world.function(&[("WATCH_SECONDS", "0")]);
        match ending {
            "COMPLETED" => cooldown().await,
            "TRIGGERED" => {}
            ending => assert!(world.okta.force_status(&id, ending)),
        }

        let third = sync(&world, &function).await;

        assert_eq!(changes(&third), told_again, "{ending}");
        cooldown().await;
        for _ in 0..3 {
            sync(&world, &function).await;
            cooldown().await;
        }
        assert_agreement(&world).await;
        assert_eq!(changes(&sync(&world, &function).await), (0, 0), "{ending}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_import_whose_end_cannot_be_seen_is_waited_for_and_given_up_after_a_day() {
    for ending in ["SOMETHING_NEW", "forgotten"] {
        let (world, id) = triggered().await;
        let function = world.function(&[("WATCH_SECONDS", "0")]);
        if ending == "forgotten" {
            assert!(world.okta.forget_session(&id));
        } else {
            assert!(world.okta.force_status(&id, ending));
        }
        world
            .put(with(person("user0"), json!({"first_name": "Bo"})))
            .await;
        world.put(person("new")).await;

        let waits = sync(&world, &function).await;

        // Somebody else is told all the same; who may be in it is not overtaken.
        assert_eq!((changes(&waits), waits.waiting), ((1, 0), 1), "{ending}");
        tokio::time::sleep(Duration::from_secs(25 * 3_600)).await;
        let gives_up = sync(&world, &function).await;
        assert_eq!(changes(&gives_up), (2, 1), "{ending}");
        cooldown().await;
        assert_agreement(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_in_an_import_that_failed_is_told_again_by_the_next_run() {
    let world = world_of(3).await;
    let function = world.function(&[]);

    let failed = tokio::select! {
        report = sync(&world, &function) => report,
        () = fail_sessions(&world) => unreachable!(),
    };

    assert_eq!(failed.sessions[0].status, "ERROR");
    assert!(failed.more && failed.resume_at.is_some(), "{failed:?}");
    assert_eq!(world.okta.user_count(), 0);
    let report = sync(&world, &function).await;
    assert_eq!((changes(&report), report.more), ((3, 0), false));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_opening_starting_or_loading_leads_to_one_session_all_the_same() {
    for call in [
        "POST sessions",
        "POST sessions/{id}/bulk-upsert",
        "POST sessions/{id}/start-import",
    ] {
        for fault in [
            Fault::CloseBefore,
            Fault::CloseAfter,
            Fault::Answer(502, json!({})),
        ] {
            let mut world = world_of(3).await;
            let between = world.between().await;
            between.okta.on(call, ..=1, fault);
            let function = world.function(&[]);

            let report = sync(&world, &function).await;

            assert_eq!((changes(&report), report.more), ((3, 0), false), "{call}");
            assert_eq!(world.okta.sessions().len(), 1, "{call}");
            assert_agreement(&world).await;
            assert_eq!(changes(&sync(&world, &function).await), (0, 0), "{call}");
        }
    }
}
