//! The Okta client against an Okta that does what it should.

use std::time::Duration;

use dynamodb_identity_source::okta::{
    Cancelled, Created, Entity, Error, LoadError, SessionId, SessionStatus, Started, pack,
};
use okta_emulator::{Options, UserStatus};
use serde_json::json;

use crate::okta_org::{Org, client, in_an_hour, leavers, upserts};

#[tokio::test(start_paused = true)]
async fn a_session_is_opened_loaded_started_and_watched_to_its_end() {
    let org = Org::start(Options::default()).await;
    org.emulator
        .seed_user("leaver", UserStatus::Active, [("userName", "leaver")]);

    let session = org.open().await;
    let id = session.id().clone();
    session.load(&leavers(&["leaver"])).await.unwrap();
    for batch in upserts(0..201) {
        session.load(&batch).await.unwrap();
    }
    let left = session.requests_left();
    let Started::Triggered(session) = session.start_import().await.unwrap() else {
        panic!("nothing to import");
    };
    let seen = session
        .watch(org.clock.now() + Duration::from_secs(60))
        .await;

    assert_eq!(left, 47);
    assert_eq!((seen.id, seen.status), (id, SessionStatus::Completed));
    assert_eq!(org.emulator.active_count(), 201);
    assert_eq!(
        org.emulator.user("leaver").unwrap().status,
        UserStatus::Deprovisioned
    );
    assert_eq!(org.emulator.violations(), Vec::<String>::new());
    assert_eq!(org.okta.stats().rate_limited, 0);
    assert_eq!(
        org.okta.stats().requests,
        org.emulator.requests().len() as u64
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_session_is_refused_with_oktas_causes() {
    let org = Org::start(Options::default()).await;
    let first = org.open().await;

    let Created::Refused(refusal) = org.calls().create_session().await.unwrap() else {
        panic!("a second session");
    };

    assert_eq!(refusal.status, 400);
    assert!(refusal.causes[0].contains("Only one active"), "{refusal}");
    assert!(refusal.request_id.is_some());
    assert_eq!(first.cancel().await.unwrap(), Cancelled::Done);
    assert!(matches!(
        org.calls().create_session().await.unwrap(),
        Created::Opened(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn sessions_that_others_left_are_listed_adopted_or_cancelled() {
    let org = Org::start(Options::default()).await;
    let left = SessionId::from(org.emulator.open_foreign_session());
    let calls = org.calls();

    let listed = calls.active_sessions().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, left);
    assert!(listed[0].created.is_some());
    let adopted = calls.adopt(listed[0].clone()).unwrap();
    adopted.load(&upserts(0..1)[0]).await.unwrap();
    let seen = calls.session(&left).await.unwrap().unwrap();
    assert_eq!(seen.status, SessionStatus::InProgress);
    assert!(calls.adopt(seen).is_none(), "others have loaded it");

    assert_eq!(calls.cancel(&left).await.unwrap(), Cancelled::Done);
    assert_eq!(calls.cancel(&left).await.unwrap(), Cancelled::Done);
    assert_eq!(calls.active_sessions().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_okta_imports_is_too_late_to_cancel_and_one_it_forgot_is_gone() {
    let org = Org::start(Options::default()).await;
    let session = org.open().await;
    let id = session.id().clone();
    session.load(&upserts(0..1)[0]).await.unwrap();
    assert!(matches!(
        session.start_import().await.unwrap(),
        Started::Triggered(_)
    ));

    assert_eq!(
        org.calls().cancel(&id).await.unwrap(),
        Cancelled::TooLate(SessionStatus::Triggered)
    );
    org.emulator.forget_session(id.as_str());
    assert_eq!(org.calls().cancel(&id).await.unwrap(), Cancelled::Gone);
    assert_eq!(org.calls().session(&id).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_session_in_which_okta_knows_nobody_stays_created() {
    let org = Org::start(Options::default()).await;
    let session = org.open().await;
    session.load(&leavers(&["nobody", "no one"])).await.unwrap();

    let Started::StillCreated(session) = session.start_import().await.unwrap() else {
        panic!("an import of nobody");
    };

    assert_eq!(session.requests_left(), 49);
    assert_eq!(session.cancel().await.unwrap(), Cancelled::Done);
    assert_eq!(org.emulator.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_load_into_a_session_that_ended_meanwhile_says_so() {
    let org = Org::start(Options::default()).await;
    let session = org.open().await;
    let batch = &upserts(0..1)[0];

    org.emulator
        .force_status(session.id().as_str(), SessionStatus::Expired.as_str());
    let expired = session.load(batch).await.unwrap_err();
    org.emulator.forget_session(session.id().as_str());
    let gone = session.load(batch).await.unwrap_err();

    assert!(
        matches!(
            expired,
            LoadError::NotOpen {
                status: Some(SessionStatus::Expired)
            }
        ),
        "{expired:?}"
    );
    assert!(
        matches!(gone, LoadError::NotOpen { status: None }),
        "{gone:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_refused_for_its_content_names_whom_okta_names() {
    let org = Org::start(Options::default()).await;
    let session = org.open().await;
    let user = |id, email| Entity::upsert(id, &json!({"userName": "a", "email": email})).unwrap();

    let error = session
        .load(&pack([user("good", "a@example.com"), user("bad", "a@b")])[0])
        .await
        .unwrap_err();

    let LoadError::Refused { refusal, suspects } = error else {
        panic!("{error:?}");
    };
    assert_eq!(refusal.code.as_deref(), Some("E0000001"));
    assert_eq!(suspects, ["bad"]);
    assert_eq!(session.requests_left(), 49);
}

#[tokio::test(start_paused = true)]
async fn watching_ends_when_its_time_is_over() {
    let org = Org::start(Options {
        import_time: Duration::from_secs(3600),
        ..Options::default()
    })
    .await;
    let session = org.open().await;
    session.load(&upserts(0..1)[0]).await.unwrap();
    let Started::Triggered(session) = session.start_import().await.unwrap() else {
        panic!("nothing to import");
    };
    let began = org.clock.now();
    let before = org.emulator.requests().len();

    let seen = session.watch(began + Duration::from_secs(60)).await;

    assert_eq!(seen.status, SessionStatus::Triggered);
    assert!(org.waited(began) <= 60);
    let looks = org.emulator.requests().len() - before;
    assert!((6..=12).contains(&looks), "{looks}");
}

#[tokio::test(start_paused = true)]
async fn a_token_or_a_source_that_okta_does_not_know_is_an_error_that_says_what_to_check() {
    let org = Org::start(Options::default()).await;
    let url = org.emulator.url();
    let deadline = in_an_hour(org.clock);
    let source = &org.emulator.options().identity_source;

    let bad_token = client(&url, org.clock, "hush-wrong", source);
    let error = bad_token.by(deadline).active_sessions().await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
    assert!(error.to_string().contains("E0000011"), "{error}");
    assert!(!format!("{error} {error:?} {bad_token:?}").contains("hush"));

    let bad_source = client(&url, org.clock, &org.emulator.options().token, "0oaother");
    let error = bad_source.by(deadline).create_session().await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error:?}");
    assert!(error.to_string().contains("identity source id"), "{error}");
}
