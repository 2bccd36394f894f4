//! The Okta client and time: rate limits, deadlines, slow answers.

use std::{sync::Arc, time::Duration};

use dynamodb_identity_source::okta::{Error, LoadError, SessionId};
use okta_emulator::{Emulator, Options};

use crate::okta_org::{Org, client, upserts};

#[tokio::test(start_paused = true)]
async fn answers_take_no_time_off_a_clock_that_a_test_drives() {
    let org = Org::start(Options::default()).await;
    let began = org.clock.now();

    for _ in 0..20 {
        assert_eq!(org.calls().active_sessions().await.unwrap(), []);
    }

    assert!(org.waited(began) < 1, "{}", org.waited(began));
}

#[tokio::test(start_paused = true)]
async fn a_slow_okta_is_waited_for() {
    let org = Org::start(Options {
        call_time: Duration::from_secs(20),
        ..Options::default()
    })
    .await;

    let session = org.open().await;

    assert_eq!(org.emulator.requests().len(), 1);
    assert_eq!(org.emulator.sessions()[0].id, session.id().to_string());
}

#[tokio::test(start_paused = true)]
async fn fifty_loads_at_once_take_what_the_rate_limit_demands_and_none_is_refused() {
    let org = Org::start(Options {
        rate_limit: Some("15/60s".parse().unwrap()),
        ..Options::default()
    })
    .await;
    let began = org.clock.now();
    let session = Arc::new(org.open().await);

    let batches = upserts(0..10_000);
    assert_eq!(batches.len(), 50);
    let loads = batches.into_iter().map(|batch| {
        let session = Arc::clone(&session);
        tokio::spawn(async move { session.load(&batch).await })
    });
    for load in loads.collect::<Vec<_>>() {
        load.await.unwrap().unwrap();
    }

    // 51 calls, 15 in each minute: the last begin in the fourth.
    let waited = org.waited(began);
    assert!((180..=184).contains(&waited), "{waited}");
    assert_eq!(org.okta.stats().rate_limited, 0);
    assert_eq!(org.emulator.requests().len(), 51);
    assert_eq!(session.requests_left(), 0);
    assert!(matches!(
        session.load(&upserts(0..1)[0]).await,
        Err(LoadError::NoBudget)
    ));
    assert_eq!(org.emulator.requests().len(), 51);
    assert_eq!(org.emulator.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_others_have_used_up_is_waited_for_as_often_as_it_takes() {
    let org = Org::start(Options {
        rate_limit: Some("2/60s".parse().unwrap()),
        ..Options::default()
    })
    .await;
    let other = Org {
        okta: client(
            &org.emulator.url(),
            org.clock,
            &org.emulator.options().token,
            &org.emulator.options().identity_source,
        ),
        emulator: Emulator::start(Options::default()).await.unwrap(),
        clock: org.clock,
    };
    other.calls().active_sessions().await.unwrap();
    other.calls().active_sessions().await.unwrap();
    let began = org.clock.now();

    org.calls().active_sessions().await.unwrap();

    assert!(
        (59..=62).contains(&org.waited(began)),
        "{}",
        org.waited(began)
    );
    assert_eq!(org.okta.stats().rate_limited, 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_deadline_does_not_allow_is_not_begun() {
    let org = Org::start(Options {
        rate_limit: Some("1/60s".parse().unwrap()),
        ..Options::default()
    })
    .await;
    org.calls().active_sessions().await.unwrap();
    let began = org.clock.now();

    let late = org.okta.by(began + Duration::from_secs(30));
    let error = late.active_sessions().await.unwrap_err();

    let Error::OutOfTime {
        resume_at: Some(resume_at),
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    let wait = resume_at.duration_since(began).as_secs();
    assert!((58..=62).contains(&wait), "{wait}");
    assert_eq!(org.waited(began), 0, "it does not wait for what cannot be");
    assert!(matches!(
        org.okta
            .by(began)
            .session(&SessionId::from("aps1".to_owned()))
            .await,
        Err(Error::OutOfTime { .. })
    ));
    assert_eq!(org.emulator.requests().len(), 1);
}
