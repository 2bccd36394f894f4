//! The token endpoint when it is slow, limited or strange.

use std::time::Duration;

use dynamodb_identity_source::{
    clock::Clock,
    okta::{Credentials, Error, IdentitySourceId, Okta, OrgUrl},
};

use crate::{
    okta_oauth::credentials,
    okta_org::in_an_hour,
    okta_script::{Script, Step},
    support::keys::Key,
};

const TOKEN: &str = "POST /oauth2/v1/token";
const LIST: &str = "GET /sessions";

async fn scripted(steps: impl IntoIterator<Item = Step>) -> (Script, Okta, Clock) {
    let clock = Clock::follow_tokio();
    let script = Script::start(steps).await;
    let credentials = credentials(&Key::new().any()).to_string();
    let okta = Okta::new(
        OrgUrl::parse(&script.url).unwrap(),
        IdentitySourceId::parse("0oa1").unwrap(),
        Credentials::parse(&credentials).unwrap(),
        clock,
    );
    (script, okta, clock)
}

async fn list(okta: &Okta, clock: Clock) -> Result<usize, Error> {
    let calls = okta.by(in_an_hour(clock));
    Ok(calls.active_sessions().await?.len())
}

fn token(kind: &str) -> Step {
    Step::json(
        200,
        &format!(r#"{{"token_type":"{kind}","expires_in":3600,"access_token":"hush"}}"#),
    )
}

#[tokio::test(start_paused = true)]
async fn what_the_token_is_called_decides_how_it_is_shown() {
    for (kind, shown, proof) in [
        ("Bearer", "authorization: Bearer hush", false),
        ("bearer", "authorization: Bearer hush", false),
        ("DPoP", "authorization: DPoP hush", true),
    ] {
        let (script, okta, clock) = scripted([token(kind), Step::json(200, "[]")]).await;

        list(&okta, clock).await.unwrap();

        assert_eq!(script.requests(), [TOKEN, LIST]);
        let head = &script.heads()[1];
        assert!(head.contains(shown), "{head}");
        assert_eq!(head.contains("\r\ndpop: "), proof, "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_asked_for_through_failures_and_limits() {
    let (script, okta, clock) = scripted([
        Step::HangUp,
        Step::json(503, ""),
        Step::Answer(429, "retry-after: 7", String::new()),
        token("Bearer"),
        Step::json(200, "[]"),
    ])
    .await;

    list(&okta, clock).await.unwrap();

    assert_eq!(script.requests(), [TOKEN, TOKEN, TOKEN, TOKEN, LIST]);
}

#[tokio::test(start_paused = true)]
async fn no_token_is_waited_for_past_the_deadline() {
    let (_script, okta, clock) = scripted([Step::Wait(Duration::from_secs(600))]).await;
    let deadline = clock.now() + Duration::from_secs(20);

    let error = okta.by(deadline).active_sessions().await.unwrap_err();

    assert!(matches!(error, Error::OutOfTime { .. }), "{error:?}");
    let late = clock.now().duration_since(deadline).as_secs();
    assert!(late <= 1, "{late}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_token_is_an_error_without_its_text() {
    for body in [
        "",
        "hush",
        r#"{"access_token":"hush"}"#,
        r#"{"token_type":"MAC","expires_in":3600,"access_token":"hush"}"#,
        r#"{"token_type":"Bearer","expires_in":0,"access_token":"hush"}"#,
        r#"{"token_type":"Bearer","expires_in":3600,"access_token":"hush\n"}"#,
    ] {
        let (_script, okta, clock) = scripted([Step::json(200, body)]).await;

        let error = list(&okta, clock).await.unwrap_err();

        assert!(
            matches!(error, Error::Unreadable { .. }),
            "{body}: {error:?}"
        );
        assert!(!format!("{error} {error:?} {okta:?}").contains("hush"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_audience_is_told_in_oktas_words() {
    let said = "The audience claim for client_assertion must be the endpoint invoked.";
    let (script, okta, clock) = scripted([Step::json(
        401,
        &format!(r#"{{"error":"invalid_client","error_description":"{said}"}}"#),
    )])
    .await;

    let error = list(&okta, clock).await.unwrap_err();

    assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
    assert!(error.to_string().contains(said), "{error}");
    assert_eq!(script.requests(), [TOKEN]);
}

#[tokio::test(start_paused = true)]
async fn a_proof_that_is_never_taken_is_an_error_and_not_refused_content() {
    let challenge = "www-authenticate: DPoP algs=\"ES256\", error=\"invalid_dpop_proof\", \
                     error_description=\"no good\"";
    let (script, okta, clock) =
        scripted([token("DPoP"), Step::Answer(400, challenge, String::new())]).await;

    let error = list(&okta, clock).await.unwrap_err();

    assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
    assert!(error.to_string().contains("no good"), "{error}");
    assert_eq!(script.requests(), [TOKEN, LIST]);
}

#[tokio::test(start_paused = true)]
async fn nonces_without_end_are_not_followed_for_ever() {
    let challenge = Step::Answer(
        400,
        "dpop-nonce: another",
        r#"{"error":"use_dpop_nonce"}"#.to_owned(),
    );
    let (script, okta, clock) = scripted(vec![challenge; 9]).await;

    let error = list(&okta, clock).await.unwrap_err();

    assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
    assert_eq!(script.requests().len(), 3);
}
