//! Groups and memberships, which the mapping derives from people's records.

use std::collections::BTreeSet;

use dynamodb_identity_source::{handler::Function, sync::Report};
use okta_emulator::{Effect, Fault, Options};
use serde_json::{Value, json};

use crate::{
    steps::{answer, cooldown, inactive, options, person, plan, sync, with},
    support::World,
};

/// A mapping that gives a group for each department and each role.
pub fn mapping() -> Value {
    json!({
        "externalId": "{{ id }}",
        "profile": {
            "userName": "{{ email }}", "email": "{{ email }}",
            "firstName": "{{ first_name }}", "lastName": "{{ last_name }}",
        },
        "groups": [
            {"each": "department", "externalId": "dept-{{ item | lower }}",
             "displayName": "{{ titles[item] | default(item) if titles else item }}",
             "description": "Everybody in {{ item }}"},
            {"each": "roles", "when": "item != 'none'", "externalId": "role-{{ item }}",
             "displayName": "Role {{ item }}"},
        ],
    })
}

/// A world in which these people are in these departments.
pub async fn world(people: &[(&str, &str)]) -> World {
    let world = World::start(options()).await;
    for (id, department) in people {
        world.put(of(id, department)).await;
    }
    world
}

pub fn of(id: &str, department: &str) -> Value {
    with(person(id), json!({"department": department}))
}

pub fn function(world: &World) -> Function {
    world.function(&[("MAPPING", &mapping().to_string())])
}

/// Full runs, one after another, until nothing is left to tell; the last one's report.
pub async fn settle(world: &World, function: &Function) -> Report {
    let mut told = true;
    let mut report = sync(world, function).await;
    while told || report.more {
        cooldown().await;
        report = sync(world, function).await;
        told = !report.sessions.is_empty();
    }
    report
}

pub fn members(world: &World, group: &str) -> BTreeSet<String> {
    let groups = world.okta.groups();
    groups
        .get(group)
        .map_or_else(BTreeSet::new, |group| group.members.clone())
}

