//! What Okta has is looked at, and put right by the next run.

use std::time::Duration;

use dynamodb_identity_source::handler::{Answer, Function};
use okta_emulator::{Effect, Fault, Options, ServiceApp, UserStatus};
use serde_json::{Value, json};

use crate::{
    recorder::Recorder,
    status::{item, status},
    steps::{
        answer, assert_agreement, changes, cooldown, inactive, options, person, sync, with,
        without_history, world_of,
    },
    support::{CLIENT, World, keys::Key, proxy},
};

pub const VERIFY: &str = include_str!("../../events/verify.json");
const REPAIR: &str = include_str!("../../events/verify-repair.json");

/// The answer to a verification.
pub async fn verify(world: &World, function: &Function, event: &str) -> Value {
    let event = serde_json::from_str(event).unwrap();
    let verified = answer(world, function, &event).await.unwrap();
    assert_eq!(world.okta.violations(), Vec::<String>::new());
    verified
}

/// `missing`, `different` and `shouldHaveLeft`.
pub fn wrong(verified: &Value) -> [u64; 3] {
    ["missing", "different", "shouldHaveLeft"].map(|name| verified[name].as_u64().unwrap())
}

/// A world whose people are synced.
async fn synced(people: usize) -> (World, Function) {
    let world = world_of(people).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    (world, function)
}

#[tokio::test(start_paused = true)]
async fn where_all_is_well_everybody_is_the_same_and_nothing_is_told() {
    let (world, function) = synced(3).await;
    world.put(inactive("user2")).await;
    sync(&world, &function).await;
    world.okta.clear_requests();

    let verified = verify(&world, &function, VERIFY).await;

    assert_eq!(
        verified,
        json!({
            "listed": 3, "same": 3, "missing": 0, "different": 0, "shouldHaveLeft": 0, "unknown": 0, "adopted": 0,
            "examples": {"missing": [], "different": [], "shouldHaveLeft": [], "unknown": []},
            "more": false, "resumeAt": null, "reason": null
        })
    );
    let requests = world.okta.requests();
    assert!(requests.iter().all(|request| request.method == "GET"));
}

#[tokio::test(start_paused = true)]
async fn an_admins_edit_is_found_and_with_repair_put_right_by_the_next_run() {
    let (world, function) = synced(3).await;
    world
        .okta
        .admin_edits("user1", "lastName", Some("Byron"))
        .unwrap();
    let before = without_history(&world).await;

    let looked = verify(&world, &function, VERIFY).await;
    let mut after = without_history(&world).await;
    after.retain(|item| item["pk"].as_s().unwrap() != "verification");
    assert_eq!(after, before, "looking changes no entry");
    assert_eq!(wrong(&looked), [0, 1, 0], "{looked}");
    let example = json!([{"externalId": "user1", "attributes": ["lastName"], "survived": false}]);
    assert_eq!(looked["examples"]["different"], example);
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));

    let repaired = verify(&world, &function, REPAIR).await;
    assert_eq!(wrong(&repaired), [0, 1, 0]);
    assert_eq!(
        world.okta.user("user1").unwrap().profile["lastName"],
        "Byron",
        "a verification tells nobody"
    );
    assert_eq!(changes(&sync(&world, &function).await), (1, 0));

    assert_eq!(
        world.okta.user("user1").unwrap().profile["lastName"],
        "Okafor"
    );
    assert_eq!(verify(&world, &function, VERIFY).await["same"], 3);
}

#[tokio::test(start_paused = true)]
async fn an_attribute_that_the_mapping_leaves_alone_is_nobodys_business() {
    let mapping = json!({"externalId": "{{ id }}", "profile": {"userName": "{{ email }}", "email": "{{ email }}",
        "title": {"value": "{{ title }}", "whenEmpty": "omit"}}})
    .to_string();
    let world = world_of(1).await;
    let function = world.function(&[("MAPPING", &mapping)]);
    sync(&world, &function).await;
    for (name, value) in [("title", "Dr"), ("lastName", "Byron")] {
        world.okta.admin_edits("user0", name, Some(value)).unwrap();
    }

    assert_eq!(verify(&world, &function, VERIFY).await["same"], 1);
}

