//! Imports that wake late, end twice, apply half, fail or leave somebody out.

use std::time::Duration;

use okta_emulator::{Applied, Effect, Fault, Happened, Poison, Refused, SessionEnd};
use serde_json::json;
use tokio::time::sleep;

use crate::support::{Okta, user, user_with};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Okta {
    fn next_import(&self, effect: Effect) {
        self.emulator
            .inject(Fault::on("POST", "/sessions/*/start-import").then(effect));
    }

    fn title(&self, id: &str) -> Option<String> {
        self.emulator.user(id)?.profile.get("title").cloned()
    }

    fn happened(&self, session: &str) -> Vec<(String, Option<Happened>)> {
        let users = self.emulator.session_users(session).into_iter();
        users
            .map(|user| (user.external_id, user.outcome.map(|o| o.happened)))
            .collect()
    }
}

fn titled(id: &str, title: &str) -> serde_json::Value {
    user_with(id, "title", json!(title))
}

#[tokio::test(start_paused = true)]
async fn a_loaded_session_goes_on_saying_created_for_a_while_and_is_imported_all_the_same() {
    let okta = Okta::with(|options| options.status_lag = Duration::from_secs(10)).await;
    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("ada")])).await;

    assert_eq!(okta.status(&session).await, "CREATED");
    assert_eq!(okta.get("/sessions").await.body[0]["status"], "CREATED");
    sleep(Duration::from_secs(5)).await;
    okta.load(&session, "upsert", json!([user("bob")])).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(
        okta.status(&session).await,
        "IN_PROGRESS",
        "the second load does not lag"
    );

    okta.emulator.inject(
        Fault::on("POST", "/sessions/*/bulk-upsert").then(Effect::StatusLags { time: DAY }),
    );
    okta.delete(&format!("/sessions/{session}")).await;
    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("ada")])).await;
    assert_eq!(okta.status(&session).await, "CREATED");
    let started = okta.start_import(&session).await;
    assert_eq!(started.body["status"], "TRIGGERED");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(okta.status(&session).await, "COMPLETED");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_wakes_late_is_imported_after_later_ones() {
    let okta = Okta::start().await;
    okta.next_import(Effect::ImportWakes { after: DAY });

    let late = okta.import(&[titled("ada", "old")], &[]).await;
    let later = okta.import(&[titled("ada", "new")], &[]).await;

    assert_eq!(okta.status(&late).await, "TRIGGERED");
    assert_eq!(okta.status(&later).await, "COMPLETED");
    assert_eq!(okta.title("ada").as_deref(), Some("new"));
    sleep(DAY).await;
    assert_eq!(okta.status(&late).await, "COMPLETED");
    assert_eq!(okta.title("ada").as_deref(), Some("old"));
}

#[tokio::test(start_paused = true)]
async fn an_import_ends_in_error_with_none_some_or_all_of_its_users_applied() {
    for (applied, names) in [
        (Applied::Nobody, vec![]),
        (Applied::First(1), vec!["ada"]),
        (Applied::Half, vec!["ada", "cy"]),
        (
            Applied::Except(Poison::ExternalIds(vec!["ada".to_owned()])),
            vec!["bob", "cy"],
        ),
        (Applied::All, vec!["ada", "bob", "cy"]),
    ] {
        let okta = Okta::start().await;
        let how = SessionEnd::Error;
        okta.next_import(Effect::ImportEnds { how, applied });

        let session = okta
            .import(&[user("ada"), user("bob"), user("cy")], &[])
            .await;

        assert_eq!(okta.status(&session).await, "ERROR");
        let there: Vec<String> = okta.emulator.directory().into_keys().collect();
        assert_eq!(there, names);
    }
}

