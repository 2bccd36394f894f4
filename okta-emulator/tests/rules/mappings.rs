//! What of the app's profile goes where in the Okta profile.

use serde_json::{Value, json};

use crate::support::Okta;

#[tokio::test(start_paused = true)]
async fn the_apps_mapping_is_found_and_tells_what_it_maps() {
    let okta = Okta::with(|options| options.unmapped = vec!["city".to_owned()]).await;
    let app = okta.emulator.options().identity_source.clone();

    let list = okta.api(&format!("/api/v1/mappings?sourceId={app}")).await;
    let id = list.body[0]["id"].as_str().unwrap().to_owned();
    let mapping = okta.api(&format!("/api/v1/mappings/{id}")).await.body;

    assert_eq!(list.body[0]["source"]["id"], json!(app));
    assert_eq!(list.body[0]["target"]["type"], "user");
    assert_eq!(list.body[0].get("properties"), None);
    let properties = &mapping["properties"];
    assert_eq!(properties["login"]["expression"], "appuser.userName");
    assert_eq!(properties["title"]["expression"], "appuser.title");
    assert_eq!(properties["city"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn other_apps_have_no_mapping_here() {
    let okta = Okta::start().await;

    let none = okta.api("/api/v1/mappings?sourceId=0oaother").await;
    let unknown = okta.api("/api/v1/mappings/prmother").await;

    assert_eq!(none.body, json!([]));
    unknown.refused(404, "E0000007");
}
