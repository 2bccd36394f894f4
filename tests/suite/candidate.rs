//! A candidate for the mapping, tried before it is trusted.

use dynamodb_identity_source::handler::Function;
use serde_json::{Value, json};

use crate::{
    steps::{answer, inactive, person, state, sync, with, world_of},
    support::{USERS, World, proxy::Fault},
};

/// The mapping in use in these tests, changed.
fn mapping(changes: Value) -> Value {
    let profile = json!({"userName": "{{ email }}", "email": "{{ email }}", "lastName": "{{ last_name }}",
        "city": "{{ city }}", "title": "{{ title }}"});
    let mapping = json!({"externalId": "{{ id }}", "profile": profile});
    with(mapping, changes)
}

fn profile(changes: Value) -> Value {
    let profile = mapping(json!({}))["profile"].clone();
    mapping(json!({"profile": with(profile, changes)}))
}

async fn compare(world: &World, function: &Function, candidate: &Value) -> Value {
    let event = json!({"command": "plan", "mapping": candidate});
    answer(world, function, &event).await.unwrap()
}

/// A function with the mapping in use.
fn in_use(world: &World) -> Function {
    let mapping = mapping(json!({})).to_string();
    world.function(&[("MAPPING", &mapping), ("PLAN_VALUES", "allow")])
}

