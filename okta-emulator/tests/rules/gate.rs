//! What holds for every call: tokens, limits, headers, the record of requests.

use std::time::{Duration, SystemTime};

use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::{Okta, user};

#[tokio::test(start_paused = true)]
async fn only_the_right_token_is_let_in() {
    let okta = Okta::start().await;
    let request = || okta.request(Method::GET, "/sessions");

    let none = okta.send(request()).await;
    assert_eq!(okta.emulator.violations().len(), 1, "a client without one");
    for wrong in ["SSWS other", "Bearer emulated-token", "emulated-token"] {
        let answer = okta.send(request().header("authorization", wrong)).await;
        answer.refused(401, "E0000011");
    }

    none.refused(401, "E0000011");
    assert_eq!(okta.emulator.violations().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_answer_carries_oktas_headers() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_778_651_544);
    let okta = Okta::with(|options| options.started = start).await;

    let created = okta.post("/sessions", None).await;
    sleep(Duration::from_secs(60)).await;
    let refused = okta.get("/sessions/aps404").await;

    for answer in [&created, &refused] {
        assert!(!answer.header("x-okta-request-id").is_empty());
        assert_eq!(answer.header("x-rate-limit-limit"), "600");
        assert!(answer.header("x-rate-limit-reset").parse::<u64>().unwrap() > 1_778_651_544);
    }
    assert_eq!(created.header("date"), "Wed, 13 May 2026 05:52:24 GMT");
    assert_eq!(refused.header("date"), "Wed, 13 May 2026 05:53:24 GMT");
    assert_eq!(created.body["created"], "2026-05-13T05:52:24.000Z");
}

#[tokio::test(start_paused = true)]
async fn one_rate_limit_is_shared_by_all_calls() {
    let okta = Okta::with(|options| {
        options.rate_limit = Some("3/60s".parse().unwrap());
        options.started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    })
    .await;

    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("ada")])).await;
    let last = okta.get("/sessions").await;
    let over = okta.start_import(&session).await;

    assert_eq!(last.header("x-rate-limit-remaining"), "0");
    over.refused(429, "E0000047");
    assert_eq!(over.header("x-rate-limit-limit"), "3");
    assert_eq!(over.header("x-rate-limit-remaining"), "0");
    assert_eq!(over.header("x-rate-limit-reset"), "1000060");
    assert_eq!(okta.status_soon(&session).await, "IN_PROGRESS");
    assert!(okta.emulator.violations().is_empty());
}

impl Okta {
    /// Asks in the next window.
    async fn status_soon(&self, session: &str) -> String {
        sleep(Duration::from_secs(60)).await;
        self.status(session).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_its_time() {
    let okta = Okta::with(|options| options.call_time = Duration::from_secs(2)).await;
    let started = Instant::now();

    okta.get("/sessions").await;

    assert_eq!(started.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn calls_that_there_are_not_are_refused() {
    let okta = Okta::start().await;

    okta.get("/nothing").await.refused(404, "E0000007");
    okta.call(Method::PUT, "/sessions", None)
        .await
        .refused(405, "E0000022");
}

#[tokio::test(start_paused = true)]
async fn every_call_is_recorded_and_can_be_asked_for() {
    let okta = Okta::start().await;
    let session = okta.import(&[user("ada"), user("bob")], &[]).await;
    okta.get("/sessions/aps404").await;
    let ask = |path: &str| {
        let url = format!("{}/_emulator/{path}", okta.emulator.url());
        async {
            reqwest::get(url)
                .await
                .unwrap()
                .json::<serde_json::Value>()
                .await
                .unwrap()
        }
    };

    let requests = ask("requests").await;
    let state = ask("state?users=true").await;

    let answers: Vec<u64> = requests
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["status"].as_u64().unwrap())
        .collect();
    assert_eq!(answers, [201, 202, 200, 404]);
    assert_eq!(requests[1]["entities"], 2);
    assert_eq!(requests[3]["error"], "E0000007");
    assert_eq!(state["sessions"][0]["id"], json!(session));
    assert_eq!(state["sessions"][0]["results"]["created"], 2);
    assert_eq!(state["directory"], json!({ "users": 2, "active": 2 }));
    assert_eq!(state["users"][0]["status"], "ACTIVE");
    okta.emulator.clear_requests();
    assert!(okta.emulator.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_emulator_that_is_dropped_no_longer_answers() {
    let okta = Okta::start().await;
    let url = okta.emulator.url();
    okta.get("/sessions").await;

    drop(okta);
    tokio::task::yield_now().await;

    assert!(reqwest::get(url).await.is_err());
}
