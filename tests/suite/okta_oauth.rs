//! The Okta client as a service app, against the emulated org.

use std::{ops::Range, time::Duration};

use dynamodb_identity_source::{
    clock::Clock,
    okta::{
        Calls, Created, Credentials, CredentialsFrom, Error, Grant, IdentitySourceId, Okta, OrgUrl,
    },
};
use futures::future::join_all;
use okta_emulator::{Dpop, Effect, Emulator, Fault, Options, ServiceApp};
use serde_json::{Value, json};

use crate::{
    okta_org::{in_an_hour, upserts},
    support::{
        CLIENT,
        keys::{KEY_ID, Key},
    },
};

pub const SOURCE: &str = "0oasource";

pub fn credentials(key: &Value) -> Value {
    json!({"clientId": CLIENT, "privateKey": key, "keyId": KEY_ID})
}

/// An org with a service app, and a client of it.
pub struct Org {
    pub emulator: Emulator,
    pub okta: Okta,
    pub clock: Clock,
}

impl Org {
    pub async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    async fn with(change: impl FnOnce(&mut Options, &mut ServiceApp)) -> Self {
        let key = Key::new();
        Self::of(&key.jwks, credentials(&key.any()), change).await
    }

    pub async fn of(
        jwks: &str,
        credentials: Value,
        change: impl FnOnce(&mut Options, &mut ServiceApp),
    ) -> Self {
        let credentials = Credentials::parse(&credentials.to_string()).unwrap();
        Self::from(jwks, credentials, change).await
    }

    pub async fn from(
        jwks: &str,
        credentials: impl Into<CredentialsFrom>,
        change: impl FnOnce(&mut Options, &mut ServiceApp),
    ) -> Self {
        let clock = Clock::follow_tokio();
        let mut app = ServiceApp::new(CLIENT, jwks);
        let mut options = Options {
            identity_source: SOURCE.to_owned(),
            ..Options::default()
        };
        change(&mut options, &mut app);
        options.service_app = Some(app);
        let emulator = Emulator::start(options).await.unwrap();
        let okta = Okta::new(
            OrgUrl::parse(&emulator.url()).unwrap(),
            IdentitySourceId::parse(SOURCE).unwrap(),
            credentials,
            clock,
        );
        Self {
            emulator,
            okta,
            clock,
        }
    }

    pub fn calls(&self) -> Calls {
        self.okta.by(in_an_hour(self.clock))
    }

    pub async fn list(&self) -> Result<usize, Error> {
        Ok(self.calls().active_sessions().await?.len())
    }

    async fn lists(&self, count: usize) {
        for answer in join_all((0..count).map(|_| self.list())).await {
            answer.unwrap();
        }
    }

