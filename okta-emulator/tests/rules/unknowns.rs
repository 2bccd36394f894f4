//! What is not known of Okta is a switch, and what was recorded is the
//! default.

use std::time::Duration;

use okta_emulator::Empty;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Okta, user};

#[tokio::test(start_paused = true)]
async fn open_and_triggered_sessions_are_listed_and_ended_ones_are_not() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("ada")])).await;
    okta.start_import(&session).await;
    okta.emulator.end_cooldown();
    okta.open().await;

    let listed = okta.get("/sessions").await.body;
    sleep(Duration::from_secs(2)).await;
    let later = okta.get("/sessions").await.body;

    let status = |place: usize| listed[place]["status"].clone();
    assert_eq!([status(0), status(1)], ["TRIGGERED", "CREATED"]);
    assert_eq!(later.as_array().map(Vec::len), Some(1));
}

#[tokio::test(start_paused = true)]
async fn times_are_whole_seconds_and_reads_change_none() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    sleep(Duration::from_millis(1_500)).await;
    let read = || async { okta.get(&format!("/sessions/{session}")).await.body };

    let first = read().await;
    sleep(Duration::from_secs(5)).await;
    let second = read().await;

    assert_eq!(first, second);
    for name in ["created", "lastUpdated"] {
        let time = first[name].as_str().unwrap();
        assert!(time.ends_with(".000Z"), "{time}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_may_never_expire() {
    let okta = Okta::with(|options| options.expiry = None).await;
    let session = okta.open().await;

    sleep(Duration::from_secs(9 * 24 * 60 * 60)).await;

    assert_eq!(okta.status(&session).await, "CREATED");
}

#[tokio::test(start_paused = true)]
async fn the_wait_after_a_trigger_and_after_a_cancelled_session_can_be_set() {
    let minute = Duration::from_secs(60);
    let okta = Okta::with(|options| options.cooldown = minute).await;
    let cancelled = okta.open().await;
    okta.delete(&format!("/sessions/{cancelled}")).await;
    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("ada")])).await;
    okta.start_import(&session).await;
    okta.post("/sessions", None).await.refused(400, "E0000001");
    sleep(minute).await;
    okta.open().await;

    let okta = Okta::with(|options| options.cancel_cooldown = minute).await;
    let cancelled = okta.open().await;
    okta.delete(&format!("/sessions/{cancelled}")).await;
    okta.post("/sessions", None).await.refused(400, "E0000001");
    sleep(minute).await;
    okta.open().await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_profile_is_taken_ignored_or_refused() {
    let empty = json!([{ "externalId": "ada", "profile": {} }]);
    for (switch, answered, status) in [
        (Empty::Taken, 202, "IN_PROGRESS"),
        (Empty::Ignored, 202, "CREATED"),
        (Empty::Refused, 400, "CREATED"),
    ] {
        let okta = Okta::with(|options| options.empty_profiles = switch).await;
        let session = okta.open().await;

        let answer = okta.load(&session, "upsert", empty.clone()).await;

        assert_eq!(answer.status, answered, "{switch:?}");
        assert_eq!(okta.status(&session).await, status, "{switch:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_of_nobody_is_refused_or_ignored() {
    for (switch, answered) in [(Empty::Refused, 400), (Empty::Ignored, 202)] {
        for profiles in [json!([]), Value::Null] {
            let okta = Okta::with(|options| options.empty_loads = switch).await;
            let session = okta.open().await;

            let answer = okta.load(&session, "upsert", profiles).await;

            assert_eq!(answer.status, answered, "{switch:?}");
            assert_eq!(okta.status(&session).await, "CREATED");
        }
    }
}
