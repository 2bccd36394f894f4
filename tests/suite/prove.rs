//! Proving on made-up people what single-user calls do with an org.

use std::time::Duration;

use dynamodb_identity_source::handler::Function;
use okta_emulator::{Effect, Fault, Options, ServiceApp, SingleDelete, UserStatus};
use serde_json::{Value, json};

use crate::{
    fast_lane::{calls, prove, status, stream, works},
    steps::{answer, assert_agreement, cooldown, inactive, options, person, sync},
    support::{CLIENT, USERS, World, keys::Key, put_all},
};

async fn world_where(single_delete: SingleDelete) -> (World, Function) {
    let world = World::start(Options {
        single_delete,
        call_time: Duration::from_millis(200),
        import_time: Duration::from_secs(10),
        ..options()
    })
    .await;
    let function = start(&world).await;
    (world, function)
}

async fn start(world: &World) -> Function {
    let function = world.function(&[]);
    let records: Vec<_> = (0..20).map(|n| person(&format!("user{n}"))).collect();
    put_all(&world.dynamodb, USERS, &records).await;
    sync(world, &function).await;
    cooldown().await;
    function
}

/// The made-up people at Okta.
fn made_up(world: &World) -> Vec<(String, UserStatus)> {
    let directory = world.okta.directory().into_iter();
    directory
        .filter(|(id, _)| id.starts_with("identity-source-proof-"))
        .map(|(id, user)| (id, user.status))
        .collect()
}

