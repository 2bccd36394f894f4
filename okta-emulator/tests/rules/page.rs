//! The Import Monitoring page, as it is sent.

use std::time::Duration;

use okta_emulator::{Applied, Effect, Fault, SessionEnd, UserStatus};
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{Okta, user, user_with};

impl Okta {
    async fn page(&self, path: &str) -> String {
        let answer = self.send(self.raw(Method::GET, path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"));
        answer.body.as_str().unwrap().to_owned()
    }
}

#[track_caller]
fn shows(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text:?} is not in {page}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_page_shows_sessions_with_what_came_of_them() {
    let okta = Okta::start().await;
    shows(&okta.page("/").await, &["No import yet"]);

    let session = okta.import(&[user("ada"), user("bob")], &[]).await;
    okta.import(&[user("ada")], &["bob"]).await;
    let page = okta.page("/").await;

    shows(
        &page,
        &[
            &format!("href=\"/sessions/{session}\""),
            "COMPLETED",
            "<b>2</b> created",
            "<b>1</b> deactivated",
            "<b>1</b> unchanged",
            "import 2.0 s",
            "The next session can be opened in <b>4 min 58 s</b>",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn a_sessions_page_says_what_happened_to_each_user_and_why() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    let session = okta
        .import(
            &[
                user_with("bob", "userName", json!("ada@example.com")),
                user("cy"),
            ],
            &["nobody"],
        )
        .await;

    let all = okta.page(&format!("/sessions/{session}")).await;
    let failed = okta
        .page(&format!("/sessions/{session}?outcome=failed"))
        .await;
    let searched = okta.page(&format!("/sessions/{session}?q=cy")).await;

    shows(
        &all,
        &[
            "3 users, by externalId",
            "login: An object with this field already exists",
            "Okta does not know this externalId",
        ],
    );
    shows(&failed, &["1 user, by externalId", ">bob<"]);
    assert!(!failed.contains(">cy<"));
    shows(&searched, &["1 user, by externalId", ">cy<"]);
    let gone = okta.send(okta.raw(Method::GET, "/sessions/aps404")).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test(start_paused = true)]
async fn the_directory_is_searched_by_name_in_any_case() {
    let okta = Okta::start().await;
    okta.import(
        &[user("ada"), user_with("bob", "lastName", json!("Ångström"))],
        &[],
    )
    .await;
    okta.import(&[], &["ada"]).await;

    let by_name = okta.page("/directory?q=ada+%C3%A5ngstr").await;
    let deactivated = okta.page("/directory?status=deprovisioned").await;
    let nobody = okta.page("/directory?q=zed").await;
    let ada = okta.page("/directory/ada").await;

    shows(&by_name, &["Users 1 to 1", "Ångström"]);
    shows(&deactivated, &["Users 1 to 1", "DEPROVISIONED", ">ada<"]);
    shows(&nobody, &["No user matches."]);
    shows(
        &ada,
        &["Ada ada", "<code>userName</code>", "ada@example.com"],
    );
    let gone = okta.send(okta.raw(Method::GET, "/directory/zed")).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_large_directory_comes_in_pages() {
    let okta = Okta::start().await;
    for n in 0..120 {
        let id = format!("u{n:03}");
        let attributes = [("email", format!("{id}@example.com"))];
        okta.emulator.seed_user(&id, UserStatus::Active, attributes);
    }

    let first = okta.page("/directory?q=example").await;
    let last = okta.page("/directory?q=example&page=2").await;

    shows(
        &first,
        &[
            "Users 1 to 50, and more follow",
            "href=\"?q=example&amp;page=1\"",
        ],
    );
    shows(
        &last,
        &["Users 101 to 120", "href=\"?q=example&amp;page=1\""],
    );
    assert!(!last.contains("page=3"));
}

#[tokio::test(start_paused = true)]
async fn requests_and_faults_have_pages_too() {
    let okta = Okta::start().await;
    let status = "PAUSED".to_owned();
    okta.emulator.inject(
        Fault::on("GET", "/sessions/*")
            .always()
            .then(Effect::AnswerStatus { status }),
    );
    let session = okta.import(&[user("ada")], &[]).await;
    okta.get(&format!("/sessions/{session}")).await;
    okta.start_import(&session).await;

    shows(
        &okta.page("/requests").await,
        &[
            &format!("<b>POST</b> /sessions/{session}/bulk-upsert"),
            "answers with the status PAUSED",
            "E0000001",
        ],
    );
    shows(
        &okta.page("/faults").await,
        &["GET /sessions/*", "answers with the status PAUSED"],
    );
    shows(&okta.page("/").await, &["1 fault on"]);
}

#[tokio::test(start_paused = true)]
async fn groups_are_shown_with_their_members_and_with_what_sessions_did_to_them() {
    let okta = Okta::start().await;
    shows(
        &okta.page("/groups").await,
        &["The source has sent no groups"],
    );
    let session = okta.open().await;
    let staff = json!([{ "externalId": "staff", "profile": { "displayName": "All staff" } }]);
    let ada = json!([{ "groupExternalId": "staff", "memberExternalIds": ["ada", "zed"] }]);
    let path = format!("/sessions/{session}/bulk-group");
    let groups = Some(json!({ "profiles": staff }));
    okta.post(&format!("{path}s-upsert"), groups).await;
    let members = Some(json!({ "memberships": ada }));
    okta.post(&format!("{path}-memberships-upsert"), members)
        .await;
    okta.load(&session, "upsert", json!([user("ada")])).await;
    okta.start_import(&session).await;
    sleep(Duration::from_secs(2)).await;

    shows(
        &okta.page("/groups").await,
        &[
            "1 group, by externalId",
            "href=\"/groups/staff\"",
            "All staff",
        ],
    );
    shows(
        &okta.page("/groups/staff").await,
        &["1 member", "href=\"/directory/ada\""],
    );
    shows(
        &okta.page(&format!("/sessions/{session}")).await,
        &[
            "1 upsert, 0 deletes, 3 group changes",
            "3 changes of groups, in loading order",
            "add ada",
            "Okta does not know this member",
        ],
    );
    shows(
        &okta.page("/directory/ada").await,
        &["In 1 group: ", "href=\"/groups/staff\""],
    );
    let gone = okta.send(okta.raw(Method::GET, "/groups/crew")).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_users_page_says_what_each_session_did() {
    let okta = Okta::start().await;
    okta.emulator
        .inject(
            Fault::on("POST", "/sessions/*/start-import")
                .nth(2)
                .then(Effect::ImportEnds {
                    how: SessionEnd::Completed,
                    applied: Applied::Nobody,
                }),
        );
    let created = okta.import(&[user("ada")], &[]).await;
    let left_out = okta.import(&[user("ada")], &[]).await;
    okta.emulator.occupy_login("new@example.com");
    let taken = user_with("ada", "userName", json!("new@example.com"));
    let refused = okta.import(&[taken], &[]).await;

    let page = okta.page("/directory/ada").await;

    shows(&page, &["What each session did to this user"]);
    let sessions = [&created, &left_out, &refused];
    shows(&page, &sessions.map(|id| id.as_str()));
    shows(
        &page,
        &[
            "left out",
            "logged as <code>login notUniqueWithinOrg</code>",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn the_system_log_has_a_page() {
    let okta = Okta::start().await;
    shows(&okta.page("/log").await, &["Nothing has been logged yet"]);
    okta.emulator.occupy_login("ada@example.com");

    okta.import(&[user("ada")], &[]).await;

    shows(
        &okta.page("/log").await,
        &[
            "system.import.session.created",
            "app.user_management.update_from_master_failed",
            "<code>error_code</code> notUniqueWithinOrg",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn what_users_are_called_cannot_become_markup() {
    let okta = Okta::start().await;
    let name = "<img>";
    okta.import(&[user_with(name, "displayName", json!(name))], &[])
        .await;

    for path in ["/directory", "/directory/%3Cimg%3E"] {
        assert!(!okta.page(path).await.contains("<img"));
    }
}
