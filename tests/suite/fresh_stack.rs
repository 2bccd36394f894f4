//! A stack as the template makes it, with everything left at its default: it only looks, until
//! somebody resumes it.

use std::time::Duration;

use dynamodb_identity_source::handler::{Function, Sdk};
use okta_emulator::{Options, ServiceApp};
use serde_json::{Value, json};

use crate::{
    steps::{assert_agreement, options, person, state, sync},
    support::{CLIENT, STATE, USERS, World, create_table, invoke, invoke_stream, keys::Key},
};

const TEMPLATE: &str = include_str!("../../template.yaml");
const SCHEDULE: &str = include_str!("../../events/schedule.json");
const PUSH: &str = include_str!("../../events/push.json");
const HISTORY: &str = "identity-source-history";
const MINUTE: Duration = Duration::from_secs(60);

/// The lines below this one that are indented further.
fn below(head: &str) -> Vec<&'static str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = TEMPLATE.lines().skip_while(|line| *line != head);
    lines.next().unwrap_or_else(|| panic!("no {head}"));
    lines
        .take_while(|line| line.is_empty() || indent(line) > indent(head))
        .collect()
}

/// A parameter's default.
fn default(parameter: &str) -> Option<&'static str> {
    let head = format!("  {parameter}:");
    let mut parameters = TEMPLATE.split("\nParameters:\n").skip(1);
    let parameters = parameters.next()?.split("\nConditions:\n").next()?;
    let lines = parameters.lines().skip_while(|line| *line != head).skip(1);
    let mut own = lines.take_while(|line| line.starts_with("    "));
    let value = own.find_map(|line| line.strip_prefix("    Default: "))?;
    Some(value.trim_matches('\''))
}

/// The function's environment as the template sets it where no parameter is given that has a
/// default; `world` has what an account brings along.
fn environment(world: &World) -> Vec<(&'static str, String)> {
    let mut set = vec![("OKTA_CREDENTIALS", world.credentials.to_string())];
    for line in below("        Variables:") {
        let Some((name, value)) = line.trim().split_once(": ") else {
            continue;
        };
        let value = match (name, value.strip_prefix("!Ref ")) {
            ("OKTA_ORG_URL", _) => world.okta_url.clone(),
            ("OKTA_IDENTITY_SOURCE_ID", _) => crate::support::SOURCE.to_owned(),
            ("USERS_TABLE", _) => USERS.to_owned(),
            ("STATE_TABLE", _) => STATE.to_owned(),
            ("HISTORY_TABLE", _) => HISTORY.to_owned(),
            (_, Some(parameter)) => match default(parameter) {
                Some(value) => value.to_owned(),
                None => continue,
            },
            _ => continue,
        };
        set.push((name, value));
    }
    set
}

