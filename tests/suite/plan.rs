//! A dry run, and what a run tells.

use serde_json::json;

use crate::{
    steps::{
        assert_agreement, changes, cooldown, inactive, options, person, plan, state, sync, with,
        world_of,
    },
    support::{USERS, World, invoke, proxy::Fault},
};

#[tokio::test(start_paused = true)]
async fn a_plan_writes_nothing_on_either_side() {
    let mut world = world_of(8).await;
    let between = world.between().await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world
        .put(with(person("user1"), json!({"first_name": "Zoë"})))
        .await;
    world.put(inactive("user2")).await;
    world.delete("user3").await;
    world.put(person("new")).await;
    let (state_before, okta_before) = (state(&world).await, world.okta.directory());
    world.okta.clear_requests();
    between.dynamodb.forget();

    let report = plan(&world, &function).await;

    assert!(report.dry_run);
    assert_eq!(changes(&report), (2, 2), "{report:?}");
    assert_eq!(report.sessions, []);
    assert_eq!(state(&world).await, state_before);
    assert_eq!(world.okta.directory(), okta_before);
    assert!(
        world
            .okta
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );
    for call in between.dynamodb.calls() {
        assert!(
            ["Scan", "GetItem", "BatchGetItem", "DescribeTable"]
                .iter()
                .any(|read| call.what.starts_with(read)),
            "{call:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_leaves_what_others_left_as_it_is_and_counts_it_as_lost() {
    let mut world = world_of(3).await;
    let between = world.between().await;
    let function = world.function(&[]);
    between.okta.on(
        "POST sessions/{id}/start-import",
        ..,
        Fault::Answer(403, json!({"errorCode": "E0000006"})),
    );
    crate::steps::fails(&world, &function).await;
    let id = &world.okta.sessions()[0].id.clone();
    let foreign = world.okta.open_foreign_session();
    let before = state(&world).await;

    let report = plan(&world, &function).await;

    assert_eq!(changes(&report), (3, 0));
    assert_eq!(
        world.okta.session(id).unwrap().status.as_str(),
        "IN_PROGRESS"
    );
    assert_eq!(
        world.okta.session(&foreign).unwrap().status.as_str(),
        "CREATED"
    );
    assert_eq!(state(&world).await, before);
    between.okta.heal();
    assert_eq!(
        changes(&sync(&world, &function).await),
        (3, 0),
        "as it was planned"
    );
    cooldown().await;
    assert_agreement(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_needs_no_lease() {
    let world = world_of(3).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("new")).await;

    // The run waits five minutes for Okta to open a session.
    let (run, planned) = tokio::join!(sync(&world, &function), async {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        plan(&world, &function).await
    });

    assert_eq!(
        (run.upserts, planned.upserts, planned.skipped),
        (1, 1, None)
    );
}

#[tokio::test(start_paused = true)]
async fn a_report_has_the_fields_that_others_rely_on_and_no_profile() {
    let world = world_of(2).await;
    world.put(inactive("left")).await;
    world
        .put(with(person("bad"), json!({"email": "secret value"})))
        .await;
    let function = world.function(&[]);

    let report = serde_json::to_value(sync(&world, &function).await).unwrap();

    let session = &report["sessions"][0];
    assert_eq!(
        report,
        json!({
            "runId": report["runId"], "version": dynamodb_identity_source::version::VERSION, "trigger": "direct", "dryRun": false,
            "scanned": 4, "active": 2, "inactive": 1, "outOfScope": 0, "upcoming": 0, "unchanged": 0,
            "upserts": 2, "deactivations": 0, "waiting": 0, "strangers": 1, "paused": false,
            "rejected": {"count": 1, "examples": [{
                "externalId": "bad", "record": "id=bad", "reasons": ["email: is not an email address"]}]},
            "refused": {"count": 0, "examples": []},
            "withheld": {
                "deactivations": {"count": 0, "reason": null, "digest": report["withheld"]["deactivations"]["digest"], "since": null},
                "updates": {"count": 0, "reason": null, "digest": null, "since": null},
                "membershipRemovals": {"count": 0, "reason": null, "digest": null, "since": null},
            },
            "fastLane": {"upserts": 0, "deactivations": 0},
            "groups": {"upserts": 0, "deletions": 0, "memberships": {"added": 0, "removed": 0}, "waiting": 0,
                "foreign": {"count": 0}, "refused": {"count": 0}, "ambiguous": {"count": 0}},
            "outstanding": null,
            "sessions": [{"id": session["id"], "status": "COMPLETED", "upserts": 2, "deactivations": 0, "requests": 1}],
            "more": false, "resumeAt": null, "skipped": null,
            "consumed": report["consumed"], "durationMs": report["durationMs"],
        })
    );
    assert!(
        report["durationMs"].as_u64().unwrap() >= 2000,
        "it watched the import"
    );
    let text = report.to_string();
    assert!(
        !text.contains("secret") && !text.contains("Okafor") && !text.contains("@"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn when_to_resume_is_told_in_whole_seconds() {
    let world = world_of(1).await;
    let function = world.function(&[]);
    sync(&world, &function).await;
    world.put(person("new")).await;

    let report =
        crate::steps::invoke_for(&world, &function, std::time::Duration::from_secs(30)).await;

    let report = serde_json::to_value(report).unwrap();
    let at = report["resumeAt"].as_str().unwrap();
    // What Step Functions takes as a timestamp to wait for.
    assert!(
        at.len() == "2026-01-02T03:04:05Z".len() && at.ends_with('Z'),
        "{at}"
    );
    assert_eq!(report["more"], true);
}

#[tokio::test(start_paused = true)]
async fn every_type_of_dynamodb_can_be_mapped() {
    use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue as A};
    let world = World::start(options()).await;
    let text = |text: &str| A::S(text.to_owned());
    world
        .dynamodb
        .put_item()
        .table_name(USERS)
        .item("id", text("ada"))
        .item("active", A::N("1".into()))
        .item("email", text("ada@example.com"))
        .item(
            "number",
            A::N("12345678901234567890123456789012345678".into()),
        )
        .item("part", A::N("0.1".into()))
        .item("flag", A::Bool(false))
        .item("nothing", A::Null(true))
        .item("bytes", A::B(Blob::new("hi")))
        .item("list", A::L(vec![text("a"), A::N("2".into())]))
        .item("texts", A::Ss(vec!["only".into()]))
        .item("numbers", A::Ns(vec!["7".into()]))
        .item("map", A::M([("city".to_owned(), text("Oslo"))].into()))
        .send()
        .await
        .unwrap();
    let mapping = json!({"externalId": "{{ id }}", "profile": {
        "userName": "{{ email }}", "email": "{{ email }}",
        "title": "{{ number }} {{ part }} {{ 'on' if flag else 'off' }} {{ nothing }}|{{ missing }}",
        "displayName": "{{ bytes | base64 }} {{ list | join('+') }} {{ texts[0] }} {{ numbers | first }}",
        "city": "{{ map.city | upper }}", "state": "{{ 'yes' if number > 1 else 'no' }}"}})
    .to_string();

    let report = sync(&world, &world.function(&[("MAPPING", &mapping)])).await;

    assert_eq!(changes(&report), (1, 0), "{report:?}");
    let profile = world.okta.user("ada").unwrap().profile;
    assert_eq!(
        profile["title"],
        "12345678901234567890123456789012345678 0.1 off |"
    );
    assert_eq!(profile["displayName"], "aGk= a+2 only 7");
    assert_eq!((&*profile["city"], &*profile["state"]), ("OSLO", "yes"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_configured_is_said_by_every_invocation() {
    let world = world_of(1).await;
    for (variable, value, expected) in [
        ("OKTA_ORG_URL", "http://example.okta.com", "https"),
        (
            "MAPPING",
            r#"{"externalId": "{{ id }}", "profile": {"userName": "{{ email | lowr }}"}}"#,
            "profile.userName, column 12",
        ),
        (
            "MAPPING",
            r#"{"externalId": "{{ id }}", "active": "active ==", "profile": {"userName": "x"}}"#,
            "active, column ",
        ),
        (
            "MAPPING",
            r#"{"externalId": "{{ id }}", "profile": {"userName": "{{ f(x) }}"}}"#,
            "profile.userName, column ",
        ),
        (
            "MAPPING",
            r#"{"externalId": "{{ id }}", "profile": {"title": "x"}}"#,
            "no userName",
        ),
        (
            "MAPPING",
            r#"{"externalId": "{{ id }}", "profil": {}}"#,
            "line 1 column",
        ),
        (
            "MAPPING",
            "/no/such/file.json",
            "cannot read the file /no/such/file.json",
        ),
        ("MAX_DEACTIVATIONS", "lots", "10%"),
        ("OKTA_CREDENTIALS", "{}", "credentials"),
    ] {
        let function = world.function(&[(variable, value)]);

        let said = invoke(&function, world.clock, &json!({"command": "sync"})).await;

        let said = said.unwrap_err().to_string();
        assert!(said.contains(expected), "{variable}={value}: {said}");
    }
    assert_eq!(world.okta.requests(), []);
}
