//! Single users, told by the client without a session.

use std::{collections::BTreeMap, time::Duration};

use dynamodb_identity_source::okta::{Entity, Single};
use okta_emulator::{Effect, Fault, Options, UserStatus};

use crate::okta_org::Org;

fn ada(title: &str) -> Entity {
    let profile = BTreeMap::from([
        ("userName", "ada@example.com"),
        ("email", "ada@example.com"),
        ("title", title),
    ]);
    Entity::upsert("ada", &profile).unwrap()
}

#[tokio::test(start_paused = true)]
async fn somebody_is_created_changed_and_deleted_one_by_one() {
    let org = Org::start(Options::default()).await;
    let calls = org.calls();

    let created = calls.tell_user(&ada("Countess"), false).await.unwrap();
    let changed = calls.tell_user(&ada("Queen"), true).await.unwrap();
    let title = org.emulator.user("ada").unwrap().profile["title"].clone();
    let deleted = calls.delete_user("ada").await.unwrap();
    let again = calls.delete_user("nobody").await.unwrap();

    let shown = |single: &Single| match single {
        Single::Done(Some(profile)) => profile["title"].clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(shown(&created).as_deref(), Some("Countess"));
    assert_eq!(shown(&changed).as_deref(), Some("Queen"));
    assert_eq!(title, "Queen");
    assert!(matches!(deleted, Single::Done(None)));
    assert!(matches!(again, Single::Unknown));
    let user = org.emulator.user("ada").unwrap();
    assert_eq!(user.status, UserStatus::Deprovisioned);
    assert_eq!(org.emulator.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn whoever_okta_does_not_have_is_created_and_whoever_it_has_is_changed() {
    let org = Org::start(Options::default()).await;
    let calls = org.calls();

    let unknown = calls.tell_user(&ada("Countess"), true).await.unwrap();
    let known = calls.tell_user(&ada("Queen"), false).await.unwrap();

    assert!(matches!(unknown, Single::Done(Some(_))));
    assert!(matches!(known, Single::Done(Some(_))));
    assert_eq!(org.emulator.user("ada").unwrap().profile["title"], "Queen");
}

#[tokio::test(start_paused = true)]
async fn a_login_that_somebody_has_makes_no_circle() {
    let org = Org::start(Options::default()).await;
    let calls = org.calls();
    org.emulator.occupy_login("ada@example.com");

    for is_known in [true, false] {
        let told = calls.tell_user(&ada("Countess"), is_known).await.unwrap();
        assert!(
            matches!(told, Single::Exists | Single::Unknown | Single::Refused(_)),
            "{told:?}"
        );
    }
    assert!(org.emulator.request_count() <= 4);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_exist_or_is_not_permitted_is_an_outcome_of_its_own() {
    for (status, method, path) in [
        (403, "POST", "/users"),
        (404, "POST", "/users"),
        (405, "POST", "/users"),
        (403, "PATCH", "/users/*"),
        (405, "DELETE", "/users/*"),
    ] {
        let org = Org::start(Options::default()).await;
        let calls = org.calls();
        let denied = Effect::Status {
            status,
            code: "E0000006".to_owned(),
            causes: Vec::new(),
        };
        org.emulator.inject(Fault::on(method, path).then(denied));

        let told = match method {
            "DELETE" => calls.delete_user("ada").await,
            "PATCH" => calls.tell_user(&ada("Queen"), true).await,
            _ => calls.tell_user(&ada("Queen"), false).await,
        };

        assert!(
            matches!(told, Ok(Single::NotPermitted(_))),
            "{status} {method} {told:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_once_and_not_answered_is_in_doubt_and_not_sent_again() {
    for effect in [
        Effect::CloseAfter,
        Effect::CloseBefore,
        Effect::DoneLater {
            after: Duration::from_secs(100),
        },
        Effect::Status {
            status: 500,
            code: "E0000009".to_owned(),
            causes: Vec::new(),
        },
    ] {
        let org = Org::start(Options::default()).await;
        let calls = org.calls();
        org.emulator
            .inject(Fault::on("DELETE", "/users/*").then(effect.clone()));
        org.emulator
            .seed_user("ada", UserStatus::Active, [("userName", "ada")]);

        let told = calls.delete_user("ada").await.unwrap();

        assert!(matches!(told, Single::Ambiguous(_)), "{effect:?} {told:?}");
    }
}
