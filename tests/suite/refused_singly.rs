//! Loads that Okta refuses because of somebody in them: the others pass.

use std::time::Duration;

use okta_emulator::{Effect, Fault, Poison};
use serde_json::{Value, json};

use crate::{
    steps::{
        assert_agreement, changes, cooldown, inactive, is_active, options, person, plan, state,
        sync, with, world_of,
    },
    support::{USERS, World, invoke, put_all},
};

/// An Okta that refuses whoever's title says so, from now on.
pub fn refuse(world: &World, named: bool) {
    let poison = Poison::Attribute {
        name: "title".into(),
        contains: "poison".into(),
    };
    let refuse = Effect::RefuseEntities { poison, named };
    let load = Fault::on("POST", "/sessions/*/bulk-upsert").always();
    world.okta.inject(load.then(refuse));
}

/// An Okta that refuses to deactivate these users, from now on.
pub fn refuse_leavers(world: &World, ids: &[&str]) {
    let poison = Poison::ExternalIds(ids.iter().map(|id| (*id).to_owned()).collect());
    let refuse = Effect::RefuseEntities {
        poison,
        named: false,
    };
    let load = Fault::on("POST", "/sessions/*/bulk-delete").always();
    world.okta.inject(load.then(refuse));
}

pub fn poisoned(id: &str) -> Value {
    with(person(id), json!({"title": "a poisonous title"}))
}

/// A world with these many people, of whom some are such that Okta refuses them.
pub async fn world_with(people: usize, is_bad: impl Fn(usize) -> bool) -> World {
    let world = World::start(options()).await;
    let records: Vec<_> = (0..people)
        .map(|n| {
            let id = format!("user{n}");
            if is_bad(n) {
                poisoned(&id)
            } else {
                person(&id)
            }
        })
        .collect();
    put_all(&world.dynamodb, USERS, &records).await;
    world
}

/// The loads of each session, refused ones too.
pub fn loads(world: &World) -> Vec<usize> {
    let requests = world.okta.requests();
    let sessions = world.okta.sessions();
    let of = |id: &str| {
        let loads = requests.iter().filter(|request| {
            request.method == "POST" && request.path.contains(id) && request.path.contains("/bulk-")
        });
        loads.count()
    };
    sessions.iter().map(|session| of(&session.id)).collect()
}

pub async fn status(world: &World) -> Value {
    crate::status::status(world, &world.function(&[])).await
}

#[tokio::test(start_paused = true)]
async fn one_refused_user_among_two_hundred_is_isolated_and_the_others_land_in_the_same_session() {
    for named in [false, true] {
        let world = world_with(200, |n| n == 137).await;
        refuse(&world, named);
        let function = world.function(&[]);

        let report = sync(&world, &function).await;

        assert_eq!(report.sessions.len(), 1, "{report:?}");
        assert_eq!(report.sessions[0].upserts, 199);
        assert_eq!((report.rejected.count, report.refused.count), (0, 1));
        let rejected = &report.refused.examples[0];
        assert_eq!(rejected.external_id.as_deref(), Some("user137"));
        assert_eq!(rejected.record.as_deref(), Some("id=user137"));
        let reason = &rejected.reasons[0];
        assert!(
            reason.starts_with("Okta refused the user: ") && reason.contains("E0000001"),
            "{reason}"
        );
        assert_eq!(world.okta.user_count(), 199);
        assert!(!report.more);
        let most = if named { 3 } else { 17 };
        assert!(loads(&world)[0] <= most, "{:?}", loads(&world));
    }
}

