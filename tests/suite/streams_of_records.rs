//! Stream batches where a key is not simply a person, and large ones.

use crate::full_run::{options, person};
use crate::streams::{DONE, assert_settled, batch, stream};
use crate::support::{USERS, World, invoke, invoke_stream};
use serde_json::json;

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

#[tokio::test(start_paused = true)]
async fn a_sort_key_is_part_of_the_key() {
    let world = World::start(options()).await;
    crate::support::create_table(&world.dynamodb, "by-tenant", &["tenant", "id"]).await;
    let mapping = json!({"externalId": "{{ tenant }}/{{ id }}", "profile": {"userName": "{{ email }}", "email": "{{ email }}"}}).to_string();
    let function = world.function(&[("USERS_TABLE", "by-tenant"), ("MAPPING", &mapping)]);
    for tenant in ["a", "b"] {
        let record = json!({"tenant": tenant, "id": "1", "active": true, "email": format!("{tenant}@example.com")});
        crate::support::put(&world.dynamodb, "by-tenant", &record).await;
    }
    let event = |tenant: &str| {
        json!({"Records": [{"eventSource": "aws:dynamodb", "eventName": "MODIFY", "dynamodb": {
            "Keys": {"id": {"S": "1"}, "tenant": {"S": tenant}}, "SequenceNumber": "1"}}]})
    };

    invoke_stream(&function, world.clock, &event("a")).await;
    invoke_stream(&function, world.clock, &event("b")).await;
    let key = [("tenant", "a"), ("id", "1")].map(|(k, v)| {
        (
            k.to_owned(),
            aws_sdk_dynamodb::types::AttributeValue::S(v.to_owned()),
        )
    });
    world
        .dynamodb
        .delete_item()
        .table_name("by-tenant")
        .set_key(Some(key.into()))
        .send()
        .await
        .unwrap();
    invoke_stream(&function, world.clock, &event("a")).await;

    assert!(!world.is_active("a/1"));
    assert!(world.is_active("b/1"));
    let report = invoke(&function, world.clock, &json!({"command": "sync"}))
        .await
        .unwrap();
    assert_eq!((report.upserts, report.deactivations), (0, 0));
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
