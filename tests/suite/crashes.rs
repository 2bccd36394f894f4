//! A run that dies between any two of its steps, and the runs after it.

use std::time::Duration;

use dynamodb_identity_source::handler::Function;
use okta_emulator::{Applied, Effect, Fault, Poison, SessionEnd};
use serde_json::json;

use crate::{
    steps::{assert_agreement, changes, cooldown, inactive, person, sync, with, world_of},
    support::{
        Between, World,
        crash::{Crash, Moment},
        invoke,
    },
};

/// Runs until there is nothing to do, and sees that Okta is as the table says.
async fn assert_convergence(world: &World, function: &Function, after: &str) {
    // The dead run's lease.
    tokio::time::sleep(Duration::from_secs(31)).await;
    for _ in 0..4 {
        let report = sync(world, function).await;
        assert_eq!(report.skipped, None, "{after}");
        assert_eq!(report.withheld.deactivations.count, 0, "{after}");
        if changes(&report) == (0, 0) && !report.more {
            cooldown().await;
            return assert_agreement(world).await;
        }
    }
    panic!("no end to it: {after}");
}

/// Kills a run at each of its calls, before and after the service has done it, changes the
/// table, and lets others run.
async fn die_everywhere(
    prepare: impl AsyncFn(&World, &Function),
    afterwards: impl AsyncFn(&World),
) {
    for moment in [Moment::Before, Moment::After] {
        for at in 1.. {
            let mut world = world_of(8).await;
            let Between { dynamodb, okta } = world.between().await;
            let function = world.function(&[]);
            prepare(&world, &function).await;
            let crash = Crash::at(at, moment);
            dynamodb.watch_for(&crash);
            okta.watch_for(&crash);

            let event = json!({"command": "sync"});
            let survived = crash.or(invoke(&function, world.clock, &event)).await;

            dynamodb.heal();
            okta.heal();
            let died_at = dynamodb.calls().last().map(|call| call.what.clone());
            let scene = format!("{moment:?} call {at}, {died_at:?}");
            // A process that died leaves nothing in memory.
            let function = world.function(&[]);
            afterwards(&world).await;
            assert_convergence(&world, &function, &scene).await;
            if survived.is_some() {
                assert!(at > 10, "a run makes more calls than {at}");
                break;
            }
        }
    }
}

async fn nothing(_: &World) {}

/// A run with something of everything to do.
async fn a_busy_day(world: &World, function: &Function) {
    sync(world, function).await;
    cooldown().await;
    world
        .put(with(person("user0"), json!({"first_name": "Zoë"})))
        .await;
    world.put(inactive("user1")).await;
    world.delete("user2").await;
    world.put(person("new")).await;
    world.put(inactive("unknown")).await;
}

#[tokio::test(start_paused = true)]
async fn a_first_run_that_dies_anywhere_is_made_up_for() {
    die_everywhere(async |_: &World, _: &Function| {}, nothing).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_anywhere_is_made_up_for() {
    die_everywhere(a_busy_day, nothing).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_anywhere_is_made_up_for_even_if_all_is_taken_back() {
    die_everywhere(a_busy_day, async |world: &World| {
        for id in ["user0", "user1", "user2"] {
            world.put(person(id)).await;
        }
        world.delete("new").await;
        world.put(person("unknown")).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_anywhere_is_made_up_for_even_if_the_table_goes_on_changing() {
    die_everywhere(a_busy_day, async |world: &World| {
        world.delete("user0").await;
        world.delete("user1").await;
        world
            .put(with(person("user2"), json!({"first_name": "Bo"})))
            .await;
        world.put(inactive("new")).await;
        world.delete("unknown").await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_of_leavers_whom_okta_never_knew_may_die_anywhere() {
    die_everywhere(
        async |world: &World, function: &Function| {
            sync(world, function).await;
            cooldown().await;
            // Their import comes to nothing.
            world.put(person("unknown")).await;
            let start = Fault::on("POST", "/sessions/*/start-import");
            world.okta.inject(start.then(Effect::ImportEnds {
                how: SessionEnd::Error,
                applied: Applied::Nobody,
            }));
            sync(world, function).await;
            cooldown().await;
            world.put(inactive("unknown")).await;
        },
        nothing,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_in_which_okta_refuses_somebody_may_die_anywhere() {
    die_everywhere(
        async |world: &World, function: &Function| {
            sync(world, function).await;
            cooldown().await;
            for id in ["user0", "user1", "user2"] {
                world
                    .put(with(person(id), json!({"first_name": "Bo"})))
                    .await;
            }
            let poison = Poison::ExternalIds(vec!["user1".into()]);
            let refuse = Effect::RefuseEntities {
                poison,
                named: false,
            };
            let load = Fault::on("POST", "/sessions/*/bulk-upsert").always();
            world.okta.inject(load.then(refuse));
        },
        async |world: &World| {
            world.okta.clear_faults();
            world
                .put(with(person("user1"), json!({"first_name": "Zoë"})))
                .await;
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn run_after_run_may_die_and_the_one_that_lives_makes_up_for_all() {
    let mut world = world_of(8).await;
    let Between { dynamodb, okta } = world.between().await;
    let function = world.function(&[]);
    a_busy_day(&world, &function).await;
    for at in 1..40 {
        let crash = Crash::at(
            at,
            if at % 2 == 0 {
                Moment::Before
            } else {
                Moment::After
            },
        );
        dynamodb.watch_for(&crash);
        okta.watch_for(&crash);
        let event = json!({"command": "sync"});
        crash.or(invoke(&function, world.clock, &event)).await;
        world
            .put(with(
                person("user3"),
                json!({"first_name": format!("Ada{at}")}),
            ))
            .await;
        if at % 3 == 0 {
            world.delete("user4").await;
        } else {
            world.put(person("user4")).await;
        }
        tokio::time::sleep(Duration::from_secs(31)).await;
    }
    dynamodb.heal();
    okta.heal();

    assert_convergence(&world, &world.function(&[]), "many deaths").await;
}
