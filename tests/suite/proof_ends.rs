//! What was proven of single-user calls does not hold for ever: what a look shows counts more.

use std::time::Duration;

use dynamodb_identity_source::handler::Function;
use okta_emulator::{Effect, Fault, Options, SingleDelete, UserStatus};
use serde_json::{Value, json};

use crate::{
    fast_lane::{calls, prove, proven, status, stream, works},
    steps::{answer, assert_agreement, cooldown, inactive, options, person, sync},
    support::{USERS, World, put_all},
};

async fn lane(world: &World, function: &Function) -> Value {
    status(world, function).await["fastLane"].clone()
}

/// A leaver whom a call takes from the identity source, and leaves active.
async fn left_active() -> (World, Function) {
    let (world, function) = proven(20, options()).await;
    world.okta.set_single_delete(SingleDelete::CutsTheTie);
    world.put(inactive("user0")).await;
    stream(&world, &function, &["user0"]).await;
    (world, function)
}

#[tokio::test(start_paused = true)]
async fn a_leaver_whom_a_call_leaves_active_ends_the_proof_and_no_call_is_made_about_another() {
    let (world, function) = left_active().await;
    assert_eq!(world.okta.user("user0").unwrap().status, UserStatus::Active);

    let lane = lane(&world, &function).await;
    cooldown().await;
    world.okta.clear_requests();
    world.put(inactive("user1")).await;
    stream(&world, &function, &["user1"]).await;

    assert_eq!(
        (&lane["deactivations"], &lane["proven"]["deactivate"]),
        (&json!(false), &json!("fails")),
        "{lane}"
    );
    assert_eq!(calls(&world), Vec::<String>::new());
    assert!(!world.is_active("user1"));
}

#[tokio::test(start_paused = true)]
async fn a_leaver_whom_no_session_finds_is_reported_until_somebody_has_deactivated_them() {
    let (world, function) = left_active().await;
    for _ in 0..3 {
        cooldown().await;
        let report = sync(&world, &function).await;
        assert_eq!(report.refused.count, 1, "{report:?}");
        let reason = &report.refused.examples[0].reasons[0];
        assert!(
            reason.contains("deactivate them in the admin console"),
            "{reason}"
        );
        assert!(!reason.contains('@'), "{reason}");
    }

    // A dry run says so as well: an alarm is not to end for it.
    let plan = answer(&world, &function, &json!({"command": "plan"})).await;
    assert_eq!(plan.unwrap()["refused"]["count"], 1);

    world.okta.admin_deactivates("user0").unwrap();
    cooldown().await;

    let report = sync(&world, &function).await;
    assert_eq!(report.refused.count, 0, "{report:?}");
    let stuck = status(&world, &function).await["stuck"]["count"].clone();
    assert_eq!(stuck, 0);
}

#[tokio::test(start_paused = true)]
async fn a_leaver_whom_no_session_finds_and_who_comes_back_is_reported_no_more() {
    let (world, function) = left_active().await;
    cooldown().await;
    sync(&world, &function).await;
    world.put(person("user0")).await;
    cooldown().await;
    sync(&world, &function).await;
    cooldown().await;

    let report = sync(&world, &function).await;

    assert_eq!(report.refused.count, 0, "{report:?}");
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_verification_that_finds_somebody_active_whom_a_call_deactivated_ends_the_proof() {
    for repair in [false, true] {
        let (world, function) = proven(20, options()).await;
        world.put(inactive("user0")).await;
        stream(&world, &function, &["user0"]).await;
        cooldown().await;
        sync(&world, &function).await;
        world.okta.admin_reactivates("user0").unwrap();

        let verify = json!({"command": "verify", "repair": repair});
        let found = answer(&world, &function, &verify).await.unwrap();

        assert_eq!(found["shouldHaveLeft"], 1, "{found}");
        let lane = lane(&world, &function).await;
        assert_eq!(
            (&lane["deactivations"], &lane["upserts"]),
            (&json!(false), &json!(true)),
            "{repair} {lane}"
        );
        assert!(
            lane["withdrawn"]["why"].to_string().contains("is active"),
            "{lane}"
        );
    }
}

async fn unproven() -> (World, Function) {
    let world = World::start(Options {
        call_time: Duration::from_millis(200),
        import_time: Duration::from_secs(10),
        ..options()
    })
    .await;
    let function = world.function(&[]);
    let records: Vec<_> = (0..20).map(|n| person(&format!("user{n}"))).collect();
    put_all(&world.dynamodb, USERS, &records).await;
    sync(&world, &function).await;
    (world, function)
}

fn made_up(world: &World) -> Vec<UserStatus> {
    let directory = world.okta.directory().into_iter();
    directory
        .filter(|(id, _)| id.starts_with("identity-source-proof-"))
        .map(|(_, user)| user.status)
        .collect()
}

/// Okta opens no session for minutes, which a scheduled run does not wait for.
#[tokio::test(start_paused = true)]
async fn full_runs_leave_the_made_up_people_of_a_proof_alone() {
    let (world, function) = unproven().await;
    let runs = async {
        loop {
            tokio::time::sleep(Duration::from_secs(20)).await;
            let _ = answer(&world, &function, &json!({"command": "sync"})).await;
        }
    };

    let said = tokio::select! {
        said = prove(&world, &function) => said,
        () = runs => unreachable!(),
    };

    assert_eq!(works(&said), ["works"; 3], "{said}");
    cooldown().await;
    sync(&world, &function).await;
    assert_eq!(made_up(&world), [UserStatus::Deprovisioned; 3]);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn whom_a_proof_has_created_leaves_also_if_another_cannot_be_created() {
    let (world, function) = unproven().await;
    cooldown().await;
    let refused = Effect::Status {
        status: 400,
        code: "E0000001".to_owned(),
        causes: Vec::new(),
    };
    world
        .okta
        .inject(Fault::on("POST", "/users").nth(3).then(refused));

    let said = prove(&world, &function).await;

    assert_eq!(said["create"], "fails", "{said}");
    assert_eq!(made_up(&world), [UserStatus::Deprovisioned; 2]);
}
