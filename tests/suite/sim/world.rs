//! The world that a history is played in.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    net::Ipv4Addr,
    rc::Rc,
    time::Duration,
};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::{
    Client,
    config::{Credentials, SharedAsyncSleep, SharedCredentialsProvider},
};
use aws_smithy_async::rt::sleep::TokioSleep;
use dynamodb_identity_source::{
    clock::Clock,
    handler::{Function, Sdk},
};
use jiff::Timestamp;
use okta_emulator::{Emulator, Fault, Options, UserStatus};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    calls::Caller,
    database::Tables,
    dates::BEGINNING,
    dynamodb::item,
    history::{History, Row},
    limit::Limit,
    model::{Model, PEOPLE},
    records::address,
    scenes::forbidden,
    seen::Seen,
    teams::{TEAMS, group},
};
use crate::support::{SOURCE, STATE, USERS};

/// A user of Okta's whom nothing here is about.
pub const OF_ANOTHER_SOURCE: &str = "other";

/// Both sides, the functions between them, and what the table is known to say.
pub struct World {
    pub okta: Emulator,
    pub tables: Tables,
    pub model: Rc<RefCell<Model>>,
    pub clock: Clock,
    /// Whether nothing ever goes wrong.
    pub calm: bool,
    began: Instant,
    environment: BTreeMap<&'static str, String>,
    /// What each process's clock is off by.
    skew: RefCell<fastrand::Rng>,
    most_skew: i64,
    /// What invocations have answered.
    pub seen: RefCell<Seen>,
    idle: RefCell<Vec<Container>>,
    /// Stream records that are still to be delivered.
    pub stream: RefCell<VecDeque<Value>>,
    sequence: Cell<u64>,
    tokens: Cell<(u32, u32)>,
    blind: bool,
}

/// A process with the function in it.
#[derive(Clone)]
pub struct Container {
    pub function: Rc<Function>,
    /// By which Lambda tells it when its time is over, too.
    pub clock: Clock,
    pub caller: Caller,
    /// Whether it was started with the other name of the org.
    rebound: bool,
}

impl World {
    pub async fn of(history: &History) -> Rc<Self> {
        let base: Timestamp = BEGINNING.parse().unwrap();
        let began = Instant::now();
        let clock = Clock::Tokio {
            base,
            origin: began,
        };
        let options = Options {
            bind: (Ipv4Addr::UNSPECIFIED, 0).into(),
            identity_source: SOURCE.into(),
            token: token(0),
            cooldown: Duration::from_secs(history.cooldown),
            max_entities: history.entities,
            max_bulk_requests: history.requests.try_into().unwrap(),
            import_time: Duration::from_secs(history.import),
            status_lag: Duration::from_secs(history.lag),
            listing_lag: Duration::from_secs(history.listing_lag),
            started: base.try_into().unwrap(),
            ..Options::default()
        };
        let okta = Emulator::start(options).await.unwrap();
        let profile = [("userName", "other@example.com")];
        okta.seed_user(OF_ANOTHER_SOURCE, UserStatus::Active, profile);
        if history.teams.is_some_and(|teams| teams.foreign) {
            let theirs = group(TEAMS - 1);
            okta.seed_group(&theirs, "Theirs");
            okta.admin_moves(&theirs, OF_ANOTHER_SOURCE, true);
        }
        let model = Model::new(history.layout);
        let environment = [
            ("OKTA_ORG_URL", okta.url().replace("0.0.0.0", "127.0.0.1")),
            ("OKTA_IDENTITY_SOURCE_ID", SOURCE.to_owned()),
            (
                "OKTA_CREDENTIALS_SECRET_ARN",
                "arn:aws:secretsmanager:eu-west-1:000000000000:secret:okta".to_owned(),
            ),
            ("USERS_TABLE", USERS.to_owned()),
            ("STATE_TABLE", STATE.to_owned()),
            ("MAPPING", model.mapping(history.teams)),
            ("MAX_DEACTIVATIONS", history.deactivations.to_string()),
            ("MAX_UPDATES", history.updates.to_string()),
            (
                "MAX_MEMBERSHIP_REMOVALS",
                history
                    .teams
                    .map_or(Limit::share(20), |teams| teams.removals)
                    .to_string(),
            ),
            ("WATCH_SECONDS", history.watch.to_string()),
            ("PUSH", "on".to_owned()),
        ];
        let world = Rc::new(Self {
            okta,
            tables: Tables::new(history.seed, began, clock, token(0)),
            model: Rc::new(RefCell::new(model)),
            clock,
            calm: history.is_calm(),
            began,
            environment: environment.into(),
            skew: RefCell::new(fastrand::Rng::with_seed(history.seed)),
            most_skew: history.skew.try_into().unwrap(),
            seen: RefCell::default(),
            idle: RefCell::default(),
            stream: RefCell::default(),
            sequence: Cell::new(1_000),
            tokens: Cell::default(),
            blind: history.blind,
        });
        world.hide_users();
        world
    }

