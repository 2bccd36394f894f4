//! More people to be told than one session carries: the runs that follow go on where the look
//! stood.

use dynamodb_identity_source::{
    clock::Clock,
    handler::Answer,
    mutation::{self, Small},
    sync::Report,
};
use okta_emulator::Options;
use serde_json::{Value, json};

use crate::steps::{answer, inactive, options, person, run, sync, with};
use crate::support::{World, invoke_stream};

/// A session carries four users in two requests, and a look holds twenty.
const A_SESSION: usize = 4;
const PEOPLE: usize = 50;

/// A world in small, with so many people.
async fn world() -> World {
    mutation::play_in_small(Some(Small {
        entities: 2,
        requests: 2,
        segments: 2,
    }));
    let world = World::start(Options {
        max_entities: 2,
        max_bulk_requests: 2,
        ..options()
    })
    .await;
    for n in 0..PEOPLE {
        world.put(person(&format!("user{n}"))).await;
    }
    world
}

/// Runs one after another, as the state machine does, until there is no more to do.
async fn follow(world: &World, event: &Value) -> Vec<Report> {
    let mut reports = Vec::new();
    loop {
        let report = run(world, &world.function(&[]), event).await;
        let resume_at = report.resume_at;
        reports.push(report);
        let Some(at) = resume_at else { break };
        tokio::time::sleep(world.clock.until(at)).await;
        assert!(reports.len() < 100, "{:?}", reports.last());
    }
    reports
}

fn since(clock: Clock) -> Value {
    json!({"command": "sync", "since": clock.now().to_string()})
}

