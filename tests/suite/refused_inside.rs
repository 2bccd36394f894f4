//! Users whom Okta refuses inside an import that it calls completed.

use std::time::Duration;

use dynamodb_identity_source::{handler::Function, sync::Report};
use okta_emulator::{Effect, Fault, Options, Poison, Refused, ServiceApp};
use serde_json::{Value, json};

use crate::{
    steps::{
        answer, assert_agreement, changes, cooldown, inactive, is_active, options, person, plan,
        sync, with,
    },
    support::{CLIENT, USERS, World, invoke, invoke_stream, keys::Key, put_all},
};

const LOGS: &str = "okta.logs.read";
const APPS: &str = "okta.apps.read";
const ORG_USERS: &str = "okta.users.read";

/// A world with these many people, whose service app has these scopes beside those that every run
/// needs.
async fn world_with(people: usize, scopes: &[&str], change: impl FnOnce(&mut Options)) -> World {
    let key = Key::new();
    let mut app = ServiceApp::new(CLIENT, &*key.jwks);
    app.scopes
        .extend(scopes.iter().map(|scope| (*scope).to_owned()));
    let mut options = Options {
        service_app: Some(app),
        ..options()
    };
    change(&mut options);
    let mut world = World::start(options).await;
    world.credentials = key.credentials(CLIENT);
    let records: Vec<_> = (0..people).map(|n| person(&format!("user{n}"))).collect();
    put_all(&world.dynamodb, USERS, &records).await;
    world
}

pub async fn world_of(people: usize, scopes: &[&str]) -> World {
    world_with(people, scopes, |_| {}).await
}

pub async fn next(world: &World, function: &Function) -> Report {
    cooldown().await;
    sync(world, function).await
}

fn reason(report: &Report) -> String {
    report.refused.examples[0].reasons.join("; ")
}

pub fn refused(report: &Report) -> Vec<&str> {
    let examples = report.refused.examples.iter();
    examples
        .filter_map(|one| one.external_id.as_deref())
        .collect()
}

async fn stuck(world: &World, function: &Function) -> Value {
    let status = answer(world, function, &json!({"command": "status"})).await;
    status.unwrap()["stuck"].clone()
}

/// How often the log was asked for.
fn logs_asked(world: &World) -> usize {
    let requests = world.okta.requests();
    requests
        .iter()
        .filter(|one| one.path == "/api/v1/logs")
        .count()
}

/// An Okta that refuses these people inside every import.
fn refuse(world: &World, ids: &[&str], reason: Refused) {
    let poison = Poison::ExternalIds(ids.iter().map(|id| (*id).to_owned()).collect());
    let start = Fault::on("POST", "/sessions/*/start-import").always();
    world
        .okta
        .inject(start.then(Effect::ImportRefuses { poison, reason }));
}

#[tokio::test(start_paused = true)]
async fn somebody_whose_login_is_taken_is_found_by_asking_for_them_told_again_and_let_in_once_it_is_free()
 {
    let world = world_of(3, &[]).await;
    world.okta.occupy_login("user1@example.com");
    let function = world.function(&[]);

    let first = sync(&world, &function).await;

    assert_eq!((changes(&first), refused(&first)), ((3, 0), vec!["user1"]));
    assert!(
        reason(&first).contains("their login (userName)"),
        "{}",
        reason(&first)
    );
    assert_eq!(first.sessions[0].status, "COMPLETED");
    for _ in 0..3 {
        let again = next(&world, &function).await;
        assert_eq!((changes(&again), refused(&again)), ((1, 0), vec!["user1"]));
    }
    assert_eq!(stuck(&world, &function).await["entries"][0]["times"], 4);
    assert!(plan(&world, &function).await.refused.count == 1);

    world.okta.vacate_login("user1@example.com");
    let free = next(&world, &function).await;

    assert_eq!((changes(&free), free.refused.count), ((1, 0), 0));
    assert_eq!(stuck(&world, &function).await["count"], 0);
    assert_agreement(&world).await;
    let quiet = next(&world, &function).await;
    assert_eq!((changes(&quiet), quiet.refused.count), ((0, 0), 0));
    assert_eq!(logs_asked(&world), 0, "the token that it takes was denied");
}

