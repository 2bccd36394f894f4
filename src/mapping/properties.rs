//! What holds of mappings and fingerprints, whatever a record contains.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use proptest::prelude::*;

use super::{Mapped, Mapping, Profile};

fn attribute_value() -> impl Strategy<Value = AttributeValue> {
    let leaf = prop_oneof![
        ".{0,40}".prop_map(AttributeValue::S),
        "-?[0-9]{1,38}(\\.[0-9]{1,10})?".prop_map(AttributeValue::N),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null(true)),
        any::<Vec<u8>>().prop_map(|bytes| AttributeValue::B(Blob::new(bytes))),
        proptest::collection::vec(".{0,10}", 1..4).prop_map(AttributeValue::Ss),
        proptest::collection::vec("[0-9]{1,5}", 1..4).prop_map(AttributeValue::Ns),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            proptest::collection::hash_map(".{0,5}", inner, 0..4).prop_map(AttributeValue::M),
        ]
    })
}

fn pairs() -> impl Strategy<Value = BTreeMap<String, Option<String>>> {
    proptest::collection::btree_map("[a-c]{1,3}", proptest::option::of(".{0,6}"), 0..4)
}

fn profile_of(pairs: &BTreeMap<String, Option<String>>) -> Profile {
    let pairs = pairs.iter();
    Profile::new(
        pairs
            .map(|(name, value)| (name.as_str().into(), value.clone()))
            .collect(),
    )
}

proptest! {
    #[test]
    fn no_record_makes_a_mapping_panic_and_what_it_takes_okta_takes(
        values in proptest::collection::vec(proptest::option::of(attribute_value()), 6),
    ) {
        let names = ["id", "active", "email", "first_name", "cell", "title"];
        let mapping = Mapping::from_json(super::DEFAULT_MAPPING).unwrap();
        let item: HashMap<_, _> = names
            .into_iter()
            .zip(values)
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();

        match mapping.map(item.into(), jiff::Timestamp::UNIX_EPOCH) {
            Mapped::Active(_, profile) => {
                let length = |name| profile.get(name).map_or(0, |value| value.chars().count());
                prop_assert!((1..=100).contains(&length("userName")));
                prop_assert!(length("firstName") <= 50 && length("mobilePhone") <= 100);
                prop_assert!(profile.get("email").is_some_and(|email| email.contains('@')));
            }
            Mapped::Rejected(_, reasons)
            | Mapped::Unidentified(reasons)
            | Mapped::Impossible(reasons) => {
                prop_assert!(!reasons.is_empty());
            }
            Mapped::Inactive(_) | Mapped::Upcoming(_) | Mapped::OutOfScope { .. } => {}
        }
    }

    #[test]
    fn two_profiles_have_one_fingerprint_only_if_they_are_equal(one in pairs(), other in pairs()) {
        let prints = [&one, &other].map(|pairs| profile_of(pairs).fingerprint());

        prop_assert_eq!(prints[0] == prints[1], one == other);
    }
}

#[test]
fn fingerprints_are_the_same_in_every_release() {
    let pairs = [
        ("email".to_owned(), Some("ada@example.com".to_owned())),
        ("title".to_owned(), None),
        ("userName".to_owned(), Some("Zoë".to_owned())),
    ];

    let print = profile_of(&pairs.into()).fingerprint();

    assert_eq!(
        format!("{print:?}"),
        "Fingerprint(81f0034f9ee1414bc0b15a4f465502ee)"
    );
}
