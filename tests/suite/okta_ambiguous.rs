//! The Okta client when nobody knows whether Okta did what it was asked.

use std::time::Duration;

use dynamodb_identity_source::okta::{
    Cancelled, Created, Error, LoadError, Okta, Open, Session, SessionStatus, Started,
};

use crate::{
    okta_faults::scripted,
    okta_org::{in_an_hour, upserts},
    okta_script::{Script, Step},
};

const OPEN: &str = "POST /sessions";
const LOOK: &str = "GET /sessions/aps1";
const LOAD: &str = "POST /sessions/aps1/bulk-upsert";
const START: &str = "POST /sessions/aps1/start-import";
const CANCEL: &str = "DELETE /sessions/aps1";

/// A session that the script has opened, and its next steps.
async fn opened(steps: impl IntoIterator<Item = Step>) -> (Script, Session<Open>, Okta) {
    let steps = std::iter::once(Step::session("CREATED")).chain(steps);
    let (script, okta, clock) = scripted(steps).await;
    match okta.by(in_an_hour(clock)).create_session().await.unwrap() {
        Created::Opened(session) => (script, session, okta),
        other => panic!("{other:?}"),
    }
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
