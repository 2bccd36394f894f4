use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn user(id: &str) -> Entity {
    Entity::upsert(id, &json!({"userName": id})).unwrap()
}

/// A user that takes exactly so many bytes of a request.
fn user_of(bytes: usize) -> Entity {
    let frame = r#"{"externalId":"1","profile":{"a":""}}"#.len();
    Entity::upsert("1", &json!({"a": "x".repeat(bytes - frame)})).unwrap()
}

fn users(count: usize) -> Vec<Entity> {
    (0..count).map(|n| user(&n.to_string())).collect()
}

fn lens(batches: &[Batch]) -> Vec<usize> {
    batches.iter().map(Batch::len).collect()
}

#[test]
fn a_body_is_what_okta_documents() {
    let upserts = pack([user("1"), user("2")]);
    let leavers = pack(["1", "2"].map(|id| Entity::deactivate(id).unwrap()));

    assert_eq!(
        String::from_utf8(upserts[0].body()).unwrap(),
        r#"{"entityType":"USERS","profiles":[{"externalId":"1","profile":{"userName":"1"}},{"externalId":"2","profile":{"userName":"2"}}]}"#
    );
    assert_eq!(
        String::from_utf8(leavers[0].body()).unwrap(),
        r#"{"entityType":"USERS","profiles":[{"externalId":"1"},{"externalId":"2"}]}"#
    );
}

#[test]
fn a_request_takes_200_users_and_not_201() {
    assert_eq!(lens(&pack(users(200))), [200]);
    assert_eq!(lens(&pack(users(201))), [200, 1]);
    assert_eq!(lens(&pack(users(400))), [200, 200]);
    assert!(pack(users(0)).is_empty());
}

#[test]
fn a_request_takes_200_000_bytes_and_not_one_more() {
    let frame = HEAD.len() + TAIL.len() + 1;
    let half = (MAX_BODY_BYTES - frame) / 2;
    let rest = MAX_BODY_BYTES - frame - half;

    let full = pack([user_of(half), user_of(rest)]);
    let over = pack([user_of(half), user_of(rest + 1)]);

    assert_eq!(lens(&full), [2]);
    assert_eq!(full[0].body().len(), MAX_BODY_BYTES);
    assert_eq!(lens(&over), [1, 1]);
}

#[test]
fn a_user_that_fills_more_than_a_request_is_refused() {
    let most = MAX_BODY_BYTES - HEAD.len() - TAIL.len();
    assert_eq!(pack([user_of(most)])[0].body_len(), MAX_BODY_BYTES);

    let frame = r#"{"externalId":"1","profile":{"a":""}}"#.len();
    let error = Entity::upsert("1", &json!({"a": "x".repeat(most - frame + 1)})).unwrap_err();

    assert!(
        matches!(error, EntityError::TooLarge { bytes } if bytes == MAX_BODY_BYTES + 1),
        "{error}"
    );
    assert!(Entity::deactivate(&"x".repeat(MAX_BODY_BYTES)).is_err());
}

#[test]
fn a_profile_is_an_object_with_something_in_it() {
    assert!(matches!(
        Entity::upsert("1", &json!({})),
        Err(EntityError::EmptyProfile)
    ));
    for profile in [json!(null), json!("{"), json!([1]), json!(1)] {
        assert!(matches!(
            Entity::upsert("1", &profile),
            Err(EntityError::NotAnObject)
        ));
    }
}

#[test]
fn a_profile_stays_out_of_what_is_logged() {
    let entity = Entity::upsert("1", &json!({"userName": "hush"})).unwrap();

    let shown = format!("{entity:?} {:?}", pack([entity.clone()]));

    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn a_batch_is_of_one_kind() {
    let mut packer = Packer::new();
    packer.push(Entity::deactivate("1").unwrap());

    assert_eq!(packer.requests_with(&user("2")), 2);
    packer.push(user("2"));

    let kinds: Vec<Kind> = packer.finish().iter().map(Batch::kind).collect();
    assert_eq!(kinds, [Kind::Deactivate, Kind::Upsert]);
}

#[test]
fn a_session_takes_50_full_requests_and_not_one_user_more() {
    let mut packer = Packer::new();
    packer.extend(users(MAX_USERS - 1));
    let one = user("one");

    assert_eq!(packer.requests(), MAX_REQUESTS);
    assert!(packer.would_fit(&one, MAX_REQUESTS));
    packer.push(one.clone());
    assert!(!packer.would_fit(&one, MAX_REQUESTS));
    assert_eq!(packer.finish().len(), MAX_REQUESTS);
}

#[test]
fn halving_ends_with_each_user_alone() {
    let mut batches = pack(users(7));
    let mut alone = Vec::new();

    while let Some(batch) = batches.pop() {
        match batch.halve() {
            Ok((first, second)) => batches.extend([second, first]),
            Err(single) => alone.push(single),
        }
    }

    let ids: Vec<_> = alone.iter().flat_map(Batch::external_ids).collect();
    assert_eq!(ids, ["0", "1", "2", "3", "4", "5", "6"]);
    for batch in &alone {
        assert_eq!(batch.body_len(), batch.body().len());
    }
}

fn any_entities() -> impl Strategy<Value = Vec<Entity>> {
    // Long values are made of one short one, so that bytes matter and the
    // test stays quick.
    let profile = ("[\\PC\"\\\\]{1,8}", 1_usize..150);
    prop::collection::vec(("\\PC{1,20}", profile), 0..450).prop_map(|users| {
        users
            .into_iter()
            .map(|(id, (value, times))| {
                Entity::upsert(&id, &BTreeMap::from([("userName", value.repeat(times))])).unwrap()
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn packing_loses_nobody_and_keeps_every_limit(entities in any_entities()) {
        let ids: Vec<String> = entities.iter().map(|e| e.external_id().to_owned()).collect();
        let sizes: Vec<usize> = entities.iter().map(|e| e.json.len()).collect();

        let batches = pack(entities);

        let packed: Vec<String> = batches
            .iter()
            .flat_map(Batch::external_ids)
            .map(str::to_owned)
            .collect();
        prop_assert_eq!(packed, ids);
        for batch in &batches {
            let body = batch.body();
            prop_assert_eq!(body.len(), batch.body_len());
            prop_assert!((1..=MAX_ENTITIES).contains(&batch.len()));
            prop_assert!(body.len() <= MAX_BODY_BYTES);
            let read: Value = serde_json::from_slice(&body).unwrap();
            prop_assert_eq!(read["profiles"].as_array().map(Vec::len), Some(batch.len()));
        }
        // No batch could have taken the first user of the next one.
        let mut next = 0;
        for batch in &batches {
            next += batch.len();
            if let Some(size) = sizes.get(next) {
                let full = batch.len() == MAX_ENTITIES
                    || batch.body_len() + 1 + size > MAX_BODY_BYTES;
                prop_assert!(full);
            }
        }
    }

    #[test]
    fn small_users_take_the_fewest_requests(count in 0_usize..2_000) {
        prop_assert_eq!(pack(users(count)).len(), count.div_ceil(MAX_ENTITIES));
    }

    #[test]
    fn requests_are_told_before_they_are_needed(entities in any_entities()) {
        let mut packer = Packer::new();
        for entity in entities {
            let told = packer.requests_with(&entity);
            prop_assert!(packer.would_fit(&entity, told));
            prop_assert!(!packer.would_fit(&entity, told - 1));
            packer.push(entity);
            prop_assert_eq!(packer.requests(), told);
        }
    }
}
