//! What a mapping makes of records.

mod dates;
mod filters;
mod generated;
mod generators;
mod no_text;
mod nothing;
mod people;
mod reach;
mod scope;
mod time;
mod words;

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ExternalId, Mapped, Mapping, MappingError, Profile};
use crate::users::{Attributes, Record};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn mapping(profile: Value) -> Mapping {
    Mapping::from_json(&json!({"externalId": "{{ id }}", "profile": profile}).to_string()).unwrap()
}

/// A mapping of one attribute beside those that make a profile valid.
fn mapping_of(attribute: &str) -> Mapping {
    let mut profile = json!({"userName": "{{ id }}", "title": "x"});
    profile[attribute] = json!("{{ value }}");
    mapping(profile)
}

fn record(attributes: &[(&str, AttributeValue)]) -> Record {
    let attributes = attributes.iter().cloned();
    let mut item: HashMap<_, _> = attributes
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    item.entry("id".to_owned()).or_insert_with(|| text("ada"));
    item.entry("active".to_owned())
        .or_insert(AttributeValue::Bool(true));
    item.into()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// What is wrong with this value of an attribute.
fn reasons(attribute: &str, value: &str) -> Vec<String> {
    match mapping_of(attribute).map(record(&[("value", text(value))]), NOW) {
        Mapped::Active(..) => Vec::new(),
        Mapped::Rejected(_, reasons) => reasons,
        other => panic!("{other:?}"),
    }
}

fn profile(mapping: &Mapping, record: Record) -> Profile {
    match mapping.map(record, NOW) {
        Mapped::Active(_, profile) => profile,
        other => panic!("{other:?}"),
    }
}

#[test]
fn lengths_are_checked_in_characters_at_their_edges() {
    for (attribute, most) in [
        ("userName", 100),
        ("mobilePhone", 100),
        ("firstName", 50),
        ("lastName", 50),
        ("homeAddress", 4096),
    ] {
        assert_eq!(
            reasons(attribute, &"é".repeat(most)),
            [""; 0],
            "{attribute}"
        );
        assert_eq!(
            reasons(attribute, &"é".repeat(most + 1)),
            [format!(
                "{attribute}: has {} characters, at most {most} are allowed",
                most + 1
            )]
        );
    }
    assert_eq!(reasons("title", &"é".repeat(10_000)), [""; 0]);
}

#[test]
fn addresses_have_five_to_a_hundred_characters() {
    for attribute in ["email", "secondEmail"] {
        let of_length = |length: usize| format!("{}@b.c", "a".repeat(length - 4));
        for good in [5, 6, 100] {
            assert_eq!(reasons(attribute, &of_length(good)), [""; 0], "{good}");
        }
        assert!(reasons(attribute, "@b.c")[0].ends_with("at least 5 are needed"));
        assert!(reasons(attribute, &of_length(101))[0].ends_with("at most 100 are allowed"));
    }
}

#[test]
fn an_address_looks_like_one() {
    for good in [
        "ada@example.com",
        "o'brien+tag@mail.example.co.uk",
        "zoë@exämple.com",
    ] {
        assert_eq!(reasons("email", good), [""; 0], "{good}");
    }
    for bad in [
        "ada.example.com",
        "ada@example",
        "ada@@example.com",
        "ada@example..com",
        "ada@.example.com",
        "ada@example.com.",
        "a b@example.com",
        "@example.com",
        "adaok@",
    ] {
        assert_eq!(
            reasons("email", bad),
            ["email: is not an email address"],
            "{bad}"
        );
    }
}

#[test]
fn an_external_id_has_one_to_512_characters() {
    assert!(ExternalId::parse("é".repeat(512)).is_ok());
    assert!(ExternalId::parse("é".repeat(513)).is_err());
    for blank in ["", " ", "\n\t"] {
        assert!(ExternalId::parse(blank).is_err(), "{blank:?}");
    }
    let mapping = mapping(json!({"userName": "x", "title": "x"}));
    for missing in [
        text(""),
        AttributeValue::Null(true),
        AttributeValue::L(Vec::new()),
    ] {
        let mapped = mapping.map(record(&[("id", missing)]), NOW);

        assert!(matches!(mapped, Mapped::Unidentified(_)), "{mapped:?}");
    }
}

#[test]
fn a_profile_needs_a_user_name_and_something_besides() {
    let mapping = mapping(json!({"userName": "{{ name }}", "title": "{{ title }}"}));
    let rejected =
        |attributes: &[(&str, AttributeValue)]| match mapping.map(record(attributes), NOW) {
            Mapped::Rejected(_, reasons) => reasons,
            other => panic!("{other:?}"),
        };

    assert_eq!(rejected(&[("title", text("x"))]), ["userName: is empty"]);
    assert_eq!(
        rejected(&[("name", text("ada"))]),
        ["profile: has no attribute other than userName"]
    );
    assert_eq!(
        rejected(&[("name", text("ada")), ("title", text("  "))]),
        ["profile: has no attribute other than userName"]
    );
}

#[test]
fn numbers_are_rendered_and_what_is_missing_is_cleared() {
    let mapping =
        mapping(json!({"userName": "{{ id }}", "title": "{{ value }}", "city": "{{ city }}"}));
    for (value, expected) in [
        (AttributeValue::N("0".into()), Some("0")),
        (AttributeValue::N("-1.50".into()), Some("-1.5")),
        (text("  padded "), Some("padded")),
        (AttributeValue::Null(true), None),
    ] {
        let record = record(&[("value", value.clone()), ("city", text("Oslo"))]);

        assert_eq!(
            profile(&mapping, record).get("title"),
            expected,
            "{value:?}"
        );
    }
}

#[test]
fn what_is_no_string_rejects_the_record_and_none_of_it_is_quoted() {
    for value in [
        AttributeValue::Bool(true),
        AttributeValue::B(Blob::new("secret")),
        AttributeValue::L(vec![text("secret")]),
        AttributeValue::Ss(vec!["secret".into()]),
        AttributeValue::M([("secret".to_owned(), text("secret"))].into()),
    ] {
        let Mapped::Rejected(_, reasons) = mapping_of("city").map(record(&[("value", value)]), NOW)
        else {
            panic!("it was taken");
        };

        assert_eq!(reasons.len(), 1, "{reasons:?}");
        assert!(reasons[0].starts_with("city: is "), "{reasons:?}");
        assert!(!reasons[0].contains("secret"), "{reasons:?}");
    }
}

#[test]
fn only_what_cannot_be_misread_says_whether_somebody_is_active() {
    let mapping = mapping(json!({"userName": "{{ id }}", "title": "x"}));
    for (value, expected) in [
        (AttributeValue::Bool(true), Some(true)),
        (AttributeValue::Bool(false), Some(false)),
        (AttributeValue::N("1".into()), Some(true)),
        (AttributeValue::N("0".into()), Some(false)),
        (text("true"), Some(true)),
        (text(" False "), Some(false)),
        (AttributeValue::N("2".into()), None),
        (AttributeValue::N("0.5".into()), None),
        (text("yes"), None),
        (text("1"), None),
        (text(""), None),
        (AttributeValue::Null(true), None),
        (AttributeValue::L(Vec::new()), None),
    ] {
        let said = match mapping.map(record(&[("active", value.clone())]), NOW) {
            Mapped::Active(..) => Some(true),
            Mapped::Inactive(_) => Some(false),
            Mapped::Rejected(_, reasons) => {
                assert!(reasons[0].starts_with("active: "), "{reasons:?}");
                None
            }
            other => panic!("{other:?}"),
        };

        assert_eq!(said, expected, "{value:?}");
    }
    let nothing = Record::from(HashMap::from([("id".to_owned(), text("ada"))]));
    assert!(matches!(mapping.map(nothing, NOW), Mapped::Rejected(..)));
}

#[test]
fn a_broken_mapping_names_the_attribute_and_the_column() {
    for (attribute, file, expected) in [
        (
            "profile.title",
            json!({"profile": {"userName": "x", "title": "été {{ name"}}),
            8,
        ),
        (
            "profile.title",
            json!({"profile": {"userName": "x", "title": "{{ name | lowr }}"}}),
            11,
        ),
        (
            "profile.title",
            json!({"profile": {"userName": "x", "title": "{% if a %}{{ b | lowr }}{% endif %}"}}),
            18,
        ),
        (
            "profile.title",
            json!({"profile": {"userName": "x", "title": "{{ nope(a) }}"}}),
            4,
        ),
        (
            "active",
            json!({"active": "a ==", "profile": {"userName": "x"}}),
            3,
        ),
        (
            "include",
            json!({"include": "a is odder", "profile": {"userName": "x"}}),
            6,
        ),
        (
            "externalId",
            json!({"externalId": "{{ }}", "profile": {"userName": "x"}}),
            4,
        ),
    ] {
        let mut whole = json!({"externalId": "{{ id }}"});
        for (name, value) in file.as_object().unwrap() {
            whole[name] = value.clone();
        }

        let Err(MappingError::Template {
            attribute: found,
            place,
            why,
            ..
        }) = Mapping::from_json(&whole.to_string())
        else {
            panic!("{whole} was taken");
        };

        assert_eq!(
            (found.as_str(), place.column),
            (attribute, expected),
            "{why}"
        );
    }
}

#[test]
fn a_read_brings_what_the_mapping_names() {
    let mapping = Mapping::from_json(
        &json!({"externalId": "{{ id }}", "active": "status == 'on'", "include": "kind is undefined",
            "profile": {"userName": "{{ name | lower }}", "city": "{{ address.city }}"}})
        .to_string(),
    )
    .unwrap();

    let expected = ["id", "status", "kind", "name", "address"].map(str::to_owned);

    assert_eq!(mapping.attributes(), &Attributes::Named(expected.into()));
}

#[test]
fn a_template_without_end_rejects_the_record_in_no_time() {
    let mapping = mapping(json!({"userName": "{{ id }}",
        "title": "{% for a in range(9000) %}{% for b in range(9000) %}x{% endfor %}{% endfor %}"}));

    assert!(matches!(
        mapping.map(record(&[]), NOW),
        Mapped::Rejected(..)
    ));
}