#[tokio::test(start_paused = true)]
async fn a_first_load_reads_the_table_once_however_many_sessions_it_takes() {
    let world = world().await;

    let reports = follow(&world, &since(world.clock)).await;

    assert!(reports.len() > 2, "{}", reports.len());
    let scanned: Vec<_> = reports.iter().map(|report| report.scanned).collect();
    assert_eq!(scanned[0], PEOPLE as u64);
    assert!(
        scanned[1..].iter().all(|scanned| *scanned == 0),
        "{scanned:?}"
    );
    let lists: Vec<_> = reports.iter().map(|report| report.outstanding).collect();
    assert!(
        lists
            .iter()
            .all(|list| list.unwrap().people == PEOPLE as u64)
    );
    assert_eq!(lists.last().unwrap().unwrap().left, 0);
    assert_eq!(world.okta.active_count(), PEOPLE);
    assert_eq!(world.okta.sessions().len(), PEOPLE.div_ceil(A_SESSION));
    assert_eq!(world.okta.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_goes_on_ends_with_a_look_at_the_table_as_it_was_when_it_was_asked_for() {
    let world = world().await;
    let first = sync(&world, &world.function(&[])).await;
    assert!(first.more);
    world
        .put(with(person("user0"), json!({"title": "Editor"})))
        .await;
    world.put(person("late")).await;

    let reports = follow(&world, &json!({"command": "sync"})).await;

    assert_eq!(reports[0].scanned, 0);
    assert_eq!(reports.last().unwrap().scanned, PEOPLE as u64 + 1);
    assert!(world.is_active("late"));
    let changed = world.okta.user("user0").unwrap();
    assert_eq!(changed.profile["title"], "Editor");
}

#[tokio::test(start_paused = true)]
async fn who_changes_while_the_list_is_worked_off_is_told_what_is_true_then() {
    let world = world().await;
    let first = sync(&world, &world.function(&[])).await;
    assert!(first.outstanding.unwrap().left > 0);
    for n in 0..PEOPLE {
        let id = format!("user{n}");
        if world.okta.user(&id).is_none() {
            let record = with(person(&id), json!({"title": "Editor"}));
            world.put(record).await;
        }
    }
    let late = world.okta.active_count();

    follow(&world, &since(world.clock)).await;

    let editors = world.okta.directory();
    let editors = editors.values().filter(|user| {
        user.profile
            .get("title")
            .is_some_and(|title| title == "Editor")
    });
    assert_eq!(editors.count(), PEOPLE - late);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_while_a_list_is_worked_off_is_found_within_two_hours() {
    let world = world().await;
    let function = world.function(&[]);
    let first = sync(&world, &function).await;
    let told = (0..PEOPLE)
        .map(|n| format!("user{n}"))
        .find(|id| world.okta.user(id).is_some());
    let leaver = told.unwrap();
    world.put(inactive(&leaver)).await;
    // Nobody works the list off meanwhile.
    let looked_at = first.outstanding.unwrap().looked_at;
    let soon = looked_at + std::time::Duration::from_secs(2 * 60 * 60 - 1_000);
    tokio::time::sleep(world.clock.until(soon)).await;
    let going_on = sync(&world, &function).await;
    assert_eq!((going_on.scanned, going_on.deactivations), (0, 0));
    assert!(world.is_active(&leaver));
    let late = looked_at + std::time::Duration::from_secs(2 * 60 * 60 + 1);
    tokio::time::sleep(world.clock.until(late)).await;

    let whole = sync(&world, &function).await;

    assert_eq!((whole.scanned, whole.deactivations), (PEOPLE as u64, 1));
    assert!(!world.is_active(&leaver));
}

#[tokio::test(start_paused = true)]
async fn nobody_goes_on_with_a_list_before_its_leavers_are_told() {
    let world = world().await;
    let function = world.function(&[]);
    for n in 0..PEOPLE - 1 {
        world.delete(&format!("user{n}")).await;
    }
    sync(&world, &function).await;
    let leaver = format!("user{}", PEOPLE - 1);
    world.put(inactive(&leaver)).await;
    for n in 0..PEOPLE - 1 {
        world.put(person(&format!("user{n}"))).await;
    }
    // Okta opens no session for this run: it has just imported one, and the run has little time.
    let first = world.clock.now() + std::time::Duration::from_secs(60);
    let event = json!({"command": "sync"});
    let Ok(Answer::Report(first)) = Box::pin(function.invoke(&event, "first", first)).await else {
        panic!("no report");
    };
    assert!(first.more && first.sessions.is_empty(), "{first:?}");
    assert_eq!(first.outstanding.unwrap().left, PEOPLE as u64 - 1);

    let second = sync(&world, &function).await;

    assert_eq!(
        (second.scanned, second.deactivations),
        (PEOPLE as u64, 1),
        "{second:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_goes_on_with_a_list_while_there_are_more_leavers_than_a_look_holds() {
    let world = world().await;
    let function = world.function(&[("MAX_DEACTIVATIONS", "100%")]);
    follow(&world, &since(world.clock)).await;
    // A look holds twenty of each kind.
    for n in 0..25 {
        world.put(inactive(&format!("user{n}"))).await;
        world.put(person(&format!("joiner{n}"))).await;
    }
    let mut scanned = Vec::new();
    while (0..25).any(|n| world.is_active(&format!("user{n}"))) {
        let report = sync(&world, &function).await;
        assert_eq!(report.withheld.count(), 0, "{report:?}");
        scanned.push(report.scanned);
        assert!(scanned.len() < 20, "{report:?}");
    }

    assert!(scanned.len() > 1);
    assert!(scanned.iter().all(|one| *one > 0), "{scanned:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_charged_whom_a_session_has_no_request_for() {
    let world = world().await;
    let function = world.function(&[("MAX_DEACTIVATIONS", "100%")]);
    follow(&world, &since(world.clock)).await;
    for n in 0..25 {
        world.put(inactive(&format!("user{n}"))).await;
    }

    let report = sync(&world, &function).await;

    let told: u64 = report.sessions.iter().map(|one| one.deactivations).sum();
    let status = answer(&world, &function, &json!({"command": "status"})).await;
    assert!((1..20).contains(&told), "{report:?}");
    assert_eq!(status.unwrap()["guard"]["deactivations"]["spent"], told);
}

#[tokio::test(start_paused = true)]
async fn another_mapping_looks_at_everybody_anew() {
    let world = world().await;
    sync(&world, &world.function(&[])).await;
    let mapping = json!({"externalId": "{{ id }}", "active": "active",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}", "firstName": "{{ first_name }}",
            "lastName": "{{ last_name }}", "nickName": "{{ first_name }}"}});
    let mapping = mapping.to_string();
    let changed = world.function(&[("MAPPING", &mapping), ("MAX_UPDATES", "100%")]);

    let report = sync(&world, &changed).await;

    assert_eq!(
        (report.scanned, report.upserts),
        (PEOPLE as u64, PEOPLE as u64)
    );
}

#[tokio::test(start_paused = true)]
async fn a_plan_and_a_sync_that_retries_look_at_everybody_and_leave_the_list_be() {
    let world = world().await;
    let function = world.function(&[]);
    let first = sync(&world, &function).await;

    let plan = run(&world, &function, &json!({"command": "plan"})).await;
    let on = sync(&world, &function).await;
    let retry = run(
        &world,
        &function,
        &json!({"command": "sync", "retryRefused": true}),
    )
    .await;

    assert_eq!((plan.scanned, plan.outstanding), (PEOPLE as u64, None));
    assert_eq!(on.scanned, 0);
    assert_eq!(
        on.outstanding.unwrap().looked_at,
        first.outstanding.unwrap().looked_at
    );
    assert_eq!(retry.scanned, PEOPLE as u64);
}

#[tokio::test(start_paused = true)]
async fn two_records_about_one_person_are_not_told_by_way_of_the_list() {
    let world = world().await;
    let mapping = json!({"externalId": "{{ email }}", "active": "active",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}", "firstName": "{{ first_name }}",
            "lastName": "{{ last_name }}"}});
    for n in 0..PEOPLE {
        let twin = with(
            person(&format!("twin{n}")),
            json!({"email": format!("user{n}@example.com")}),
        );
        world.put(twin).await;
    }
    world.put(person("single")).await;
    for n in 0..A_SESSION {
        world.put(person(&format!("single{n}"))).await;
    }
    let function = world.function(&[("MAPPING", &mapping.to_string())]);

    for _ in 0..3 {
        sync(&world, &function).await;
    }

    assert_eq!(world.okta.active_count(), A_SESSION + 1);
}

/// A batch of changes that were made so many seconds ago.
fn batch(world: &World, ids: impl Iterator<Item = String>, age: i64) -> Value {
    let at = world.clock.now().as_second() - age;
    let records = ids.enumerate().map(|(n, id)| {
        json!({"eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": {
            "ApproximateCreationDateTime": at, "Keys": {"id": {"S": id}},
            "SequenceNumber": (100 + n).to_string(), "StreamViewType": "KEYS_ONLY"}})
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

#[tokio::test(start_paused = true)]
async fn of_many_batches_that_wait_one_becomes_a_full_run_and_the_others_are_done_at_once() {
    let world = world().await;
    let function = world.function(&[]);
    let ids = |range: std::ops::Range<usize>| range.map(|n| format!("user{n}"));
    let done = json!({"batchItemFailures": []});

    // It comes back until all is told that its look has found.
    let first = batch(&world, ids(0..25), 600);
    let second = batch(&world, ids(25..50), 600);
    let mut invocations = 0;
    loop {
        let answer = invoke_stream(&function, world.clock, &first).await;
        invocations += 1;
        if serde_json::to_value(answer).unwrap() == done {
            break;
        }
        assert!(invocations < 20);
    }
    let sessions = world.okta.sessions().len();
    let second = invoke_stream(&function, world.clock, &second).await;

    assert!(invocations > 1);
    assert_eq!(world.okta.active_count(), PEOPLE);
    assert_eq!(sessions, PEOPLE.div_ceil(A_SESSION));
    assert_eq!(serde_json::to_value(second).unwrap(), done);
    assert_eq!(world.okta.sessions().len(), sessions);
}

#[tokio::test(start_paused = true)]
async fn a_bulk_change_that_means_nothing_to_okta_is_looked_at_once() {
    let mut world = world().await;
    let between = world.between().await;
    follow(&world, &since(world.clock)).await;
    between.dynamodb.forget();
    let function = world.function(&[]);
    let scans = || {
        let calls = between.dynamodb.calls().into_iter();
        calls.filter(|call| call.what == "Scan users").count()
    };
    let ids = |range: std::ops::Range<usize>| range.map(|n| format!("user{n}"));

    let event = batch(&world, ids(0..25), 600);
    invoke_stream(&function, world.clock, &event).await;
    let once = scans();
    let event = batch(&world, ids(25..50), 600);
    invoke_stream(&function, world.clock, &event).await;

    assert!(once > 0);
    assert_eq!(scans(), once);
}

#[tokio::test(start_paused = true)]
async fn a_verification_that_repairs_has_everybody_looked_at() {
    let world = world().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    let verify = json!({"command": "verify", "repair": true});
    answer(&world, &function, &verify).await.unwrap();

    let next = sync(&world, &function).await;

    assert_eq!(next.scanned, PEOPLE as u64);
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_joiners_are_left_to_the_full_runs_tells_its_leavers() {
    let world = world().await;
    let first = sync(&world, &world.function(&[])).await;
    assert!(first.outstanding.unwrap().left > 0);
    let ids = || (0..PEOPLE).map(|n| format!("user{n}"));
    let leaver = ids().find(|id| world.okta.user(id).is_some()).unwrap();
    let joiner = ids().find(|id| world.okta.user(id).is_none()).unwrap();
    world.put(inactive(&leaver)).await;
    // More than calls may tell, and no more than a request carries.
    let function = world.function(&[("FAST_LANE", "1")]);

    let event = batch(&world, [leaver.clone(), joiner.clone()].into_iter(), 2_000);
    let answer = invoke_stream(&function, world.clock, &event).await;

    assert_eq!(
        serde_json::to_value(answer).unwrap(),
        json!({"batchItemFailures": []})
    );
    assert!(!world.is_active(&leaver));
    assert!(world.okta.user(&joiner).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_since_that_is_no_time_is_an_invalid_event() {
    let world = World::start(options()).await;
    let event = json!({"command": "sync", "since": "yesterday"});

    let (name, text) = answer(&world, &world.function(&[]), &event)
        .await
        .unwrap_err();

    assert_eq!(name, "InvalidEvent");
    assert!(text.contains("\"since\" is not a time"), "{text}");
}
