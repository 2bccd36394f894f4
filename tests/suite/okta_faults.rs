//! The Okta client when answers are lost, late, broken or unexpected.

use std::time::Duration;

use dynamodb_identity_source::{
    clock::Clock,
    okta::{
        Cancelled, Created, Error, LoadError, Okta, Session, SessionId, SessionStatus, Started,
    },
};

use crate::{
    okta_client::{client, in_an_hour, upserts},
    okta_script::{Script, Step},
};

const LIST: &str = "GET /sessions";
const OPEN: &str = "POST /sessions";
const LOOK: &str = "GET /sessions/aps1";
const LOAD: &str = "POST /sessions/aps1/bulk-upsert";
const START: &str = "POST /sessions/aps1/start-import";
const CANCEL: &str = "DELETE /sessions/aps1";

async fn scripted(steps: impl IntoIterator<Item = Step>) -> (Script, Okta, Clock) {
    let clock = Clock::follow_tokio();
    let script = Script::start(steps).await;
    let okta = client(&script.url, clock, "token", "0oa1");
    (script, okta, clock)
}

/// A session that the script has opened, and its next steps.
async fn opened(
    steps: impl IntoIterator<Item = Step>,
) -> (Script, Session<dynamodb_identity_source::okta::Open>, Okta) {
    let steps = std::iter::once(Step::session("CREATED")).chain(steps);
    let (script, okta, clock) = scripted(steps).await;
    match okta.by(in_an_hour(clock)).create_session().await.unwrap() {
        Created::Opened(session) => (script, session, okta),
        other => panic!("{other:?}"),
    }
}

fn is_request(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. })
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
async fn opening_is_not_repeated_where_okta_may_have_opened() {
    for step in [
        Step::HangUp,
        Step::BreakOff(201),
        Step::json(503, ""),
        Step::json(201, "<html>"),
        Step::json(201, ""),
        Step::Wait(Duration::from_secs(40)),
    ] {
        let (script, okta, clock) = scripted([step]).await;

        let created = okta.by(in_an_hour(clock)).create_session().await.unwrap();

        assert!(matches!(created, Created::Ambiguous(_)), "{created:?}");
        assert_eq!(script.requests(), [OPEN]);
    }
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

    assert!(is_request(&error), "{error:?}");
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

#[tokio::test(start_paused = true)]
async fn a_load_whose_answer_is_lost_is_loaded_again_and_costs_two() {
    let (script, session, _okta) = opened([Step::HangUp, Step::json(202, "")]).await;

    session.load(&upserts(0..1)[0]).await.unwrap();

    assert_eq!(script.requests(), [OPEN, LOAD, LOAD]);
    assert_eq!(session.requests_left(), 48);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_okta_did_not_count_costs_one() {
    let (_script, session, _okta) = opened([
        Step::json(429, ""),
        Step::json(429, ""),
        Step::BreakOff(202),
    ])
    .await;

    session.load(&upserts(0..1)[0]).await.unwrap();

    assert_eq!(session.requests_left(), 49);
}

#[tokio::test(start_paused = true)]
async fn a_load_is_in_doubt_when_no_request_is_left_to_repeat_it() {
    let mut steps = vec![Step::json(202, ""); 48];
    steps.extend([Step::json(500, ""), Step::HangUp, Step::json(202, "")]);
    let (script, session, _okta) = opened(steps).await;
    let batch = &upserts(0..1)[0];
    for _ in 0..48 {
        session.load(batch).await.unwrap();
    }

    let error = session.load(batch).await.unwrap_err();

    assert!(matches!(&error, LoadError::Ambiguous(_)), "{error:?}");
    assert_eq!(session.requests_left(), 0);
    assert_eq!(script.requests().len(), 51);
    assert!(matches!(
        session.load(batch).await,
        Err(LoadError::NoBudget)
    ));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_was_never_sent_gives_its_request_back() {
    let (_script, session, _okta) = opened([]).await;
    let past = session.until(jiff::Timestamp::UNIX_EPOCH);

    let error = past.load(&upserts(0..1)[0]).await.unwrap_err();

    assert!(
        matches!(&error, LoadError::Failed(Error::OutOfTime { .. })),
        "{error:?}"
    );
    assert_eq!(past.requests_left(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_start_whose_answer_is_lost_is_looked_up() {
    for (seen, started) in [("TRIGGERED", true), ("COMPLETED", true), ("CREATED", false)] {
        let (script, session, _okta) =
            opened([Step::json(202, ""), Step::HangUp, Step::session(seen)]).await;
        session.load(&upserts(0..1)[0]).await.unwrap();

        let answer = session.start_import().await.unwrap();

        assert_eq!(matches!(answer, Started::Triggered(_)), started, "{seen}");
        assert_eq!(script.requests(), [OPEN, LOAD, START, LOOK]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_did_not_arrive_is_made_again() {
    let (script, session, _okta) = opened([
        Step::json(202, ""),
        Step::json(502, ""),
        Step::session("IN_PROGRESS"),
        Step::HangUp,
        Step::session("IN_PROGRESS"),
        Step::session("TRIGGERED"),
    ])
    .await;
    session.load(&upserts(0..1)[0]).await.unwrap();

    let answer = session.start_import().await.unwrap();

    assert!(matches!(answer, Started::Triggered(_)), "{answer:?}");
    assert_eq!(
        script.requests(),
        [OPEN, LOAD, START, LOOK, START, LOOK, START]
    );
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_refused_after_all_says_why() {
    let (_script, session, _okta) = opened([
        Step::json(202, ""),
        Step::refused(400, "should be in IN_PROGRESS status"),
        Step::session("EXPIRED"),
    ])
    .await;
    session.load(&upserts(0..1)[0]).await.unwrap();

    let error = session.start_import().await.unwrap_err();

    assert!(error.to_string().contains("IN_PROGRESS"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_cancel_whose_answer_is_lost_is_done_all_the_same() {
    let (script, session, _okta) = opened([
        Step::HangUp,
        Step::refused(400, "Only a session that is in CREATED or IN_PROGRESS"),
        Step::session("CLOSED"),
    ])
    .await;

    assert_eq!(session.cancel().await.unwrap(), Cancelled::Done);
    assert_eq!(script.requests(), [OPEN, CANCEL, CANCEL, LOOK]);
}

#[tokio::test(start_paused = true)]
async fn watching_goes_on_through_failures() {
    let mut steps = vec![
        Step::json(202, ""),
        Step::session("TRIGGERED"),
        Step::json(404, ""),
    ];
    steps.splice(2..2, vec![Step::json(500, ""); 5]);
    steps.splice(7..7, [Step::json(200, "<html>"), Step::session("ERROR")]);
    let (_script, session, okta) = opened(steps).await;
    session.load(&upserts(0..1)[0]).await.unwrap();
    let Started::Triggered(session) = session.start_import().await.unwrap() else {
        panic!("nothing to import");
    };
    let before = okta.stats();

    let seen = session.watch(jiff::Timestamp::MAX).await;

    assert_eq!(seen.status, SessionStatus::Error);
    assert_eq!(okta.stats().since(before).requests, 7);
}