#[tokio::test(start_paused = true)]
async fn spaces_at_the_ends_and_nothing_in_another_form_are_no_difference() {
    let (world, function) = synced(1).await;
    let edit = |name, value| world.okta.admin_edits("user0", name, value).unwrap();
    edit("firstName", Some(" Ada "));
    edit("title", Some(""));

    assert_eq!(verify(&world, &function, VERIFY).await["same"], 1);
    edit("firstName", Some("ada"));
    assert_eq!(verify(&world, &function, VERIFY).await["different"], 1);
}

#[tokio::test(start_paused = true)]
async fn an_admins_deactivation_deletion_or_unassignment_is_found_and_undone() {
    for listed_as in [Some("DEPROVISIONED".to_owned()), None] {
        let world = World::start(Options {
            deactivated_listed_as: listed_as,
            ..options()
        })
        .await;
        for n in 0..5 {
            world.put(person(&format!("user{n}"))).await;
        }
        let function = world.function(&[]);
        sync(&world, &function).await;
        cooldown().await;
        world.okta.admin_deactivates("user0").unwrap();
        world.okta.admin_deletes("user1").unwrap();
        world.okta.admin_unassigns("user2").unwrap();

        let verified = verify(&world, &function, REPAIR).await;
        assert_eq!(wrong(&verified), [3, 0, 0], "{verified}");
        let mut missing = verified["examples"]["missing"].as_array().unwrap().clone();
        missing.sort_by_key(ToString::to_string);
        assert_eq!(missing, ["user0", "user1", "user2"]);
        assert_eq!(changes(&sync(&world, &function).await), (3, 0));

        assert_agreement(&world).await;
        assert_eq!(verify(&world, &function, VERIFY).await["same"], 5);
    }
}

