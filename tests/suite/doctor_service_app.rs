//! What the doctor says to those whose function is a service app.

use dynamodb_identity_source::doctor::{Diagnosis, Status};
use okta_emulator::{Options, ServiceApp};
use serde_json::json;

use crate::{
    doctor::{complete, diagnosis, says},
    steps::options,
    support::{CLIENT, World, keys::Key, proxy::Fault},
};

async fn world_with(change: impl FnOnce(&mut ServiceApp)) -> World {
    let key = Key::new();
    let mut app = ServiceApp::new(CLIENT, &*key.jwks);
    change(&mut app);
    let mut world = World::start(Options {
        service_app: Some(app),
        ..options()
    })
    .await;
    world.credentials = key.credentials(CLIENT);
    world.put(complete("user")).await;
    world
}

#[tokio::test(start_paused = true)]
async fn what_the_service_app_was_given_is_told() {
    let world = world_with(|_| {}).await;

    let found = diagnosis(&world, &[]).await;

    assert!(found.ok, "{found:#?}");
    let scopes = "okta.identitySources.manage okta.identitySources.read";
    says(
        &found,
        "credentials",
        Status::Ok,
        &["bound by DPoP", scopes],
    );
    says(&found, "profile schema", Status::Ok, &["all 13 attributes"]);
    assert_eq!(world.okta.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_only_writing_needs_is_missed_before_anything_is_written() {
    let world = world_with(|app| app.scopes = vec!["okta.identitySources.read".to_owned()]).await;

    let found = diagnosis(&world, &[]).await;

    assert!(!found.ok);
    says(
        &found,
        "credentials",
        Status::Failed,
        &["grant the service app okta.identitySources.manage"],
    );
}

#[tokio::test(start_paused = true)]
async fn without_any_scope_both_are_named() {
    let world = world_with(|app| app.scopes.clear()).await;

    let found = diagnosis(&world, &[]).await;

    says(
        &found,
        "credentials",
        Status::Failed,
        &["okta.identitySources.manage", "okta.identitySources.read"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_app_without_a_role_is_told_so() {
    let world = world_with(|_| {}).await;
    world.okta.set_role(false);

    let found = diagnosis(&world, &[]).await;

    says(
        &found,
        "identity source",
        Status::Failed,
        &["403 E0000006", "a role that may manage"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_the_app_has_no_scope_for_does_not_stop_a_run() {
    let world = world_with(|app| app.scopes.retain(|scope| scope != "okta.schemas.read")).await;

    let found = diagnosis(&world, &[]).await;

    assert!(found.ok, "{found:#?}");
    says(&found, "credentials", Status::Ok, &[]);
    says(
        &found,
        "profile schema",
        Status::Warning,
        &["grant the service app the scope okta.schemas.read"],
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_verification_lacks_is_told_and_does_not_stop_a_run() {
    let world = world_with(|app| app.scopes.retain(|scope| scope != "okta.apps.read")).await;

    let found = diagnosis(&world, &[]).await;

    assert!(found.ok, "{found:#?}");
    says(
        &found,
        "verification",
        Status::Warning,
        &["grant the service app the scope okta.apps.read"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_the_apps_is_told_from_one_that_cannot_be_read() {
    let mut world = world_with(|_| {}).await;
    world.credentials = Key::new().credentials(CLIENT);
    let other = diagnosis(&world, &[]).await;
    world.credentials["privateKey"] =
        json!("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----");
    let broken = diagnosis(&world, &[]).await;

    says(
        &other,
        "credentials",
        Status::Failed,
        &["invalid_client", "the service app's key"],
    );
    says(&broken, "credentials", Status::Failed, &["privateKey"]);
    assert!(!serde_json::to_string(&broken).unwrap().contains("MIIE"));
}

/// A diagnosis where Secrets Manager answers so.
async fn with_a_secret(world: &mut World, answer: Fault) -> Diagnosis {
    let between = world.between().await;
    between.dynamodb.on("GetSecretValue ", .., answer);
    let arn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:okta";
    // The assertion's audience is the org itself, not what stands before it.
    let org = world.okta.url();
    let changes = [
        ("OKTA_ORG_URL", org.as_str()),
        ("OKTA_CREDENTIALS", ""),
        ("OKTA_CREDENTIALS_SECRET_ARN", arn),
    ];
    diagnosis(world, &changes).await
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_may_not_be_read_names_the_permission() {
    let mut world = world_with(|_| {}).await;
    let denied = json!({"__type": "AccessDeniedException", "message": "no policy allows it"});

    let found = with_a_secret(&mut world, Fault::Answer(400, denied)).await;

    says(
        &found,
        "credentials",
        Status::Failed,
        &["secretsmanager:GetSecretValue", "kms:Decrypt"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_can_be_read_is_as_good_as_credentials_given_inline() {
    let mut world = world_with(|_| {}).await;
    let secret = json!({"Name": "okta", "SecretString": world.credentials.to_string()});

    let found = with_a_secret(&mut world, Fault::Answer(200, secret)).await;

    assert!(found.ok, "{found:#?}");
    says(&found, "credentials", Status::Ok, &["bound by DPoP"]);
}
