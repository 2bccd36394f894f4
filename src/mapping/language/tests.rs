use crate::{
    mapping::{Mapped, Mapping},
    users::Record,
};

fn share_of(id: &str, include: &str) -> Mapped {
    let mapping = Mapping::from_json(
        &serde_json::json!({"externalId": "{{ id }}", "active": "false", "include": include,
            "profile": {"userName": "{{ id }}"}})
        .to_string(),
    )
    .unwrap();
    mapping.map(
        Record::from_json(&serde_json::json!({"id": id})).unwrap(),
        jiff::Timestamp::UNIX_EPOCH,
    )
}

#[test]
fn a_share_is_the_same_in_every_release() {
    // printf alice | sha256sum begins with 2bd806c97f0e00af, which is 3 modulo 4.
    assert!(matches!(
        share_of("alice", "shard(id, 4) == 3"),
        Mapped::Inactive(_)
    ));
    assert!(matches!(
        share_of("alice", "shard(id, 4) == 0"),
        Mapped::OutOfScope { .. }
    ));
}

#[test]
fn a_share_of_nothing_is_a_doubt() {
    assert!(matches!(
        share_of("alice", "shard(id, 0) == 0"),
        Mapped::Rejected(..)
    ));
    assert!(matches!(
        share_of("alice", "shard(number, 4) == 0"),
        Mapped::Rejected(..)
    ));
}
