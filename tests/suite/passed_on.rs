//! Logins that are passed on from one person to another.

use okta_emulator::{Effect, Fault};
use serde_json::json;

use crate::{
    fast_lane::{calls, proven, stream},
    refused_inside::{next, refused, world_of},
    steps::{assert_agreement, options, person, sync, with},
    support::World,
};

/// Who has which login at Okta, by external id.
fn logins(world: &World) -> Vec<String> {
    let directory = world.okta.directory();
    let logins = directory.values();
    logins
        .map(|user| user.profile["userName"].clone())
        .collect()
}

fn email(n: usize) -> String {
    format!("user{n}@example.com")
}

/// Each of these many gets the login of the next, and the last one a new one.
async fn pass_on(world: &World, people: usize) {
    for n in 0..people {
        let record = with(person(&format!("user{n}")), json!({"email": email(n + 1)}));
        world.put(record).await;
    }
}

/// What Okta made of anybody is seen by nobody.
fn hide(world: &World) {
    for path in ["/users/*", "/api/v1/logs", "/api/v1/users/*"] {
        let denied = Effect::Status {
            status: 403,
            code: "E0000006".to_owned(),
            causes: Vec::new(),
        };
        world
            .okta
            .inject(Fault::on("GET", path).always().then(denied));
    }
}

#[tokio::test(start_paused = true)]
async fn people_who_pass_logins_on_in_a_chain_are_told_one_after_the_other_and_nobody_is_refused() {
    for hidden in [false, true] {
        let world = world_of(4, &[]).await;
        let function = world.function(&[]);
        sync(&world, &function).await;
        if hidden {
            hide(&world);
        }
        pass_on(&world, 4).await;

        let mut runs = Vec::new();
        for _ in 0..5 {
            let report = next(&world, &function).await;
            runs.push((report.upserts, report.waiting, report.refused.count));
        }

        let in_order = [(1, 3, 0), (1, 2, 0), (1, 1, 0), (1, 0, 0), (0, 0, 0)];
        assert_eq!(runs, in_order);
        let all: Vec<_> = (1..5).map(email).collect();
        assert_eq!(logins(&world), all);
        assert_agreement(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_told_by_calls_gets_a_login_after_the_one_who_had_it() {
    let (world, function) = proven(20, options()).await;
    let of = |id: &str, email: &str| with(person(id), json!({"email": email}));
    world.put(of("user0", "user1@example.com")).await;
    world.put(of("user1", "another@example.com")).await;

    stream(&world, &function, &["user0", "user1"]).await;

    assert_eq!(calls(&world), ["PATCH"]);
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn two_who_swap_logins_are_refused_and_both_are_named_until_one_of_them_gives_way() {
    let world = world_of(2, &[]).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .put(with(person("user0"), json!({"email": "user1@example.com"})))
        .await;
    world
        .put(with(person("user1"), json!({"email": "user0@example.com"})))
        .await;

    for _ in 0..2 {
        let report = next(&world, &function).await;
        let mut names = refused(&report);
        names.sort_unstable();
        assert_eq!(names, ["user0", "user1"]);
        for one in &report.refused.examples {
            let reason = &one.reasons[0];
            assert!(
                reason.contains("user0")
                    && reason.contains("user1")
                    && reason.contains("for a while"),
                "{reason}"
            );
        }
    }
    world
        .put(with(
            person("user1"),
            json!({"email": "meanwhile@example.com"}),
        ))
        .await;
    next(&world, &function).await;
    next(&world, &function).await;
    world
        .put(with(person("user1"), json!({"email": "user0@example.com"})))
        .await;
    next(&world, &function).await;

    let report = next(&world, &function).await;
    assert_eq!(report.refused.count, 0, "{report:?}");
    assert_eq!(logins(&world), ["user1@example.com", "user0@example.com"]);
}
