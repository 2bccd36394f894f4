//! What an import does to the directory.

use std::time::{Duration, Instant};

use okta_emulator::{Counts, Happened, LoadKind, UserStatus};
use serde_json::{Value, json};

use crate::support::{Okta, user, user_with};

async fn outcome(okta: &Okta, user: Value) -> (Happened, String) {
    let id = user["externalId"].as_str().unwrap().to_owned();
    let session = okta.import(&[user], &[]).await;
    let users = okta.emulator.session_users(&session);
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].external_id, id);
    let outcome = users[0].outcome.clone().unwrap();
    (outcome.happened, outcome.why.unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn users_are_created_updated_unchanged_deactivated_and_reactivated() {
    let okta = Okta::start().await;

    okta.import(&[user("ada"), user("bob"), user("cy")], &[])
        .await;
    okta.import(
        &[user("ada"), user_with("bob", "title", json!("Builder"))],
        &["cy", "nobody"],
    )
    .await;
    okta.import(&[user("cy")], &[]).await;

    let results: Vec<Counts> = okta.emulator.sessions().iter().map(|s| s.results).collect();
    let none = Counts::default();
    assert_eq!(
        results,
        [
            Counts { created: 3, ..none },
            Counts {
                updated: 1,
                unchanged: 1,
                deactivated: 1,
                ignored: 1,
                ..none
            },
            Counts {
                reactivated: 1,
                ..none
            },
        ]
    );
    assert_eq!(okta.emulator.active_count(), 3);
    assert_eq!(okta.emulator.directory()["bob"].profile["title"], "Builder");
    assert!(okta.emulator.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_sent_stays_and_null_clears() {
    let okta = Okta::start().await;
    okta.import(&[user_with("ada", "mobilePhone", json!("+44"))], &[])
        .await;

    okta.import(
        &[json!({ "externalId": "ada", "profile": { "title": "Countess" } })],
        &[],
    )
    .await;
    let stays = okta.emulator.user("ada").unwrap().profile;
    okta.import(
        &[json!({ "externalId": "ada", "profile": { "mobilePhone": null } })],
        &[],
    )
    .await;
    let cleared = okta.emulator.user("ada").unwrap().profile;

    assert_eq!(stays["mobilePhone"], "+44");
    assert_eq!(stays["title"], "Countess");
    assert!(!cleared.contains_key("mobilePhone"));
}

#[tokio::test(start_paused = true)]
async fn a_deactivated_user_is_kept() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;

    let session = okta.import(&[], &["ada"]).await;

    let ada = okta.emulator.user("ada").unwrap();
    assert_eq!(ada.status, UserStatus::Deprovisioned);
    assert_eq!(ada.profile["userName"], "ada@example.com");
    assert_eq!(okta.emulator.active_count(), 0);
    let users = okta.emulator.session_users(&session);
    assert_eq!(users[0].loaded, LoadKind::Delete);
    assert!(users[0].loaded_at <= okta.emulator.now() - Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_does_not_reactivate_leaves_the_user_deactivated() {
    let okta = Okta::with(|options| options.reactivate = false).await;
    okta.import(&[user("ada")], &[]).await;
    okta.import(&[], &["ada"]).await;

    let (happened, why) = outcome(&okta, user("ada")).await;

    assert_eq!(happened, Happened::Ignored);
    assert!(why.contains("does not reactivate"), "{why}");
    assert_eq!(okta.emulator.active_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_login_belongs_to_one_user() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    let same_login = user_with("bob", "userName", json!("ADA@example.com"));

    let (happened, why) = outcome(&okta, same_login.clone()).await;
    assert_eq!(happened, Happened::Failed);
    assert!(why.starts_with("login: An object with this field already exists"));
    assert!(okta.emulator.user("bob").is_none());

    let moved = user_with("ada", "userName", json!("lovelace@example.com"));
    let session = okta.import(&[moved, same_login], &[]).await;
    assert_eq!(
        okta.emulator.session(&session).unwrap().results.created,
        1,
        "the login is free once its holder has another"
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_user_needs_a_login_and_an_email() {
    let okta = Okta::start().await;

    for missing in ["userName", "email"] {
        let mut half = user("ada");
        half["profile"].as_object_mut().unwrap().remove(missing);
        let (happened, why) = outcome(&okta, half).await;
        assert_eq!(happened, Happened::Failed);
        assert_eq!(why, format!("{missing}: a new user needs one"));
    }
    let (happened, why) = outcome(&okta, user_with("ada", "email", json!("no address"))).await;

    assert_eq!(happened, Happened::Failed);
    assert_eq!(why, "email: not in the form of an email address");
    assert_eq!(okta.emulator.user_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_attribute_that_the_app_does_not_have_is_dropped_without_an_error() {
    let okta = Okta::start().await;

    let (happened, why) = outcome(&okta, user_with("ada", "shoeSize", json!("37"))).await;

    assert_eq!(happened, Happened::Created);
    assert!(why.ends_with("no such attribute: shoeSize"), "{why}");
    assert!(
        !okta
            .emulator
            .user("ada")
            .unwrap()
            .profile
            .contains_key("shoeSize")
    );
}

#[tokio::test(start_paused = true)]
async fn a_seeded_user_is_there_at_once() {
    let okta = Okta::start().await;

    okta.emulator.seed_user(
        "ada",
        UserStatus::Active,
        [
            ("userName", "ada@example.com"),
            ("email", "ada@example.com"),
        ],
    );

    assert_eq!(okta.emulator.active_count(), 1);
    let session = okta.import(&[user("ada")], &[]).await;
    assert_eq!(okta.emulator.session(&session).unwrap().results.updated, 1);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_users_do_not_slow_it_down() {
    let okta = Okta::start().await;
    for n in 0..100_000 {
        let login = format!("u{n}@example.com");
        okta.emulator.seed_user(
            &format!("u{n}"),
            UserStatus::Active,
            [("userName", login.as_str()), ("email", login.as_str())],
        );
    }
    okta.import(&[user("warm")], &[]).await;

    let started = Instant::now();
    okta.emulator.end_cooldown();
    let session = okta.open().await;
    for request in 0..50 {
        let users = (0..200).map(|n| user(&format!("u{}", request * 200 + n)));
        okta.load(&session, "upsert", users.collect()).await;
    }
    okta.start_import(&session).await;
    tokio::time::sleep(Duration::from_secs(2)).await;

    assert_eq!(
        okta.emulator.session(&session).unwrap().results.updated,
        10_000
    );
    // The bound is loose, for slow machines; a copy of the directory for each
    // request takes far longer.
    assert!(started.elapsed() < Duration::from_secs(10));
}
