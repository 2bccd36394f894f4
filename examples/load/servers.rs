//! The servers' process: the stand-in for DynamoDB and the emulation of Okta, with scaled time.

use std::{collections::BTreeMap, io::Read as _, sync::Arc, time::Duration};

use dynamodb_identity_source::mapping::{DEFAULT_MAPPING, Mapped, Mapping};
use okta_emulator::{Bucket, Emulator, Options, RequestView, UserStatus};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    Arguments, Scenario, Trouble,
    dynamodb::{self, DynamoDb, HISTORY, STATE, Tally, USERS},
    groups, to_the_end,
};

const SOURCE: &str = "0oaemulated00source0";
const TOKEN: &str = "emulated-token";
/// Okta's time is scaled: this stands for five minutes.
const COOLDOWN: Duration = Duration::from_millis(5);
const IMPORT: Duration = Duration::from_millis(1);
/// Effectively no limit on listing the app's users. `verify-pace` shows what the limit costs.
const MANY: &str = "1000000/60s";

/// Where the servers listen.
#[derive(Debug, Serialize, Deserialize)]
pub struct Addresses {
    /// DynamoDB's address.
    pub dynamodb: String,
    /// Okta's.
    pub okta: String,
}

/// The requests to the servers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Served {
    /// DynamoDB's requests.
    pub dynamodb: Tally,
    /// The calls to Okta, with their counts.
    pub okta: Vec<(String, u64)>,
    /// Calls that Okta refused.
    pub refused: u64,
    /// What a correct client never does.
    pub violations: Vec<String>,
    /// Users who are active at Okta in the end.
    pub active: u64,
}

impl Addresses {
    /// The function's environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("OKTA_ORG_URL", self.okta.clone()),
            ("OKTA_IDENTITY_SOURCE_ID", SOURCE.to_owned()),
            ("OKTA_CREDENTIALS", json!({ "apiToken": TOKEN }).to_string()),
            ("USERS_TABLE", USERS.to_owned()),
            ("STATE_TABLE", STATE.to_owned()),
            ("HISTORY_TABLE", HISTORY.to_owned()),
            // One in a hundred changes, and a tenth of them leave.
            ("MAX_DEACTIVATIONS", "10%".to_owned()),
            // The next plan settles an import that was started. With scaled time there is nothing
            // to watch.
            ("WATCH_SECONDS", "0".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.clone()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ]
    }
}

/// Serves until standard input ends, then reports the requests.
#[tokio::main]
pub async fn until_told(arguments: &Arguments) -> Result<(), Trouble> {
    let users = arguments.users.first().copied().unwrap_or_default();
    if arguments.scenario[..] == [Scenario::ToTheEnd] {
        return to_the_end(users).await;
    }
    let known = match arguments.scenario[..] {
        [Scenario::FirstLoad] => dynamodb::Known::Nobody,
        [Scenario::Changed] => dynamodb::Known::OneOtherwiseIn(100),
        [Scenario::Groups] => dynamodb::Known::InTeams { moved: false },
        _ => dynamodb::Known::Everybody,
    };
    let database = Arc::new(DynamoDb::of(users, known, arguments.record_bytes)?);
    let is_about_groups = arguments.scenario[..] == [Scenario::Groups];
    let mut rate_limits = BTreeMap::from([(Bucket::Apps, MANY.parse()?)]);
    if is_about_groups {
        // Nor is there a limit on asking for groups.
        rate_limits.insert(Bucket::SourceGroups, MANY.parse()?);
        rate_limits.insert(Bucket::BulkUpsert, MANY.parse()?);
        rate_limits.insert(Bucket::BulkDelete, MANY.parse()?);
    }
    let okta = emulator(Options {
        cooldown: COOLDOWN,
        import_time: IMPORT,
        rate_limits,
        ..Options::default()
    })
    .await?;
    if is_about_groups || arguments.scenario[..] == [Scenario::Verify] {
        seed(&okta, users)?;
    }
    let addresses = serve(&okta, &database).await?;
    println!("{}", serde_json::to_string(&addresses)?);
    if is_about_groups {
        return groups::serve(&okta, &database, users, arguments.record_bytes).await;
    }
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    println!("{}", serde_json::to_string(&served(&okta, &database))?);
    Ok(())
}

/// The same with an embedded DynamoDB.
async fn to_the_end(users: u32) -> Result<(), Trouble> {
    let okta = emulator(Options {
        cooldown: COOLDOWN,
        import_time: IMPORT,
        ..Options::default()
    })
    .await?;
    let addresses = Addresses {
        dynamodb: to_the_end::database(users).await?,
        okta: okta.url(),
    };
    println!("{}", serde_json::to_string(&addresses)?);
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    println!("{}", serde_json::to_string(&to_the_end::served(&okta))?);
    Ok(())
}

/// Okta, with the identity source and the token that the function's environment names.
pub async fn emulator(options: Options) -> Result<Emulator, Trouble> {
    Ok(Emulator::start(Options {
        identity_source: SOURCE.to_owned(),
        token: TOKEN.to_owned(),
        ..options
    })
    .await?)
}

/// Makes Okta have so many people, exactly as the mapping says.
pub fn seed(okta: &Emulator, users: u32) -> Result<(), Trouble> {
    let mapping = Mapping::from_json(DEFAULT_MAPPING)?;
    let now = jiff::Timestamp::now();
    for n in 0..users as usize {
        let Mapped::Active(id, profile) = mapping.map(crate::invented::person(n).into(), now)
        else {
            return Err(format!("invented person {n} is not active").into());
        };
        let sent = profile.iter();
        let sent = sent.filter_map(|(name, value)| Some((name, value?)));
        okta.seed_user(id.as_str(), UserStatus::Active, sent);
    }
    Ok(())
}

/// Serves the database, for use with this Okta.
pub async fn serve(okta: &Emulator, database: &Arc<DynamoDb>) -> Result<Addresses, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addresses = Addresses {
        dynamodb: format!("http://{}", listener.local_addr()?),
        okta: okta.url(),
    };
    tokio::spawn(dynamodb::serve(listener, Arc::clone(database)));
    Ok(addresses)
}

/// The requests so far.
pub fn served(okta: &Emulator, database: &DynamoDb) -> Served {
    asked(okta, database.tally())
}

/// The requests to Okta so far, with those to DynamoDB.
pub fn asked(okta: &Emulator, dynamodb: Tally) -> Served {
    let mut calls: Vec<(String, u64)> = Vec::new();
    let requests = okta.requests();
    for request in &requests {
        let last = request.path.rsplit('/').next().unwrap_or_default();
        let what = match last {
            "sessions" | "bulk-upsert" | "bulk-delete" | "start-import" | "users" => last,
            groups::MAKE | groups::DELETE | groups::JOIN | groups::LEAVE => last,
            _ if is_about_a_group(&request.path) => "groups",
            _ => "session",
        };
        let call = format!("{} {what}", request.method);
        match calls.iter_mut().find(|(known, _)| *known == call) {
            Some((_, count)) => *count += 1,
            None => calls.push((call, 1)),
        }
    }
    calls.sort();
    Served {
        dynamodb,
        okta: calls,
        refused: requests.iter().filter(|it| is_refused(it)).count() as u64,
        violations: okta.violations(),
        active: okta.active_count() as u64,
    }
}

fn is_about_a_group(path: &str) -> bool {
    path.contains("/groups/")
}

/// Whether Okta refused a call. That a group does not exist is an answer.
fn is_refused(request: &RequestView) -> bool {
    let is_answer = request.status == 404 && is_about_a_group(&request.path);
    request.status >= 400 && !is_answer
}
