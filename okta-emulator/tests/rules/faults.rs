//! What can be made to go wrong.

use std::time::Duration;

use okta_emulator::{Effect, Fault};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{Okta, user};

fn status(status: u16) -> Effect {
    Effect::Status {
        status,
        code: "E0000009".to_owned(),
        causes: vec![],
    }
}

impl Okta {
    /// A call with a good token, not sent yet.
    fn calling(&self, method: Method, path: &str) -> RequestBuilder {
        let token = format!("SSWS {}", self.emulator.options().token);
        self.request(method, path).header("authorization", token)
    }

    /// Loads one user.
    fn loading(&self, session: &str) -> RequestBuilder {
        let body = json!({ "entityType": "USERS", "profiles": [user("ada")] });
        self.calling(Method::POST, &format!("/sessions/{session}/bulk-upsert"))
            .body(body.to_string())
    }
}

#[tokio::test(start_paused = true)]
async fn the_nth_call_is_refused_with_oktas_error_body() {
    let okta = Okta::start().await;
    okta.emulator
        .inject(Fault::on(Method::GET, "/sessions").nth(2).then(status(500)));

    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answer = okta.get("/sessions").await;
        if answer.status == 500 {
            answer.refused(500, "E0000009");
        }
        statuses.push(answer.status.as_u16());
    }

    assert_eq!(statuses, [200, 500, 200]);
    let fault = &okta.emulator.faults()[0];
    assert_eq!((fault.seen, fault.struck, fault.on), (3, 1, false));
    assert_eq!(fault.effect, "answers 500 E0000009");
    assert_eq!(okta.emulator.requests()[1].faults, ["answers 500 E0000009"]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_can_be_taken_away() {
    let okta = Okta::start().await;
    let first = okta
        .emulator
        .inject(Fault::on("*", "/sessions").always().then(status(503)));
    okta.emulator
        .inject(Fault::on("*", "/**").always().then(status(502)));

    assert_eq!(okta.get("/sessions").await.status, 503);
    assert!(okta.emulator.remove_fault(first));
    assert_eq!(okta.get("/sessions").await.status, 502);
    okta.emulator.clear_faults();
    assert_eq!(okta.get("/sessions").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_429_carries_the_headers_it_was_given_and_no_others() {
    let okta = Okta::start().await;
    let headers = [
        ("x-rate-limit-limit", "0"),
        ("x-rate-limit-remaining", "0"),
        ("retry-after", "7"),
    ];
    okta.emulator.inject(
        Fault::on("GET", "/sessions").then(Effect::RateLimited {
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        }),
    );

    let answer = okta.get("/sessions").await;

    answer.refused(429, "E0000047");
    for (name, value) in headers {
        assert_eq!(answer.header(name), value);
    }
    assert!(!answer.headers.contains_key("x-rate-limit-reset"));
}

#[tokio::test(start_paused = true)]
async fn a_delay_before_the_work_leaves_it_undone_when_the_client_goes_away() {
    let okta = Okta::start().await;
    let time = Duration::from_secs(30);
    okta.emulator
        .inject(Fault::on("POST", "/sessions").then(Effect::Delay { time }));
    let started = Instant::now();

    let impatient = okta.calling(Method::POST, "/sessions");
    let answer = impatient.timeout(Duration::from_secs(10)).send().await;
    sleep(time).await;

    assert!(answer.unwrap_err().is_timeout());
    assert!(okta.emulator.sessions().is_empty());
    assert_eq!(okta.post("/sessions", None).await.status, 201);
    assert_eq!(started.elapsed(), Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn a_delayed_answer_belongs_to_work_that_is_done() {
    let okta = Okta::start().await;
    let time = Duration::from_secs(30);
    okta.emulator
        .inject(Fault::on("POST", "/sessions").then(Effect::DelayAnswer { time }));

    let impatient = okta.calling(Method::POST, "/sessions");
    let answer = impatient.timeout(Duration::from_secs(10)).send().await;

    assert!(answer.unwrap_err().is_timeout());
    assert_eq!(okta.emulator.sessions().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_closes_before_the_work_or_after_it() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    let at = || Fault::on("POST", "/sessions/*/bulk-upsert");
    let requests = |okta: &Okta| okta.emulator.sessions()[0].requests;

    okta.emulator.inject(at().then(Effect::CloseBefore));
    let before = okta.loading(&session).send().await.unwrap_err();
    assert!(before.is_request(), "{before:?}");
    assert_eq!(requests(&okta), 0);

    okta.emulator.inject(at().then(Effect::CloseAfter));
    let after = okta.loading(&session).send().await.unwrap_err();
    assert!(after.is_request(), "{after:?}");
    assert_eq!(requests(&okta), 1);
    let recorded: Vec<u16> = okta.emulator.requests().iter().map(|r| r.status).collect();
    assert_eq!(recorded, [201, 0, 202]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_cut_short_or_is_no_json() {
    let okta = Okta::start().await;
    okta.emulator
        .inject(Fault::on("POST", "/sessions").then(Effect::Truncate));

    let cut = okta
        .calling(Method::POST, "/sessions")
        .send()
        .await
        .unwrap();
    assert_eq!(cut.status(), 201);
    assert!(cut.content_length().unwrap() > 100);
    let error = cut.bytes().await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");

    let session = okta.emulator.sessions()[0].id.clone();
    let path = format!("/sessions/{session}");
    okta.emulator
        .inject(Fault::on("GET", &path).then(Effect::NotJson));
    let page = okta.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.body.as_str().unwrap().starts_with("<!DOCTYPE html>"));
}

#[tokio::test(start_paused = true)]
async fn the_token_endpoint_can_fail_too() {
    let okta = Okta::start().await;
    okta.emulator
        .inject(Fault::on("POST", "/oauth2/v1/token").then(status(503)));

    let answer = okta.send(okta.raw(Method::POST, "/oauth2/v1/token")).await;

    assert_eq!(answer.status, 503);
}

#[tokio::test(start_paused = true)]
async fn faults_are_injected_over_http() {
    let okta = Okta::start().await;
    let url = format!("{}/_emulator/faults", okta.emulator.url());
    let client = Client::new();
    let inject = async |fault: Value| {
        let answer = client.post(&url).json(&fault).send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap(),
        )
    };
    let list = async || {
        let answer = client.get(&url).send().await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    let effects = [
        json!({ "type": "status", "status": 500 }),
        json!({ "type": "rateLimited", "headers": { "retry-after": "1" } }),
        json!({ "type": "delay", "time": "5s" }),
        json!({ "type": "delayAnswer", "time": "5s" }),
        json!({ "type": "closeBefore" }),
        json!({ "type": "closeAfter" }),
        json!({ "type": "truncate" }),
        json!({ "type": "notJson" }),
        json!({ "type": "answerStatus", "status": "PAUSED" }),
        json!({ "type": "sessionEnds", "how": "ERROR" }),
        json!({ "type": "importTakes", "time": "1h" }),
        json!({ "type": "cooldown", "time": "10m" }),
        json!({ "type": "refuseEntities", "poison": { "externalIds": ["ada"] }, "named": true }),
        json!({ "type": "refuseEntities", "poison": { "attribute": { "name": "title", "contains": "Dr" } } }),
    ];

    for effect in &effects {
        let fault = json!({ "method": "GET", "path": "/nowhere", "nth": 2, "times": null, "effect": effect });
        assert_eq!(inject(fault).await.0, 201, "{effect}");
    }
    let wrong = [
        json!({ "path": "/sessions" }),
        json!({ "path": "/sessions", "effect": { "type": "explode" } }),
        json!({ "path": "/sessions", "effect": { "type": "delay", "time": "soon" } }),
        json!({ "path": "/sessions", "effect": { "type": "truncate" }, "often": true }),
    ];
    for fault in wrong {
        let (status, body) = inject(fault.clone()).await;
        assert_eq!(status, 400, "{fault}");
        assert!(body["error"].is_string());
    }

    assert_eq!(list().await.as_array().unwrap().len(), effects.len());
    assert_eq!(list().await[2]["effect"], "waits 5.0 s before the work");
    let one = client.delete(format!("{url}/1")).send().await.unwrap();
    assert_eq!(one.status(), 204);
    assert_eq!(list().await.as_array().unwrap().len(), effects.len() - 1);
    client.delete(&url).send().await.unwrap();
    assert_eq!(list().await, json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_call_is_lost_and_done_all_the_same_a_while_later() {
    let okta = Okta::start().await;
    let after = Duration::from_secs(120);
    let at = Fault::on("POST", "/users");
    okta.emulator.inject(at.then(Effect::DoneLater { after }));
    let token = format!("SSWS {}", okta.emulator.options().token);

    let request = okta.request(Method::POST, "/users");
    let request = request.header("authorization", token);
    let lost = request.body(user("ada").to_string()).send().await;

    assert!(lost.is_err());
    sleep(after - Duration::from_secs(1)).await;
    assert_eq!(okta.emulator.user_count(), 0);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(okta.emulator.user_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_single_user_is_taken_with_half_of_the_attributes() {
    let okta = Okta::start().await;
    okta.post("/users", Some(user("ada"))).await;
    let at = Fault::on("PATCH", "/users/*");
    okta.emulator.inject(at.then(Effect::HalfApplied));

    let mut change = user("ada");
    change["profile"]["firstName"] = json!("Augusta");
    change["profile"]["lastName"] = json!("Byron");
    let answer = okta.call(Method::PATCH, "/users/ada", Some(change)).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["profile"]["lastName"], "Byron");
    assert_eq!(answer.body["profile"]["firstName"], "Ada");
}
