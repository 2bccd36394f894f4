//! The app's profile schema.

use okta_emulator::Dpop;
use reqwest::Method;
use serde_json::Value;

use crate::{service_app::App, support::Okta};

fn names(properties: &Value) -> Vec<&str> {
    let properties = properties.as_object().unwrap();
    properties.keys().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn the_schema_names_base_and_custom_attributes() {
    let okta =
        Okta::with(|options| options.custom_attributes = vec!["costCenter".to_owned()]).await;
    let app = &okta.emulator.options().identity_source;
    let path = format!("/api/v1/meta/schemas/apps/{app}/default");

    let request = okta.raw(Method::GET, &path);
    let answer = okta
        .send(request.header("authorization", "SSWS emulated-token"))
        .await;

    assert_eq!(answer.status, 200);
    let definitions = &answer.body["definitions"];
    assert_eq!(names(&definitions["custom"]["properties"]), ["costCenter"]);
    assert_eq!(
        names(&definitions["base"]["properties"]),
        [
            "email",
            "firstName",
            "lastName",
            "mobilePhone",
            "secondEmail",
            "userName"
        ]
    );
    assert_eq!(definitions["base"]["properties"]["email"]["type"], "string");
}

#[tokio::test(start_paused = true)]
async fn reading_the_schema_takes_a_scope_of_its_own() {
    let app = App::with(|app| app.dpop = Dpop::Allowed).await;
    let source = &app.emulator().options().identity_source;
    let path = format!("/api/v1/meta/schemas/apps/{source}/default");
    let ask = async |scope: &str| {
        let token = app.ask(&app.assertion(&app.claims()), None, scope).await;
        let token = token.body["access_token"].as_str().unwrap().to_owned();
        let request = app.okta.raw(Method::GET, &path);
        app.okta
            .send(request.header("authorization", format!("Bearer {token}")))
            .await
    };

    ask("okta.identitySources.read")
        .await
        .refused(403, "E0000006");
    assert_eq!(ask("okta.schemas.read").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_there_is_not_has_no_schema() {
    let okta = Okta::start().await;

    let request = okta.raw(Method::GET, "/api/v1/meta/schemas/apps/0oaelse/default");
    okta.send(request.header("authorization", "SSWS emulated-token"))
        .await
        .refused(404, "E0000007");
}