/// A leaver leaves, by a call or by the next session; nobody else is touched.
async fn a_leaver_leaves(world: &World, function: &Function) {
    cooldown().await;
    world.put(inactive("user0")).await;
    stream(world, function, &["user0"]).await;
    assert!(!world.is_active("user0"));
    assert_eq!(
        (1..20)
            .filter(|n| world.is_active(&format!("user{n}")))
            .count(),
        19
    );
    for _ in 0..2 {
        cooldown().await;
        sync(world, function).await;
    }
    assert_eq!(world.okta.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_deactivates_is_proven_and_nobody_made_up_stays_active() {
    let (world, function) = world_where(SingleDelete::Deactivates).await;

    let said = prove(&world, &function).await;

    assert_eq!(works(&said), ["works"; 3], "{said}");
    assert_eq!(said["lookAt"], json!([]));
    let people = made_up(&world);
    assert_eq!(people.len(), 3);
    assert!(
        people
            .iter()
            .all(|(_, it)| *it == UserStatus::Deprovisioned),
        "{people:?}"
    );
    assert!(
        people
            .iter()
            .any(|(id, _)| said["person"]["externalId"] == id.as_str())
    );
    let lane = status(&world, &function).await["fastLane"].clone();
    assert_eq!(
        (&lane["limit"], &lane["deactivations"]),
        (&json!(20), &json!(true))
    );
    world.okta.clear_requests();
    a_leaver_leaves(&world, &function).await;
    assert_eq!(calls(&world), ["DELETE"]);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_does_nothing_fails_and_sessions_tell_leavers() {
    let (world, function) = world_where(SingleDelete::DoesNothing).await;

    let said = prove(&world, &function).await;

    assert_eq!(works(&said), ["works", "works", "fails"], "{said}");
    a_leaver_leaves(&world, &function).await;
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_cuts_the_tie_fails_and_nobody_but_the_made_up_person_is_touched() {
    let (world, function) = world_where(SingleDelete::CutsTheTie).await;

    let said = prove(&world, &function).await;

    assert_eq!(works(&said), ["works", "works", "fails"], "{said}");
    let active = made_up(&world)
        .into_iter()
        .filter(|(_, status)| *status == UserStatus::Active);
    assert_eq!(active.count(), 1);
    let look_at = said["lookAt"].to_string();
    assert!(
        look_at.contains("still active: deactivate them there"),
        "{look_at}"
    );
    a_leaver_leaves(&world, &function).await;
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_answers_404_the_next_time_is_proven() {
    let (world, function) = world_where(SingleDelete::UnknownNextTime).await;

    let said = prove(&world, &function).await;

    assert_eq!(works(&said), ["works"; 3], "{said}");
    a_leaver_leaves(&world, &function).await;
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_delete_after_which_no_session_finds_anybody_is_proven() {
    let (world, function) = world_where(SingleDelete::DeactivatesAndCutsTheTie).await;

    let said = prove(&world, &function).await;

    assert_eq!(works(&said), ["works"; 3], "{said}");
    a_leaver_leaves(&world, &function).await;
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_does_nothing_beside_an_import_fails() {
    let (world, function) = world_where(SingleDelete::NothingDuringImports).await;

    let said = prove(&world, &function).await;

    assert_eq!(works(&said), ["works", "works", "fails"], "{said}");
    assert!(
        made_up(&world)
            .iter()
            .all(|(_, it)| *it == UserStatus::Deprovisioned)
    );
    a_leaver_leaves(&world, &function).await;
    assert_agreement(&world).await;
}

/// A service app that may not see users' statuses.
async fn world_that_sees_no_status() -> (World, Function) {
    let key = Key::new();
    let mut world = World::start(Options {
        service_app: Some(ServiceApp::new(CLIENT, &*key.jwks)),
        call_time: Duration::from_millis(200),
        import_time: Duration::from_secs(10),
        ..options()
    })
    .await;
    world.credentials = key.credentials(CLIENT);
    let function = start(&world).await;
    (world, function)
}

#[tokio::test(start_paused = true)]
async fn that_somebody_is_not_shown_any_more_proves_nothing_until_the_operator_has_looked() {
    let (world, function) = world_that_sees_no_status().await;
    let confirm = json!({"command": "prove", "confirmed": ["deactivate"]});
    let early = answer(&world, &function, &confirm).await.unwrap_err();

    let said = prove(&world, &function).await;
    let before = status(&world, &function).await["fastLane"]["deactivations"].clone();
    let confirmed = answer(&world, &function, &confirm).await.unwrap();
    let again = answer(&world, &function, &confirm).await.unwrap_err();

    assert_eq!((early.0, again.0), ("InvalidEvent", "InvalidEvent"));
    assert_eq!(works(&said), ["works", "works", "unknown"], "{said}");
    assert!(
        said["lookAt"][0]
            .as_str()
            .unwrap()
            .contains("must be deactivated by")
    );
    assert_eq!(before, false);
    assert_eq!(works(&confirmed), ["works"; 3]);
    let lane = status(&world, &function).await["fastLane"].clone();
    assert_eq!(lane["deactivations"], true, "{lane}");
}

#[tokio::test(start_paused = true)]
async fn a_paused_function_proves_nothing() {
    let (world, function) = world_where(SingleDelete::Deactivates).await;
    let event = json!({"command": "pause"});
    answer(&world, &function, &event).await.unwrap();

    for event in [
        json!({"command": "prove"}),
        json!({"command": "prove", "confirmed": ["deactivate"]}),
    ] {
        let (name, _) = answer(&world, &function, &event).await.unwrap_err();
        assert_eq!(name, "Paused");
    }

    assert_eq!(made_up(&world), []);
}

#[tokio::test(start_paused = true)]
async fn nothing_else_can_be_confirmed_than_a_deactivation() {
    let (world, function) = world_where(SingleDelete::Deactivates).await;

    for confirmed in [
        json!([]),
        json!(["create"]),
        json!(["deactivate", "update"]),
    ] {
        let event = json!({"command": "prove", "confirmed": confirmed});
        assert_eq!(
            answer(&world, &function, &event).await.unwrap_err().0,
            "InvalidEvent"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_run_deactivates_whom_a_proof_that_died_has_left_behind() {
    let (world, function) = world_where(SingleDelete::Deactivates).await;
    let event = json!({"command": "prove"});
    let dies = tokio::time::timeout(
        Duration::from_secs(1),
        function.invoke(&event, "died", world.clock.now() + Duration::from_secs(900)),
    );
    assert!(dies.await.is_err());
    let left = made_up(&world);
    assert!(
        left.iter().any(|(_, it)| *it == UserStatus::Active),
        "{left:?}"
    );

    for _ in 0..2 {
        cooldown().await;
        sync(&world, &function).await;
    }

    assert!(
        made_up(&world)
            .iter()
            .all(|(_, it)| *it == UserStatus::Deprovisioned)
    );
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn where_calls_are_not_permitted_the_proof_says_so() {
    for (status, method) in [(403, "POST"), (404, "POST"), (405, "POST"), (403, "DELETE")] {
        let (world, function) = world_where(SingleDelete::Deactivates).await;
        let path = if method == "POST" {
            "/users"
        } else {
            "/users/*"
        };
        let denied = Effect::Status {
            status,
            code: "E0000006".to_owned(),
            causes: Vec::new(),
        };
        world
            .okta
            .inject(Fault::on(method, path).always().then(denied));

        let said: Value = prove(&world, &function).await;

        let call = if method == "POST" {
            "create"
        } else {
            "deactivate"
        };
        assert_eq!(said[call], "fails", "{status} {method} {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proof_is_of_one_org() {
    let (world, function) = world_where(SingleDelete::Deactivates).await;
    prove(&world, &function).await;
    let other = world.function(&[("OKTA_IDENTITY_SOURCE_ID", "0oaanother00source00")]);

    let lane = status(&world, &other).await["fastLane"].clone();

    assert_eq!(
        (&lane["proven"], &lane["upserts"]),
        (&Value::Null, &json!(false))
    );
}
