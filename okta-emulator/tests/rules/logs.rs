//! The System Log.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Answer, Okta, user, user_with};

impl Okta {
    async fn log(&self, query: &str) -> Answer {
        let answer = self.api(&format!("/api/v1/logs{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }

    /// The events of this type.
    async fn events(&self, kind: &str) -> Vec<Value> {
        let filter = format!("?limit=1000&filter=eventType+eq+%22{kind}%22");
        self.log(&filter).await.body.as_array().unwrap().clone()
    }
}

fn kinds(log: &Answer) -> Vec<String> {
    let events = log.body.as_array().unwrap().iter();
    events
        .map(|event| event["eventType"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_session_is_told_from_its_opening_to_what_came_of_it() {
    let okta = Okta::start().await;
    okta.import(&[user("ada"), user("bob")], &[]).await;
    let session = okta.import(&[user("ada")], &["bob"]).await;

    let told = kinds(&okta.log("").await);
    let complete = okta.events("system.import.complete").await[1].clone();

    let first = [
        "system.import.session.created",
        "system.identity_sources.bulk_upsert",
        "system.import.session.triggered",
        "system.import.start",
        "system.import.complete",
    ];
    assert_eq!(told[..5], first);
    let debug = &complete["debugContext"]["debugData"];
    assert_eq!(debug["unchanged_objects"], "1");
    assert_eq!(debug["deleted_objects"], "1");
    assert_eq!(debug["total_objects"], "2");
    assert_eq!(complete["target"][0]["id"], json!(session));
    assert_eq!(complete["outcome"]["result"], "SUCCESS");
}

#[tokio::test(start_paused = true)]
async fn cancelled_and_expired_sessions_are_told() {
    let okta = Okta::start().await;
    let cancelled = okta.open().await;
    okta.delete(&format!("/sessions/{cancelled}")).await;
    okta.open().await;
    sleep(Duration::from_secs(24 * 60 * 60)).await;

    assert_eq!(
        okta.events("system.import.session.cancelled").await.len(),
        1
    );
    assert_eq!(okta.events("system.import.session.expired").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn somebody_refused_inside_an_import_is_told_with_field_and_code() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    let same_login = user_with("bob", "userName", json!("ada@example.com"));
    let session = okta.import(&[same_login], &[]).await;

    let refused = okta
        .events("app.user_management.update_from_master_failed")
        .await;

    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["outcome"]["result"], "FAILURE");
    assert_eq!(refused[0]["target"][0]["alternateId"], "bob");
    let debug = &refused[0]["debugContext"]["debugData"];
    assert_eq!(debug["error_field"], "login");
    assert_eq!(debug["error_code"], "notUniqueWithinOrg");
    assert_eq!(debug["externalId"], "bob");
    assert_eq!(debug["importSessionId"], json!(session));
}

#[tokio::test(start_paused = true)]
async fn single_users_are_told_and_users_of_imports_by_a_switch() {
    for (every_user, told) in [(false, 0), (true, 1)] {
        let okta = Okta::with(|options| options.log_every_user = every_user).await;
        okta.post("/users", Some(user("ada"))).await;
        okta.import(&[user("bob")], &[]).await;

        let single = okta.events("system.identity_sources.user.create").await;
        let imported = okta.events("system.import.user.create").await;

        assert_eq!((single.len(), imported.len()), (1, told));
    }
}

#[tokio::test(start_paused = true)]
async fn events_come_late() {
    let okta = Okta::with(|options| options.log_lag = Duration::from_secs(60)).await;
    okta.open().await;

    let at_once = okta.log("").await;
    sleep(Duration::from_secs(60)).await;
    let later = okta.log("").await;

    assert_eq!(kinds(&at_once), Vec::<String>::new());
    assert_eq!(kinds(&later), ["system.import.session.created"]);
}

#[tokio::test(start_paused = true)]
async fn who_polls_without_an_end_gets_what_is_new_and_nothing_twice() {
    let okta = Okta::with(|options| options.log_lag = Duration::from_secs(60)).await;
    let empty = okta.log("?limit=2").await;
    okta.import(&[user("ada")], &[]).await;
    sleep(Duration::from_secs(60)).await;

    let mut told = Vec::new();
    let mut next = empty.link("next").unwrap();
    for _ in 0..5 {
        let page = okta.api(&next).await;
        told.extend(kinds(&page));
        next = page.link("next").unwrap();
    }

    assert_eq!(told.len(), 5, "{told:?}");
    okta.emulator.end_cooldown();
    okta.open().await;
    sleep(Duration::from_secs(60)).await;
    let new = kinds(&okta.api(&next).await);
    assert_eq!(new, ["system.import.session.created"]);
}

#[tokio::test(start_paused = true)]
async fn a_bounded_query_ends() {
    let okta = Okta::start().await;
    let opened = okta.emulator.now();
    let session = okta.open().await;
    sleep(Duration::from_secs(10)).await;
    okta.delete(&format!("/sessions/{session}")).await;
    let time = |seconds: u64| {
        let at = opened + Duration::from_secs(seconds);
        jiff::Timestamp::try_from(at).unwrap().to_string()
    };

    let bounded = okta
        .log(&format!("?since={}&until={}", time(0), time(5)))
        .await;
    let since = okta.log(&format!("?since={}", time(5))).await;
    let newest = okta.log("?sortOrder=DESCENDING&limit=1").await;

    assert_eq!(kinds(&bounded), ["system.import.session.created"]);
    assert_eq!(bounded.link("next"), None);
    assert_eq!(kinds(&since), ["system.import.session.cancelled"]);
    assert_eq!(kinds(&newest), ["system.import.session.cancelled"]);
    let older = okta.api(&newest.link("next").unwrap()).await;
    assert_eq!(kinds(&older), ["system.import.session.created"]);
}

#[tokio::test(start_paused = true)]
async fn queries_that_make_no_sense_are_refused() {
    let okta = Okta::start().await;

    for (query, code) in [
        ("filter=eventType+is+1", "E0000053"),
        ("limit=1001", "E0000001"),
        ("since=yesterday", "E0000001"),
        ("after=made-up", "E0000001"),
    ] {
        let refused = okta.api(&format!("/api/v1/logs?{query}")).await;
        refused.refused(400, code);
    }
}
