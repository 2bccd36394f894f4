//! A plan that a person can read: who would change, in what, and what that takes.

use std::time::Duration;

use dynamodb_identity_source::handler::Function;
use serde_json::{Value, json};

use crate::{
    lambda::{Lambda, Outcome},
    steps::{
        approve, changes, cooldown, inactive, options, person, plan, state, sync, with, world_of,
    },
    support::World,
};

/// What a plan with these options answers its caller.
pub async fn detailed(world: &World, function: &Function, options: Value) -> Value {
    let event = with(json!({"command": "plan", "detail": true}), options);
    let deadline = world.clock.now() + Duration::from_secs(900);
    let answer = Box::pin(function.invoke(&event, "plan", deadline)).await;
    serde_json::to_value(answer.unwrap()).unwrap()
}

/// What it says of one user.
pub fn upsert<'a>(plan: &'a Value, id: &str) -> &'a Value {
    let upserts = plan["changes"]["upserts"].as_array().unwrap();
    let found = upserts.iter().find(|upsert| upsert["externalId"] == id);
    found.unwrap_or_else(|| panic!("{id} is not in {plan}"))
}

#[tokio::test(start_paused = true)]
async fn each_change_says_who_and_which_attributes() {
    let world = world_of(6).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .put(with(
            person("user1"),
            json!({"first_name": "Zoë", "title": "Dr"}),
        ))
        .await;
    world.put(person("newcomer")).await;
    world.put(inactive("user2")).await;
    world.delete("user3").await;

    let plan = detailed(&world, &function, json!({})).await;

    assert_eq!(
        plan["changes"],
        json!({
            "upserts": [
                {"externalId": "newcomer", "record": "id=newcomer", "change": "create", "withheld": false,
                 "attributes": ["displayName", "email", "firstName", "lastName", "userName"]},
                {"externalId": "user1", "record": "id=user1", "change": "update", "withheld": false,
                 "attributes": ["displayName", "firstName", "title"]},
            ],
            "deactivations": [
                {"externalId": "user2", "record": "id=user2", "reason": "inactive", "withheld": false},
                {"externalId": "user3", "record": "id=user3", "reason": "gone", "withheld": false},
            ],
            "notListed": {"upserts": 0, "deactivations": 0},
            "notAsked": null,
        })
    );
    assert_eq!(
        (&plan["dryRun"], &plan["upserts"]),
        (&json!(true), &json!(2))
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_the_mapping_leaves_out_is_out_of_scope() {
    let world = world_of(2).await;
    sync(&world, &world.function(&[])).await;
    let mapping = json!({"externalId": "{{ id }}", "include": "id != 'user1'", "profile": {
        "userName": "{{ email }}", "email": "{{ email }}"}});
    let function = world.function(&[("MAPPING", &mapping.to_string())]);

    let plan = detailed(&world, &function, json!({})).await;

    assert_eq!(
        plan["changes"]["deactivations"],
        json!([{"externalId": "user1", "record": "id=user1", "reason": "outOfScope", "withheld": false}])
    );
}

#[tokio::test(start_paused = true)]
async fn values_are_told_only_where_the_configuration_permits_it() {
    let world = world_of(2).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .put(with(
            person("user1"),
            json!({"first_name": "Zoë", "title": "Dr"}),
        ))
        .await;
    world.okta.clear_requests();
    let event = json!({"command": "plan", "detail": true, "values": true});

    let names = detailed(&world, &function, json!({})).await;
    let asked = world.okta.requests().len();
    let refused = crate::support::invoke(&function, world.clock, &event).await;
    assert_eq!(
        world.okta.requests().len(),
        asked,
        "refused before anything is done"
    );
    let permitted = world.function(&[("PLAN_VALUES", "allow")]);
    let values = detailed(&world, &permitted, json!({"values": true})).await;

    assert!(!names.to_string().contains("Zoë"), "{names}");
    let said = refused.unwrap_err().to_string();
    assert!(
        said.contains("PLAN_VALUES") && said.contains("PlanValues"),
        "{said}"
    );
    assert_eq!(
        upsert(&values, "user1")["values"],
        json!({
            "displayName": {"old": "Ada Okafor", "new": "Zoë Okafor"},
            "firstName": {"old": "Ada", "new": "Zoë"},
            "title": {"old": null, "new": "Dr"},
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_plan_in_detail_writes_nothing_on_either_side() {
    let mut world = world_of(4).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .put(with(person("user1"), json!({"title": "Dr"})))
        .await;
    world.delete("user3").await;
    let (state_before, okta_before) = (state(&world).await, world.okta.directory());
    world.okta.clear_requests();
    between.dynamodb.forget();

    detailed(&world, &function, json!({})).await;

    assert_eq!(state(&world).await, state_before);
    assert_eq!(world.okta.directory(), okta_before);
    let requests = world.okta.requests();
    assert!(
        requests.iter().all(|request| request.method == "GET"),
        "{requests:?}"
    );
    for call in between.dynamodb.calls() {
        let reads = ["Scan", "GetItem", "BatchGetItem", "DescribeTable"];
        assert!(
            reads.iter().any(|read| call.what.starts_with(read)),
            "{call:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_are_listed_and_asked_about_than_the_limit_says() {
    let world = world_of(60).await;
    let function = world.function(&[]);

    let three = detailed(&world, &function, json!({"limit": 3})).await;
    let users_asked = || {
        let requests = world.okta.requests();
        requests
            .iter()
            .filter(|request| request.path.contains("/users/"))
            .count()
    };
    assert_eq!(users_asked(), 3);
    let by_default = detailed(&world, &function, json!({})).await;

    let listed = |plan: &Value| plan["changes"]["upserts"].as_array().unwrap().len();
    assert_eq!((listed(&three), listed(&by_default)), (3, 50));
    assert_eq!(
        three["changes"]["notListed"],
        json!({"upserts": 57, "deactivations": 0})
    );
    assert_eq!(three["upserts"], 60);
    let ids: Vec<_> = ["user0", "user1", "user10"].into();
    let of = |n: usize| {
        three["changes"]["upserts"][n]["externalId"]
            .as_str()
            .unwrap()
    };
    assert_eq!([of(0), of(1), of(2)].to_vec(), ids);
}

#[tokio::test(start_paused = true)]
async fn who_is_withheld_can_be_seen() {
    let world = world_of(10).await;
    let function = world.function(&[("MAX_DEACTIVATIONS", "1")]);
    sync(&world, &function).await;
    for id in ["user1", "user2"] {
        world.put(inactive(id)).await;
    }

    let held = detailed(&world, &function, json!({})).await;
    let report = sync(&world, &function).await;
    approve(&world, &function, &report).await;
    let allowed = detailed(&world, &function, json!({})).await;

    let withheld = |plan: &Value| {
        let leavers = plan["changes"]["deactivations"].as_array().unwrap();
        leavers
            .iter()
            .map(|leaver| leaver["withheld"] == true)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (withheld(&held), withheld(&allowed)),
        (vec![true, true], vec![false, false])
    );
    assert_eq!(held["withheld"]["deactivations"]["count"], 2);
    assert_eq!(held["changes"]["notListed"]["deactivations"], 0);
    assert_eq!(
        held["estimate"],
        json!({"sessions": 0, "requests": 0, "seconds": 0})
    );
}

#[tokio::test(start_paused = true)]
async fn whose_update_is_withheld_can_be_seen_beside_those_who_are_told() {
    let world = world_of(10).await;
    let function = world.function(&[("MAX_UPDATES", "1")]);
    sync(&world, &function).await;
    for id in ["user1", "user2"] {
        world
            .put(with(person(id), json!({"title": "Editor"})))
            .await;
    }
    world.put(person("newcomer")).await;

    let plan = detailed(&world, &function, json!({"limit": 2})).await;

    let upserts = plan["changes"]["upserts"].as_array().unwrap();
    let seen = upserts
        .iter()
        .map(|one| (one["externalId"].as_str().unwrap(), one["withheld"] == true));
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [("newcomer", false), ("user1", true)]
    );
    assert_eq!(plan["changes"]["notListed"]["upserts"], 1);
    assert_eq!(
        (&plan["upserts"], &plan["withheld"]["updates"]["count"]),
        (&json!(1), &json!(2))
    );
}

#[tokio::test(start_paused = true)]
async fn somebody_who_comes_back_is_reactivated() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    cooldown().await;
    world.put(inactive("user1")).await;
    sync(&world, &function).await;
    world.put(person("user1")).await;

    let plan = detailed(&world, &function, json!({})).await;

    assert_eq!(upsert(&plan, "user1")["change"], "reactivate");
}

#[tokio::test(start_paused = true)]
async fn every_plan_says_what_it_would_take() {
    let world = world_of(250).await;
    let function = world.function(&[]);

    let first = plan(&world, &function).await.estimate.unwrap();
    let run = sync(&world, &function).await;
    world.put(person("new")).await;
    let second = plan(&world, &function).await.estimate.unwrap();

    assert_eq!(
        (first.sessions, first.requests),
        (1, run.sessions[0].requests)
    );
    assert!((2..60).contains(&first.seconds), "{first:?}");
    assert_eq!((second.sessions, second.requests), (1, 1));
    assert!(
        (250..330).contains(&second.seconds),
        "Okta makes it wait: {second:?}"
    );
    assert_eq!(run.estimate, None);
    assert_eq!(changes(&run), (250, 0));
}

#[tokio::test]
async fn the_log_tells_of_a_plan_neither_who_nor_what() {
    let world = World::start(options()).await;
    world
        .put(with(person("ada"), json!({"title": "Astronomer"})))
        .await;
    let mut lambda =
        Lambda::start(&world, &[("PLAN_VALUES", "allow"), ("RUST_LOG", "debug")]).await;

    let answer = lambda
        .invoke(json!({"command": "plan", "detail": true, "values": true}))
        .await;
    let log = lambda.end().join("\n");

    let Outcome::Answer(plan) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(upsert(&plan, "ada")["values"]["title"]["new"], "Astronomer");
    assert!(
        log.contains("run finished") && log.contains("estimate"),
        "{log}"
    );
    assert!(
        !log.contains("Astronomer") && !log.contains("\"changes\""),
        "{log}"
    );
}
