//! Opening, listing, cancelling, triggering, expiring.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::support::{Okta, user};

const FIVE_MINUTES: Duration = Duration::from_secs(300);

#[tokio::test(start_paused = true)]
async fn a_session_is_opened_in_oktas_shape() {
    let okta = Okta::start().await;

    let answer = okta.post("/sessions", None).await;

    assert_eq!(answer.status, 201);
    assert!(answer.body["id"].as_str().unwrap().starts_with("aps"));
    assert_eq!(
        answer.body["identitySourceId"],
        json!(okta.emulator.options().identity_source)
    );
    assert_eq!(answer.body["status"], "CREATED");
    assert_eq!(answer.body["importType"], "INCREMENTAL");
    assert!(answer.body["created"].as_str().unwrap().ends_with('Z'));
    assert_eq!(answer.body.as_object().unwrap().len(), 6, "and no more");
}

#[tokio::test(start_paused = true)]
async fn while_a_session_is_active_no_other_is_opened() {
    let okta = Okta::start().await;
    let session = okta.open().await;

    let while_created = okta.post("/sessions", None).await;
    okta.load(&session, "upsert", json!([user("ada")])).await;
    let while_in_progress = okta.post("/sessions", None).await;

    while_created.refused(400, "E0000001");
    while_in_progress.refused(400, "E0000001");
    assert!(
        while_in_progress
            .cause()
            .starts_with("Only one active import session per identity source")
    );
    assert!(okta.emulator.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_active_sessions_are_listed() {
    let okta = Okta::start().await;
    assert_eq!(okta.get("/sessions").await.body, json!([]));
    let session = okta.open().await;

    let listed = okta.get("/sessions").await;
    okta.delete(&format!("/sessions/{session}")).await;
    let after = okta.get("/sessions").await;

    assert_eq!(listed.body[0]["id"], json!(session));
    assert_eq!(after.body, json!([]));
}

#[tokio::test(start_paused = true)]
async fn after_a_trigger_no_session_is_opened_for_five_minutes() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    let waited = okta.emulator.options().import_time;

    sleep(FIVE_MINUTES - waited - Duration::from_millis(1)).await;
    let too_soon = okta.post("/sessions", None).await;
    sleep(Duration::from_millis(1)).await;
    let in_time = okta.post("/sessions", None).await;

    too_soon.refused(400, "E0000001");
    assert_eq!(in_time.status, 201);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_session_costs_no_wait() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("ada")])).await;

    let cancelled = okta.delete(&format!("/sessions/{session}")).await;

    assert_eq!(cancelled.status, 204);
    assert_eq!(okta.status(&session).await, "CLOSED");
    okta.open().await;
    assert_eq!(okta.emulator.user_count(), 0, "the data loaded is dropped");
}

#[tokio::test(start_paused = true)]
async fn what_was_triggered_or_closed_cannot_be_cancelled() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("ada")])).await;
    okta.start_import(&session).await;
    let path = format!("/sessions/{session}");

    let triggered = okta.delete(&path).await;
    sleep(Duration::from_secs(2)).await;
    let completed = okta.delete(&path).await;
    okta.emulator.force_status(&session, "CLOSED");
    let closed = okta.delete(&path).await;

    for answer in [triggered, completed, closed] {
        answer.refused(400, "E0000001");
        assert_eq!(
            answer.body["errorSummary"],
            "Api validation failed: importSessionId"
        );
        assert_eq!(
            answer.cause(),
            "Only a session that is in CREATED or IN_PROGRESS status can be canceled."
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_import_cannot_be_started_while_the_session_is_created() {
    let okta = Okta::start().await;
    let session = okta.open().await;

    let answer = okta.start_import(&session).await;

    answer.refused(400, "E0000001");
    assert_eq!(
        answer.cause(),
        format!("Session={session} should be in IN_PROGRESS status in order to be processed")
    );
    assert_eq!(okta.emulator.violations().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_import_is_triggered_and_completes_in_its_time() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("ada")])).await;

    let answer = okta.start_import(&session).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["status"], "TRIGGERED");
    sleep(Duration::from_millis(1_999)).await;
    assert_eq!(okta.status(&session).await, "TRIGGERED");
    assert_eq!(okta.emulator.user_count(), 0);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(okta.status(&session).await, "COMPLETED");
    assert_eq!(okta.emulator.user_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn triggered_sessions_are_processed_one_after_another() {
    let okta = Okta::with(|options| {
        options.cooldown = Duration::ZERO;
        options.import_time = Duration::from_secs(10);
    })
    .await;
    let mut sessions = Vec::new();
    for id in ["ada", "bob"] {
        let session = okta.open().await;
        okta.load(&session, "upsert", json!([user(id)])).await;
        okta.start_import(&session).await;
        sessions.push(session);
    }

    sleep(Duration::from_secs(10)).await;

    assert_eq!(okta.status(&sessions[0]).await, "COMPLETED");
    assert_eq!(okta.status(&sessions[1]).await, "TRIGGERED");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(okta.status(&sessions[1]).await, "COMPLETED");
}

#[tokio::test(start_paused = true)]
async fn an_open_session_expires_after_a_day_without_a_request() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    let day = Duration::from_secs(24 * 60 * 60);

    sleep(day - Duration::from_secs(1)).await;
    assert_eq!(okta.status(&session).await, "CREATED");
    sleep(day - Duration::from_secs(1)).await;
    assert_eq!(okta.status(&session).await, "CREATED", "asking keeps it");
    sleep(day).await;

    assert_eq!(okta.status(&session).await, "EXPIRED");
    assert_eq!(okta.get("/sessions").await.body, json!([]));
    okta.open().await;
}

#[tokio::test(start_paused = true)]
async fn unknown_sessions_and_sources_are_not_found() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    okta.emulator.forget_session(&session);

    okta.get(&format!("/sessions/{session}"))
        .await
        .refused(404, "E0000007");
    okta.delete("/sessions/aps404")
        .await
        .refused(404, "E0000007");
    okta.start_import("aps404").await.refused(404, "E0000007");
    okta.load("aps404", "upsert", json!([user("ada")]))
        .await
        .refused(404, "E0000007");
    let elsewhere = Okta::with(|options| options.identity_source = "0oaelse".to_owned()).await;
    let request = okta.request(reqwest::Method::GET, "/../0oaelse/sessions");
    okta.send(request.header("authorization", "SSWS emulated-token"))
        .await
        .refused(404, "E0000007");
    assert_eq!(elsewhere.get("/sessions").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_session_left_by_another_client_is_in_the_way() {
    let okta = Okta::start().await;
    let foreign = okta.emulator.open_foreign_session();

    okta.post("/sessions", None).await.refused(400, "E0000001");
    let listed = okta.get("/sessions").await;
    okta.delete(&format!("/sessions/{foreign}")).await;

    assert_eq!(listed.body[0]["id"], json!(foreign));
    okta.open().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_can_be_put_into_a_status_that_nobody_knows() {
    let okta = Okta::start().await;
    let session = okta.open().await;

    assert!(okta.emulator.force_status(&session, "PAUSED"));

    assert_eq!(okta.status(&session).await, "PAUSED");
    assert!(!okta.emulator.force_status("aps404", "PAUSED"));
}
