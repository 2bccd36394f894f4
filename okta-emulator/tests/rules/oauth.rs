//! Tokens for a service app: assertions, scopes, roles, lifetimes.

use std::time::Duration;

use okta_emulator::{Dpop, Emulator, Options, ServiceApp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    service_app::{App, CLIENT, Key, SCOPES},
    support::Answer,
};

/// An app that needs no DPoP.
async fn plain() -> App {
    App::with(|app| app.dpop = Dpop::Allowed).await
}

async fn bearer(app: &App, scopes: &str) -> String {
    let answer = app.ask(&app.assertion(&app.claims()), None, scopes).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["access_token"].as_str().unwrap().to_owned()
}

async fn call(app: &App, method: Method, token: &str) -> Answer {
    let request = app.okta.raw(method, &app.sessions_path());
    app.okta
        .send(request.header("authorization", format!("Bearer {token}")))
        .await
}

#[track_caller]
fn denied(answer: &Answer, status: u16, error: &str, description: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(
        answer.body,
        json!({ "error": error, "error_description": description })
    );
}

#[tokio::test(start_paused = true)]
async fn an_app_that_need_not_use_dpop_gets_a_bearer_token() {
    let app = plain().await;

    let answer = app.ask(&app.assertion(&app.claims()), None, SCOPES).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 3600);
    assert_eq!(answer.body["scope"], SCOPES);
    let token = answer.body["access_token"].as_str().unwrap();
    assert_eq!(call(&app, Method::POST, token).await.status, 201);
    assert_eq!(
        app.okta.get("/sessions").await.status,
        200,
        "SSWS works too"
    );
    assert_eq!(app.emulator().token_requests(), 1);
    assert_eq!(app.emulator().tokens_given(), 1);
}

#[tokio::test(start_paused = true)]
async fn rsa_keys_work_as_well() {
    let app = App::of(Key::rsa(), |app| app.dpop = Dpop::Allowed).await;

    bearer(&app, SCOPES).await;
}

#[tokio::test(start_paused = true)]
async fn an_assertion_must_be_right_in_everything() {
    let app = plain().await;
    let late = app.now() + 3_601;
    let cases = [
        (
            "iss",
            json!("0oaother"),
            "The issuer and subject claims for client_assertion must be the client_id.",
        ),
        (
            "sub",
            json!("0oaother"),
            "The issuer and subject claims for client_assertion must be the client_id.",
        ),
        (
            "aud",
            json!(app.emulator().url()),
            "The audience claim for client_assertion must be the endpoint invoked for the request.",
        ),
        (
            "exp",
            json!(app.now()),
            "The client_assertion token is expired.",
        ),
        (
            "exp",
            json!(late),
            "The client_assertion token has an expiration too far into the future.",
        ),
        (
            "iat",
            json!(app.now() + 61),
            "The client_assertion token is not yet valid.",
        ),
        (
            "jti",
            Value::Null,
            "The client_assertion token must contain a jti.",
        ),
    ];

    for (claim, value, why) in cases {
        let mut claims = app.claims();
        claims[claim] = value;
        let answer = app.ask(&app.assertion(&claims), None, SCOPES).await;
        denied(&answer, 401, "invalid_client", why);
    }

    let mut at_the_edge = app.claims();
    at_the_edge["exp"] = json!(late - 1);
    let answer = app.ask(&app.assertion(&at_the_edge), None, SCOPES).await;
    assert_eq!(answer.status, 200, "an hour is allowed");
}

#[tokio::test(start_paused = true)]
async fn an_assertion_is_good_for_one_request() {
    let app = plain().await;
    let assertion = app.assertion(&app.claims());

    app.ask(&assertion, None, SCOPES).await;
    let again = app.ask(&assertion, None, SCOPES).await;

    let why = "The client_assertion token has already been used.";
    denied(&again, 401, "invalid_client", why);
}

