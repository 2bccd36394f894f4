//! The app's users, one by one and in pages, and the org's users.

use std::time::Duration;

use okta_emulator::{Dpop, Effect, Fault, UserStatus};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    service_app::App,
    support::{Answer, Okta, user, user_with},
};

impl Okta {
    fn app_users(&self) -> String {
        let app = &self.emulator.options().identity_source;
        format!("/api/v1/apps/{app}/users")
    }

    async fn list(&self, query: &str) -> Answer {
        self.api(&format!("{}{query}", self.app_users())).await
    }

    async fn listed(&self, query: &str) -> Vec<String> {
        ids(&self.list(query).await)
    }
}

fn ids(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{}", page.body);
    let all = page.body.as_array().unwrap().iter();
    all.map(|user| user["externalId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_app_user_is_told_with_all_attributes_of_the_app() {
    let okta = Okta::start().await;
    okta.import(&[user_with("ada", "title", json!("Countess"))], &[])
        .await;
    let id = okta.emulator.user("ada").unwrap().id;

    let listed = okta.list("").await.body[0].clone();
    let single = okta.api(&format!("{}/{id}", okta.app_users())).await;

    assert_eq!(single.body, listed);
    assert_eq!(listed["id"], json!(id));
    assert_eq!(listed["status"], "ACTIVE");
    assert_eq!(listed["syncState"], "SYNCHRONIZED");
    assert_eq!(listed["credentials"]["userName"], "ada@example.com");
    assert_eq!(listed["profile"]["title"], "Countess");
    assert_eq!(listed["profile"]["city"], Value::Null);
    assert_eq!(listed["profile"].as_object().unwrap().len(), 14);
    let nobody = format!("{}/00uNobody", okta.app_users());
    okta.api(&nobody).await.refused(404, "E0000007");
    let other = okta.api("/api/v1/apps/0oaother/users").await;
    other.refused(404, "E0000007");
}

#[tokio::test(start_paused = true)]
async fn pages_are_linked_and_one_that_failed_can_be_asked_for_again() {
    let okta = Okta::start().await;
    let users: Vec<Value> = (0..5).map(|n| user(&format!("u{n}"))).collect();
    okta.import(&users, &[]).await;
    okta.emulator.inject(
        Fault::on("GET", okta.app_users())
            .nth(2)
            .then(Effect::Status {
                status: 503,
                code: "E0000009".to_owned(),
                causes: Vec::new(),
            }),
    );

    let first = okta.list("?limit=2").await;
    let next = first.link("next").unwrap();
    okta.api(&next).await.refused(503, "E0000009");
    let second = okta.api(&next).await;
    let third = okta.api(&second.link("next").unwrap()).await;

    assert_eq!(ids(&first), ["u0", "u1"]);
    assert_eq!(ids(&second), ["u2", "u3"]);
    assert_eq!(ids(&third), ["u4"]);
    assert_eq!(third.link("next"), None);
    assert!(third.link("self").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_page_holds_fifty_or_as_many_as_are_asked_for_up_to_500() {
    let okta = Okta::start().await;
    for n in 0..60 {
        let id = format!("u{n:02}");
        okta.emulator
            .seed_user(&id, UserStatus::Active, [("userName", &*id)]);
    }

    assert_eq!(okta.listed("").await.len(), 50);
    assert_eq!(okta.listed("?limit=500").await.len(), 60);
    for wrong in ["0", "501", "many"] {
        let refused = okta.list(&format!("?limit={wrong}")).await;
        refused.refused(400, "E0000001");
    }
    let cursor = okta.list("?after=made-up").await;
    cursor.refused(400, "E0000001");
}

#[tokio::test(start_paused = true)]
async fn a_link_to_the_next_page_may_expire() {
    let hour = Duration::from_secs(3_600);
    let okta = Okta::with(|options| options.page_link_life = Some(hour)).await;
    okta.import(&[user("ada"), user("bob")], &[]).await;

    let next = okta.list("?limit=1").await.link("next").unwrap();
    sleep(hour - Duration::from_secs(1)).await;
    assert_eq!(okta.api(&next).await.status, 200);
    sleep(Duration::from_secs(2)).await;

    let expired = okta.api(&next).await;
    expired.refused(400, "E0000001");
    assert_eq!(
        expired.cause(),
        "after: The cursor is invalid or has expired"
    );
}

#[tokio::test(start_paused = true)]
async fn a_search_finds_by_what_names_begin_with() {
    let okta = Okta::start().await;
    let lovelace = user_with("ada", "lastName", json!("Lovelace"));
    okta.import(&[lovelace, user("bob")], &[]).await;

    assert_eq!(okta.listed("?q=LOVE").await, ["ada"]);
    assert_eq!(okta.listed("?q=bob@").await, ["bob"]);
    assert_eq!(okta.listed("?q=lace").await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_deactivated_user_is_listed_so_or_not_at_all() {
    for (status, expected) in [
        (Some("DEPROVISIONED"), json!("DEPROVISIONED")),
        (Some("INACTIVE"), json!("INACTIVE")),
        (None, Value::Null),
    ] {
        let okta = Okta::with(|options| {
            options.deactivated_listed_as = status.map(str::to_owned);
        })
        .await;
        okta.import(&[user("ada")], &[]).await;
        okta.import(&[], &["ada"]).await;
        let id = okta.emulator.user("ada").unwrap().id;

        let listed = okta.list("").await.body;
        let single = okta.api(&format!("{}/{id}", okta.app_users())).await;

        assert_eq!(listed[0]["status"], expected);
        assert_eq!(single.status == 200, status.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_without_the_app_is_not_listed() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;

    okta.emulator.admin_unassigns("ada").unwrap();

    assert_eq!(okta.listed("").await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_list_may_lag_behind() {
    let minute = Duration::from_secs(60);
    let okta = Okta::with(|options| options.listing_lag = minute).await;
    okta.import(&[user("ada")], &[]).await;
    assert_eq!(okta.listed("").await, Vec::<String>::new());
    sleep(minute).await;
    assert_eq!(okta.listed("").await, ["ada"]);

    okta.emulator
        .admin_edits("ada", "title", Some("Countess"))
        .unwrap();
    okta.emulator.admin_deletes("ada").unwrap();
    okta.post("/users", Some(user("bob"))).await;
    assert_eq!(okta.listed("").await, ["ada"]);
    let title = okta.list("").await.body[0]["profile"]["title"].clone();
    assert_eq!(title, Value::Null, "as she was a minute ago");
    sleep(minute).await;
    assert_eq!(okta.listed("").await, ["bob"]);
}

#[tokio::test(start_paused = true)]
async fn an_okta_user_is_found_by_id_and_by_login() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    okta.import(&[], &["ada"]).await;
    let id = okta.emulator.user("ada").unwrap().id;

    let by_id = okta.api(&format!("/api/v1/users/{id}")).await;
    let by_login = okta.api("/api/v1/users/ADA@example.com").await;

    assert_eq!(by_id.body, by_login.body);
    assert_eq!(by_id.body["status"], "DEPROVISIONED");
    assert_eq!(by_id.body["profile"]["login"], "ada@example.com");
    let nobody = okta.api("/api/v1/users/00uNobody").await;
    nobody.refused(404, "E0000007");
    okta.emulator.occupy_login("bob@example.com");
    let other = okta.api("/api/v1/users/bob@example.com").await;
    assert_eq!(other.body["status"], "ACTIVE");
}

#[tokio::test(start_paused = true)]
async fn each_of_these_calls_has_a_scope_of_its_own() {
    let scopes = [
        ("okta.apps.read", "/api/v1/apps/0oaemulated00source0/users"),
        ("okta.users.read", "/api/v1/users/00u1"),
        ("okta.logs.read", "/api/v1/logs"),
        ("okta.profileMappings.read", "/api/v1/mappings"),
    ];
    for (scope, path) in scopes {
        let app = App::with(|app| {
            app.dpop = Dpop::Allowed;
            app.scopes.extend(scopes.map(|(scope, _)| scope.to_owned()));
        })
        .await;
        let call = async |scope: &str| {
            let answer = app.ask(&app.assertion(&app.claims()), None, scope).await;
            let token = format!("Bearer {}", answer.body["access_token"].as_str().unwrap());
            let request = app.okta.raw(Method::GET, path);
            app.okta.send(request.header("authorization", token)).await
        };

        assert_ne!(call(scope).await.status, 403, "{path}");
        let without = call("okta.identitySources.read").await;
        without.refused(403, "E0000006");
        assert!(without.header("www-authenticate").contains(scope));
    }
}
