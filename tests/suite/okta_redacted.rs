//! No secret in a log, an error or a Debug output.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};

use dynamodb_identity_source::{
    clock::Clock,
    okta::{Credentials, CredentialsFrom, IdentitySourceId, Okta, OrgUrl, Secret},
};
use okta_emulator::{Effect, Fault};
use serde_json::json;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use crate::{
    okta_oauth::{Org, credentials},
    okta_org::{in_an_hour, upserts},
    okta_script::{Script, Step},
    okta_secret::{holds, sdk},
    support::keys::Key,
};

/// Everything that is logged, at every level, by everybody.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Line(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        write!(log, "\n{}", event.metadata().target()).unwrap();
        event.record(&mut Line(&mut log));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What no text may have in it: the parts of a private key, and whatever is
/// signed.
fn secrets_of(key: &Key) -> Vec<String> {
    let mut secrets = vec!["eyJ".to_owned(), "hush".to_owned()];
    for (_, form) in &key.forms {
        let text = form
            .as_str()
            .map_or_else(|| form.to_string(), str::to_owned);
        secrets.extend(
            text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=-_".contains(c))
                .filter(|part| part.len() >= 32)
                .map(|part| part[..32].to_owned()),
        );
    }
    secrets
}

fn assert_hushed(text: &str, key: &Key) {
    for secret in secrets_of(key) {
        if let Some(at) = text.find(&secret) {
            let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
            panic!("{secret} is told: {}", text[line..].lines().next().unwrap());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_service_app_does_tells_its_secrets() {
    let key = Key::new();
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let script = Script::start(vec![holds(&credentials(&key.any())); 3]).await;
    let secret = Secret::new("arn".to_owned(), sdk(&script.url));
    let org = Org::from(&key.jwks, secret, |_, _| {}).await;
    let mut told = format!("{:?}", org.okta);

    org.list().await.unwrap();
    org.emulator.require_nonce_in_calls(true);
    for effect in [
        Effect::CloseAfter,
        Effect::Truncate,
        Effect::NotJson,
        Effect::Status {
            status: 401,
            code: "E0000011".to_owned(),
            causes: Vec::new(),
        },
    ] {
        org.emulator
            .inject(Fault::on("GET", "/sessions").times(9).then(effect));
        write!(told, "{:?}", org.list().await).unwrap();
        org.emulator.clear_faults();
    }
    org.emulator.register_keys(&Key::new().jwks).unwrap();
    org.emulator.revoke_tokens();
    tokio::time::advance(Duration::from_secs(61)).await;
    let error = org.list().await.unwrap_err();
    write!(told, "{error} {error:?} {:?} {:?}", org.okta, org.calls()).unwrap();

    assert!(log.text().contains("invalid_client"), "nothing is logged");
    assert_hushed(&told, &key);
    assert_hushed(&log.text(), &key);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_shown_or_loaded_is_told() {
    let key = Key::new();
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let clock = Clock::follow_tokio();
    let api_token = json!({"apiToken": "00hush"});
    let token =
        json!({"token_type": "DPoP", "expires_in": 3600, "access_token": "hush-hush"}).to_string();
    let mut told = String::new();

    for (written, first) in [
        (api_token, None),
        (credentials(&key.any()), Some(Step::json(200, &token))),
    ] {
        let script = Script::start(first.into_iter().chain([
            Step::session("CREATED"),
            Step::refused(400, "no"),
            Step::session("CREATED"),
            Step::refused(403, "no"),
            Step::HangUp,
        ]))
        .await;
        let credentials = CredentialsFrom::from(Credentials::parse(&written.to_string()).unwrap());
        write!(told, "{credentials:?}").unwrap();
        let okta = Okta::new(
            OrgUrl::parse(&script.url).unwrap(),
            IdentitySourceId::parse("0oa1").unwrap(),
            credentials,
            clock,
        );
        let calls = okta.by(in_an_hour(clock));
        let created = calls.create_session().await.unwrap();
        write!(told, "{created:?}").unwrap();
        let dynamodb_identity_source::okta::Created::Opened(session) = created else {
            panic!("no session");
        };
        let batch = &upserts(0..1)[0];
        for _ in 0..3 {
            write!(told, "{:?} {batch:?}", session.load(batch).await).unwrap();
        }
        write!(told, "{session:?} {okta:?}").unwrap();
    }

    told.push_str(&log.text());
    assert_hushed(&told, &key);
    assert!(!told.contains("user0@example.com"), "a profile is told");
}