#[tokio::test(start_paused = true)]
async fn only_registered_keys_sign_assertions() {
    let mut app = plain().await;
    let unknown_id = app
        .key
        .sign(|head| head.kid = Some("key-2".to_owned()), &app.claims());
    let wrong_id = app.ask(&unknown_id, None, SCOPES).await;

    let old = std::mem::replace(&mut app.key, Key::ec());
    let wrong_key = app.ask(&app.assertion(&app.claims()), None, SCOPES).await;
    app.emulator().register_keys(&app.key.jwks()).unwrap();
    bearer(&app, SCOPES).await;
    app.key = old;
    let replaced = app.ask(&app.assertion(&app.claims()), None, SCOPES).await;

    let why = "The client_assertion JWT kid is invalid.";
    denied(&wrong_id, 401, "invalid_client", why);
    for answer in [wrong_key, replaced] {
        let why = "The client_assertion signature is invalid.";
        denied(&answer, 401, "invalid_client", why);
    }
}

#[tokio::test(start_paused = true)]
async fn scopes_are_granted_as_far_as_the_app_has_them() {
    let app = plain().await;
    app.emulator().grant_scopes(["okta.identitySources.read"]);

    let token = bearer(&app, SCOPES).await;
    let read = call(&app, Method::GET, &token).await;
    let write = call(&app, Method::POST, &token).await;
    let none = app
        .ask(&app.assertion(&app.claims()), None, "okta.users.read")
        .await;

    assert_eq!(read.status, 200);
    write.refused(403, "E0000006");
    assert!(
        write
            .header("www-authenticate")
            .contains("error=\"insufficient_scope\"")
    );
    let why = "You are not allowed any of the requested scopes.";
    denied(&none, 400, "consent_required", why);
}

#[tokio::test(start_paused = true)]
async fn without_an_admin_role_the_scopes_are_worth_nothing() {
    let app = plain().await;
    let token = bearer(&app, SCOPES).await;
    app.emulator().set_role(false);

    call(&app, Method::GET, &token)
        .await
        .refused(403, "E0000006");
    assert_eq!(app.okta.get("/sessions").await.status, 200, "SSWS has one");
    app.emulator().set_role(true);
    assert_eq!(call(&app, Method::GET, &token).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_token_ends_with_its_hour_or_when_revoked() {
    let app = plain().await;
    let token = bearer(&app, SCOPES).await;

    tokio::time::sleep(Duration::from_secs(3_599)).await;
    assert_eq!(call(&app, Method::GET, &token).await.status, 200);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ended = call(&app, Method::GET, &token).await;
    let token = bearer(&app, SCOPES).await;
    app.emulator().revoke_tokens();
    let revoked = call(&app, Method::GET, &token).await;

    for answer in [ended, revoked] {
        answer.refused(401, "E0000011");
        assert!(
            answer
                .header("www-authenticate")
                .contains("error=\"invalid_token\"")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn token_requests_that_make_no_sense_are_denied() {
    let app = plain().await;
    let post = |form: &[(&str, &str)]| {
        let request = app.okta.raw(Method::POST, "/oauth2/v1/token").form(form);
        app.okta.send(request)
    };

    let password = post(&[("grant_type", "password")]).await;
    let nobody = post(&[("grant_type", "client_credentials")]).await;
    let assertion = app.assertion(&app.claims());
    let untyped = post(&[
        ("grant_type", "client_credentials"),
        ("client_assertion", &assertion),
    ])
    .await;

    assert_eq!(password.body["error"], "unsupported_grant_type");
    assert_eq!(nobody.body["error"], "invalid_client");
    let why = "The client_assertion_type is invalid.";
    denied(&untyped, 401, "invalid_client", why);
}

#[tokio::test(start_paused = true)]
async fn an_api_token_can_be_replaced() {
    let app = plain().await;

    app.emulator().set_api_token("rotated");

    app.okta.get("/sessions").await.refused(401, "E0000011");
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_read_are_found_at_the_start() {
    let options = Options {
        service_app: Some(ServiceApp::new(CLIENT, "{}")),
        ..Options::default()
    };

    let error = Emulator::start(options).await.unwrap_err();

    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
