//! Stream batches where a key is not simply a person, and large ones.

use crate::full_run::{options, person};
use crate::streams::{DONE, assert_settled, batch, stream};
use crate::support::{USERS, World, invoke, invoke_stream};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use dynamodb_identity_source::handler::Function;
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn whose_record_vanished_is_left_to_a_full_run_where_the_key_does_not_tell() {
    let mapping = json!({"externalId": "{{ number }}", "profile": {"userName": "{{ email }}", "email": "{{ email }}"}}).to_string();
    let world = World::start(options()).await;
    let function = world.function(&[("MAPPING", &mapping)]);
    let record =
        |id: &str| json!({"id": id, "number": "n1", "active": true, "email": "n1@example.com"});
    world.put(record("row1")).await;
    invoke_stream(&function, world.clock, &batch(&[("INSERT", "row1")])).await;

    world
        .put(json!({"id": "row9", "number": "n9", "active": true, "email": "n9@example.com"}))
        .await;
    // They get another record, and the news of the old one's end comes first.
    world.put(record("row2")).await;
    world.delete("row1").await;
    invoke_stream(&function, world.clock, &batch(&[("REMOVE", "row1")])).await;
    assert!(world.is_active("n1"), "row2 is about them");
    invoke_stream(&function, world.clock, &batch(&[("INSERT", "row2")])).await;
    assert!(world.is_active("n1"));

    world.delete("row2").await;
    invoke_stream(&function, world.clock, &batch(&[("REMOVE", "row2")])).await;
    assert!(world.is_active("n1"), "nobody can tell yet");
    invoke(&function, world.clock, &json!({"command": "sync"}))
        .await
        .unwrap();
    assert!(!world.is_active("n1"));
}

#[tokio::test(start_paused = true)]
async fn two_records_about_one_user_are_both_rejected_whichever_the_stream_brings() {
    let mapping = json!({"externalId": "{{ number }}", "profile": {"userName": "{{ email }}", "email": "{{ email }}"}}).to_string();
    let world = World::start(options()).await;
    let function = world.function(&[("MAPPING", &mapping)]);
    let record = |id: &str, active: bool| json!({"id": id, "number": "n1", "active": active, "email": "n1@example.com"});
    world.put(record("row1", true)).await;
    invoke_stream(&function, world.clock, &batch(&[("INSERT", "row1")])).await;

    world.put(record("row2", false)).await;
    invoke_stream(&function, world.clock, &batch(&[("INSERT", "row2")])).await;

    assert!(world.is_active("n1"), "row1 still says so");
}

/// A table of two key attributes: a tenant of this type and an id.
pub async fn create_by_tenant(client: &aws_sdk_dynamodb::Client, tenant: ScalarAttributeType) {
    let mut request = client
        .create_table()
        .table_name("by-tenant")
        .billing_mode(BillingMode::PayPerRequest);
    for (name, kind, key) in [
        ("tenant", tenant, KeyType::Hash),
        ("id", ScalarAttributeType::S, KeyType::Range),
    ] {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(kind);
        let element = KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(key);
        request = request
            .attribute_definitions(attribute.build().unwrap())
            .key_schema(element.build().unwrap());
    }
    request.send().await.unwrap();
}

/// Two people of two tenants are told, and the first one's record is deleted.
async fn first_tenant_leaves(tenant: ScalarAttributeType, values: [Value; 2]) -> (World, Function) {
    let world = World::start(options()).await;
    create_by_tenant(&world.dynamodb, tenant).await;
    let mapping = json!({"externalId": "{{ tenant }}/{{ id }}", "profile": {"userName": "{{ email }}", "email": "{{ email }}"}}).to_string();
    let function = world.function(&[("USERS_TABLE", "by-tenant"), ("MAPPING", &mapping)]);
    for tenant in &values {
        let email = format!("t{}@example.com", tenant.to_string().trim_matches('"'));
        let record = json!({"tenant": tenant, "id": "1", "active": true, "email": email});
        crate::support::put(&world.dynamodb, "by-tenant", &record).await;
    }
    let keys = values.map(|tenant| match crate::support::attribute(&tenant) {
        AttributeValue::N(number) => (json!({"N": number}), AttributeValue::N(number)),
        AttributeValue::S(text) => (json!({"S": text}), AttributeValue::S(text)),
        other => panic!("{other:?}"),
    });
    let event = |tenant: &Value| {
        json!({"Records": [{"eventSource": "aws:dynamodb", "eventName": "MODIFY", "dynamodb": {
            "Keys": {"id": {"S": "1"}, "tenant": tenant}, "SequenceNumber": "1"}}]})
    };
    for (tenant, _) in &keys {
        invoke_stream(&function, world.clock, &event(tenant)).await;
    }
    let id = AttributeValue::S("1".to_owned());
    let key = [
        ("tenant".to_owned(), keys[0].1.clone()),
        ("id".to_owned(), id),
    ];
    world
        .dynamodb
        .delete_item()
        .table_name("by-tenant")
        .set_key(Some(key.into()))
        .send()
        .await
        .unwrap();
    invoke_stream(&function, world.clock, &event(&keys[0].0)).await;
    (world, function)
}

#[tokio::test(start_paused = true)]
async fn a_sort_key_is_part_of_the_key() {
    let (world, function) = first_tenant_leaves(ScalarAttributeType::N, [json!(7), json!(8)]).await;

    assert!(!world.is_active("7/1"));
    assert!(world.is_active("8/1"));
    let report = invoke(&function, world.clock, &json!({"command": "sync"}))
        .await
        .unwrap();
    assert_eq!((report.upserts, report.deactivations), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn where_two_keys_may_give_one_id_only_a_full_run_finds_out_who_is_gone() {
    let (world, function) =
        first_tenant_leaves(ScalarAttributeType::S, [json!("a"), json!("b")]).await;

    assert!(world.is_active("a/1"), "a tenant \"a/1\" could have them");
    let report = invoke(&function, world.clock, &json!({"command": "sync"}))
        .await
        .unwrap();
    assert_eq!((report.upserts, report.deactivations), (0, 1));
    assert!(!world.is_active("a/1"));
    assert!(world.is_active("b/1"));
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_records_in_one_event_are_one_session() {
    let world = World::start(options()).await;
    let ids: Vec<_> = (0..10_000).map(|n| format!("user{n}")).collect();
    let records: Vec<_> = ids.iter().map(|id| person(id)).collect();
    crate::support::put_all(&world.dynamodb, USERS, &records).await;

    let answer = stream(
        &world,
        &ids.iter()
            .map(|id| ("INSERT", id.as_str()))
            .collect::<Vec<_>>(),
    )
    .await;

    assert_eq!(answer, DONE);
    assert_eq!(
        (world.okta.active_count(), world.okta.sessions().len()),
        (10_000, 1)
    );
    assert_settled(&world).await;
}
