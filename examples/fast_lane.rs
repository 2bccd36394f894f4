//! `cargo run --example fast_lane`
//!
//! Measures in virtual time how long a change in the table takes to reach Okta by single-user
//! calls: through the function's real stream path, in a directory of 100,000. Each call takes Okta
//! one to two seconds, and Okta has just imported a session, so it opens none for five minutes.
#![allow(unreachable_pub, clippy::large_futures)]

use std::time::Duration;

use dynamodb_identity_source::handler::Function;
use okta_emulator::{Effect, Emulator, Fault, Options, UserStatus};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[path = "../tests/support/mod.rs"]
mod support;

use support::{SOURCE, TOKEN, USERS, World, invoke, invoke_stream, put_all};

/// Any error that ends the example.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// How many people there are.
const PEOPLE: usize = 100_000;
/// How many changes of each kind are measured.
const CHANGES: usize = 200;
/// Changes in a batch of ten, and in one that is too large.
const TEN: usize = 10;
const TOO_MANY: usize = 21;
/// How many changes until Okta imports a session again, so that it never opens one.
const BETWEEN_SESSIONS: usize = 40;
/// The template's batching window.
const WINDOW: f64 = 1.0;

fn main() -> Result<(), Trouble> {
    fastrand::seed(15);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<(), Trouble> {
    let people = std::env::args()
        .nth(1)
        .map_or(Ok(PEOPLE), |it| it.parse())?;
    let lane = Lane::start(people).await?;
    let mut leavers = Vec::new();
    for n in 0..CHANGES {
        if n % BETWEEN_SESSIONS == 0 {
            lane.session(n).await?;
        }
        let id = name(n);
        leavers.push(lane.change(vec![(id, false)]).await?);
    }
    report("a leaver", &mut leavers);
    let mut tens = Vec::new();
    for n in 0..CHANGES / TEN {
        if n % (BETWEEN_SESSIONS / TEN) == 0 {
            lane.session(CHANGES + n).await?;
        }
        let first = 2_000 + n * TEN;
        let changes = (first..first + TEN).map(|n| (name(n), n % 3 > 0));
        tens.push(lane.change(changes.collect()).await?);
    }
    report("ten changes of any kind, the last of them", &mut tens);
    lane.session(CHANGES * 2).await?;
    let many = (5_000..5_000 + TOO_MANY).map(|n| (name(n), false));
    let waited = lane.change(many.collect()).await?;
    report("a batch of 21, which waits for a session", &mut [waited]);
    Ok(())
}

fn name(n: usize) -> String {
    format!("user{n}")
}

fn person(id: &str, active: bool, title: &str) -> Value {
    json!({"id": id, "active": active, "first_name": "Ada", "last_name": "Okafor",
        "email": format!("{id}@example.com"), "title": title})
}

fn report(what: &str, seconds: &mut [f64]) {
    seconds.sort_by(f64::total_cmp);
    let at = |share: usize| seconds[(seconds.len() - 1) * share / 100];
    println!(
        "{what}: p50 {:.1} s, p95 {:.1} s, maximum {:.1} s, of {}",
        at(50),
        at(95),
        at(100),
        seconds.len()
    );
}

/// Both services, and the function between them.
struct Lane {
    world: World,
    function: Function,
}

impl Lane {
    /// A directory that Okta knows, with proven single-user calls.
    async fn start(people: usize) -> Result<Self, Trouble> {
        let options = Options {
            identity_source: SOURCE.into(),
            token: TOKEN.into(),
            ..Options::default()
        };
        let okta = Emulator::start(options).await?;
        let world = World::of(okta, TcpListener::bind("127.0.0.1:0").await?).await;
        let records: Vec<_> = (0..people).map(|n| person(&name(n), true, "")).collect();
        put_all(&world.dynamodb, USERS, &records).await;
        let function = world.function(&[("MAX_DEACTIVATIONS", "10%")]);
        loop {
            let report = invoke(&function, world.clock, &json!({"command": "sync"})).await?;
            match report.resume_at {
                Some(at) if report.more => world.clock.sleep_until(at).await,
                _ => break,
            }
        }
        let deadline = world.clock.now() + Duration::from_secs(900);
        let prove = json!({"command": "prove"});
        let proven = Box::pin(function.invoke(&prove, "prove", deadline)).await?;
        println!("{}", serde_json::to_string(&proven)?);
        Ok(Self { world, function })
    }

    /// Makes Okta import a session now.
    async fn session(&self, nth: usize) -> Result<(), Trouble> {
        let ids: Vec<_> = (10_000..10_000 + TOO_MANY).map(name).collect();
        for id in &ids {
            let record = person(id, true, &format!("title {nth}"));
            self.world.put(record).await;
        }
        self.batch(&ids).await
    }

    async fn batch(&self, ids: &[String]) -> Result<(), Trouble> {
        let records = ids.iter().enumerate().map(|(n, id)| {
            json!({"eventSource": "aws:dynamodb", "eventName": "MODIFY", "dynamodb": {
                "Keys": {"id": {"S": id}}, "SequenceNumber": (100 + n).to_string()}})
        });
        let event = json!({"Records": records.collect::<Vec<_>>()});
        let answer = invoke_stream(&self.function, self.world.clock, &event).await;
        if answer.batch_item_failures.is_empty() {
            Ok(())
        } else {
            Err("a batch was not finished".into())
        }
    }

    /// Changes records. Returns the seconds until Okta has all of it. Active people get a new
    /// title, and every third of them is new.
    async fn change(&self, changes: Vec<(String, bool)>) -> Result<f64, Trouble> {
        let (world, okta) = (&self.world, &self.world.okta);
        okta.clear_faults();
        let more = Duration::from_secs_f64(1.0 + fastrand::f64());
        okta.inject(
            Fault::on("*", "/**")
                .always()
                .then(Effect::Delay { time: more / 2 }),
        );
        okta.inject(
            Fault::on("*", "/**")
                .always()
                .then(Effect::DelayAnswer { time: more / 2 }),
        );
        let title = format!("changed {}", fastrand::u32(..));
        let mut ids = Vec::new();
        let mut wanted = Vec::new();
        for (place, (id, active)) in changes.into_iter().enumerate() {
            let id = if active && place % 3 == 0 {
                format!("joiner-{id}")
            } else {
                id
            };
            world.put(person(&id, active, &title)).await;
            ids.push(id.clone());
            wanted.push((id, active));
        }
        let written = okta.now();
        tokio::time::sleep(Duration::from_secs_f64(WINDOW * fastrand::f64())).await;
        Box::pin(self.batch(&ids)).await?;
        // Okta knows when each of them changed: looking meanwhile would make the clock jump.
        let mut last = written;
        for (id, active) in wanted {
            let user = okta.user(&id).ok_or("somebody is not at Okta")?;
            let is_so = (user.status == UserStatus::Active) == active
                && (!active || user.profile.get("title") == Some(&title));
            if !is_so {
                return Err(format!("{id} is not as told").into());
            }
            last = last.max(user.last_updated);
        }
        Ok(last.duration_since(written)?.as_secs_f64())
    }
}