    /// How long the world has been.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// A time by Okta's clock, counted from the beginning.
    pub fn since_the_beginning(&self, at: std::time::SystemTime) -> Duration {
        at.duration_since(self.okta.options().started)
            .unwrap_or_default()
    }

    pub fn put(&self, slot: u8, row: Row) {
        self.change(&[(slot, Some(row))]);
    }

    pub fn delete(&self, slot: u8) {
        self.change(&[(slot, None)]);
    }

    /// What is under one key gets another, in one transaction.
    pub fn relocate(&self, from: u8, to: u8) {
        let row = self.model.borrow().rows.get(&from).copied();
        if let Some(row) = row.filter(|_| from != to) {
            self.model.borrow_mut().moves.push((self.now(), row.person));
            self.change(&[(from, None), (to, Some(row))]);
        }
    }

    /// Changes the users table at once, and the stream and the model with it.
    fn change(&self, rows: &[(u8, Option<Row>)]) {
        let mut model = self.model.borrow_mut();
        for (slot, row) in rows {
            let key = json!({"id": {"S": model.key(*slot)}});
            let image = match row {
                Some(row) => {
                    let item = item(&model.record(*slot, row));
                    self.tables
                        .now("PutItem", &json!({"TableName": USERS, "Item": item}));
                    model.rows.insert(*slot, *row);
                    Some(item)
                }
                None => {
                    self.tables
                        .now("DeleteItem", &json!({"TableName": USERS, "Key": key}));
                    model.rows.remove(slot);
                    None
                }
            };
            self.sequence.set(self.sequence.get() + 1);
            let mut record = json!({"eventSource": "aws:dynamodb", "dynamodb": {
                "Keys": key, "SequenceNumber": self.sequence.get().to_string()}});
            if let Some(image) = image {
                record["dynamodb"]["NewImage"] = image;
            }
            self.stream.borrow_mut().push_back(record);
        }
        model.remember(self.now());
        for (_, row) in rows {
            self.expect_dates(row.as_ref());
        }
        self.tables
            .watcher()
            .trace(self.now(), "table", &format!("{rows:?}"));
    }

    /// The model takes note of dates when they come.
    fn expect_dates(&self, row: Option<&Row>) {
        for date in row.into_iter().flat_map(|row| row.period.dates()) {
            if date > self.now() {
                let (model, at) = (Rc::clone(&self.model), self.began + date);
                tokio::task::spawn_local(async move {
                    tokio::time::sleep_until(at).await;
                    model.borrow_mut().remember(date);
                });
            }
        }
    }

    /// A process that has nothing to do, or a new one.
    pub fn container(&self) -> Container {
        self.idle
            .borrow_mut()
            .pop()
            .unwrap_or_else(|| self.cold_start())
    }

    /// A process that has answered can be used again.
    pub fn give_back(&self, container: Container) {
        // What was deployed before is used no more.
        if container.rebound == self.model.borrow().rebound {
            self.idle.borrow_mut().push(container);
        }
    }

