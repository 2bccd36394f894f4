//! Single users, without a session.

use reqwest::Method;
use serde_json::json;

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
    assert_eq!(deleted.status, 204);
    gone.refused(404, "E0000007");
    assert_eq!(okta.emulator.user_count(), 1, "deactivated, not deleted");
    assert_eq!(okta.emulator.active_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn patch_changes_what_it_names_and_put_clears_the_rest() {
    let okta = Okta::start().await;
    okta.post("/users", Some(user_with("ada", "title", json!("Countess"))))
        .await;

    let patch = json!({ "profile": { "firstName": "Augusta" } });
    let patched = okta.call(Method::PATCH, "/users/ada", Some(patch)).await;
    let put = json!({ "profile": { "userName": "ada@example.com", "email": "ada@example.com" } });
    let replaced = okta
        .call(Method::PUT, "/users/ada", Some(put.clone()))
        .await;

    assert_eq!(patched.body["profile"]["firstName"], "Augusta");
    assert_eq!(patched.body["profile"]["title"], "Countess");
    assert_eq!(replaced.body["profile"], put["profile"]);
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
        .call(Method::PATCH, "/users/bob", Some(json!({ "profile": {} })))
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
