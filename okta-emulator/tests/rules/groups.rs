//! Groups and memberships, singly and in sessions.

use okta_emulator::{GroupHappened, Options};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Answer, Okta, user};

fn group(id: &str) -> Value {
    let profile = json!({ "displayName": format!("All of {id}"), "description": null });
    json!({ "externalId": id, "profile": profile })
}

fn membership(group: &str, members: &[&str]) -> Value {
    json!({ "groupExternalId": group, "memberExternalIds": members })
}

impl Okta {
    async fn load_groups(&self, session: &str, kind: &str, list: &str, items: Value) -> Answer {
        let path = format!("/sessions/{session}/bulk-{kind}");
        self.post(&path, Some(json!({ list: items }))).await
    }

    async fn finish(&self, session: &str) {
        assert_eq!(self.start_import(session).await.status, 200);
        sleep(self.emulator.options().import_time).await;
        self.emulator.end_cooldown();
    }

    fn group_outcomes(&self, session: &str) -> Vec<GroupHappened> {
        let groups = self.emulator.session_groups(session).into_iter();
        groups
            .filter_map(|group| Some(group.outcome?.happened))
            .collect()
    }

    async fn members(&self, group: &str) -> Value {
        let path = format!("/groups/{group}/membership");
        self.get(&path).await.body["memberExternalIds"].clone()
    }
}

#[tokio::test(start_paused = true)]
async fn groups_and_memberships_come_with_the_users_of_one_session() {
    let okta = Okta::start().await;
    let session = okta.open().await;

    let groups = json!([group("staff")]);
    let loaded = okta
        .load_groups(&session, "groups-upsert", "profiles", groups)
        .await;
    assert_eq!((loaded.status.as_u16(), loaded.body), (202, json!("")));
    assert_eq!(okta.status(&session).await, "IN_PROGRESS");
    let members = json!([
        membership("staff", &["ada", "zed"]),
        membership("crew", &["ada"])
    ]);
    let kind = "group-memberships-upsert";
    okta.load_groups(&session, kind, "memberships", members)
        .await;
    okta.load(&session, "upsert", json!([user("ada")])).await;
    okta.finish(&session).await;

    assert_eq!(okta.members("staff").await, json!(["ada"]));
    use GroupHappened::{Created, Ignored, Joined};
    assert_eq!(
        okta.group_outcomes(&session),
        [Created, Joined, Ignored, Ignored]
    );
    let view = okta.emulator.session(&session).unwrap();
    assert_eq!((view.requests, view.group_changes), (3, 4));
    assert_eq!(okta.emulator.groups()["staff"].display_name, "All of staff");
}

#[tokio::test(start_paused = true)]
async fn groups_and_memberships_go_in_a_session_too() {
    let okta = Okta::start().await;
    okta.import(&[user("ada"), user("bob")], &[]).await;
    okta.emulator.end_cooldown();
    for id in ["staff", "crew"] {
        okta.post("/groups", Some(group(id))).await;
        for member in ["ada", "bob"] {
            let body = json!({ "memberExternalId": member });
            okta.post(&format!("/groups/{id}/membership"), Some(body))
                .await;
        }
    }

    let session = okta.open().await;
    let leave = json!([membership("staff", &["bob"])]);
    let kind = "group-memberships-delete";
    okta.load_groups(&session, kind, "memberships", leave).await;
    let ids = json!(["crew", "unknown"]);
    okta.load_groups(&session, "groups-delete", "externalIds", ids)
        .await;
    okta.finish(&session).await;

    use GroupHappened::{Deleted, Ignored, Left};
    assert_eq!(okta.group_outcomes(&session), [Left, Deleted, Ignored]);
    assert_eq!(okta.members("staff").await, json!(["ada"]));
    okta.get("/groups/crew").await.refused(404, "E0000007");
}

