//! What used to look like success: work that stands still, ends that are not seen, errors that pass
//! for patience.

use std::time::Duration;

use okta_emulator::{Applied, Effect, Fault, Options, Poison, SessionEnd};
use serde_json::json;

use crate::{
    steps::{
        answer, assert_agreement, changes, cooldown, fails, inactive, options, person, sync, with,
        world_of,
    },
    streams::{DONE, batch, stream},
    support::{USERS, World, invoke_stream, proxy, put_all},
};

#[tokio::test(start_paused = true)]
async fn a_status_that_lags_behind_a_load_does_not_pass_for_an_okta_that_knows_nobody() {
    let world = World::start(Options {
        status_lag: Duration::from_secs(12),
        ..options()
    })
    .await;
    for n in 0..40 {
        world.put(person(&format!("user{n}"))).await;
    }
    let function = world.function(&[("MAX_DEACTIVATIONS", "100%")]);
    sync(&world, &function).await;
    cooldown().await;
    let leavers: Vec<_> = (0..30).map(|n| inactive(&format!("user{n}"))).collect();
    put_all(&world.dynamodb, USERS, &leavers).await;

    let report = sync(&world, &function).await;

    assert_eq!((changes(&report), report.more), ((0, 30), false));
    assert_eq!(world.okta.active_count(), 10);
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_user_who_makes_every_import_fail_is_found_and_all_others_are_told() {
    let world = world_of(16).await;
    let function = world.function(&[]);
    world
        .put(with(person("user11"), json!({"first_name": "Poison"})))
        .await;
    world
        .okta
        .inject(
            Fault::on("POST", "/sessions/*/start-import")
                .always()
                .then(Effect::ImportFails {
                    poison: Poison::ExternalIds(vec!["user11".into()]),
                    applied: Applied::Nobody,
                }),
        );

    let mut sessions = 0;
    let mut report = sync(&world, &function).await;
    while report.more {
        sessions += report.sessions.len();
        assert!(sessions < 20, "no end to it");
        cooldown().await;
        report = sync(&world, &function).await;
    }
    cooldown().await;
    let report = sync(&world, &function).await;

    assert_eq!(world.okta.active_count(), 15);
    assert_eq!(
        (report.refused.count, changes(&report)),
        (1, (0, 0)),
        "{report:?}"
    );
    assert_eq!(
        report.refused.examples[0].external_id.as_deref(),
        Some("user11")
    );
    // A leaver is not held up by it, and whoever made it fail is told again once they change.
    world.put(inactive("user3")).await;
    world.okta.clear_faults();
    world
        .put(with(person("user11"), json!({"first_name": "Ada"})))
        .await;
    while sync(&world, &function).await.more {
        cooldown().await;
    }
    cooldown().await;
    sync(&world, &function).await;
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_run_gets_its_turn_beside_a_busy_stream() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("full")).await;
    let shard = async |name: &str| {
        for n in 0..4 {
            let id = format!("{name}{n}");
            world.put(person(&id)).await;
            let function = world.function(&[]);
            invoke_stream(&function, world.clock, &batch(&[("INSERT", &id)])).await;
        }
    };
    let full = async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        let began = world.clock.now();
        let report = sync(&world, &function).await;
        (report, world.clock.now().duration_since(began).as_secs())
    };

    let ((), (), (report, took)) = tokio::join!(shard("a"), shard("b"), full);

    assert_eq!(report.skipped, None);
    assert!(world.is_active("full") && !report.more, "{report:?}");
    assert!(
        took < 700,
        "after at most one session of the stream's, it had its own: {took} s"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_to_open_a_session_that_no_cooldown_explains_is_an_error() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    let function = world.function(&[]);
    let refusal = json!({"errorCode": "E0000001", "errorSummary": "Api validation failed: app",
        "errorCauses": [{"errorSummary": "The app is not enabled for imports"}]});
    between
        .okta
        .on("POST sessions", .., proxy::Fault::Answer(400, refusal));

    let said = fails(&world, &function).await;

    assert!(said.contains("not enabled"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_dynamodb_that_never_answers_is_an_error_in_time_and_keeps_no_lease() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    let function = world.function(&[]);
    between.dynamodb.on(
        "Scan users",
        ..,
        proxy::Fault::Delay(Duration::from_secs(36_000)),
    );
    let began = world.clock.now();

    let (name, said) = answer(&world, &function, &json!({"command": "sync"}))
        .await
        .unwrap_err();

    assert_eq!(name, "UsersTable");
    assert!(said.contains("no answer in time"), "{said}");
    let took = world.clock.now().duration_since(began).as_secs();
    assert!(took < 600, "{took} s");
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_okta_costs_no_second_scan() {
    let mut world = world_of(20).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("new")).await;
    let before = between.dynamodb.count("Scan users");

    // It waits five minutes for Okta to open a session.
    let report = sync(&world, &function).await;

    assert_eq!(changes(&report), (1, 0));
    assert_eq!(
        between.dynamodb.count("Scan users") - before,
        8,
        "one scan in eight segments"
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_folds_deactivates_nobody_whose_record_stands() {
    let mapping = json!({"externalId": "{{ id | lower }}", "profile": {"userName": "{{ email }}",
        "email": "{{ email }}", "firstName": "{{ first_name }}"}})
    .to_string();
    let world = World::start(options()).await;
    world.put(person("E3")).await;
    world.put(person("E4")).await;
    let function = world.function(&[("MAPPING", &mapping)]);
    sync(&world, &function).await;
    cooldown().await;
    world.delete("E3").await;
    world.put(person("e3")).await;

    let response = invoke_stream(&function, world.clock, &batch(&[("REMOVE", "E3")])).await;
    let report = sync(&world, &function).await;

    assert!(response.batch_item_failures.is_empty());
    assert_eq!(report.deactivations, 0);
    assert!(world.is_active("e3"));
}

#[tokio::test(start_paused = true)]
async fn a_ledger_of_another_identity_source_or_mapping_stops_every_run_until_it_is_rebound() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    let other = world.function(&[("OKTA_IDENTITY_SOURCE_ID", "0oaanother000source0")]);
    let mapping = json!({"externalId": "{{ email }}", "profile": {"userName": "{{ email }}", "email": "{{ email }}"}});
    let mapping = world.function(&[("MAPPING", &mapping.to_string())]);

    for function in [&other, &mapping] {
        let (name, said) = answer(&world, function, &json!({"command": "sync"}))
            .await
            .unwrap_err();
        assert_eq!(name, "OtherBinding");
        assert!(said.contains("was") && said.contains("rebind"), "{said}");
    }
    // A new externalId would make new people of everybody.
    let rebind = json!({"command": "sync", "rebind": true});
    assert_eq!(
        answer(&world, &mapping, &rebind).await.unwrap_err().0,
        "OtherBinding"
    );
    assert_eq!(stream(&world, &[("MODIFY", "user1")]).await, DONE);
}

#[tokio::test(start_paused = true)]
async fn a_rebound_ledger_tells_everybody_again_and_takes_nobody_for_gone() {
    let world = world_of(4).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.put(inactive("user0")).await;
    sync(&world, &function).await;
    cooldown().await;
    let elsewhere = World::start(options()).await;
    let url = elsewhere.okta_url.clone();
    let moved = world.function(&[("OKTA_ORG_URL", &url)]);

    let rebind = json!({"command": "sync", "rebind": true});
    let report = answer(&world, &moved, &rebind).await.unwrap();

    assert_eq!(
        (&report["upserts"], &report["deactivations"]),
        (&json!(3), &json!(0)),
        "{report}"
    );
    assert_eq!(report["strangers"], 1);
    assert_eq!(elsewhere.okta.active_count(), 3);
    let again = answer(&world, &moved, &json!({"command": "sync"}))
        .await
        .unwrap();
    assert_eq!(
        (&again["upserts"], &again["unchanged"]),
        (&json!(0), &json!(3))
    );
}

#[tokio::test(start_paused = true)]
async fn imports_that_fail_one_after_another_are_an_error_in_the_end() {
    let world = world_of(16).await;
    let function = world.function(&[]);
    let start = Fault::on("POST", "/sessions/*/start-import").always();
    world.okta.inject(start.then(Effect::ImportEnds {
        how: SessionEnd::Error,
        applied: Applied::Nobody,
    }));
    let mut named = Vec::new();
    for _ in 0..6 {
        let event = json!({"command": "sync"});
        let answered = answer(&world, &function, &event).await;
        named.extend(answered.err().map(|(name, _)| name));
        cooldown().await;
    }

    assert_eq!(named, ["SessionsFail", "SessionsFail"]);
}