pub fn names(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn departments_and_roles_become_groups_with_their_members() {
    let world = world(&[("ada", "Sales"), ("bob", "Sales"), ("cy", "Legal")]).await;
    world
        .put(with(
            of("ada", "Sales"),
            json!({"roles": ["admin", "none", "auditor"]}),
        ))
        .await;
    let function = function(&world);

    let first = sync(&world, &function).await;

    // Users and groups go in one session, and memberships wait for both.
    assert_eq!(first.sessions.len(), 1);
    assert_eq!(
        (first.groups.upserts, first.groups.memberships.added),
        (4, 0)
    );
    assert_eq!(first.groups.waiting, 5);
    assert!(first.more);
    cooldown().await;
    let second = sync(&world, &function).await;
    assert_eq!(
        (second.groups.upserts, second.groups.memberships.added),
        (0, 5)
    );
    assert_eq!(members(&world, "dept-sales"), names(&["ada", "bob"]));
    assert_eq!(members(&world, "dept-legal"), names(&["cy"]));
    assert_eq!(members(&world, "role-admin"), names(&["ada"]));
    assert_eq!(members(&world, "role-auditor"), names(&["ada"]));
    let sales = &world.okta.groups()["dept-sales"];
    assert_eq!(sales.display_name, "Sales");
    assert_eq!(sales.description.as_deref(), Some("Everybody in Sales"));
    cooldown().await;
    let third = sync(&world, &function).await;
    assert!(third.sessions.is_empty() && !third.more, "{third:?}");
}

#[tokio::test(start_paused = true)]
async fn who_moves_leaves_the_old_group_and_joins_the_new_one() {
    let world = world(&[("ada", "Sales"), ("bob", "Sales"), ("cy", "Legal")]).await;
    let function = function(&world);
    settle(&world, &function).await;
    world.put(of("ada", "Legal")).await;

    let moved = sync(&world, &function).await;

    assert_eq!(
        (
            moved.groups.memberships.added,
            moved.groups.memberships.removed
        ),
        (1, 1)
    );
    assert_eq!(moved.sessions[0].requests, 2);
    assert_eq!(members(&world, "dept-sales"), names(&["bob"]));
    assert_eq!(members(&world, "dept-legal"), names(&["ada", "cy"]));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_called_otherwise_is_told_once() {
    let world = world(&[("ada", "Sales")]).await;
    let function = function(&world);
    settle(&world, &function).await;
    world
        .put(with(
            of("ada", "Sales"),
            json!({"titles": {"Sales": "Sales & Marketing"}}),
        ))
        .await;

    let renamed = sync(&world, &function).await;

    assert_eq!(renamed.groups.upserts, 1);
    assert_eq!(
        world.okta.groups()["dept-sales"].display_name,
        "Sales & Marketing"
    );
    assert_eq!(members(&world, "dept-sales"), names(&["ada"]));
    cooldown().await;
    assert!(sync(&world, &function).await.sessions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_records_that_call_a_group_differently_are_named_and_the_first_counts() {
    let world = world(&[("ada", "Sales"), ("bob", "Sales")]).await;
    world
        .put(with(
            of("bob", "Sales"),
            json!({"titles": {"Sales": "Selling"}}),
        ))
        .await;
    let function = function(&world);

    let report = sync(&world, &function).await;

    assert_eq!(report.groups.ambiguous.count, 1);
    let reason = &report.groups.ambiguous.examples[0].reason;
    assert!(
        reason.contains("Sales") && reason.contains("Selling"),
        "{reason}"
    );
    assert_eq!(world.okta.groups()["dept-sales"].display_name, "Sales");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_we_did_not_make_is_never_touched_and_reported() {
    let world = world(&[("ada", "Sales"), ("bob", "Legal")]).await;
    world.okta.seed_group("dept-sales", "Somebody else's");
    let function = function(&world);

    let report = settle(&world, &function).await;

    assert_eq!(report.groups.foreign.count, 1);
    assert_eq!(report.groups.foreign.examples[0].external_id, "dept-sales");
    assert_eq!(
        world.okta.groups()["dept-sales"].display_name,
        "Somebody else's"
    );
    assert_eq!(members(&world, "dept-sales"), names(&[]));
    assert_eq!(members(&world, "dept-legal"), names(&["bob"]));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_record_leaves_its_user_in_their_groups() {
    let world = world(&[("ada", "Sales"), ("bob", "Sales")]).await;
    let function = function(&world);
    settle(&world, &function).await;
    world
        .put(with(of("ada", "Legal"), json!({"email": "nonsense"})))
        .await;
    world
        .put(with(of("bob", "Sales"), json!({"department": {"a": 1}})))
        .await;

    let report = settle(&world, &function).await;

    assert_eq!(report.rejected.count, 2);
    let reasons: Vec<_> = report
        .rejected
        .examples
        .iter()
        .flat_map(|one| &one.reasons)
        .collect();
    assert!(
        reasons
            .iter()
            .any(|why| why.starts_with("groups[0].each: is a map")),
        "{reasons:?}"
    );
    assert_eq!(members(&world, "dept-sales"), names(&["ada", "bob"]));
}

#[tokio::test(start_paused = true)]
async fn whoever_returns_does_not_get_their_old_groups_back() {
    let world = world(&[("ada", "Sales"), ("bob", "Sales"), ("cy", "Legal")]).await;
    let function = function(&world);
    settle(&world, &function).await;
    world
        .put(with(inactive("ada"), json!({"department": "Sales"})))
        .await;
    settle(&world, &function).await;
    assert_eq!(members(&world, "dept-sales"), names(&["ada", "bob"]));
    world.put(of("ada", "Legal")).await;

    let returned = sync(&world, &function).await;

    // In the session in which they are let in, before anybody could know what Okta did with the rest.
    assert_eq!(returned.sessions.len(), 1);
    assert!(world.is_active("ada"));
    assert_eq!(members(&world, "dept-sales"), names(&["bob"]));
    settle(&world, &function).await;
    assert_eq!(members(&world, "dept-legal"), names(&["ada", "cy"]));
    assert_eq!(members(&world, "dept-sales"), names(&["bob"]));
}

#[tokio::test(start_paused = true)]
async fn an_empty_group_is_deleted_only_if_the_mapping_says_so() {
    for deletes in [false, true] {
        let world = world(&[("ada", "Sales"), ("bob", "Legal")]).await;
        world.okta.seed_group("dept-ops", "Of others, and empty");
        let mut mapping = mapping();
        mapping["deleteEmptyGroups"] = json!(deletes);
        let function = world.function(&[("MAPPING", &mapping.to_string())]);
        settle(&world, &function).await;
        world.put(of("ada", "Legal")).await;

        settle(&world, &function).await;

        let there = world.okta.groups();
        assert_eq!(there.contains_key("dept-sales"), !deletes);
        assert!(there.contains_key("dept-ops"));
        // It comes back as it was.
        world.put(of("ada", "Sales")).await;
        settle(&world, &function).await;
        assert_eq!(members(&world, "dept-sales"), names(&["ada"]));
    }
}

#[tokio::test(start_paused = true)]
async fn users_are_told_where_the_app_does_not_import_groups_and_the_report_says_why_groups_are_not()
 {
    let world = World::start(Options {
        import_groups: false,
        ..options()
    })
    .await;
    world.put(of("ada", "Sales")).await;
    let function = function(&world);

    let report = sync(&world, &function).await;

    assert!(world.is_active("ada"));
    let skipped = report.groups.skipped.unwrap();
    assert!(skipped.contains("Import Groups"), "{skipped}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_shows_groups_and_who_joins_and_leaves() {
    let world = world(&[("ada", "Sales"), ("bob", "Sales")]).await;
    let function = function(&world);
    let detail = json!({"command": "plan", "detail": true});

    let first = answer(&world, &function, &detail).await.unwrap();

    assert_eq!(first["groups"]["upserts"], 1);
    assert_eq!(first["groups"]["memberships"]["added"], 2);
    let sales = &first["changes"]["groups"][0];
    assert_eq!(sales["change"], "create");
    assert_eq!(sales["displayName"], "Sales");
    assert_eq!(sales["joins"], json!({"count": 2, "first": ["ada", "bob"]}));
    assert!(world.okta.groups().is_empty());

    settle(&world, &function).await;
    world.put(of("ada", "Legal")).await;
    let second = answer(&world, &function, &detail).await.unwrap();
    let changes = second["changes"]["groups"].as_array().unwrap();
    let sales = changes
        .iter()
        .find(|one| one["externalId"] == "dept-sales")
        .unwrap();
    assert_eq!(sales["leaves"]["first"], json!(["ada"]));
    assert_eq!(second["groups"]["memberships"]["removed"], 1);
    let report = plan(&world, &function).await;
    assert!(report.changes.is_none());
}

#[tokio::test(start_paused = true)]
async fn without_rules_nothing_is_asked_about_groups() {
    let world = world(&[("ada", "Sales")]).await;
    let function = world.function(&[]);

    sync(&world, &function).await;
    cooldown().await;
    sync(&world, &function).await;

    let requests = world.okta.requests();
    assert!(
        requests
            .iter()
            .all(|request| !request.path.contains("group"))
    );
}

#[tokio::test(start_paused = true)]
async fn rules_that_are_taken_away_take_their_memberships_away() {
    let world = world(&[("ada", "Sales"), ("bob", "Sales")]).await;
    settle(&world, &function(&world)).await;
    let mut mapping = mapping();
    mapping["groups"] = json!([]);
    let without = world.function(&[("MAPPING", &mapping.to_string())]);

    let report = settle(&world, &without).await;

    assert_eq!(members(&world, "dept-sales"), names(&[]), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_persons_groups_are_explained() {
    let world = world(&[("ada", "Sales"), ("bob", "Legal")]).await;
    let function = function(&world);
    let ask = json!({"command": "explain", "externalId": "ada"});
    sync(&world, &function).await;
    let first = answer(&world, &function, &ask).await.unwrap();
    assert_eq!(
        first["groups"],
        json!([{"externalId": "dept-sales", "rule": 0, "told": false, "next": "join"}])
    );
    settle(&world, &function).await;
    world
        .put(with(of("ada", "Legal"), json!({"roles": ["new"]})))
        .await;

    let moved = answer(&world, &function, &ask).await.unwrap();

    assert_eq!(
        moved["groups"],
        json!([
            {"externalId": "dept-legal", "rule": 0, "told": false, "next": "join"},
            {"externalId": "dept-sales", "rule": null, "told": true, "next": "leave"},
            {"externalId": "role-new", "rule": 1, "told": false, "next": "waits"},
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn a_verification_finds_members_who_were_moved_at_okta_and_repairs_it() {
    let world = world(&[("ada", "Sales"), ("bob", "Sales"), ("cy", "Legal")]).await;
    let function = function(&world);
    settle(&world, &function).await;
    world.okta.admin_moves("dept-sales", "ada", false);
    world.okta.admin_moves("dept-legal", "bob", true);
    world.okta.admin_moves("dept-legal", "somebody", true);
    cooldown().await;
    let verify = json!({"command": "verify", "repair": true});

    let found = answer(&world, &function, &verify).await.unwrap();

    assert_eq!(
        found["groups"],
        json!({"listed": 2, "same": 0, "different": 2, "missing": 0, "lacking": 1, "tooMany": 1, "unknown": 1})
    );
    assert_eq!(
        found["examples"]["groups"],
        json!([
            {"externalId": "ada", "lacks": ["dept-sales"], "has": [], "survived": false},
            {"externalId": "bob", "lacks": [], "has": ["dept-legal"], "survived": false},
        ])
    );
    settle(&world, &function).await;
    assert_eq!(members(&world, "dept-sales"), names(&["ada", "bob"]));
    assert_eq!(members(&world, "dept-legal"), names(&["cy", "somebody"]));
    cooldown().await;
    let again = answer(&world, &function, &verify).await.unwrap();
    assert_eq!(again["groups"]["different"], 0, "{again}");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_gone_at_okta_is_made_again_with_its_members() {
    let world = world(&[("ada", "Sales"), ("bob", "Sales")]).await;
    let function = function(&world);
    settle(&world, &function).await;
    world.okta.admin_deletes_group("dept-sales");
    cooldown().await;

    let verify = json!({"command": "verify", "repair": true});
    let found = answer(&world, &function, &verify).await.unwrap();

    assert_eq!(
        (&found["groups"]["missing"], &found["groups"]["lacking"]),
        (&json!(1), &json!(2))
    );
    settle(&world, &function).await;
    assert_eq!(members(&world, "dept-sales"), names(&["ada", "bob"]));
}

#[tokio::test(start_paused = true)]
async fn the_doctor_says_where_the_app_does_not_import_groups() {
    for imports in [true, false] {
        let world = World::start(Options {
            import_groups: imports,
            ..options()
        })
        .await;
        let doctor = json!({"command": "doctor"});

        let said = answer(&world, &function(&world), &doctor).await.unwrap();

        let checks = said["checks"].as_array().unwrap();
        let check = |name: &str| checks.iter().find(|check| check["name"] == name).cloned();
        let groups = check("groups").unwrap().to_string();
        assert_eq!(groups.contains("Import Groups"), !imports, "{groups}");
        let without = answer(&world, &world.function(&[]), &doctor).await.unwrap();
        assert!(!without["checks"].to_string().contains("\"groups\""));
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_okta_says_nothing_of_stops_no_other() {
    let world = world(&[("ada", "Sales"), ("bob", "Legal")]).await;
    world.okta.inject(
        Fault::on("GET", "/groups/dept-sales")
            .always()
            .then(Effect::Status {
                status: 400,
                code: "E0000001".to_owned(),
                causes: Vec::new(),
            }),
    );
    let function = function(&world);

    let report = settle(&world, &function).await;

    assert_eq!(report.groups.skipped, None);
    assert_eq!(report.groups.refused.examples[0].external_id, "dept-sales");
    assert_eq!(members(&world, "dept-legal"), names(&["bob"]));
    assert!(!world.okta.groups().contains_key("dept-sales"));
}