#[tokio::test(start_paused = true)]
async fn a_load_of_groups_is_checked_like_one_of_users() {
    let okta = Okta::start().await;
    let session = okta.open().await;
    let long = "x".repeat(256);
    for (kind, list, items) in [
        ("groups-upsert", "profiles", json!([])),
        ("groups-upsert", "profiles", json!([group(&long)])),
        (
            "groups-upsert",
            "profiles",
            json!([{ "externalId": "a", "profile": { "displayName": "" } }]),
        ),
        ("groups-delete", "profiles", json!(["a"])),
        ("groups-delete", "externalIds", json!(vec!["a"; 201])),
        (
            "group-memberships-upsert",
            "memberships",
            json!([{ "externalId": "a", "memberExternalIds": [] }]),
        ),
        (
            "group-memberships-delete",
            "memberships",
            json!([membership("a", &[&long])]),
        ),
    ] {
        let refused = okta.load_groups(&session, kind, list, items).await;
        refused.refused(400, "E0000001");
    }
    let unknown = okta
        .load_groups(&session, "devices-upsert", "profiles", json!([]))
        .await;
    unknown.refused(404, "E0000007");
    assert_eq!(okta.status(&session).await, "CREATED");
    assert_eq!(okta.emulator.violations().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn loads_of_groups_count_towards_the_fifty() {
    let okta = Okta::with(|options: &mut Options| options.max_bulk_requests = 1).await;
    let session = okta.open().await;
    okta.load(&session, "upsert", json!([user("ada")])).await;

    let over = okta
        .load_groups(
            &session,
            "groups-upsert",
            "profiles",
            json!([group("staff")]),
        )
        .await;

    over.refused(400, "E0000001");
}

#[tokio::test(start_paused = true)]
async fn a_single_group_comes_changes_and_goes() {
    let okta = Okta::start().await;

    let created = okta.post("/groups", Some(group("staff"))).await;
    let id = created.body["id"].as_str().unwrap().to_owned();
    let again = okta.post("/groups", Some(group("staff"))).await;
    let by_id = okta.get(&format!("/groups/{id}")).await;
    let change = json!({ "profile": { "description": "Everybody" } });
    let changed = okta.post("/groups/staff", Some(change)).await;
    let nameless = json!({ "externalId": "crew", "profile": {} });
    let nameless = okta.post("/groups", Some(nameless)).await;
    let deleted = okta.delete(&format!("/groups/{id}")).await;

    assert_eq!(created.status, 200);
    assert!(id.starts_with("00g"), "{id}");
    again.refused(400, "E0000001");
    assert_eq!(by_id.body, created.body);
    let profile = json!({ "displayName": "All of staff", "description": "Everybody" });
    assert_eq!(changed.body["profile"], profile);
    nameless.refused(400, "E0000001");
    assert_eq!((deleted.status.as_u16(), deleted.body), (200, json!("")));
    okta.get("/groups/staff").await.refused(404, "E0000007");
}

#[tokio::test(start_paused = true)]
async fn memberships_are_listed_in_pages_and_changed_one_by_one() {
    let okta = Okta::start().await;
    okta.import(&[user("ada"), user("bob"), user("cy")], &[])
        .await;
    okta.post("/groups", Some(group("staff"))).await;
    for member in ["ada", "bob", "cy", "ada"] {
        let body = json!({ "memberExternalId": member });
        let joined = okta.post("/groups/staff/membership", Some(body)).await;
        assert_eq!(joined.status, 204);
    }

    let stranger = json!({ "memberExternalId": "zed" });
    let stranger = okta.post("/groups/staff/membership", Some(stranger)).await;
    let first = okta.get("/groups/staff/membership?limit=2").await;
    let second = okta.api(&first.link("next").unwrap()).await;
    let left = okta.delete("/groups/staff/membership/bob").await;
    let again = okta.delete("/groups/staff/membership/bob").await;

    stranger.refused(400, "E0000001");
    assert_eq!(first.body["memberExternalIds"], json!(["ada", "bob"]));
    assert_eq!(second.body["memberExternalIds"], json!(["cy"]));
    assert_eq!(second.link("next"), None);
    assert_eq!(left.status, 204);
    again.refused(404, "E0000007");
    assert_eq!(okta.members("staff").await, json!(["ada", "cy"]));
}

#[tokio::test(start_paused = true)]
async fn somebody_deleted_for_good_is_in_no_group() {
    let okta = Okta::start().await;
    okta.import(&[user("ada")], &[]).await;
    okta.post("/groups", Some(group("staff"))).await;
    let body = json!({ "memberExternalId": "ada" });
    okta.post("/groups/staff/membership", Some(body)).await;

    okta.emulator.admin_deletes("ada").unwrap();

    assert_eq!(okta.members("staff").await, json!([]));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_does_not_import_groups_refuses_them() {
    let okta = Okta::with(|options| options.import_groups = false).await;
    let session = okta.open().await;

    let single = okta.call(Method::GET, "/groups/staff", None).await;
    let groups = json!([group("staff")]);
    let loaded = okta
        .load_groups(&session, "groups-upsert", "profiles", groups)
        .await;

    single.refused(400, "E0000001");
    loaded.refused(400, "E0000001");
}
