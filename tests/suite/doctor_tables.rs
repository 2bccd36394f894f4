//! What the doctor says of the tables.

use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType};
use dynamodb_identity_source::doctor::Status;

use crate::{
    doctor::{complete_world, diagnosis, says},
    steps::options,
    support::{STATE, USERS, World, create_table, proxy::Fault},
};

#[tokio::test(start_paused = true)]
async fn a_table_that_is_not_there_is_named() {
    let world = World::start(options()).await;

    let found = diagnosis(
        &world,
        &[("USERS_TABLE", "poeple"), ("STATE_TABLE", "sate")],
    )
    .await;

    says(&found, "mapping", Status::Warning, &["users table"]);
    says(
        &found,
        "users table",
        Status::Failed,
        &["poeple", "ResourceNotFound", "USERS_TABLE"],
    );
    says(
        &found,
        "state table",
        Status::Failed,
        &["sate", "STATE_TABLE"],
    );
    says(&found, "profile schema", Status::Ok, &[]);
}

#[tokio::test(start_paused = true)]
async fn a_state_table_with_another_key_is_not_written() {
    let mut world = complete_world().await;
    let between = world.between().await;
    create_table(&world.dynamodb, "other", &["id", "at"]).await;

    let found = diagnosis(&world, &[("STATE_TABLE", "other")]).await;

    says(
        &found,
        "state table",
        Status::Failed,
        &["id (S), at (S), not pk (S)"],
    );
    assert_eq!(between.dynamodb.count("PutItem other"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_history_table_is_tried_if_there_is_one() {
    let world = complete_world().await;
    create_table(&world.dynamodb, "what-runs-did", &["pk"]).await;

    let found = diagnosis(&world, &[("HISTORY_TABLE", "what-runs-did")]).await;
    let missing = diagnosis(&world, &[("HISTORY_TABLE", "what-runs-do")]).await;

    says(
        &found,
        "state table",
        Status::Ok,
        &["what runs did is kept in what-runs-did"],
    );
    says(
        &missing,
        "state table",
        Status::Failed,
        &["what-runs-do", "ResourceNotFound", "HISTORY_TABLE"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_state_table_that_is_the_users_table_is_not_touched() {
    let mut world = World::start(options()).await;
    let between = world.between().await;

    let found = diagnosis(&world, &[("USERS_TABLE", STATE)]).await;

    says(
        &found,
        "state table",
        Status::Failed,
        &["is the users table"],
    );
    for call in between.dynamodb.calls() {
        assert!(call.what.starts_with("DescribeTable") || call.what.starts_with("Scan"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_iam_action_is_named() {
    let mut world = complete_world().await;
    let between = world.between().await;
    for call in [
        "DescribeTable users",
        "Scan users",
        "UpdateItem identity-source-state",
        "BatchWriteItem identity-source-state",
    ] {
        between
            .dynamodb
            .on(call, .., Fault::dynamodb(400, "AccessDeniedException"));
    }

    let found = diagnosis(&world, &[]).await;

    says(
        &found,
        "users table",
        Status::Failed,
        &["dynamodb:DescribeTable on users", "dynamodb:Scan on users"],
    );
    says(
        &found,
        "state table",
        Status::Failed,
        &[
            "allow the function's role dynamodb:UpdateItem, dynamodb:BatchWriteItem on identity-source-state",
        ],
    );
    says(&found, "identity source", Status::Ok, &[]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_again_names_the_action() {
    let mut world = complete_world().await;
    let between = world.between().await;
    let denied = Fault::dynamodb(400, "AccessDeniedException");
    between.dynamodb.on("BatchGetItem users", .., denied);

    let found = diagnosis(&world, &[]).await;

    says(
        &found,
        "users table",
        Status::Failed,
        &["dynamodb:BatchGetItem on users"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_database_that_does_not_answer_is_not_waited_for_long() {
    let mut world = World::start(options()).await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    world.sdk = world.sdk.clone().into_builder().endpoint_url(url).build();
    let began = world.clock.now();

    let found = diagnosis(&world, &[]).await;

    says(
        &found,
        "users table",
        Status::Failed,
        &["no answer", "gateway endpoint"],
    );
    says(&found, "identity source", Status::Ok, &[]);
    assert!(world.clock.now().duration_since(began).as_secs() < 120);
}

#[tokio::test(start_paused = true)]
async fn a_stream_and_its_view_type_are_told() {
    let world = complete_world().await;
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages);
    let update = world.dynamodb.update_table().table_name(USERS);
    update
        .stream_specification(stream.build().unwrap())
        .send()
        .await
        .unwrap();

    let found = diagnosis(&world, &[]).await;

    says(
        &found,
        "users table",
        Status::Ok,
        &["NEW_AND_OLD_IMAGES", "KEYS_ONLY is enough"],
    );
}
