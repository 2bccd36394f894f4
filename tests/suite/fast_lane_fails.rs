//! Single-user calls that fail, and what follows: a session tells it all the same.

use std::time::Duration;

use dynamodb_identity_source::handler::Function;
use okta_emulator::{Effect, Fault, SingleDelete};
use serde_json::{Value, json};

use crate::{
    fast_lane::{calls, proven, sessions, status, stream},
    steps::{answer, assert_agreement, cooldown, inactive, options, person, sync, with},
    streams::DONE,
    support::World,
};

fn answers(status: u16) -> Effect {
    Effect::Status {
        status,
        code: "E0000001".to_owned(),
        causes: Vec::new(),
    }
}

/// Full runs, until all that is told is confirmed.
async fn settle(world: &World, function: &Function) {
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(3_700)).await;
        sync(world, function).await;
    }
    assert_agreement(world).await;
}

#[tokio::test(start_paused = true)]
async fn a_leaver_whose_call_fails_in_whatever_way_leaves_by_this_runs_session() {
    let after = Duration::from_secs(110);
    for effect in [
        answers(400),
        answers(500),
        answers(404),
        Effect::CloseBefore,
        Effect::CloseAfter,
        Effect::DoneLater { after },
        Effect::NotJson,
        Effect::Truncate,
        Effect::Delay {
            time: Duration::from_secs(60),
        },
    ] {
        let (world, function) = proven(20, options()).await;
        world
            .okta
            .inject(Fault::on("DELETE", "/users/*").then(effect.clone()));
        world.put(inactive("user0")).await;

        let done = stream(&world, &function, &["user0"]).await;

        assert_eq!(done, DONE, "{effect:?}");
        assert!(!world.is_active("user0"), "{effect:?}");
        settle(&world, &function).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_mover_whose_call_fails_in_whatever_way_is_told_by_a_session_in_the_end() {
    let after = Duration::from_secs(110);
    for effect in [
        answers(400),
        answers(500),
        Effect::CloseBefore,
        Effect::CloseAfter,
        Effect::DoneLater { after },
        Effect::HalfApplied,
        Effect::NotJson,
        Effect::Truncate,
    ] {
        let (world, function) = proven(20, options()).await;
        world
            .okta
            .inject(Fault::on("PATCH", "/users/*").then(effect.clone()));
        let changes = json!({"first_name": "Eve", "title": "Countess"});
        world.put(with(person("user0"), changes)).await;

        let done = stream(&world, &function, &["user0"]).await;

        assert_eq!(done, DONE, "{effect:?}");
        settle(&world, &function).await;
        let user = world.okta.user("user0").unwrap();
        assert_eq!(user.profile["title"], "Countess", "{effect:?}");
    }
}

/// A late call would let somebody in again who has left meanwhile.
#[tokio::test(start_paused = true)]
async fn a_call_that_arrives_late_is_waited_for_by_whoever_comes_after_it() {
    let (world, function) = proven(20, options()).await;
    let late = Effect::DoneLater {
        after: Duration::from_secs(110),
    };
    world.okta.inject(Fault::on("POST", "/users").then(late));
    world.put(person("joiner")).await;
    stream(&world, &function, &["joiner"]).await;
    world.put(inactive("joiner")).await;
    stream(&world, &function, &["joiner"]).await;
    tokio::time::sleep(Duration::from_secs(120)).await;

    settle(&world, &function).await;

    let joiner = world.okta.user("joiner");
    assert!(joiner.is_none() || !world.is_active("joiner"));
}

#[tokio::test(start_paused = true)]
async fn where_calls_are_not_permitted_none_is_made_for_an_hour() {
    let (world, function) = proven(20, options()).await;
    world
        .okta
        .inject(Fault::on("DELETE", "/users/*").then(answers(403)));
    let leave = async |id: &str| {
        world.put(inactive(id)).await;
        stream(&world, &function, &[id]).await
    };

    assert_eq!(leave("user0").await, DONE);
    let off = status(&world, &function).await["fastLane"].clone();
    cooldown().await;
    let doctor = answer(&world, &function, &json!({"command": "doctor"}))
        .await
        .unwrap();
    assert_eq!(leave("user1").await, DONE);
    let made = calls(&world).len();
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(leave("user2").await, DONE);

    assert!(off["off"]["why"].as_str().unwrap().contains("403"), "{off}");
    assert_eq!(off["deactivations"], false);
    let check = |check: &&Value| check["name"] == "fast lane";
    let checks = doctor["checks"].as_array().unwrap();
    assert_eq!(checks.iter().find(check).unwrap()["status"], "warning");
    assert_eq!((made, calls(&world).len()), (1, 2));
    settle(&world, &function).await;
}

#[tokio::test(start_paused = true)]
async fn a_look_that_shows_a_leaver_withdraws_the_proof_and_a_session_deactivates_them() {
    let (world, function) = proven(20, options()).await;
    world.put(inactive("user0")).await;
    world.okta.set_single_delete(SingleDelete::DoesNothing);

    let done = stream(&world, &function, &["user0"]).await;

    assert_eq!(done, DONE);
    assert!(!world.is_active("user0"));
    let lane = status(&world, &function).await["fastLane"].clone();
    assert_eq!(
        (&lane["deactivations"], &lane["upserts"]),
        (&json!(false), &json!(true))
    );
    assert!(
        lane["withdrawn"]["why"]
            .as_str()
            .unwrap()
            .contains("shows them all the same")
    );
    settle(&world, &function).await;
}

#[tokio::test(start_paused = true)]
async fn others_are_told_at_once_though_one_call_fails() {
    let (world, function) = proven(20, options()).await;
    world
        .okta
        .inject(Fault::on("PATCH", "/users/user1").then(answers(400)));
    for n in 0..5 {
        let record = with(person(&format!("user{n}")), json!({"first_name": "Eve"}));
        world.put(record).await;
    }

    stream(
        &world,
        &function,
        &["user0", "user1", "user2", "user3", "user4"],
    )
    .await;

    assert_eq!((calls(&world).len(), sessions(&world) > 0), (5, true));
    settle(&world, &function).await;
}

#[tokio::test(start_paused = true)]
async fn somebody_pauses_and_nobody_is_called_about() {
    let (world, function) = proven(20, options()).await;
    answer(&world, &function, &json!({"command": "pause"}))
        .await
        .unwrap();
    world.put(inactive("user0")).await;

    assert_eq!(stream(&world, &function, &["user0"]).await, DONE);

    assert!(world.is_active("user0"));
    assert_eq!(calls(&world), Vec::<String>::new());
}
