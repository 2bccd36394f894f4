//! What Okta says to a service app that may not, and what the client makes of it.

use dynamodb_identity_source::okta::{Error, Grant};
use futures::future::join_all;
use serde_json::json;

use crate::{
    okta_oauth::{Org, credentials},
    support::keys::Key,
};

#[tokio::test(start_paused = true)]
async fn a_scope_that_is_missing_is_named() {
    let org = Org::new().await;
    org.emulator.grant_scopes(["okta.identitySources.read"]);

    org.list().await.unwrap();
    let error = org.calls().create_session().await.unwrap_err();

    assert!(matches!(error, Error::Forbidden(_)), "{error:?}");
    assert!(error.to_string().contains("okta.identitySources.manage"));
    assert_eq!(
        org.calls().grant().await.unwrap(),
        Grant::AccessToken {
            dpop: true,
            scopes: vec!["okta.identitySources.read".to_owned()],
        }
    );
}

#[tokio::test(start_paused = true)]
async fn without_any_scope_no_token_is_given() {
    let org = Org::new().await;
    org.emulator.grant_scopes(["okta.users.read"]);

    let error = org.list().await.unwrap_err();

    assert!(matches!(error, Error::Forbidden(_)), "{error:?}");
    assert!(error.to_string().contains("scopes"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_missing_is_named() {
    let org = Org::new().await;
    org.emulator.set_role(false);

    let error = org.list().await.unwrap_err();

    assert!(matches!(error, Error::Forbidden(_)), "{error:?}");
    assert!(error.to_string().contains("needs a role"), "{error}");
    assert_eq!(org.emulator.tokens_given(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_key_id_or_client_id_is_told_to_all_who_wait() {
    let (key, other) = (Key::new(), Key::new());
    let mut wrong_id = credentials(&key.any());
    wrong_id["keyId"] = json!("another");
    let mut wrong_client = credentials(&key.any());
    wrong_client["clientId"] = json!("0oanobody");

    for (written, said) in [
        (credentials(&other.any()), "signature"),
        (wrong_id, "kid"),
        (wrong_client, "issuer"),
    ] {
        let org = Org::of(&key.jwks, written, |_, _| {}).await;

        let answers = join_all((0..20).map(|_| org.list())).await;

        for answer in answers {
            let error = answer.unwrap_err();
            assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
            assert!(error.to_string().contains("invalid_client"), "{error}");
            assert!(error.to_string().contains(said), "{error}");
        }
        let requests = org.emulator.token_requests();
        assert!(requests <= 2, "{said}: {requests}");
        assert_eq!(org.okta.stats().requests, requests as u64);
    }
}