#[tokio::test(start_paused = true)]
async fn an_import_ends_completed_with_half_applied() {
    let okta = Okta::start().await;
    let how = SessionEnd::Completed;
    let applied = Applied::Half;
    okta.next_import(Effect::ImportEnds { how, applied });

    let session = okta.import(&[user("ada"), user("bob")], &[]).await;

    assert_eq!(okta.status(&session).await, "COMPLETED");
    assert_eq!(
        okta.happened(&session),
        [
            ("ada".to_owned(), Some(Happened::Created)),
            ("bob".to_owned(), None)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_import_that_ends_twice_overwrites_what_came_between() {
    let okta = Okta::start().await;
    okta.next_import(Effect::ImportRepeats { after: DAY });
    let twice = okta.import(&[titled("ada", "old")], &[]).await;
    assert_eq!(okta.status(&twice).await, "COMPLETED");

    okta.import(&[titled("ada", "new")], &[]).await;
    assert_eq!(okta.title("ada").as_deref(), Some("new"));
    sleep(DAY).await;

    assert_eq!(okta.title("ada").as_deref(), Some("old"));
    assert_eq!(okta.status(&twice).await, "COMPLETED");
    let ada = &okta.emulator.session_users(&twice)[0];
    let again = ada.again.as_ref().map(|outcome| outcome.happened);
    assert_eq!(again, Some(Happened::Updated));
    okta.import(&[titled("ada", "new")], &[]).await;
    sleep(DAY * 3).await;
    assert_eq!(okta.title("ada").as_deref(), Some("new"), "twice, not more");
}

#[tokio::test(start_paused = true)]
async fn a_session_says_completed_before_anybody_is_there() {
    let okta = Okta::start().await;
    okta.next_import(Effect::ImportEnds {
        how: SessionEnd::Completed,
        applied: Applied::Nobody,
    });
    okta.next_import(Effect::ImportRepeats { after: DAY });

    let session = okta.import(&[user("ada")], &[]).await;

    assert_eq!(okta.status(&session).await, "COMPLETED");
    assert_eq!(okta.emulator.user_count(), 0);
    sleep(DAY).await;
    assert_eq!(okta.emulator.user_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_import_fails_whenever_certain_users_are_in_it() {
    let okta = Okta::start().await;
    let poison = Poison::ExternalIds(vec!["bob".to_owned()]);
    let applied = Applied::Nobody;
    okta.emulator.inject(
        Fault::on("POST", "/sessions/*/start-import")
            .always()
            .then(Effect::ImportFails { poison, applied }),
    );

    let with = okta.import(&[user("ada"), user("bob")], &[]).await;
    let without = okta.import(&[user("ada")], &[]).await;
    let again = okta.import(&[user("bob")], &[]).await;

    assert_eq!(okta.status(&with).await, "ERROR");
    assert_eq!(okta.status(&without).await, "COMPLETED");
    assert_eq!(okta.status(&again).await, "ERROR");
    assert_eq!(okta.emulator.user_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn somebody_is_refused_inside_an_import_that_ends_completed() {
    let okta = Okta::start().await;
    okta.next_import(Effect::ImportRefuses {
        poison: Poison::ExternalIds(vec!["bob".to_owned()]),
        reason: Refused::new("lastName", "blank", "a last name is required"),
    });

    let session = okta.import(&[user("ada"), user("bob")], &[]).await;

    assert_eq!(okta.status(&session).await, "COMPLETED");
    let bob = okta.emulator.session_users(&session)[1].clone();
    let outcome = bob.outcome.unwrap();
    assert_eq!(outcome.happened, Happened::Failed);
    assert_eq!(
        outcome.why.as_deref(),
        Some("lastName: a last name is required")
    );
    assert_eq!(outcome.refused.unwrap().code, "blank");
    assert!(okta.emulator.user("bob").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_deactivated_person_keeps_the_login_unless_a_switch_frees_it() {
    for (frees, happened) in [(false, Happened::Failed), (true, Happened::Created)] {
        let okta = Okta::with(|options| options.deactivation_frees_logins = frees).await;
        okta.import(&[user("ada")], &[]).await;

        let same_login = user_with("bob", "userName", json!("ADA@example.com"));
        let session = okta.import(&[same_login], &["ada"]).await;

        assert_eq!(okta.status(&session).await, "COMPLETED");
        assert_eq!(
            okta.happened(&session)[1],
            ("bob".to_owned(), Some(happened))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_of_somebody_who_is_not_of_this_source_is_taken_too() {
    let okta = Okta::start().await;
    okta.emulator.occupy_login("ADA@example.com");

    let refused = okta.import(&[user("ada")], &[]).await;
    okta.emulator.vacate_login("ada@example.com");
    let taken = okta.import(&[user("ada")], &[]).await;

    let outcome = okta.emulator.session_users(&refused)[0].outcome.clone();
    let why = outcome.unwrap().refused.unwrap();
    assert_eq!(
        (why.field.as_str(), why.code.as_str()),
        ("login", "notUniqueWithinOrg")
    );
    assert_eq!(okta.happened(&taken)[0].1, Some(Happened::Created));
}