    async fn loads(&self, range: Range<u32>) {
        let Created::Opened(session) = self.calls().create_session().await.unwrap() else {
            panic!("no session");
        };
        let batches = upserts(range);
        for answer in join_all(batches.iter().map(|batch| session.load(batch))).await {
            answer.unwrap();
        }
        assert_eq!(session.requests_left(), 50 - batches.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_may_be_written_in_every_usual_form() {
    for key in [&Key::new(), &Key::p384(), Key::rsa()] {
        for (form, written) in &key.forms {
            let org = Org::of(&key.jwks, credentials(written), |_, _| {}).await;

            let listed = org.list().await;

            assert!(listed.is_ok(), "{form}: {listed:?}");
            assert_eq!(org.emulator.violations(), Vec::<String>::new());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_jwk_brings_its_own_key_id() {
    let key = Key::new();
    let (_, jwk) = &key.forms[4];
    let written = json!({"clientId": CLIENT, "privateKey": jwk});

    let org = Org::of(&key.jwks, written, |_, _| {}).await;

    assert!(org.list().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn fifty_calls_at_once_get_one_token_between_them() {
    let org = Org::new().await;

    org.lists(50).await;

    assert_eq!(org.emulator.tokens_given(), 1);
    // The first is told which nonce to come with.
    assert_eq!(org.emulator.token_requests(), 2);
    assert_eq!(
        org.calls().grant().await.unwrap(),
        Grant::AccessToken {
            dpop: true,
            scopes: vec![
                "okta.identitySources.manage".to_owned(),
                "okta.identitySources.read".to_owned()
            ],
        }
    );
    assert_eq!(org.emulator.token_requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_ends_and_the_nonce_kept() {
    let org = Org::with(|_, app| app.token_lifetime = Duration::from_secs(600)).await;
    org.list().await.unwrap();

    tokio::time::advance(Duration::from_secs(530)).await;
    org.list().await.unwrap();
    assert_eq!(org.emulator.tokens_given(), 1);
    tokio::time::advance(Duration::from_secs(15)).await;
    org.lists(10).await;

    assert_eq!(org.emulator.tokens_given(), 2);
    assert_eq!(org.emulator.token_requests(), 3);
    assert!(
        org.emulator
            .requests()
            .iter()
            .all(|call| call.status != 401)
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_may_end_in_the_middle_of_loading() {
    let org = Org::with(|options, app| {
        app.token_lifetime = Duration::from_secs(45);
        options.rate_limit = Some("15/60s".parse().unwrap());
    })
    .await;

    org.loads(0..10_000).await;

    assert!(org.emulator.tokens_given() >= 4);
    assert_eq!(org.emulator.violations(), Vec::<String>::new());
    assert!(
        org.emulator
            .requests()
            .iter()
            .all(|call| call.status != 401)
    );
}

#[tokio::test(start_paused = true)]
async fn a_nonce_may_change_in_the_middle_of_loading() {
    let org = Org::new().await;
    org.emulator.require_nonce_in_calls(true);
    org.list().await.unwrap();

    org.emulator.rotate_nonce();
    org.list().await.unwrap();
    org.emulator.invalidate_nonces();
    org.loads(0..1_000).await;
    org.emulator.invalidate_nonces();
    org.emulator.revoke_tokens();
    org.lists(5).await;

    assert_eq!(org.emulator.tokens_given(), 2);
    assert_eq!(org.emulator.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_replaced_once_for_all_calls() {
    let org = Org::new().await;
    org.list().await.unwrap();

    org.emulator.revoke_tokens();
    org.lists(20).await;

    assert_eq!(org.emulator.tokens_given(), 2);
    assert_eq!(org.emulator.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_second_401_is_an_error_that_says_what_to_check() {
    let org = Org::new().await;
    org.emulator
        .inject(Fault::on("GET", "/sessions").always().then(Effect::Status {
            status: 401,
            code: "E0000011".to_owned(),
            causes: Vec::new(),
        }));

    let error = org.list().await.unwrap_err();

    assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
    assert!(
        error.to_string().contains("client id, key id and key"),
        "{error}"
    );
    assert_eq!(org.emulator.tokens_given(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_refused_for_its_token_costs_no_request() {
    let org = Org::new().await;
    let Created::Opened(session) = org.calls().create_session().await.unwrap() else {
        panic!("no session");
    };

    org.emulator.revoke_tokens();
    session.load(&upserts(0..1)[0]).await.unwrap();

    assert_eq!(session.requests_left(), 49);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_does_not_require_dpop_works_as_well() {
    let org = Org::with(|_, app| app.dpop = Dpop::Allowed).await;

    org.loads(0..400).await;

    assert_eq!(org.emulator.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_is_put_right_by_oktas() {
    for hours in [-48_i64, -2, 2, 48] {
        let org = Org::with(|options, _| {
            let off = Duration::from_secs(hours.unsigned_abs() * 3600);
            if hours < 0 {
                options.started -= off;
            } else {
                options.started += off;
            }
        })
        .await;

        org.lists(5).await;
        org.loads(0..10).await;

        assert_eq!(org.emulator.tokens_given(), 1, "{hours}");
        let requests = org.emulator.token_requests();
        assert!(requests <= 3, "{hours}: {requests}");
        assert_eq!(org.emulator.violations(), Vec::<String>::new());
    }
}
