//! The services: the stand-in for DynamoDB and the emulation of Okta, with scaled time as in
//! `load`.

use std::{collections::HashMap, io::BufRead as _, sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use clap::Args;
use okta_emulator::{Emulator, Options};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, sync::mpsc};

use crate::{
    Trouble,
    dynamodb::{self, DynamoDb, HISTORY, Known, STATE, USERS},
    invented,
};

/// Okta's time is scaled: this stands for five minutes.
const COOLDOWN: Duration = Duration::from_millis(5);
const IMPORT: Duration = Duration::from_millis(1);
/// The size of a record in the table, with attributes that no mapping names.
const RECORD_BYTES: u32 = 1024;

/// What to serve.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many invented people the users table has
    #[arg(long, value_name = "N")]
    users: u32,
    /// The state table of a client that is not the function; may be given more than once
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,
}

/// Serves until standard input ends. First it says how to reach both services. Then, for every line
/// on standard input, it reports the requests since the line before.
pub async fn serve(arguments: &Arguments) -> Result<(), Trouble> {
    let mut database = DynamoDb::of(arguments.users, Known::Nobody, RECORD_BYTES)?;
    for table in &arguments.table {
        database = database.and_table(table);
    }
    let database = Arc::new(database);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    tokio::spawn(dynamodb::serve(listener, Arc::clone(&database)));
    let okta = Emulator::start(Options {
        cooldown: COOLDOWN,
        import_time: IMPORT,
        ..Options::default()
    })
    .await?;
    let addresses = json!({
        "dynamodb": endpoint,
        "usersTable": USERS,
        "stateTable": STATE,
        "historyTable": HISTORY,
        "okta": okta.url(),
        "identitySource": okta.options().identity_source,
        "token": okta.options().token,
    });
    println!("{addresses}");

    let mut seen = 0;
    let mut lines = lines();
    while lines.recv().await.is_some() {
        let requests = database.tally();
        let requests = requests.phases().iter().map(|phase| phase.requests);
        let mut asked = asked(&okta, &mut seen);
        asked["dynamodb"] = requests.sum::<u64>().into();
        asked["directory"] = directory(&okta, arguments.users as usize).into();
        database.count_anew();
        println!("{asked}");
    }
    Ok(())
}

/// A message for each line of standard input.
fn lines() -> mpsc::UnboundedReceiver<()> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lock().lines();
        for _ in lines.map_while(Result::ok) {
            if sender.send(()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The requests to Okta since the last time. `seen` is how many were reported then.
fn asked(okta: &Emulator, seen: &mut usize) -> Value {
    let requests = okta.requests();
    let new = &requests[*seen..];
    *seen = requests.len();
    let of = |what: &str| new.iter().filter(|it| it.path.ends_with(what)).count();
    json!({
        "okta": new.len(),
        "loads": of("/bulk-upsert"),
        "imports": of("/start-import"),
        "refused": new.iter().filter(|it| it.status >= 400).count(),
        "violations": okta.violations(),
        "active": okta.active_count(),
    })
}

/// A hash that is equal for two directories only if these people are the same in both.
fn directory(okta: &Emulator, users: usize) -> String {
    let mut hash = Sha256::new();
    for n in 0..users {
        let id = text(&invented::person(n), "id");
        if let Some(user) = okta.user(&id) {
            hash.update(format!("{id} {:?} {:?}\n", user.status, user.profile));
        }
    }
    let hash = hash.finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(person: &HashMap<String, AttributeValue>, name: &str) -> String {
    let text = person.get(name).and_then(|value| value.as_s().ok());
    text.cloned().unwrap_or_default()
}
