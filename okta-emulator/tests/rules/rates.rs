//! Rate limits, bucket by bucket.

use okta_emulator::{Bucket, ServiceApp};
use serde_json::json;

use crate::{
    service_app::{App, CLIENT, Key, SCOPES},
    support::{Okta, user},
};

#[tokio::test(start_paused = true)]
async fn buckets_are_counted_apart_and_tell_their_own_limits() {
    let okta = Okta::with(|options| {
        options.rate_limits = [
            (Bucket::Sessions, "2/60s".parse().unwrap()),
            (Bucket::BulkUpsert, "1/60s".parse().unwrap()),
        ]
        .into();
    })
    .await;

    let session = okta.open().await;
    let load = okta.load(&session, "upsert", json!([user("ada")])).await;
    let too_much = okta.load(&session, "upsert", json!([user("ada")])).await;
    let listed = okta.get("/sessions").await;
    let over = okta.get("/sessions").await;
    let started = okta.start_import(&session).await;

    assert_eq!(load.header("x-rate-limit-limit"), "1");
    assert_eq!(load.header("x-rate-limit-remaining"), "0");
    too_much.refused(429, "E0000047");
    assert_eq!(listed.header("x-rate-limit-limit"), "2");
    assert_eq!(listed.header("x-rate-limit-remaining"), "0");
    over.refused(429, "E0000047");
    assert_eq!(started.status, 200);
    assert_eq!(started.header("x-rate-limit-limit"), "600");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_with_a_limit_of_its_own_is_not_in_the_shared_one() {
    let okta = Okta::with(|options| {
        options.rate_limit = Some("1/60s".parse().unwrap());
        options.rate_limits = [(Bucket::Apps, "5/60s".parse().unwrap())].into();
    })
    .await;
    let app = okta.emulator.options().identity_source.clone();

    okta.get("/sessions").await;
    let shared = okta.get("/users/ada").await;
    let apart = okta.api(&format!("/api/v1/apps/{app}/users")).await;

    shared.refused(429, "E0000047");
    assert_eq!(apart.status, 200);
    assert_eq!(apart.header("x-rate-limit-remaining"), "4");
}

#[tokio::test(start_paused = true)]
async fn what_was_recorded_of_a_preview_org_is_there_to_be_enforced() {
    let okta = Okta::with(|options| options.rate_limits = Bucket::recorded()).await;

    for _ in 0..15 {
        assert_eq!(okta.get("/sessions").await.status, 200);
    }

    okta.get("/sessions").await.refused(429, "E0000047");
    assert_eq!(okta.get("/users/ada").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn the_token_endpoint_has_a_bucket_of_its_own() {
    let key = Key::ec();
    let app = ServiceApp::new(CLIENT, key.jwks());
    let app = App {
        okta: Okta::with(|options| {
            options.service_app = Some(app);
            options.rate_limit = Some("1/60s".parse().unwrap());
            options.rate_limits = [(Bucket::Token, "2/60s".parse().unwrap())].into();
        })
        .await,
        key,
        proof_key: Key::ec(),
        nonce: None,
    };

    let challenge = app.ask_well().await;
    let again = app.ask(&app.assertion(&app.claims()), None, SCOPES).await;
    let over = app.ask_well().await;
    let sessions = app.okta.get("/sessions").await;

    assert_eq!(challenge.header("x-rate-limit-limit"), "2");
    assert_eq!(again.header("x-rate-limit-remaining"), "0");
    over.refused(429, "E0000047");
    assert_eq!(sessions.status, 200);
}
