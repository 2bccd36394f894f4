//! Credentials in Secrets Manager: read when needed, and again when rotated.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedAsyncSleep, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use dynamodb_identity_source::okta::{CredentialsError, Error, Secret};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    okta_oauth::{Org, credentials},
    okta_script::{Script, Step},
    support::keys::Key,
};

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:okta";

/// An SDK whose services are all at `url`.
pub fn sdk(url: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .build()
}

/// One reading of the secret.
pub fn holds(credentials: &Value) -> Step {
    Step::json(
        200,
        &json!({"ARN": ARN, "Name": "okta", "SecretString": credentials.to_string()}).to_string(),
    )
}

fn fails(kind: &str) -> Step {
    Step::json(
        400,
        &json!({"__type": kind, "message": "not for you"}).to_string(),
    )
}

/// An org with a service app, and a client that finds its credentials in a
/// secret, which reads so.
async fn org(jwks: &str, readings: impl IntoIterator<Item = Step>) -> (Org, Script) {
    let script = Script::start(readings).await;
    let secret = Secret::new(ARN.to_owned(), sdk(&script.url));
    (Org::from(jwks, secret, |_, _| {}).await, script)
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_read_by_the_first_call_for_all_of_them() {
    let key = Key::new();
    let (org, script) = org(&key.jwks, [holds(&credentials(&key.any()))]).await;
    assert_eq!(script.requests(), Vec::<String>::new());

    for answer in join_all((0..20).map(|_| org.list())).await {
        answer.unwrap();
    }

    assert_eq!(script.requests().len(), 1);
    assert_eq!(org.emulator.tokens_given(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rotated_key_is_found_when_okta_refuses_the_old_one() {
    let (old, new) = (Key::new(), Key::new());
    let readings = [
        holds(&credentials(&old.any())),
        holds(&credentials(&new.any())),
    ];
    let (org, script) = org(&old.jwks, readings).await;
    org.list().await.unwrap();

    org.emulator.register_keys(&new.jwks).unwrap();
    org.emulator.revoke_tokens();
    tokio::time::advance(Duration::from_secs(61)).await;
    for answer in join_all((0..20).map(|_| org.list())).await {
        answer.unwrap();
    }

    assert_eq!(script.requests().len(), 2);
    assert_eq!(org.emulator.tokens_given(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_rotated_api_token_is_found_when_okta_refuses_the_old_one() {
    let readings = ["emulated-token", "00rotated"].map(|token| holds(&json!({"apiToken": token})));
    let (org, script) = org(&Key::new().jwks, readings).await;
    org.list().await.unwrap();

    org.emulator.set_api_token("00rotated");
    tokio::time::advance(Duration::from_secs(61)).await;
    for answer in join_all((0..20).map(|_| org.list())).await {
        answer.unwrap();
    }

    assert_eq!(script.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_has_not_changed_is_read_once_a_minute_at_most() {
    let readings = vec![holds(&json!({"apiToken": "00wrong"})); 9];
    let (org, script) = org(&Key::new().jwks, readings).await;

    for reads in [1, 1, 2, 2] {
        for answer in join_all((0..5).map(|_| org.list())).await {
            let error = answer.unwrap_err();
            assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
        }
        assert_eq!(script.requests().len(), reads);
        tokio::time::advance(Duration::from_secs(31)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_cannot_be_read_again_leaves_oktas_words_to_be_told() {
    let readings = [
        holds(&json!({"apiToken": "00wrong"})),
        fails("AccessDeniedException"),
    ];
    let (org, _script) = org(&Key::new().jwks, readings).await;
    org.list().await.unwrap_err();

    tokio::time::advance(Duration::from_secs(61)).await;
    let error = org.list().await.unwrap_err();

    assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_cannot_be_read_says_what_to_do() {
    let binary = Step::json(
        200,
        &json!({"ARN": ARN, "SecretBinary": "aHVzaA=="}).to_string(),
    );
    for (reading, said) in [
        (
            fails("AccessDeniedException"),
            "needs secretsmanager:GetSecretValue",
        ),
        (
            fails("ResourceNotFoundException"),
            "check OKTA_CREDENTIALS_SECRET_ARN",
        ),
        (fails("DecryptionFailure"), "needs kms:Decrypt"),
        (binary, "store the JSON as text"),
    ] {
        let (org, _script) = org(&Key::new().jwks, [reading]).await;

        let error = org.list().await.unwrap_err();

        assert!(
            matches!(error, Error::Credentials(CredentialsError::Secret { .. })),
            "{error:?}"
        );
        assert!(error.to_string().contains(said), "{error}");
        assert!(error.to_string().contains(ARN), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_understood_is_not_repeated() {
    let (org, _script) = org(&Key::new().jwks, [holds(&json!({"token": "hush"}))]).await;

    let error = org.list().await.unwrap_err();

    assert!(
        matches!(error, Error::Credentials(CredentialsError::NotUnderstood)),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?} {:?}", org.okta).contains("hush"));
}
