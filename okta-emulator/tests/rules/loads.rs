//! What may be loaded into a session.

use serde_json::{Value, json};

use crate::support::{Okta, user, user_with};

fn users(count: usize) -> Value {
    (0..count).map(|n| user(&format!("u{n}"))).collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_load_moves_a_session_to_in_progress() {
    let okta = Okta::start().await;
    let session = okta.open().await;

    let answer = okta.load(&session, "upsert", json!([user("ada")])).await;

    assert_eq!(answer.status, 202);
    assert_eq!(answer.body, "", "an empty body");
    assert_eq!(okta.status(&session).await, "IN_PROGRESS");
    let more = okta.load(&session, "delete", json!([{ "externalId": "bob" }]));
    assert_eq!(more.await.status, 202);
    assert!(okta.emulator.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_hundred_users_pass_and_one_more_does_not() {
    let okta = Okta::start().await;
    let session = okta.open().await;

    let one_too_many = okta.load(&session, "upsert", users(201)).await;
    let just_enough = okta.load(&session, "upsert", users(200)).await;

    one_too_many.refused(400, "E0000001");
    assert_eq!(just_enough.status, 202);
    assert_eq!(okta.emulator.violations().len(), 1);
    assert_eq!(okta.emulator.sessions()[0].upserts, 200);
}

#[tokio::test(start_paused = true)]
async fn two_hundred_thousand_bytes_pass_and_one_more_does_not() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    let body = |length: usize| {
        let body = json!({
            "entityType": "USERS",
            "profiles": [user_with("ada", "title", json!(""))],
        });
        let title = "x".repeat(length - body.to_string().len());
        json!({ "entityType": "USERS", "profiles": [user_with("ada", "title", json!(title))] })
    };
    let path = format!("/sessions/{session}/bulk-upsert");

    let one_too_many = okta.post(&path, Some(body(200_001))).await;
    let just_enough = okta.post(&path, Some(body(200_000))).await;

    one_too_many.refused(400, "E0000001");
    assert_eq!(just_enough.status, 202);
    let bytes: Vec<usize> = okta.emulator.requests()[1..]
        .iter()
        .map(|r| r.bytes)
        .collect();
    assert_eq!(bytes, [200_001, 200_000]);
}

#[tokio::test(start_paused = true)]
async fn fifty_bulk_requests_pass_and_one_more_does_not() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    for n in 0..25 {
        let id = format!("u{n}");
        okta.load(&session, "upsert", json!([user(&id)])).await;
        let delete = okta.load(
            &session,
            "delete",
            json!([{ "externalId": format!("gone{n}") }]),
        );
        assert_eq!(delete.await.status, 202);
    }
    assert!(okta.emulator.violations().is_empty());

    let answer = okta.load(&session, "upsert", json!([user("late")])).await;

    answer.refused(400, "E0000001");
    assert_eq!(okta.emulator.violations().len(), 1);
    assert_eq!(okta.emulator.sessions()[0].requests, 50);
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_nobody_known_leaves_the_session_created() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    okta.emulator.end_cooldown();
    let session = okta.open().await;

    let unknown = okta
        .load(&session, "delete", json!([{ "externalId": "bob" }]))
        .await;

    assert_eq!(unknown.status, 202);
    assert_eq!(okta.status(&session).await, "CREATED");
    okta.start_import(&session).await.refused(400, "E0000001");
    let known = json!([{ "externalId": "bob" }, { "externalId": "ada" }]);
    okta.load(&session, "delete", known).await;
    assert_eq!(okta.status(&session).await, "IN_PROGRESS");
}

#[tokio::test(start_paused = true)]
async fn a_deactivated_user_is_still_known() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    okta.import(&[], &["ada"]).await;
    okta.emulator.end_cooldown();
    let session = okta.open().await;

    okta.load(&session, "delete", json!([{ "externalId": "ada" }]))
        .await;

    assert_eq!(okta.status(&session).await, "IN_PROGRESS");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_loaded_into_a_session_that_was_triggered_or_closed() {
    let okta = Okta::start().await;
    let triggered = okta.import(&[user("ada")], &[]).await;
    okta.emulator.end_cooldown();
    let closed = okta.open().await;
    okta.delete(&format!("/sessions/{closed}")).await;

    for session in [triggered, closed] {
        let answer = okta.load(&session, "upsert", json!([user("bob")])).await;
        answer.refused(400, "E0000001");
    }

    assert_eq!(okta.emulator.violations().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn bodies_that_make_no_sense_are_refused() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    let path = format!("/sessions/{session}/bulk-upsert");
    let cases = [
        (None, "E0000003"),
        (Some(json!([1])), "E0000003"),
        (Some(json!({ "profiles": [user("a")] })), "E0000001"),
        (
            Some(json!({ "entityType": "GROUPS", "profiles": [user("a")] })),
            "E0000003",
        ),
        (Some(json!({ "entityType": "USERS" })), "E0000001"),
        (
            Some(json!({ "entityType": "USERS", "profiles": [] })),
            "E0000001",
        ),
    ];
    let count = cases.len();

    for (body, code) in cases {
        okta.post(&path, body).await.refused(400, code);
    }

    assert_eq!(okta.emulator.violations().len(), count);
    assert_eq!(okta.status(&session).await, "CREATED");
}

#[tokio::test(start_paused = true)]
async fn attributes_hold_strings_of_the_right_length() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    let long = |length: usize| json!("é".repeat(length));
    let refused = [
        ("userName", long(101)),
        ("userName", Value::Null),
        ("email", json!("a@b.")),
        ("email", long(101)),
        ("email", Value::Null),
        ("secondEmail", json!("a@b.")),
        ("firstName", json!("")),
        ("firstName", long(51)),
        ("lastName", long(51)),
        ("mobilePhone", long(101)),
        ("homeAddress", long(4097)),
        ("title", json!(7)),
        ("title", json!(["a"])),
        ("title", json!(true)),
    ];
    let taken = [
        ("userName", long(100)),
        ("email", json!("a@b.c")),
        ("firstName", long(50)),
        ("firstName", Value::Null),
        ("lastName", json!("x")),
        ("mobilePhone", long(100)),
        ("mobilePhone", Value::Null),
        ("homeAddress", long(4096)),
        ("title", Value::Null),
    ];
    let violations = refused.len();

    for (name, value) in refused {
        let bad = json!([user("good"), user_with("bad", name, value)]);
        let answer = okta.load(&session, "upsert", bad).await;
        answer.refused(400, "E0000001");
        let names_it = format!("profiles[1].profile.{name}: ");
        assert!(answer.cause().starts_with(&names_it), "{}", answer.cause());
        assert!(answer.cause().ends_with("(externalId bad)"));
    }
    assert_eq!(okta.emulator.violations().len(), violations);
    for (place, (name, value)) in taken.into_iter().enumerate() {
        let id = format!("u{place}");
        let answer = okta
            .load(&session, "upsert", json!([user_with(&id, name, value)]))
            .await;
        assert_eq!(answer.status, 202, "{name}: {}", answer.body);
    }
}

#[tokio::test(start_paused = true)]
async fn an_external_id_has_one_to_512_characters() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    let delete = |id: Value| json!([{ "externalId": id }]);

    for id in [json!(""), json!("x".repeat(513)), json!(1), Value::Null] {
        let answer = okta.load(&session, "delete", delete(id)).await;
        answer.refused(400, "E0000001");
    }

    for id in ["x".to_owned(), "x".repeat(512)] {
        let answer = okta.load(&session, "delete", delete(json!(id))).await;
        assert_eq!(answer.status, 202);
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_load_again_is_no_violation_and_a_different_one_is() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    okta.emulator.end_cooldown();
    let session = okta.open().await;

    okta.load(&session, "upsert", json!([user("ada")])).await;
    okta.load(&session, "upsert", json!([user("ada")])).await;
    assert!(okta.emulator.violations().is_empty());

    let other = user_with("ada", "title", json!("Countess"));
    okta.load(&session, "upsert", json!([other])).await;
    okta.load(&session, "delete", json!([{ "externalId": "ada" }]))
        .await;
    okta.load(&session, "upsert", json!([user("bob"), user("bob")]))
        .await;
    assert_eq!(okta.emulator.violations().len(), 3);
    let session = okta.emulator.session(&session).unwrap();
    assert_eq!(
        (session.upserts, session.deletes),
        (1, 1),
        "the last counts"
    );
}

#[tokio::test(start_paused = true)]
async fn an_empty_profile_is_accepted_and_is_a_violation() {
    let okta = Okta::start().await;

    okta.import(&[json!({ "externalId": "nobody", "profile": {} })], &[])
        .await;

    assert_eq!(okta.emulator.violations().len(), 1);
    assert!(okta.emulator.user("nobody").unwrap().profile.is_empty());
}