#[tokio::test(start_paused = true)]
async fn somebody_in_a_larger_session_is_found_by_oktas_log_and_the_next_run_tells_why() {
    let world = world_of(40, &[LOGS]).await;
    world.okta.occupy_login("user7@example.com");
    let function = world.function(&[]);

    let first = sync(&world, &function).await;
    let second = next(&world, &function).await;

    assert_eq!((changes(&first), first.refused.count), ((40, 0), 0));
    assert_eq!(
        (changes(&second), refused(&second)),
        ((1, 0), vec!["user7"])
    );
    assert!(
        reason(&second).contains("somebody else in the org has the login"),
        "{}",
        reason(&second)
    );

    world.okta.vacate_login("user7@example.com");
    let free = next(&world, &function).await;
    assert_eq!(free.refused.count, 0, "{free:?}");
    assert_agreement(&world).await;
    let mut last = 0;
    for _ in 0..4 {
        let quiet = next(&world, &function).await;
        assert_eq!((changes(&quiet), quiet.refused.count), ((0, 0), 0));
        last = logs_asked(&world);
    }
    next(&world, &function).await;
    assert_eq!(logs_asked(&world), last, "there is nothing more to be read");
}

#[tokio::test(start_paused = true)]
async fn where_neither_is_permitted_a_run_is_as_it_was_and_asks_once() {
    let world = world_of(40, &[]).await;
    world.okta.occupy_login("user7@example.com");
    let function = world.function(&[]);

    let first = sync(&world, &function).await;
    let denied = |world: &World| {
        let requests = world.okta.requests();
        let tokens = requests.iter().filter(|one| one.path == "/oauth2/v1/token");
        tokens.filter(|one| one.status == 400).count()
    };
    let second = next(&world, &function).await;
    let asked = denied(&world);
    let third = next(&world, &function).await;

    for report in [&second, &third] {
        assert_eq!((changes(report), report.refused.count), ((0, 0), 0));
    }
    assert_eq!((changes(&first), first.refused.count), ((40, 0), 0));
    assert_eq!(denied(&world), asked);
    assert_eq!(logs_asked(&world), 0);
    // What is changed alone is asked for, whatever was before.
    world
        .put(with(person("user7"), json!({"first_name": "Bo"})))
        .await;
    assert_eq!(refused(&next(&world, &function).await), ["user7"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_late_is_read_again_until_it_has_said_what_there_is() {
    let late = |options: &mut Options| options.log_lag = Duration::from_secs(40 * 60);
    let world = world_with(40, &[LOGS], late).await;
    world.okta.occupy_login("user7@example.com");
    let function = world.function(&[]);
    sync(&world, &function).await;

    let mut found = Vec::new();
    for _ in 0..10 {
        let report = next(&world, &function).await;
        found.push(report.refused.count);
    }

    let first = found.iter().position(|count| *count > 0);
    assert_eq!(first, Some(7), "{found:?}");
    assert!(found[7..].iter().all(|count| *count == 1), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_leaver_whom_okta_refuses_inside_is_told_by_every_full_run_until_they_have_left() {
    for scopes in [&[][..], &[LOGS], &[ORG_USERS]] {
        let world = world_of(4, scopes).await;
        let function = world.function(&[]);
        sync(&world, &function).await;
        refuse(&world, &["user1"], Refused::default());
        world.put(inactive("user1")).await;
        world.put(inactive("user2")).await;

        let report = next(&world, &function).await;

        assert!(is_active(&world, "user1") && !is_active(&world, "user2"));
        assert_eq!(
            (changes(&report), refused(&report)),
            ((0, 2), vec!["user1"]),
            "{scopes:?}"
        );
        assert_eq!(report.refused.leavers, 1);
        for _ in 0..3 {
            let again = next(&world, &function).await;
            assert_eq!((changes(&again), again.refused.leavers), ((0, 1), 1));
        }
        world.okta.clear_faults();
        let gone = next(&world, &function).await;
        assert_eq!(
            (changes(&gone), gone.refused.count),
            ((0, 1), 0),
            "{gone:?}"
        );
        assert!(!is_active(&world, "user1"));
        let quiet = next(&world, &function).await;
        assert_eq!((changes(&quiet), quiet.refused.count), ((0, 0), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_fail_while_it_is_checked_fail_no_run_and_lose_no_check() {
    let unavailable = || Effect::Status {
        status: 500,
        code: "E0000009".into(),
        causes: Vec::new(),
    };
    let limited = || Effect::RateLimited {
        headers: std::iter::empty().collect(),
    };
    for effect in [unavailable, limited] {
        let world = world_of(3, &[]).await;
        world.okta.occupy_login("user1@example.com");
        world
            .okta
            .inject(Fault::on("GET", "/users/*").always().then(effect()));
        let function = world.function(&[]);
        let began = world.clock.now();

        let first = sync(&world, &function).await;

        let took = world.clock.now().duration_since(began).as_secs();
        assert!(took < 60, "{took} s");
        assert_eq!((changes(&first), first.refused.count), ((3, 0), 0));
        let second = next(&world, &function).await;
        assert_eq!(second.refused.count, 0);
        world.okta.clear_faults();
        assert_eq!(refused(&next(&world, &function).await), ["user1"]);
    }
    for effect in [unavailable, limited] {
        let world = world_of(40, &[LOGS]).await;
        world.okta.occupy_login("user1@example.com");
        world
            .okta
            .inject(Fault::on("GET", "/api/v1/logs").always().then(effect()));
        let function = world.function(&[]);
        sync(&world, &function).await;

        for _ in 0..14 {
            assert_eq!(next(&world, &function).await.refused.count, 0);
        }
        world.okta.clear_faults();

        assert_eq!(refused(&next(&world, &function).await), ["user1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_okta_does_not_take_is_not_sent_again_until_it_changes() {
    let world = world_of(30, &[LOGS]).await;
    refuse(&world, &["user3"], Refused::default());
    let function = world.function(&[]);
    sync(&world, &function).await;

    for _ in 0..3 {
        let report = next(&world, &function).await;
        assert_eq!(
            (changes(&report), refused(&report)),
            ((0, 0), vec!["user3"])
        );
        assert!(
            reason(&report).contains("lastName is not accepted (pattern)"),
            "{}",
            reason(&report)
        );
    }
    world.okta.clear_faults();
    world
        .put(with(person("user3"), json!({"last_name": "Obi"})))
        .await;

    let healed = next(&world, &function).await;
    assert_eq!((changes(&healed), healed.refused.count), ((1, 0), 0));
    assert_eq!(stuck(&world, &function).await["count"], 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_has_the_login_is_named_where_the_apps_users_may_be_seen() {
    let world = world_of(3, &[APPS, ORG_USERS]).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    // Deactivated people keep their logins.
    world.put(inactive("user0")).await;
    assert_eq!(changes(&next(&world, &function).await), (0, 1));
    world
        .put(with(person("twin"), json!({"email": "USER0@example.com"})))
        .await;
    world.okta.occupy_login("user9@example.com");
    world.put(person("user9")).await;

    let report = next(&world, &function).await;

    assert_eq!(refused(&report).len(), 2);
    let reasons: Vec<_> = report
        .refused
        .examples
        .iter()
        .map(|one| one.reasons[0].as_str())
        .collect();
    let says = |what: &str| reasons.iter().any(|reason| reason.contains(what));
    assert!(says("taken by externalId user0"), "{reasons:?}");
    assert!(says("not of this identity source"), "{reasons:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_batch_finds_whoever_is_refused_and_leaves_telling_again_to_the_full_run() {
    let world = world_of(2, &[]).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.okta.occupy_login("new@example.com");
    world.put(person("new")).await;
    let batch = json!({"Records": [{"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": {"id": {"S": "new"}}, "SequenceNumber": "1"}}]});

    let response = invoke_stream(&function, world.clock, &batch).await;

    assert!(response.batch_item_failures.is_empty());
    assert_eq!(
        stuck(&world, &function).await["entries"][0]["externalId"],
        "new"
    );
    let sessions = world.okta.sessions().len();
    cooldown().await;
    invoke_stream(&function, world.clock, &batch).await;
    assert_eq!(
        world.okta.sessions().len(),
        sessions,
        "that is the full run's"
    );
    world.okta.vacate_login("new@example.com");
    let report = next(&world, &function).await;
    assert_eq!((changes(&report), report.refused.count), ((1, 0), 0));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_push_whose_user_is_refused_inside_is_unfinished_until_they_are_let_in() {
    let world = world_of(1, &[]).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.okta.occupy_login("pushed@example.com");
    let at = world.clock.now().to_string();
    let push = json!({"command": "push", "at": at, "records": [person("pushed")]});

    let (name, said) = answer(&world, &function, &push).await.unwrap_err();

    assert_eq!(name, "PushUnfinished");
    assert!(said.contains("1 refused"), "{said}");
    world.okta.vacate_login("pushed@example.com");
    cooldown().await;
    assert_eq!(
        invoke(&function, world.clock, &push).await.unwrap().upserts,
        1
    );
    assert!(is_active(&world, "pushed"));
}
