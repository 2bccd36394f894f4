//! An admin's hand: what is done at Okta behind the source's back.

use okta_emulator::{Happened, UserStatus};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Okta, user, user_with};

impl Okta {
    async fn act(&self, id: &str, action: Value) -> Answer {
        let request = self.raw(Method::POST, &format!("/_emulator/users/{id}"));
        self.send(request.body(action.to_string())).await
    }

    async fn outcome_of_sending(&self, id: &str) -> Happened {
        let session = self.import(&[user(id)], &[]).await;
        let outcome = self.emulator.session_users(&session)[0].outcome.clone();
        outcome.unwrap().happened
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_admin_edited_is_put_right_by_the_next_upsert() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;

    okta.emulator
        .admin_edits("ada", "firstName", Some("Augusta"))
        .unwrap();
    okta.emulator.admin_edits("ada", "lastName", None).unwrap();

    let edited = okta.get("/users/ada").await.body["profile"].clone();
    assert_eq!(edited["firstName"], "Augusta");
    assert!(edited.get("lastName").is_none_or(Value::is_null));
    assert_eq!(okta.outcome_of_sending("ada").await, Happened::Updated);
    assert_eq!(
        okta.emulator.user("ada").unwrap().profile["firstName"],
        "Ada"
    );
}

#[tokio::test(start_paused = true)]
async fn an_admin_deactivates_and_reactivates() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    let status = || okta.emulator.user("ada").unwrap().status;

    okta.emulator.admin_deactivates("ada").unwrap();
    assert_eq!(status(), UserStatus::Deprovisioned);
    okta.emulator.admin_reactivates("ada").unwrap();
    assert_eq!(status(), UserStatus::Active);
    okta.emulator.admin_deactivates("ada").unwrap();

    assert_eq!(okta.outcome_of_sending("ada").await, Happened::Reactivated);
}

#[tokio::test(start_paused = true)]
async fn somebody_deleted_is_unknown_and_made_anew() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    let before = okta.emulator.user("ada").unwrap().id;

    okta.emulator.admin_deletes("ada").unwrap();

    okta.get("/users/ada").await.refused(404, "E0000007");
    assert_eq!(okta.emulator.user_count(), 0);
    assert_eq!(okta.outcome_of_sending("ada").await, Happened::Created);
    assert_ne!(okta.emulator.user("ada").unwrap().id, before);
}

#[tokio::test(start_paused = true)]
async fn somebody_without_the_app_is_unknown_to_the_source_and_stays_in_the_org() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    let before = okta.emulator.user("ada").unwrap().id;

    okta.emulator.admin_unassigns("ada").unwrap();

    okta.get("/users/ada").await.refused(404, "E0000007");
    assert_eq!(okta.emulator.active_count(), 1);
    okta.emulator.end_cooldown();
    let session = okta.open().await;
    let nobody = json!([{ "externalId": "ada" }]);
    okta.load(&session, "delete", nobody).await;
    assert_eq!(okta.status(&session).await, "CREATED", "nobody is known");
    okta.delete(&format!("/sessions/{session}")).await;
    assert_eq!(okta.outcome_of_sending("ada").await, Happened::Updated);
    let ada = okta.emulator.user("ada").unwrap();
    assert!(ada.assigned);
    assert_eq!(ada.id, before);
}

#[tokio::test(start_paused = true)]
async fn an_admin_cannot_do_what_okta_does_not_let_an_admin_do() {
    let okta = Okta::with(|options| options.deactivation_frees_logins = true).await;
    okta.import(&[user("ada")], &[]).await;
    okta.import(&[], &["ada"]).await;
    let heir = user_with("bob", "userName", json!("ada@example.com"));
    okta.import(&[heir], &[]).await;

    let taken = okta.emulator.admin_reactivates("ada").unwrap_err();
    let unknown = okta.emulator.admin_deactivates("zed").unwrap_err();
    let foreign = okta
        .emulator
        .admin_edits("bob", "shoeSize", Some("37"))
        .unwrap_err();

    assert!(taken.starts_with("login: "), "{taken}");
    assert_eq!(unknown, "nobody has the externalId zed");
    assert_eq!(foreign, "the app's profile has no attribute shoeSize");
}

#[tokio::test(start_paused = true)]
async fn an_admins_hand_is_there_over_http() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    let seen = || async {
        let request = okta.raw(Method::GET, "/_emulator/users/ada");
        okta.send(request).await
    };

    let edit = json!({ "do": "edit", "attribute": "title", "value": "Countess" });
    assert_eq!(okta.act("ada", edit).await.status, 204);
    assert_eq!(seen().await.body["profile"]["title"], "Countess");
    for (action, field, expected) in [
        ("deactivate", "status", json!("DEPROVISIONED")),
        ("reactivate", "status", json!("ACTIVE")),
        ("unassign", "assigned", json!(false)),
    ] {
        assert_eq!(okta.act("ada", json!({ "do": action })).await.status, 204);
        assert_eq!(seen().await.body[field], expected, "{action}");
    }
    let taken = okta.raw(Method::PUT, "/_emulator/logins/bob@example.com");
    assert_eq!(okta.send(taken).await.status, 204);
    assert_eq!(okta.outcome_of_sending("bob").await, Happened::Failed);
    let free = okta.raw(Method::DELETE, "/_emulator/logins/bob@example.com");
    assert_eq!(okta.send(free).await.status, 204);
    assert_eq!(okta.outcome_of_sending("bob").await, Happened::Created);

    assert_eq!(okta.act("ada", json!({ "do": "delete" })).await.status, 204);
    assert_eq!(seen().await.status, 404);
    assert_eq!(okta.act("ada", json!({ "do": "delete" })).await.status, 409);
    assert_eq!(okta.act("ada", json!({ "do": "dance" })).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn an_admins_hand_is_there_on_the_page() {
    let okta = Okta::start().await;
    okta.import(&[user("ada"), user("bob")], &[]).await;
    let send = async |form: &'static str| {
        let request = okta.raw(Method::POST, "/directory/ada");
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = okta.send(request).await;
        answer.body.as_str().unwrap().to_owned()
    };

    let edited = send("do=edit&attribute=title&value=Countess").await;
    let deactivated = send("do=deactivate").await;
    let refused = send("do=edit&attribute=userName&value=bob@example.com").await;
    let unassigned = send("do=unassign").await;

    assert!(edited.contains("Countess"), "{edited}");
    assert!(deactivated.contains("DEPROVISIONED"));
    assert!(refused.contains("login: An object with this field already exists"));
    assert!(unassigned.contains("without the app"));
    assert!(unassigned.contains("What each session did to this user"));
}