#[tokio::test(start_paused = true)]
async fn who_would_change_join_and_leave_is_told_and_which_attributes_first() {
    let world = world_of(0).await;
    for (id, changes) in [
        ("ada", json!({"city": "Oslo", "title": "Dr"})),
        ("bo", json!({"city": "oslo "})),
        ("cy", json!({"city": "Malmö", "kind": "guest"})),
        ("di", json!({"city": "OSLO"})),
    ] {
        world.put(with(person(id), changes)).await;
    }
    world.put(inactive("ed")).await;
    let candidate = with(
        profile(json!({"city": "{{ city | upper }}", "title": ""})),
        json!({"include": "kind != 'guest'", "active": "active or id == 'ed'"}),
    );

    let told = compare(&world, &in_use(&world), &candidate).await;

    assert_eq!(
        told,
        json!({
            "attributes": [
                {"attribute": "city", "users": 2, "cleared": 0, "leftOut": 0},
                {"attribute": "title", "users": 1, "cleared": 1, "leftOut": 0},
            ],
            "changed": 2, "joiners": 1, "leavers": 1,
            "rejected": {"count": 0, "examples": []},
            "stay": 0, "others": 0, "unchanged": 1, "scanned": 5,
            "externalId": null,
            "collisions": {"externalId": 0, "userName": 0},
            "changes": {
                "changed": [
                    {"externalId": "ada", "record": "id=ada", "before": "active", "after": "active",
                     "attributes": ["city", "title"]},
                    {"externalId": "bo", "record": "id=bo", "before": "active", "after": "active",
                     "attributes": ["city"]},
                ],
                "joiners": [
                    {"externalId": "ed", "record": "id=ed", "before": "inactive", "after": "active",
                     "attributes": ["email", "lastName", "userName"]},
                ],
                "leavers": [
                    {"externalId": "cy", "record": "id=cy", "before": "active", "after": "outOfScope"},
                ],
                "stay": [],
                "notListed": {"changed": 0, "joiners": 0, "leavers": 0, "stay": 0},
            },
        })
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_and_okta_hears_nothing() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    let function = in_use(&world);
    sync(&world, &function).await;
    let before = state(&world).await;
    world.okta.clear_requests();
    between.dynamodb.forget();

    compare(&world, &function, &profile(json!({"title": "Dr"}))).await;

    assert_eq!(world.okta.requests().len(), 0);
    assert_eq!(state(&world).await, before);
    for call in between.dynamodb.calls() {
        let reads = ["Scan users", "DescribeTable users"];
        assert!(reads.contains(&call.what.as_str()), "{call:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_is_none_says_where_as_the_configuration_does() {
    let world = world_of(1).await;
    let function = in_use(&world);
    for (candidate, said) in [
        (
            profile(json!({"city": "{{ city | uper }}"})),
            vec!["profile.city, column", "upper", "^^^^"],
        ),
        (
            with(mapping(json!({})), json!({"incldue": "true"})),
            vec!["did you mean include?", "\"incldue\"", "^^^"],
        ),
        (json!("{\"externalId\": 1}"), vec!["encoded twice"]),
        (json!(null), vec!["not a mapping"]),
        (
            json!({"externalId": "{{ id }}", "profile": {}}),
            vec!["userName"],
        ),
        (
            with(mapping(json!({})), json!({"timezone": "Europe/Dublino"})),
            vec!["timezone", "Europe/Dublino"],
        ),
        (
            with(mapping(json!({})), json!({"leadDays": -1})),
            vec!["-1"],
        ),
    ] {
        let event = json!({"command": "plan", "mapping": candidate});

        let (name, text) = answer(&world, &function, &event).await.unwrap_err();

        assert_eq!(name, "InvalidEvent");
        assert!(
            text.starts_with("the event's \"mapping\" cannot be used: "),
            "{text}"
        );
        assert!(!text.contains("MAPPING"), "{text}");
        for word in said {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
    // A number is taken with its digits.
    let lead = with(mapping(json!({})), json!({"leadDays": 14}));
    compare(&world, &function, &lead).await;
}

#[tokio::test(start_paused = true)]
async fn another_external_id_says_plainly_that_everybody_would_be_new() {
    let world = world_of(3).await;
    let function = in_use(&world);

    let all = compare(
        &world,
        &function,
        &mapping(json!({"externalId": "{{ email }}"})),
    )
    .await;
    let some = mapping(json!({"externalId": "{{ 'x' if id == 'user1' else id }}"}));
    let some = compare(&world, &function, &some).await;
    let none = compare(&world, &function, &mapping(json!({"externalId": "{{id}}"}))).await;

    let says = |told: &Value| told["externalId"]["says"].as_str().unwrap().to_owned();
    assert!(
        says(&all).contains("everybody would be a new person"),
        "{all}"
    );
    assert_eq!((&all["others"], &all["changed"]), (&json!(3), &json!(0)));
    assert!(says(&some).contains("1 of 3 would be new people"), "{some}");
    assert!(says(&none).contains("the id that they have"), "{none}");
    for told in [all, some, none] {
        assert!(says(&told).contains("rebind"), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn whom_it_rejects_and_who_would_collide_is_told() {
    let world = world_of(6).await;
    world
        .put(with(person("long"), json!({"city": "x".repeat(30)})))
        .await;
    let function = in_use(&world);
    let long = profile(json!({"lastName": "{{ city ~ city ~ last_name }}"}));

    let rejected = compare(&world, &function, &long).await;
    let logins = compare(
        &world,
        &function,
        &profile(json!({"userName": "all@example.com"})),
    )
    .await;
    let ids = compare(
        &world,
        &function,
        &mapping(json!({"externalId": "{{ last_name }}"})),
    )
    .await;

    assert_eq!(rejected["rejected"]["count"], 1, "{rejected}");
    let example = &rejected["rejected"]["examples"][0];
    assert_eq!(example["record"], "id=long");
    assert!(
        example["reasons"][0]
            .as_str()
            .unwrap()
            .starts_with("lastName: has")
    );
    assert_eq!(
        rejected["leavers"], 0,
        "a rejected record is not a missing one"
    );
    assert_eq!(
        logins["collisions"],
        json!({"externalId": 0, "userName": 7})
    );
    assert_eq!(ids["collisions"], json!({"externalId": 7, "userName": 0}));
}

#[tokio::test(start_paused = true)]
async fn values_are_told_where_the_configuration_permits_it_and_lists_are_bounded() {
    let world = world_of(30).await;
    let candidate = profile(json!({"city": "Oslo"}));
    let event = json!({"command": "plan", "mapping": candidate, "values": true, "limit": 2});

    let told = answer(&world, &in_use(&world), &event).await.unwrap();
    let (name, why) = answer(&world, &world.function(&[]), &event)
        .await
        .unwrap_err();

    let changed = &told["changes"]["changed"];
    assert_eq!(changed.as_array().unwrap().len(), 2);
    assert_eq!(
        changed[0]["values"],
        json!({"city": {"old": null, "new": "Oslo"}})
    );
    assert_eq!(changed[1]["externalId"], "user1");
    assert_eq!(told["changes"]["notListed"]["changed"], 28);
    assert_eq!(name, "InvalidEvent");
    assert!(why.contains("PLAN_VALUES"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn who_is_upcoming_or_kept_stays_and_whom_another_record_is_about_does_not_leave() {
    let world = world_of(0).await;
    for (id, number, kind) in [
        ("a-1", "ada", "PROFILE"),
        ("a-2", "ada", "INVOICE"),
        ("b-1", "bo", "PROFILE"),
        ("c-1", "cy", "GUEST"),
    ] {
        let record = with(
            person(id),
            json!({"number": number, "kind": kind, "starts": "2999-01-01"}),
        );
        world.put(record).await;
    }
    let base = json!({"externalId": "{{ number }}", "include": "kind != 'INVOICE'", "outOfScope": "keep",
        "profile": {"userName": "{{ email }}", "email": "{{ email }}"}});
    let function = world.function(&[("MAPPING", &base.to_string())]);

    let kept = with(base.clone(), json!({"include": "kind == 'PROFILE'"}));
    let kept = compare(&world, &function, &kept).await;
    let left = json!({"include": "kind == 'PROFILE'", "outOfScope": "deactivate"});
    let left = compare(&world, &function, &with(base.clone(), left)).await;
    let upcoming = with(base.clone(), json!({"activeFrom": "{{ starts }}"}));
    let upcoming = compare(&world, &function, &upcoming).await;

    let numbers = |told: &Value| {
        ["changed", "joiners", "leavers", "stay", "unchanged"]
            .map(|name| told[name].as_u64().unwrap())
    };
    assert_eq!(numbers(&kept), [0, 0, 0, 1, 3], "{kept}");
    assert_eq!(kept["changes"]["stay"][0]["after"], "kept");
    // Whose invoice is out of scope has a profile.
    assert_eq!(numbers(&left), [0, 0, 1, 0, 3], "{left}");
    assert_eq!(left["changes"]["leavers"][0]["externalId"], "cy");
    assert_eq!(numbers(&upcoming), [0, 0, 0, 3, 1], "{upcoming}");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_does_not_come_to_its_end_is_an_error() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    let function = in_use(&world);
    let fault = Fault::dynamodb(400, "AccessDeniedException");
    between.dynamodb.on("Scan users", 3.., fault);
    let event = json!({"command": "plan", "mapping": mapping(json!({}))});

    let (name, _) = answer(&world, &function, &event).await.unwrap_err();

    assert_eq!(name, "UsersTable");
}

#[tokio::test(start_paused = true)]
async fn the_answer_that_the_page_shows_is_that_of_the_sample_users() {
    let world = world_of(0).await;
    let file = include_str!("../../events/sample-users.csv");
    for row in crate::populate::rows::read(file.as_bytes()).unwrap() {
        let put = world.dynamodb.put_item().table_name(USERS);
        let put = put.set_item(Some(row.unwrap().item.into_iter().collect()));
        put.send().await.unwrap();
    }
    let event: Value =
        serde_json::from_str(include_str!("../../events/plan-mapping.json")).unwrap();

    let told = answer(&world, &world.function(&[]), &event).await.unwrap();

    let page = include_str!("../../docs/tasks/changing-the-mapping.md");
    let shown = page
        .split("```")
        .find_map(|block| block.strip_prefix("json output\n"));
    let shown: Value = serde_json::from_str(shown.unwrap()).unwrap();
    assert_eq!(shown, told, "{told:#}");
}
