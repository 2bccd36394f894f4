//! What the doctor says of Okta.

use dynamodb_identity_source::{clock::Clock, doctor::Status};
use serde_json::json;

use crate::{
    doctor::{complete, complete_world, diagnosis, says},
    steps::options,
    support::{World, proxy::Fault},
};

#[tokio::test(start_paused = true)]
async fn a_token_that_okta_refuses_is_told_from_one_that_cannot_be_read() {
    let world = complete_world().await;

    let refused = diagnosis(&world, &[("OKTA_CREDENTIALS", r#"{"apiToken":"00wrong"}"#)]).await;
    let unread = diagnosis(&world, &[("OKTA_CREDENTIALS", "00wrong")]).await;

    says(
        &refused,
        "credentials",
        Status::Failed,
        &["401 E0000011", "belongs to the org"],
    );
    says(
        &refused,
        "identity source",
        Status::Skipped,
        &["see credentials"],
    );
    says(&refused, "clock", Status::Ok, &[]);
    says(&unread, "credentials", Status::Failed, &["cannot be read"]);
    for found in [refused, unread] {
        assert!(!serde_json::to_string(&found).unwrap().contains("00wrong"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_identity_source_that_okta_does_not_know_is_named() {
    let world = complete_world().await;

    let found = diagnosis(&world, &[("OKTA_IDENTITY_SOURCE_ID", "0oanobody")]).await;

    says(&found, "credentials", Status::Ok, &[]);
    says(
        &found,
        "identity source",
        Status::Failed,
        &["404 E0000007", "OKTA_IDENTITY_SOURCE_ID"],
    );
    says(
        &found,
        "profile schema",
        Status::Skipped,
        &["see identity source"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_missing_role_is_named() {
    let mut world = complete_world().await;
    let between = world.between().await;
    let body = json!({"errorCode": "E0000006", "errorSummary": "You do not have permission"});
    between
        .okta
        .on("GET sessions", .., Fault::Answer(403, body));

    let found = diagnosis(&world, &[]).await;

    says(
        &found,
        "identity source",
        Status::Failed,
        &["403 E0000006", "role", "okta.identitySources.read"],
    );
}

#[tokio::test(start_paused = true)]
async fn an_okta_that_is_not_there_is_told_from_one_that_refuses() {
    let world = complete_world().await;
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", port.local_addr().unwrap());
    drop(port);

    let found = diagnosis(&world, &[("OKTA_ORG_URL", &url)]).await;

    says(
        &found,
        "credentials",
        Status::Warning,
        &["could not be seen"],
    );
    says(
        &found,
        "identity source",
        Status::Failed,
        &["no answer from Okta", "OKTA_ORG_URL"],
    );
    says(
        &found,
        "answer times",
        Status::Ok,
        &["Okta was not measured"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_of_somebody_else_is_a_warning() {
    let world = complete_world().await;
    let session = world.okta.open_foreign_session();

    let found = diagnosis(&world, &[]).await;

    assert!(found.ok);
    assert_eq!(
        found.summary,
        "a run can work (with a warning: identity source)"
    );
    says(
        &found,
        "identity source",
        Status::Warning,
        &[&session, "since 20", "something else"],
    );
}

#[tokio::test(start_paused = true)]
async fn every_attribute_that_the_app_lacks_is_named() {
    let world = World::start(okta_emulator::Options {
        custom_attributes: ["displayName", "city", "state", "zipCode", "title"]
            .map(str::to_owned)
            .to_vec(),
        ..options()
    })
    .await;
    world.put(complete("user")).await;

    let found = diagnosis(&world, &[]).await;

    says(
        &found,
        "profile schema",
        Status::Failed,
        &["add countryCode, primaryPhone, streetAddress in the admin console"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_may_not_be_read_is_a_warning_that_names_the_scope() {
    let mut world = complete_world().await;
    let between = world.between().await;
    let body = json!({"errorCode": "E0000006"});
    between
        .okta
        .on("GET apps/{id}/default", .., Fault::Answer(403, body));

    let found = diagnosis(&world, &[]).await;

    says(
        &found,
        "profile schema",
        Status::Warning,
        &["403 E0000006", "okta.schemas.read", "userName, zipCode"],
    );
}

#[tokio::test(start_paused = true)]
async fn clocks_that_are_apart_are_told() {
    let mut world = complete_world().await;
    if let Clock::Tokio { base, .. } = &mut world.clock {
        *base -= std::time::Duration::from_secs(600);
    }

    let found = diagnosis(&world, &[]).await;

    says(&found, "clock", Status::Warning, &["ahead of this one"]);
}