    fn cold_start(&self) -> Container {
        let caller = Caller::default();
        let mut environment = self.environment.clone();
        let rebound = self.model.borrow().rebound;
        if rebound {
            // The same org under another name, for which nobody has to be asked.
            let url = environment["OKTA_ORG_URL"].replace("127.0.0.1", "127.0.0.2");
            environment.insert("OKTA_ORG_URL", url);
        }
        let off = self.skew.borrow_mut().i64(-self.most_skew..=self.most_skew);
        let Clock::Tokio { base, origin } = self.clock else {
            unreachable!("time is played");
        };
        let clock = Clock::Tokio {
            base: base + jiff::SignedDuration::from_secs(off),
            origin,
        };
        let lookup = |name: &str| environment.get(name).cloned();
        let sdk = Sdk::Given(Box::new(self.sdk(&caller)));
        Container {
            function: Rc::new(Function::new(lookup, sdk, clock)),
            clock,
            caller,
            rebound,
        }
    }

    fn sdk(&self, caller: &Caller) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(self.tables.client(caller))
            .build()
    }

    /// A client of nobody's, for looking at the end.
    pub fn client(&self) -> Client {
        Client::new(&self.sdk(&Caller::default()))
    }

    pub fn rotate(&self, okta: bool, secret: bool) {
        let (mut at_okta, mut in_secret) = self.tokens.get();
        let next = at_okta.max(in_secret) + u32::from(at_okta == in_secret);
        if okta {
            at_okta = next;
            self.okta.set_api_token(token(next));
        }
        if secret {
            in_secret = next;
            self.tables.keep_secret(&token(next));
        }
        self.tokens.set((at_okta, in_secret));
    }

    /// Whether single-user calls might be made then.
    pub fn was_proven(&self, at: Duration) -> bool {
        let proven = &self.seen.borrow().proven;
        proven.iter().any(|(from, to)| (*from..=*to).contains(&at))
    }

    /// Single-user calls are proven to work, as if by `prove`.
    pub fn prove(&self) {
        let proof = json!({
            "org": self.environment["OKTA_ORG_URL"], "identitySource": SOURCE, "at": self.clock.now(),
            "calls": {"create": "works", "update": "works", "deactivate": "works"}, "statuses": !self.blind,
        });
        let item = json!({"pk": {"S": "proof"}, "version": {"N": "1"}, "mark": {"S": "prove"},
            "value": {"S": proof.to_string()}});
        self.tables
            .now("PutItem", &json!({"TableName": STATE, "Item": item}));
        let proven = &mut self.seen.borrow_mut().proven;
        proven.push((self.now(), Duration::MAX));
    }

    /// The function is deployed with another name of the org.
    pub fn rebind(&self) {
        let mut model = self.model.borrow_mut();
        model.rebound = true;
        model.remember(self.now());
        self.idle.borrow_mut().clear();
        self.seen.borrow_mut().rebound = Some(self.now());
    }

    fn hide_users(&self) {
        if self.blind {
            let each = Fault::on("GET", "/users/*").always();
            self.okta.inject(each.then(forbidden()));
        }
    }

    /// The state table is lost, and there is an empty one in its place.
    pub fn lose_the_state(&self) {
        let items = self.tables.now("Scan", &json!({"TableName": STATE}));
        for item in items["Items"].as_array().into_iter().flatten() {
            let key = json!({"pk": item["pk"]});
            self.tables
                .now("DeleteItem", &json!({"TableName": STATE, "Key": key}));
        }
        for (_, until) in &mut self.seen.borrow_mut().proven {
            *until = self.now().min(*until);
        }
        let mut model = self.model.borrow_mut();
        model.lost = true;
        model.remember(self.now());
    }

    /// From now on nothing goes wrong.
    pub fn heal(&self) {
        (0..PEOPLE).for_each(|person| self.okta.vacate_login(&address(person)));
        self.okta.clear_faults();
        self.hide_users();
        self.tables.heal();
        self.rotate(true, true);
    }
}

fn token(number: u32) -> String {
    format!("token-{number}")
}
