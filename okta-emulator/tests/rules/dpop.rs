//! DPoP, RFC 9449, as Okta has it.

use jsonwebtoken::Header;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    service_app::{App, Key, SCOPES},
    support::Answer,
};

#[track_caller]
fn denied(answer: &Answer, error: &str, description: &str) {
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(
        answer.body,
        json!({ "error": error, "error_description": description })
    );
}

/// Holds that an API call was refused for its proof: Okta says so in a header
/// alone.
#[track_caller]
fn challenged(answer: &Answer, status: u16, error: &str, description: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.body, "");
    let challenge = answer.header("www-authenticate");
    assert!(
        challenge.starts_with("DPoP algs=\"RS256 RS384 RS512 ES256 ES384 ES512\", "),
        "{challenge}"
    );
    let reason = format!("error=\"{error}\", error_description=\"{description}\"");
    assert!(challenge.contains(&reason), "{challenge}");
}

#[tokio::test(start_paused = true)]
async fn a_token_needs_a_proof_with_the_nonce() {
    let mut app = App::start().await;

    let without = app.ask(&app.assertion(&app.claims()), None, SCOPES).await;
    let challenge = app.ask_well().await;
    app.nonce = Some("made-up".to_owned());
    let made_up = app.ask_well().await;
    app.nonce = Some(challenge.header("dpop-nonce").to_owned());
    let given = app.ask_well().await;

    let why = "The DPoP proof JWT header is missing.";
    denied(&without, "invalid_dpop_proof", why);
    let why = "Authorization server requires nonce in DPoP proof.";
    denied(&challenge, "use_dpop_nonce", why);
    let why = "The DPoP proof JWT nonce is invalid.";
    denied(&made_up, "use_dpop_nonce", why);
    assert_eq!(made_up.header("dpop-nonce"), challenge.header("dpop-nonce"));
    assert_eq!(given.status, 200);
    assert_eq!(given.body["token_type"], "DPoP");
}

#[tokio::test(start_paused = true)]
async fn a_challenge_uses_the_assertion_up() {
    let mut app = App::start().await;
    let assertion = app.assertion(&app.claims());
    let proof = || app.proof(&app.proof_claims("POST", &app.token_url(), None));

    let challenge = app.ask(&assertion, Some(&proof()), SCOPES).await;
    app.nonce = Some(challenge.header("dpop-nonce").to_owned());
    let proof = app.proof(&app.proof_claims("POST", &app.token_url(), None));
    let again = app.ask(&assertion, Some(&proof), SCOPES).await;

    assert_eq!(again.status, 401);
    assert_eq!(
        again.body["error_description"],
        "The client_assertion token has already been used."
    );
}