#[tokio::test(start_paused = true)]
async fn who_should_have_left_and_is_active_is_told_again_through_the_guard() {
    let (world, function) = synced(4).await;
    world.put(inactive("user0")).await;
    world.delete("user1").await;
    sync(&world, &function).await;
    tokio::time::sleep(Duration::from_secs(26 * 3_600)).await;
    for id in ["user0", "user1"] {
        world.okta.admin_reactivates(id).unwrap();
    }
    let guarded = world.function(&[("MAX_DEACTIVATIONS", "0")]);

    let verified = verify(&world, &guarded, REPAIR).await;
    assert_eq!(wrong(&verified), [0, 0, 2], "{verified}");
    let withheld = sync(&world, &guarded).await;
    assert_eq!(withheld.withheld.deactivations.count, 2);
    assert!(world.is_active("user0") && world.is_active("user1"));

    sync(&world, &function).await;
    assert!(!world.is_active("user0") && !world.is_active("user1"));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_repair_of_more_people_than_may_be_changed_waits_for_an_approval() {
    let world = world_of(4).await;
    let function = world.function(&[("MAX_UPDATES", "1")]);
    sync(&world, &function).await;
    cooldown().await;
    for id in ["user0", "user1"] {
        world.okta.admin_deactivates(id).unwrap();
    }

    verify(&world, &function, REPAIR).await;
    let report = sync(&world, &function).await;
    let updates = &report.withheld.updates;
    assert_eq!((changes(&report), updates.count), ((0, 0), 2));
    assert!(!world.is_active("user0"));

    let approve = json!({"command": "approve", "digest": updates.digest});
    answer(&world, &function, &approve).await.unwrap();
    assert_eq!(changes(&sync(&world, &function).await), (2, 0));
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_stranger_whom_okta_has_active_leaves_after_a_repair_and_only_then() {
    let (world, function) = synced(3).await;
    for id in ["kim", "sam"] {
        world
            .okta
            .seed_user(id, UserStatus::Active, [("userName", id)]);
    }
    world.put(inactive("kim")).await;

    let looked = verify(&world, &function, VERIFY).await;
    assert_eq!((wrong(&looked), &looked["unknown"]), ([0, 0, 1], &json!(1)));
    assert_eq!(looked["examples"]["unknown"], json!(["sam"]));
    let report = sync(&world, &function).await;
    assert_eq!((report.deactivations, report.strangers), (0, 1));

    verify(&world, &function, REPAIR).await;
    let report = sync(&world, &function).await;

    assert_eq!((report.deactivations, report.strangers), (1, 0));
    assert!(!world.is_active("kim"));
    assert!(world.is_active("sam"), "who is unknown is only reported");
}

#[tokio::test(start_paused = true)]
async fn somebody_whom_the_mapping_leaves_out_is_unknown_and_nobody_who_should_have_left() {
    let mapping = json!({"externalId": "{{ id }}", "include": "company == 'acme'",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}})
    .to_string();
    let world = world_of(0).await;
    world
        .put(with(person("ada"), json!({"company": "acme"})))
        .await;
    world
        .put(with(inactive("kim"), json!({"company": "other"})))
        .await;
    let function = world.function(&[("MAPPING", &mapping)]);
    sync(&world, &function).await;
    world
        .okta
        .seed_user("kim", UserStatus::Active, [("userName", "kim")]);

    let verified = verify(&world, &function, REPAIR).await;
    cooldown().await;
    sync(&world, &function).await;

    assert_eq!(
        (wrong(&verified), &verified["unknown"]),
        ([0, 0, 0], &json!(1))
    );
    assert!(world.is_active("kim"));
}

#[tokio::test(start_paused = true)]
async fn a_difference_that_survived_being_told_again_is_reported_and_not_told_once_more() {
    let world = World::start(Options {
        // Okta drops what the app's profile does not have.
        custom_attributes: vec!["title".to_owned()],
        ..options()
    })
    .await;
    world
        .put(with(person("ada"), json!({"city": "Oslo"})))
        .await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;

    let first = verify(&world, &function, REPAIR).await;
    assert_eq!(first["examples"]["different"][0]["survived"], false);
    let waiting = verify(&world, &function, REPAIR).await;
    assert_eq!(
        waiting["examples"]["different"][0]["survived"], false,
        "it was not told yet"
    );
    assert_eq!(changes(&sync(&world, &function).await), (1, 0));
    let second = verify(&world, &function, REPAIR).await;
    assert_eq!(wrong(&second), [0, 1, 0]);
    assert_eq!(second["examples"]["different"][0]["survived"], true);
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));

    // What is new about them is told.
    world
        .okta
        .admin_edits("ada", "lastName", Some("Byron"))
        .unwrap();
    verify(&world, &function, REPAIR).await;
    assert_eq!(changes(&sync(&world, &function).await), (1, 0));
    assert_eq!(
        world.okta.user("ada").unwrap().profile["lastName"],
        "Okafor"
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_edit_made_twice_is_mended_twice() {
    let (world, function) = synced(1).await;
    for _ in 0..2 {
        world
            .okta
            .admin_edits("user0", "lastName", Some("Byron"))
            .unwrap();
        verify(&world, &function, REPAIR).await;
        assert_eq!(changes(&sync(&world, &function).await), (1, 0));
        assert_eq!(verify(&world, &function, REPAIR).await["same"], 1);
        cooldown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_was_read_while_a_session_was_triggered_does_not_count() {
    let (world, function) = synced(3).await;
    let slow = Fault::on("POST", "/sessions/*/start-import");
    world.okta.inject(slow.then(Effect::ImportTakes {
        time: Duration::from_secs(90),
    }));
    world
        .put(with(person("user1"), json!({"last_name": "Byron"})))
        .await;
    let quick = world.function(&[("WATCH_SECONDS", "0")]);
    sync(&world, &quick).await;
    world.okta.clear_requests();

    let began = world.clock.now();
    let verified = verify(&world, &function, REPAIR).await;

    assert!(
        world.clock.now().duration_since(began).as_secs() > 60,
        "it waited"
    );
    assert_eq!(verified["same"], 3, "{verified}");
    cooldown().await;
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn where_an_import_takes_long_it_goes_on_later() {
    let (world, function) = synced(2).await;
    let slow = Fault::on("POST", "/sessions/*/start-import");
    world.okta.inject(slow.then(Effect::ImportTakes {
        time: Duration::from_secs(1_000),
    }));
    world.put(person("new")).await;
    sync(&world, &world.function(&[("WATCH_SECONDS", "0")])).await;

    let stopped = verify(&world, &function, VERIFY).await;
    assert_eq!(
        (&stopped["more"], &stopped["listed"]),
        (&json!(true), &json!(0))
    );
    assert!(stopped["reason"].as_str().unwrap().contains("session"));
    tokio::time::sleep(Duration::from_secs(1_000)).await;

    let verified = verify(&world, &function, VERIFY).await;
    assert_eq!(
        (&verified["more"], &verified["same"]),
        (&json!(false), &json!(3))
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_opened_while_a_page_is_on_its_way_makes_it_be_asked_for_again() {
    let (world, function) = synced(3).await;
    world.put(person("new")).await;
    let late = Fault::on("GET", "/api/v1/apps/*/users");
    world.okta.inject(late.then(Effect::DelayAnswer {
        time: Duration::from_secs(20),
    }));
    let verifying = verify(&world, &function, REPAIR);
    let running = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        sync(&world, &function).await
    };

    let (verified, report) = tokio::join!(verifying, running);

    assert_eq!(changes(&report), (1, 0));
    assert_eq!(
        (&verified["same"], wrong(&verified)),
        (&json!(4), [0, 0, 0]),
        "{verified}"
    );
    let pages = world.okta.requests().into_iter();
    let pages = pages.filter(|request| request.path.ends_with("/users"));
    assert_eq!(pages.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_was_written_between_page_and_repair_is_left_alone() {
    let mut world = world_of(2).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world
        .okta
        .admin_edits("user1", "lastName", Some("Byron"))
        .unwrap();
    // As if the entry had been another when it was read.
    between.dynamodb.on(
        "BatchGetItem identity-source-state",
        ..,
        proxy::Fault::edit(|_, answer| {
            let items = answer["Responses"]["identity-source-state"].as_array_mut();
            for item in items.unwrap() {
                if item["pk"]["S"].as_str().unwrap().starts_with("user#") {
                    item["at"] = json!({"S": "2026-01-01T00:00:00Z"});
                }
            }
        }),
    );

    let verified = verify(&world, &function, REPAIR).await;
    between.dynamodb.heal();

    assert_eq!(wrong(&verified), [0, 1, 0]);
    assert_eq!(changes(&sync(&world, &function).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn three_pages_of_which_one_fails_first_are_read_to_the_end() {
    let world = World::start(options()).await;
    let records: Vec<_> = (0..1_200).map(|n| person(&format!("user{n:04}"))).collect();
    crate::support::put_all(&world.dynamodb, crate::support::USERS, &records).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .okta
        .admin_edits("user1100", "lastName", Some("Byron"))
        .unwrap();
    let second = Fault::on("GET", "/api/v1/apps/*/users").nth(2);
    world.okta.inject(second.then(Effect::Status {
        status: 503,
        code: "E0000009".into(),
        causes: Vec::new(),
    }));
    world.okta.clear_requests();

    let verified = verify(&world, &function, VERIFY).await;

    assert_eq!(
        (&verified["listed"], &verified["same"]),
        (&json!(1_200), &json!(1_199))
    );
    assert_eq!(wrong(&verified), [0, 1, 0]);
    let pages = world.okta.requests().into_iter();
    assert_eq!(
        pages
            .filter(|request| request.path.ends_with("/users"))
            .count(),
        4
    );
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_an_invocation_is_gone_on_with_and_counted_once() {
    let world = World::start(options()).await;
    let records: Vec<_> = (0..1_700).map(|n| person(&format!("user{n:04}"))).collect();
    crate::support::put_all(&world.dynamodb, crate::support::USERS, &records).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .okta
        .admin_edits("user0001", "lastName", Some("Byron"))
        .unwrap();
    world.okta.admin_deletes("user0600").unwrap();
    let slow = Fault::on("GET", "/api/v1/apps/*/users").always();
    world.okta.inject(slow.then(Effect::DelayAnswer {
        time: Duration::from_secs(25),
    }));
    let event: Value = serde_json::from_str(REPAIR).unwrap();

    let mut answers = Vec::new();
    loop {
        let deadline = world.clock.now() + Duration::from_secs(60);
        let answer = Box::pin(function.invoke(&event, "short", deadline)).await;
        let Answer::Verified(verified) = answer.unwrap() else {
            panic!("no verification");
        };
        let more = verified.more;
        answers.push(serde_json::to_value(verified).unwrap());
        if !more {
            break;
        }
    }

    assert!(answers.len() > 1);
    let last = answers.last().unwrap();
    assert_eq!(
        (&last["listed"], &last["same"]),
        (&json!(1_699), &json!(1_698))
    );
    assert_eq!(wrong(last), [1, 1, 0]);
    assert_eq!(changes(&sync(&world, &function).await), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_listing_whose_link_has_expired_begins_anew() {
    let world = World::start(Options {
        page_link_life: Some(Duration::from_secs(60)),
        ..options()
    })
    .await;
    let records: Vec<_> = (0..600).map(|n| person(&format!("user{n:04}"))).collect();
    crate::support::put_all(&world.dynamodb, crate::support::USERS, &records).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    let slow = Fault::on("GET", "/api/v1/apps/*/users");
    world.okta.inject(slow.then(Effect::DelayAnswer {
        time: Duration::from_secs(20),
    }));
    let event: Value = serde_json::from_str(VERIFY).unwrap();
    let deadline = world.clock.now() + Duration::from_secs(20);
    let first = Box::pin(function.invoke(&event, "short", deadline))
        .await
        .unwrap();
    let Answer::Verified(first) = first else {
        panic!("no verification");
    };
    assert!(first.more);
    tokio::time::sleep(Duration::from_secs(120)).await;

    let verified = verify(&world, &function, VERIFY).await;

    assert_eq!(
        (&verified["listed"], &verified["same"]),
        (&json!(600), &json!(600))
    );
}

#[tokio::test(start_paused = true)]
async fn a_function_that_may_not_write_says_what_fitted_into_one_invocation() {
    let mut world = world_of(0).await;
    let records: Vec<_> = (0..600).map(|n| person(&format!("user{n:04}"))).collect();
    crate::support::put_all(&world.dynamodb, crate::support::USERS, &records).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    for what in [
        "PutItem identity-source-state",
        "BatchWriteItem identity-source-state",
    ] {
        let denied = proxy::Fault::dynamodb(400, "AccessDeniedException");
        between.dynamodb.on(what, .., denied);
    }

    let verified = verify(&world, &function, VERIFY).await;
    assert_eq!(
        (&verified["same"], &verified["more"]),
        (&json!(600), &json!(false))
    );

    let slow = Fault::on("GET", "/api/v1/apps/*/users").always();
    world.okta.inject(slow.then(Effect::DelayAnswer {
        time: Duration::from_secs(20),
    }));
    let event: Value = serde_json::from_str(VERIFY).unwrap();
    let deadline = world.clock.now() + Duration::from_secs(30);
    let Answer::Verified(cut) = Box::pin(function.invoke(&event, "short", deadline))
        .await
        .unwrap()
    else {
        panic!("no verification");
    };
    assert_eq!((cut.more, cut.counts.same), (false, 500));
    assert!(cut.reason.unwrap().contains("one invocation"));
}

#[tokio::test(start_paused = true)]
async fn a_service_app_without_the_scope_is_told_which_and_its_runs_go_on() {
    let key = Key::new();
    let mut app = ServiceApp::new(CLIENT, &*key.jwks);
    app.scopes.retain(|scope| scope != "okta.apps.read");
    let mut world = World::start(Options {
        service_app: Some(app),
        ..options()
    })
    .await;
    world.credentials = key.credentials(CLIENT);
    world.put(person("ada")).await;
    let function = world.function(&[]);
    assert_eq!(changes(&sync(&world, &function).await), (1, 0));

    let event = serde_json::from_str(VERIFY).unwrap();
    let (name, said) = answer(&world, &function, &event).await.unwrap_err();

    assert_eq!(name, "Okta");
    assert!(said.contains("okta.apps.read"), "{said}");
    world.okta.grant_scopes([
        "okta.identitySources.manage",
        "okta.identitySources.read",
        "okta.apps.read",
    ]);
    assert_eq!(verify(&world, &function, VERIFY).await["same"], 1);
}

#[tokio::test(start_paused = true)]
async fn status_says_when_okta_was_verified_and_the_drift_is_a_metric() {
    let (world, function) = synced(2).await;
    assert_eq!(status(&world, &function).await["verified"], Value::Null);
    world
        .okta
        .admin_edits("user1", "lastName", Some("Byron"))
        .unwrap();
    // A joiner who is yet to be told is missing, and no drift.
    world.put(person("new")).await;
    let seen = Recorder::new();
    let guard = metrics::set_default_local_recorder(&seen);

    verify(&world, &function, VERIFY).await;
    let first = status(&world, &function).await["verified"].clone();
    verify(&world, &function, REPAIR).await;
    sync(&world, &function).await;
    verify(&world, &function, VERIFY).await;
    drop(guard);

    assert_eq!((wrong(&first), &first["drifted"]), ([1, 1, 0], &json!(1)));
    assert!(first["at"].is_string(), "{first}");
    assert_eq!(seen.level("Drift"), [1.0, 1.0, 0.0]);
    assert_eq!(
        wrong(&status(&world, &function).await["verified"]),
        [0, 0, 0]
    );
    assert!(item(&world, "verification").await.is_some());
}
