//! An emulated org, a client of it, and batches to load.

use std::time::Duration;

use dynamodb_identity_source::{
    clock::Clock,
    okta::{
        Batch, Calls, Created, Credentials, Entity, IdentitySourceId, Okta, Open, OrgUrl, Session,
        pack,
    },
};
use jiff::Timestamp;
use okta_emulator::{Emulator, Options};
use serde_json::json;

/// A client of whatever listens at `url`, with time enough.
pub fn client(url: &str, clock: Clock, token: &str, source: &str) -> Okta {
    let credentials = json!({ "apiToken": token }).to_string();
    Okta::new(
        OrgUrl::parse(url).unwrap(),
        IdentitySourceId::parse(source).unwrap(),
        Credentials::parse(&credentials).unwrap(),
        clock,
    )
}

pub fn in_an_hour(clock: Clock) -> Timestamp {
    clock.now() + Duration::from_secs(3600)
}

/// An emulated org and a client of it.
pub struct Org {
    pub emulator: Emulator,
    pub okta: Okta,
    pub clock: Clock,
}

impl Org {
    pub async fn start(options: Options) -> Self {
        let clock = Clock::follow_tokio();
        let emulator = Emulator::start(options).await.unwrap();
        let Options {
            token,
            identity_source,
            ..
        } = emulator.options();
        Self {
            okta: client(&emulator.url(), clock, token, identity_source),
            emulator,
            clock,
        }
    }

    pub fn calls(&self) -> Calls {
        self.okta.by(in_an_hour(self.clock))
    }

    pub async fn open(&self) -> Session<Open> {
        match self.calls().create_session().await.unwrap() {
            Created::Opened(session) => session,
            other => panic!("{other:?}"),
        }
    }

    pub fn waited(&self, since: Timestamp) -> u64 {
        u64::try_from(self.clock.now().duration_since(since).as_secs()).unwrap()
    }
}

pub fn upserts(range: std::ops::Range<u32>) -> Vec<Batch> {
    pack(range.map(|n| {
        let name = format!("user{n}@example.com");
        Entity::upsert(
            &n.to_string(),
            &json!({"userName": name, "email": name, "firstName": "A", "lastName": "B"}),
        )
        .unwrap()
    }))
}

pub fn leavers(ids: &[&str]) -> Batch {
    pack(ids.iter().map(|id| Entity::deactivate(id).unwrap())).remove(0)
}
