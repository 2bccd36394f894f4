//! Single users, without a session.

use std::time::Duration;

use okta_emulator::{SingleDelete, UserStatus};
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{Okta, user, user_with};

#[tokio::test(start_paused = true)]
async fn a_single_user_comes_and_goes_at_once() {
    let okta = Okta::start().await;

    let created = okta.post("/users", Some(user("ada"))).await;
    let found = okta.get("/users/ada").await;
    let deleted = okta.delete("/users/ada").await;
    let gone = okta.get("/users/ada").await;

    assert_eq!(created.status, 200, "{}", created.body);
    assert_eq!(found.body["externalId"], "ada");
    assert_eq!(found.body["profile"]["userName"], "ada@example.com");
    assert_eq!(deleted.status, 200);
    assert_eq!(deleted.header("content-length"), "0");
    gone.refused(404, "E0000007");
    assert_eq!(okta.emulator.user_count(), 1, "deactivated, not deleted");
    assert_eq!(okta.emulator.active_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn patch_changes_what_it_names_and_put_clears_the_rest() {
    let okta = Okta::start().await;
    okta.post("/users", Some(user_with("ada", "title", json!("Countess"))))
        .await;

    let whole = |name: &str, value: &str| {
        json!({ "profile": {
            "userName": "ada@example.com", "email": "ada@example.com", name: value,
        } })
    };
    let patch = whole("firstName", "Augusta");
    let patched = okta.call(Method::PATCH, "/users/ada", Some(patch)).await;
    let put = whole("lastName", "Byron");
    let replaced = okta.call(Method::PUT, "/users/ada", Some(put)).await;

    assert_eq!(patched.body["profile"]["firstName"], "Augusta");
    assert_eq!(patched.body["profile"]["title"], "Countess");
    assert_eq!(
        replaced.body["profile"],
        json!({
            "userName": "ada@example.com", "email": "ada@example.com", "lastName": "Byron",
            "mobilePhone": null, "secondEmail": null,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn put_and_patch_both_need_a_login_and_an_email() {
    let okta = Okta::start().await;
    okta.post("/users", Some(user("ada"))).await;

    for method in [Method::PUT, Method::PATCH] {
        let half = json!({ "profile": { "userName": "ada@example.com" } });
        let refused = okta.call(method, "/users/ada", Some(half)).await;

        refused.refused(400, "E0000001");
        assert_eq!(refused.cause(), "email: The field cannot be left blank");
    }
}

#[tokio::test(start_paused = true)]
async fn a_single_user_has_an_id_of_their_own_and_two_attributes_without_a_value() {
    let okta = Okta::start().await;

    let ada = okta.post("/users", Some(user("ada"))).await.body;

    let id = ada["id"].as_str().unwrap();
    assert!(id.starts_with("0ua") && id.len() == 20, "{id}");
    assert_ne!(id[3..], okta.emulator.user("ada").unwrap().id[3..]);
    assert_eq!(
        ada["profile"],
        json!({
            "userName": "ada@example.com", "email": "ada@example.com",
            "firstName": "Ada", "lastName": "ada",
            "mobilePhone": null, "secondEmail": null,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_delete_is_answered_with_204_by_a_switch() {
    let okta = Okta::with(|options| options.delete_answers_204 = true).await;
    okta.post("/users", Some(user("ada"))).await;

    assert_eq!(okta.delete("/users/ada").await.status, 204);
}

/// What is left of Ada after a DELETE: whether the source has her, and whether
/// she is active.
async fn after_delete(switch: SingleDelete) -> (Okta, bool, UserStatus) {
    let okta = Okta::with(|options| options.single_delete = switch).await;
    okta.post("/users", Some(user("ada"))).await;
    assert_eq!(okta.delete("/users/ada").await.status, 200);
    let there = okta.get("/users/ada").await.status == 200;
    let status = okta.emulator.user("ada").unwrap().status;
    (okta, there, status)
}

#[tokio::test(start_paused = true)]
async fn a_delete_does_what_the_switch_says() {
    use UserStatus::{Active, Deprovisioned};
    for (switch, there, status, second, wakes) in [
        (SingleDelete::Deactivates, false, Deprovisioned, 200, true),
        (SingleDelete::DoesNothing, true, Active, 200, true),
        (SingleDelete::CutsTheTie, false, Active, 404, false),
        (
            SingleDelete::UnknownNextTime,
            false,
            Deprovisioned,
            404,
            true,
        ),
        (
            SingleDelete::DeactivatesAndCutsTheTie,
            false,
            Deprovisioned,
            404,
            false,
        ),
    ] {
        let (okta, was_there, was) = after_delete(switch).await;

        assert_eq!((was_there, was), (there, status), "{switch:?}");
        assert_eq!(okta.delete("/users/ada").await.status, second, "{switch:?}");
        let session = okta.open().await;
        let ada = json!([{ "externalId": "ada" }]);
        okta.load(&session, "delete", ada).await;
        let status = if wakes { "IN_PROGRESS" } else { "CREATED" };
        assert_eq!(okta.status(&session).await, status, "{switch:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_may_do_nothing_while_a_session_is_imported() {
    let switch = SingleDelete::NothingDuringImports;
    let okta = Okta::with(|options| options.single_delete = switch).await;
    okta.post("/users", Some(user("ada"))).await;
    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("bob")])).await;
    okta.start_import(&session).await;

    let amid = okta.delete("/users/ada").await;
    assert_eq!(okta.emulator.active_count(), 1, "only Ada is there yet");
    sleep(Duration::from_secs(2)).await;
    let after = okta.delete("/users/ada").await;

    assert_eq!((amid.status.as_u16(), after.status.as_u16()), (200, 200));
    let ada = okta.emulator.user("ada").unwrap();
    assert_eq!(ada.status, UserStatus::Deprovisioned);
}

#[tokio::test(start_paused = true)]
async fn a_single_user_is_checked_like_a_loaded_one() {
    let okta = Okta::start().await;
    okta.post("/users", Some(user("ada"))).await;

    let again = okta.post("/users", Some(user("ada"))).await;
    let long = user_with("bob", "firstName", json!("x".repeat(51)));
    let too_long = okta.post("/users", Some(long)).await;
    let login = user_with("bob", "userName", json!("ada@example.com"));
    let taken = okta.post("/users", Some(login)).await;
    let bare = json!({ "externalId": "bob", "profile": {} });
    let incomplete = okta.post("/users", Some(bare)).await;
    let nobody = okta
        .call(Method::PATCH, "/users/bob", Some(user("bob")))
        .await;

    for refused in [again, too_long, taken, incomplete] {
        refused.refused(400, "E0000001");
    }
    nobody.refused(404, "E0000007");
}

#[tokio::test(start_paused = true)]
async fn an_external_id_with_awkward_characters_is_found() {
    let okta = Okta::start().await;
    okta.post("/users", Some(user("o'brien/ñ@example.com")))
        .await;

    let found = okta.get("/users/o'brien%2F%C3%B1@example.com").await;

    assert_eq!(found.body["externalId"], "o'brien/ñ@example.com");
}