#[tokio::test(start_paused = true)]
async fn what_okta_says_of_a_user_is_told_without_the_values_of_their_profile() {
    let world = World::start(options()).await;
    world.put(person("ada")).await;
    let load = Fault::on("POST", "/sessions/*/bulk-upsert").always();
    world.okta.inject(load.then(Effect::Status {
        status: 400,
        code: "E0000001".into(),
        causes: vec!["ada: login 'ada@example.com' of Okafor is taken".into()],
    }));

    let report = sync(&world, &world.function(&[])).await;

    let told = serde_json::to_string(&report).unwrap();
    assert!(
        told.contains("ada: login '[userName]' of [lastName] is taken"),
        "{told}"
    );
    let kept = format!("{:?}", state(&world).await);
    assert!(
        !kept.contains("Okafor") && kept.contains("[lastName]"),
        "{kept}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_quarantined_user_is_told_again_only_when_the_record_changes_and_then_heals() {
    let world = world_with(20, |n| n == 7).await;
    refuse(&world, false);
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.okta.clear_requests();

    let dry = plan(&world, &function).await;
    let again = sync(&world, &function).await;

    for report in [&dry, &again] {
        assert_eq!(changes(report), (0, 0));
        assert_eq!((report.rejected.count, report.refused.count), (0, 1));
        assert_eq!(report.scanned, report.active);
        let reason = &report.refused.examples[0].reasons[0];
        assert!(reason.contains("E0000001"), "{reason}");
    }
    assert!(
        world
            .okta
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );

    world
        .put(with(poisoned("user7"), json!({"first_name": "Bo"})))
        .await;
    let changed = sync(&world, &function).await;
    assert_eq!((changed.upserts, changed.refused.count), (0, 1));
    let stuck = &status(&world).await["stuck"];
    assert_eq!(stuck["entries"][0]["times"], 3, "{stuck}");

    world.put(person("user7")).await;
    let healed = sync(&world, &function).await;
    assert_eq!((healed.upserts, healed.refused.count), (1, 0));
    assert_eq!(status(&world).await["stuck"]["count"], 0);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_quarantined_user_stays_remembered_until_a_change_of_theirs_has_arrived() {
    let world = world_with(3, |n| n == 1).await;
    refuse(&world, false);
    let function = world.function(&[]);
    sync(&world, &function).await;
    let before = status(&world).await["stuck"].clone();
    world.put(person("user1")).await;

    // Okta opens no session in the time there is.
    let short = crate::steps::invoke_for(&world, &function, Duration::from_secs(60)).await;

    assert!(short.more, "{short:?}");
    assert_eq!(status(&world).await["stuck"], before);
}

#[tokio::test(start_paused = true)]
async fn whom_okta_was_made_to_take_can_be_told_again_without_a_change() {
    let world = world_with(5, |n| n == 3).await;
    refuse(&world, false);
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.okta.clear_faults();
    cooldown().await;
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));

    let event = json!({"command": "sync", "retryRefused": true});
    let report = invoke(&function, world.clock, &event).await.unwrap();

    assert_eq!((changes(&report), report.refused.count), ((1, 0), 0));
    assert_eq!(status(&world).await["stuck"]["count"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_deactivation_is_tried_again_by_every_full_run_and_reported_each_time() {
    let world = world_of(10).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    refuse_leavers(&world, &["user1", "user2"]);
    world.put(inactive("user1")).await;
    world.delete("user2").await;
    world.put(inactive("user3")).await;

    let report = sync(&world, &function).await;

    assert_eq!(report.refused.count, 2, "{report:?}");
    assert!(is_active(&world, "user1") && is_active(&world, "user2"));
    assert!(!is_active(&world, "user3"));

    for _ in 0..3 {
        cooldown().await;
        let again = sync(&world, &function).await;
        assert_eq!((changes(&again), again.refused.count), ((0, 0), 2));
        assert_eq!(again.refused.leavers, 2);
    }
    let stuck = &status(&world).await["stuck"];
    assert_eq!(stuck["entries"][0]["times"], 4, "{stuck}");

    // Who comes back is as Okta has them; who leaves once more is refused once more.
    world.put(person("user1")).await;
    world.put(person("user2")).await;
    let back = sync(&world, &function).await;
    assert_eq!((changes(&back), back.refused.count), ((0, 0), 0));
    assert_eq!(status(&world).await["stuck"]["count"], 0);
    world.okta.clear_faults();
    world.put(inactive("user1")).await;
    assert_eq!(changes(&sync(&world, &function).await), (0, 1));
    assert_agreement(&world).await;
}
