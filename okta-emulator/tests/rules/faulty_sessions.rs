//! Sessions that go wrong, and loads that are refused.

use std::{collections::BTreeMap, time::Duration};

use okta_emulator::{Effect, Fault, Poison, SessionEnd};
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{Okta, user, user_with};

#[tokio::test(start_paused = true)]
async fn an_answer_shows_a_status_that_nobody_knows() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    let paused = || Effect::AnswerStatus {
        status: "PAUSED".to_owned(),
    };
    okta.emulator
        .inject(Fault::on("GET", "/sessions/*").then(paused()));
    okta.emulator
        .inject(Fault::on("GET", "/sessions").then(paused()));

    assert_eq!(okta.status(&session).await, "PAUSED");
    assert_eq!(okta.get("/sessions").await.body[0]["status"], "PAUSED");
    assert_eq!(okta.status(&session).await, "CREATED", "it was the answer");
}

#[tokio::test(start_paused = true)]
async fn a_session_turns_error_or_expired() {
    let okta = Okta::start().await;
    let how = SessionEnd::Error;
    okta.emulator
        .inject(Fault::on("POST", "/sessions/*/start-import").then(Effect::SessionEnds { how }));
    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("ada")])).await;

    let triggered = okta.start_import(&session).await;
    assert_eq!(triggered.body["status"], "TRIGGERED");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(okta.status(&session).await, "ERROR");
    assert_eq!(okta.emulator.user_count(), 0);

    okta.emulator.end_cooldown();
    let session = okta.open().await;
    let how = SessionEnd::Expired;
    let path = format!("/sessions/{session}/bulk-upsert");
    okta.emulator
        .inject(Fault::on("POST", path).then(Effect::SessionEnds { how }));
    okta.load(&session, "upsert", json!([user("ada")])).await;
    okta.load(&session, "upsert", json!([user("bob")]))
        .await
        .refused(400, "E0000001");
    assert_eq!(okta.status(&session).await, "EXPIRED");
    assert!(
        okta.emulator.violations().is_empty(),
        "the client could not know"
    );
}

#[tokio::test(start_paused = true)]
async fn an_import_takes_long_and_the_wait_after_it_longer() {
    let okta = Okta::start().await;
    let hour = Duration::from_secs(3_600);
    let at = || Fault::on("POST", "/sessions/*/start-import");
    okta.emulator
        .inject(at().then(Effect::ImportTakes { time: hour }));
    okta.emulator
        .inject(at().then(Effect::Cooldown { time: hour * 2 }));
    let session = okta.import(&[user("ada")], &[]).await;

    sleep(hour - Duration::from_secs(3)).await;
    assert_eq!(okta.status(&session).await, "TRIGGERED");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(okta.status(&session).await, "COMPLETED");
    okta.post("/sessions", None).await.refused(400, "E0000001");
    sleep(hour).await;
    okta.open().await;
}

#[tokio::test(start_paused = true)]
async fn a_load_is_refused_for_the_sake_of_one_user() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    let at = || Fault::on("POST", "/sessions/*/bulk-upsert").always();
    let poison = Poison::ExternalIds(vec!["bad".to_owned()]);
    let named = okta.emulator.inject(at().then(Effect::RefuseEntities {
        poison,
        named: true,
    }));

    let answer = okta
        .load(&session, "upsert", json!([user("good"), user("bad")]))
        .await;
    answer.refused(400, "E0000001");
    assert_eq!(answer.cause(), "profiles[1]: not accepted (externalId bad)");
    assert_eq!(okta.status(&session).await, "CREATED");

    okta.emulator.remove_fault(named);
    let poison = Poison::when(|_, profile: &BTreeMap<String, Option<String>>| {
        profile["title"] == Some("Dr.".to_owned())
    });
    okta.emulator.inject(at().then(Effect::RefuseEntities {
        poison,
        named: false,
    }));
    let bad = user_with("bad", "title", json!("Dr."));
    let answer = okta.load(&session, "upsert", json!([bad])).await;
    answer.refused(400, "E0000001");
    assert_eq!(answer.body["errorCauses"], json!([]));
    let good = user_with("good", "title", json!("Ms."));
    let answer = okta.load(&session, "upsert", json!([good])).await;
    assert_eq!(answer.status, 202);
    assert!(okta.emulator.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_load_is_refused_with_whatever_status() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    for status in [413, 422] {
        let poison = Poison::ExternalIds(vec!["bad".to_owned()]);
        let at = Fault::on("POST", "/sessions/*/bulk-upsert");
        okta.emulator.inject(at.then(Effect::RefuseEntitiesWith {
            status,
            poison,
            named: true,
        }));

        let answer = okta
            .load(&session, "upsert", json!([user("good"), user("bad")]))
            .await;

        answer.refused(status, "E0000001");
        assert_eq!(answer.cause(), "profiles[1]: not accepted (externalId bad)");
    }
    assert_eq!(okta.status(&session).await, "CREATED");
}

#[tokio::test(start_paused = true)]
async fn odd_imports_are_injected_over_http_too() {
    let okta = Okta::start().await;
    for effect in [
        json!({ "type": "refuseEntitiesWith", "status": 422,
                "poison": { "externalIds": ["bad"] } }),
        json!({ "type": "statusLags", "time": "10s" }),
        json!({ "type": "importWakes", "after": "24h" }),
        json!({ "type": "importRepeats", "after": "1h" }),
        json!({ "type": "importEnds", "how": "COMPLETED", "applied": "half" }),
        json!({ "type": "importEnds", "how": "ERROR", "applied": { "first": 3 } }),
        json!({ "type": "importFails", "poison": { "externalIds": ["bad"] } }),
        json!({ "type": "importRefuses",
                "poison": { "attribute": { "name": "lastName", "contains": "x" } },
                "reason": { "field": "lastName", "code": "pattern" } }),
    ] {
        let fault = json!({ "path": "/sessions/**", "effect": effect });
        let request = okta.raw(Method::POST, "/_emulator/faults");
        let answer = okta.send(request.body(fault.to_string())).await;

        assert_eq!(answer.status, 201, "{effect}: {}", answer.body);
    }
}