fn deployed(world: &World, changes: &[(&'static str, &str)]) -> Function {
    let mut set = environment(world);
    for (name, value) in changes {
        set.retain(|(known, _)| known != name);
        set.push((name, (*value).to_owned()));
    }
    let lookup = |name: &str| {
        let found = set.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone())
    };
    Function::new(lookup, Sdk::Given(Box::new(world.sdk.clone())), world.clock)
}

async fn world() -> World {
    let key = Key::new();
    let mut world = World::start(Options {
        service_app: Some(ServiceApp::new(CLIENT, &*key.jwks)),
        ..options()
    })
    .await;
    world.credentials = key.credentials(CLIENT);
    create_table(&world.dynamodb, HISTORY, &["pk"]).await;
    for n in 0..30 {
        world.put(person(&format!("user{n}"))).await;
    }
    world
}

fn batch(keys: &[&str]) -> Value {
    let record = |(n, key): (usize, &&str)| {
        json!({"eventSource": "aws:dynamodb", "dynamodb": {
            "Keys": {"id": {"S": key}}, "SequenceNumber": n.to_string()}})
    };
    json!({"Records": keys.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// An asynchronous invocation, which Lambda repeats as the template says. The names of its errors.
async fn asynchronous(world: &World, function: &Function, event: &Value) -> Vec<&'static str> {
    let retries = TEMPLATE
        .lines()
        .find_map(|line| line.strip_prefix("        MaximumRetryAttempts: "))
        .unwrap();
    let mut errors = Vec::new();
    for attempt in 0..=retries.parse().unwrap() {
        tokio::time::sleep(MINUTE * attempt).await;
        match invoke(function, world.clock, event).await {
            Ok(_) => break,
            Err(error) => errors.push(error.name()),
        }
    }
    errors
}

#[tokio::test(start_paused = true)]
async fn six_hours_of_a_fresh_stack_tell_okta_nothing() {
    let world = world().await;
    let function = deployed(&world, &[]);
    // Whoever switches pushes on is no further until the stack is resumed.
    let with_push = deployed(&world, &[("PUSH", "on")]);
    let schedule: Value = serde_json::from_str(SCHEDULE).unwrap();
    let push: Value = serde_json::from_str(PUSH).unwrap();
    assert_eq!(default("Schedule"), Some("1-hour"));
    assert!(below("    1-hour:").contains(&"      Expression: rate(1 hour)"));

    for hour in 0..6 {
        let errors = asynchronous(&world, &function, &schedule).await;
        assert_eq!(errors, [""; 0]);
        for minutes in 0..5 {
            tokio::time::sleep(MINUTE * 10).await;
            let (gone, new) = (
                format!("user{}", hour * 5 + minutes),
                format!("new{minutes}"),
            );
            world.delete(&gone).await;
            world.put(person(&new)).await;
            let answer = invoke_stream(&function, world.clock, &batch(&[&gone, &new])).await;
            assert_eq!(answer.batch_item_failures, []);
        }
        let refused = invoke(&function, world.clock, &push).await.unwrap_err();
        assert_eq!(refused.name(), "PushForbidden");
        let errors = asynchronous(&world, &with_push, &push).await;
        assert_eq!(errors, ["Paused"; 3]);
        let sync = json!({"command": "sync", "retryRefused": true});
        assert_eq!(asynchronous(&world, &function, &sync).await, [""; 0]);
        for looks in [
            json!({"command": "plan", "detail": true}),
            json!({"command": "doctor"}),
            json!({"command": "status"}),
        ] {
            let deadline = world.clock.now() + MINUTE * 15;
            Box::pin(function.invoke(&looks, "looks", deadline))
                .await
                .unwrap();
        }
    }

    let told: Vec<_> = world
        .okta
        .requests()
        .into_iter()
        .filter(|request| request.method != "GET" && request.path != "/oauth2/v1/token")
        .collect();
    assert_eq!(told, []);
    assert!(world.okta.token_requests() > 0);
    assert_eq!(
        (world.okta.user_count(), world.okta.sessions().len()),
        (0, 0)
    );
    let entries = state(&world).await;
    let is_entry = |pk: &str| pk.starts_with("user#");
    assert!(
        !entries
            .iter()
            .any(|item| is_entry(item["pk"].as_s().unwrap()))
    );

    let resumed = crate::steps::answer(&world, &function, &json!({"command": "resume"})).await;
    assert_eq!(resumed.unwrap()["switch"], "running");
    let errors = asynchronous(&world, &function, &schedule).await;

    assert_eq!(errors, [""; 0]);
    assert_agreement(&world).await;
    assert_eq!(world.okta.active_count(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_a_paused_run_would_have_done_is_in_the_history() {
    let world = world().await;
    let function = deployed(&world, &[]);

    let report = sync(&world, &function).await;
    let status = crate::steps::answer(&world, &function, &json!({"command": "status"})).await;

    assert_eq!(
        (report.dry_run, report.paused, report.upserts),
        (true, true, 30)
    );
    let status = status.unwrap();
    assert_eq!(status["switch"], "paused");
    assert_eq!(status["lastRuns"][0]["upserts"], 30);
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_to_the_templates_defaults_stops_nobody() {
    let world = world().await;
    sync(&world, &deployed(&world, &[("START", "running")])).await;
    world.put(person("new")).await;
    world.delete("user0").await;
    tokio::time::sleep(MINUTE * 5).await;

    let report = sync(&world, &deployed(&world, &[])).await;

    assert!(!report.paused);
    assert_agreement(&world).await;
}

#[test]
fn every_setting_of_the_guard_is_in_the_template() {
    for (parameter, value) in [
        ("Start", "paused"),
        ("Push", "off"),
        ("FastLane", "20"),
        ("StreamBatchingWindowSeconds", "1"),
        ("MaxDeactivations", "10%,1000"),
        ("MaxUpdates", "50%"),
        ("MaxMembershipRemovals", "20%"),
        ("LogLevel", "INFO"),
    ] {
        assert_eq!(default(parameter), Some(value), "{parameter}");
    }
    let logging = below("      LoggingConfig:");
    assert!(logging.contains(&"        ApplicationLogLevel: TRACE"));
}
