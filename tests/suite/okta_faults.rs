//! The Okta client when answers are late, broken or unexpected.

use std::time::Duration;

use dynamodb_identity_source::{
    clock::Clock,
    okta::{Created, Error, Okta, SessionId, SessionStatus},
};

use crate::{
    okta_org::{client, in_an_hour},
    okta_script::{Script, Step},
};

const LIST: &str = "GET /sessions";

/// A client of a peer with this script.
pub async fn scripted(steps: impl IntoIterator<Item = Step>) -> (Script, Okta, Clock) {
    let clock = Clock::follow_tokio();
    let script = Script::start(steps).await;
    let okta = client(&script.url, clock, "token", "0oa1");
    (script, okta, clock)
}

#[tokio::test(start_paused = true)]
async fn a_look_is_repeated_through_broken_connections_and_5xx() {
    let (script, okta, clock) = scripted([
        Step::HangUp,
        Step::json(503, "<html>"),
        Step::HangUp,
        Step::json(500, ""),
        Step::json(200, "[]"),
    ])
    .await;
    let began = clock.now();

    let sessions = okta.by(in_an_hour(clock)).active_sessions().await.unwrap();

    assert_eq!(sessions, []);
    assert_eq!(script.requests(), [LIST; 5]);
    let waited = clock.now().duration_since(began).as_millis();
    assert!((3_700..=7_600).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_look_is_given_up_after_five_attempts() {
    let (script, okta, clock) = scripted(vec![Step::json(503, ""); 9]).await;

    let error = okta
        .by(in_an_hour(clock))
        .active_sessions()
        .await
        .unwrap_err();

    assert!(
        matches!(&error, Error::Unavailable(refusal) if refusal.status == 503),
        "{error:?}"
    );
    assert_eq!(script.requests().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn silence_is_given_up_after_thirty_seconds_and_asked_again() {
    let (script, okta, clock) = scripted([
        Step::Wait(Duration::from_secs(31)),
        Step::json(200, "[]"),
        Step::json(200, "[]"),
    ])
    .await;

    okta.by(in_an_hour(clock)).active_sessions().await.unwrap();

    assert_eq!(script.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_waited_for_past_the_deadline() {
    let (_script, okta, clock) = scripted([Step::Wait(Duration::from_secs(600))]).await;
    let began = clock.now();

    let error = okta
        .by(began + Duration::from_secs(5))
        .active_sessions()
        .await
        .unwrap_err();

    assert!(matches!(error, Error::OutOfTime { .. }), "{error:?}");
    let waited = clock.now().duration_since(began).as_secs();
    assert!((5..=6).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final() {
    for status in [400, 401, 403, 404, 405, 410, 302] {
        let (script, okta, clock) = scripted([Step::refused(status, "no")]).await;

        let error = okta
            .by(in_an_hour(clock))
            .active_sessions()
            .await
            .unwrap_err();

        assert!(error.to_string().contains("no"), "{error}");
        assert!(error.to_string().contains("[request req1]"), "{error}");
        assert_eq!(script.requests().len(), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_is_waited_out_however_often_it_comes() {
    let limited = |reset| Step::Answer(429, reset, r#"{"errorCode":"E0000047"}"#.to_owned());
    let (script, okta, clock) = scripted([
        limited(
            "x-rate-limit-limit: 0\nx-rate-limit-remaining: 0\nx-rate-limit-reset: 1778651554\n\
             date: Wed, 13 May 2026 05:52:24 GMT",
        ),
        limited("retry-after: 7"),
        limited(""),
        limited(""),
        limited(""),
        limited(""),
        Step::session("CREATED"),
    ])
    .await;
    let began = clock.now();

    let created = okta.by(in_an_hour(clock)).create_session().await.unwrap();

    assert!(matches!(created, Created::Opened(_)), "{created:?}");
    assert_eq!(script.requests().len(), 7);
    assert_eq!(okta.stats().rate_limited, 6);
    assert_eq!(okta.stats().requests, 7);
    let waited = clock.now().duration_since(began).as_secs();
    assert_eq!(waited, 10 + 7 + 4 * 10);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_listens_nothing_was_done() {
    let clock = Clock::follow_tokio();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let okta = client(&url, clock, "token", "0oa1");

    let error = okta
        .by(in_an_hour(clock))
        .create_session()
        .await
        .unwrap_err();

    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(okta.stats().requests, 5);
    assert!(!format!("{error:?}").contains("/api/"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_an_error_and_not_an_empty_list() {
    for body in ["", "<html>", "{}", r#"[{"id":1}]"#, "null"] {
        let (_script, okta, clock) = scripted([Step::json(200, body)]).await;

        let error = okta
            .by(in_an_hour(clock))
            .active_sessions()
            .await
            .unwrap_err();

        assert!(
            matches!(error, Error::Unreadable { .. }),
            "{body}: {error:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_is_asked_for_again() {
    let (script, okta, clock) = scripted([Step::BreakOff(200), Step::json(200, "[]")]).await;

    let sessions = okta.by(in_an_hour(clock)).active_sessions().await.unwrap();

    assert_eq!((sessions.len(), script.requests().len()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_status_that_nobody_knew_is_passed_on() {
    let (_script, okta, clock) = scripted([Step::session("PAUSED")]).await;

    let id = SessionId::from("aps1".to_owned());
    let seen = okta.by(in_an_hour(clock)).session(&id).await.unwrap();

    assert_eq!(seen.unwrap().status, SessionStatus::Other("PAUSED".into()));
}