#[tokio::test(start_paused = true)]
async fn every_call_needs_a_proof_of_its_own() {
    let mut app = App::start().await;
    let token = app.token().await;
    let path = app.sessions_path();
    let url = format!("{}{path}", app.emulator().url());
    let proof = app.proof(&app.proof_claims("GET", &url, Some(&token)));

    let first = app.call_with(Method::GET, &path, &token, &proof).await;
    let again = app.call_with(Method::GET, &path, &token, &proof).await;
    let fresh = app.call(Method::GET, &path, &token).await;

    assert_eq!(first.status, 200);
    let why = "The DPoP proof JWT has already been used.";
    challenged(&again, 400, "invalid_dpop_proof", why);
    assert_eq!(fresh.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_proof_must_be_right_in_everything() {
    let mut app = App::start().await;
    let token = app.token().await;
    let path = app.sessions_path();
    let url = format!("{}{path}", app.emulator().url());
    let cases = [
        ("htm", json!("POST")),
        ("htm", json!("get")),
        ("htu", json!(format!("{url}/"))),
        ("htu", json!(format!("{url}?limit=1"))),
        ("iat", json!(app.now() - 301)),
        ("iat", json!(app.now() + 61)),
        ("iat", Value::Null),
        ("jti", Value::Null),
        ("ath", json!("elsewhere")),
        ("ath", Value::Null),
    ];

    for (claim, value) in cases {
        let mut claims = app.proof_claims("GET", &url, Some(&token));
        claims[claim] = value;
        let proof = app.proof(&claims);
        let answer = app.call_with(Method::GET, &path, &token, &proof).await;
        let why = format!("'{claim}' claim in the DPoP proof JWT is invalid.");
        challenged(&answer, 400, "invalid_dpop_proof", &why);
    }

    let mut old = app.proof_claims("GET", &url, Some(&token));
    old["iat"] = json!(app.now() - 300);
    let answer = app
        .call_with(Method::GET, &path, &token, &app.proof(&old))
        .await;
    assert_eq!(answer.status, 200, "five minutes old is young enough");
}

#[tokio::test(start_paused = true)]
async fn a_proofs_header_must_name_its_kind_and_a_public_key() {
    let mut app = App::start().await;
    let token = app.token().await;
    let path = app.sessions_path();
    let url = format!("{}{path}", app.emulator().url());
    let key = &app.proof_key;
    let claims = || app.proof_claims("GET", &url, Some(&token));
    let untyped = key.sign(|head| head.jwk = Some(key.public.clone()), &claims());
    let keyless = key.sign(|head| head.typ = Some("dpop+jwt".to_owned()), &claims());
    let private = key.sign(
        |head: &mut Header| {
            head.typ = Some("dpop+jwt".to_owned());
            let mut jwk = json!(key.public);
            jwk["d"] = json!("secret");
            head.extras.insert("jwk", jwk);
        },
        &claims(),
    );
    let forged = Key::ec().sign(
        |head| {
            head.typ = Some("dpop+jwt".to_owned());
            head.jwk = Some(key.public.clone());
        },
        &claims(),
    );
    let cases = [
        (untyped, "'typ' in the DPoP proof JWT header is invalid."),
        (keyless, "'jwk' in the DPoP proof JWT header is invalid."),
        (private, "'jwk' in the DPoP proof JWT header is invalid."),
        (forged, "The DPoP proof JWT signature is invalid."),
    ];

    for (proof, why) in cases {
        let answer = app.call_with(Method::GET, &path, &token, &proof).await;
        challenged(&answer, 400, "invalid_dpop_proof", why);
    }
}

#[tokio::test(start_paused = true)]
async fn a_bound_token_is_worth_nothing_without_its_key() {
    let mut app = App::start().await;
    let token = app.token().await;
    let path = app.sessions_path();

    let request = app.okta.raw(Method::GET, &path);
    let bare = request.header("authorization", format!("DPoP {token}"));
    let bare = app.okta.send(bare).await;
    let request = app.okta.raw(Method::GET, &path);
    let bearer = request.header("authorization", format!("Bearer {token}"));
    let bearer = app.okta.send(bearer).await;
    app.proof_key = Key::ec();
    let other_key = app.call(Method::GET, &path, &token).await;

    let why = "The DPoP proof JWT header is missing.";
    challenged(&bare, 400, "invalid_dpop_proof", why);
    bearer.refused(401, "E0000011");
    let why = "The DPoP proof JWT key is not the one that the access token is bound to.";
    challenged(&other_key, 400, "invalid_dpop_proof", why);
}

#[tokio::test(start_paused = true)]
async fn a_rotated_nonce_is_taken_and_an_invalidated_one_is_not() {
    let mut app = App::start().await;
    app.token().await;

    app.emulator().rotate_nonce();
    let rotated = app.ask_well().await;
    app.emulator().invalidate_nonces();
    let invalidated = app.ask_well().await;

    assert_eq!(rotated.status, 200);
    assert_eq!(invalidated.body["error"], "use_dpop_nonce");
    assert_ne!(
        invalidated.header("dpop-nonce"),
        app.nonce.as_deref().unwrap()
    );
}

#[tokio::test(start_paused = true)]
async fn calls_can_be_made_to_need_the_nonce_too() {
    let mut app = App::start().await;
    let token = app.token().await;
    let path = app.sessions_path();
    app.emulator().require_nonce_in_calls(true);
    app.emulator().invalidate_nonces();

    let challenge = app.call(Method::GET, &path, &token).await;
    app.nonce = Some(challenge.header("dpop-nonce").to_owned());
    let answer = app.call(Method::GET, &path, &token).await;

    let why = "Resource server requires nonce in DPoP proof.";
    challenged(&challenge, 401, "use_dpop_nonce", why);
    assert_eq!(answer.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_given_comes_with_the_nonce_and_a_kept_one_spares_the_challenge() {
    let mut app = App::start().await;
    app.token().await;

    let given = app.ask_well().await;

    assert_eq!(given.status, 200);
    assert_eq!(Some(given.header("dpop-nonce")), app.nonce.as_deref());
    assert_eq!(given.header("x-rate-limit-limit"), "150");
}
