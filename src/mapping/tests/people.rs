//! A hundred records of ten countries, as they really are: `events/records`.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::*;

const MAPPING: &str = include_str!("../../../events/records/mapping.json");
const PEOPLE: &str = include_str!("../../../events/records/people.jsonl");
const TRAITS: &str = include_str!("../../../events/records/traits.json");
const EXPECTED: &str = include_str!("../../../events/records/expected.json");

/// DynamoDB's JSON of an attribute.
fn attribute(json: &Value) -> AttributeValue {
    let (kind, value) = json.as_object().unwrap().iter().next().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let texts = || value.as_array().unwrap().iter().map(text).collect();
    match kind.as_str() {
        "S" => AttributeValue::S(text(value)),
        "N" => AttributeValue::N(text(value)),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "B" => AttributeValue::B(Blob::new(BASE64_STANDARD.decode(text(value)).unwrap())),
        "SS" => AttributeValue::Ss(texts()),
        "NS" => AttributeValue::Ns(texts()),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute).collect()),
        "M" => AttributeValue::M(item(value)),
        other => panic!("{other}"),
    }
}

fn item(json: &Value) -> HashMap<String, AttributeValue> {
    let attributes = json.as_object().unwrap().iter();
    attributes
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect()
}

fn people() -> BTreeMap<String, Record> {
    let records = PEOPLE.lines().map(|line| {
        let json: Value = serde_json::from_str(line).unwrap();
        (
            json["id"]["S"].as_str().unwrap().to_owned(),
            item(&json).into(),
        )
    });
    records.collect()
}

#[test]
fn a_hundred_records_of_ten_countries_come_to_what_was_written_down_for_them() {
    let mapping = Mapping::from_json(MAPPING).unwrap();
    let expected: BTreeMap<String, Value> = serde_json::from_str(EXPECTED).unwrap();
    let now = "2026-12-01T12:00:00Z".parse().unwrap();
    let people = people();
    assert_eq!((people.len(), expected.len()), (100, 100));

    for (id, record) in people {
        let expected = &expected[&id];
        let (state, who, reasons) = match mapping.map(record, now) {
            Mapped::Active(who, profile) => {
                let sent = serde_json::to_value(&profile).unwrap();
                for name in mapping
                    .profile_attributes()
                    .filter(|name| *name != "secondEmail")
                {
                    assert_eq!(sent[name], expected["profile"][name], "{id}: {name}");
                }
                assert_eq!(
                    sent.get("secondEmail"),
                    expected["profile"].get("secondEmail"),
                    "{id}"
                );
                ("active", Some(who), vec![])
            }
            Mapped::Inactive(who) => ("left", Some(who), vec![]),
            Mapped::Upcoming(who) => ("upcoming", Some(who), vec![]),
            Mapped::Rejected(who, reasons) => ("rejected", Some(who), reasons),
            Mapped::Unidentified(reasons) => ("unidentified", None, reasons),
            Mapped::Impossible(reasons) => ("impossible", None, reasons),
            Mapped::OutOfScope { who, keep } => {
                assert!(keep, "{id}");
                ("outOfScope", who, vec![])
            }
        };

        assert_eq!(state, expected["state"], "{id}: {reasons:?}");
        let who = who.as_ref().map(ExternalId::as_str);
        assert_eq!(
            who,
            expected.get("externalId").and_then(Value::as_str),
            "{id}"
        );
        if let Some(reason) = expected.get("reason").and_then(Value::as_str) {
            assert!(
                reasons.iter().any(|said| said.starts_with(reason)),
                "{id}: {reasons:?}"
            );
        }
    }
}

#[test]
fn every_trait_is_had_by_two_records_at_least() {
    let traits: BTreeMap<String, BTreeSet<String>> = serde_json::from_str(TRAITS).unwrap();
    let people = people();

    assert!(traits.len() >= 30, "{}", traits.len());
    for (name, ids) in traits {
        assert!(ids.len() >= 2, "{name}: {ids:?}");
        assert!(ids.iter().all(|id| people.contains_key(id)), "{name}");
    }
}

#[test]
fn the_example_mapping_has_every_filter_in_use() {
    for filter in super::super::language::filters() {
        let used = ["| ", "map('"].map(|before| format!("{before}{filter}"));
        let follows = |at: usize| {
            MAPPING[at..]
                .chars()
                .next()
                .is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
        };
        let is_used = used.iter().any(|used| {
            MAPPING
                .match_indices(used.as_str())
                .any(|(at, found)| follows(at + found.len()))
        });
        assert!(is_used, "{filter} is not in use");
    }
}

#[test]
fn the_sample_people_are_mapped_as_they_are_written() {
    let mapping = Mapping::from_json(super::super::DEFAULT_MAPPING).unwrap();
    let file = include_str!("../../../events/sample-users.csv");
    let mut rows = csv::Reader::from_reader(file.as_bytes());
    let mut seen = 0;
    for row in rows.deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        let mut record: HashMap<_, _> = row
            .iter()
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(name, cell)| (name.clone(), text(cell)))
            .collect();
        let active = row["active"].eq_ignore_ascii_case("true");
        record.insert("active".to_owned(), AttributeValue::Bool(active));

        let mapped = mapping.map(record.into(), NOW);

        let Mapped::Active(id, profile) = mapped else {
            assert!(!active, "{row:?}");
            continue;
        };
        seen += 1;
        assert_eq!(id.as_str(), row["id"]);
        let expected = |name: &str| match name {
            "userName" | "email" => row["email"].clone(),
            "firstName" => row["first_name"].clone(),
            "lastName" => row["last_name"].clone(),
            "mobilePhone" => row["cell"].clone(),
            "displayName" => format!("{} {}", row["first_name"], row["last_name"]),
            "primaryPhone" => row["phone"].clone(),
            "streetAddress" => format!("{} {}", row["street_number"], row["street_name"]),
            "zipCode" => row["postcode"].clone(),
            "countryCode" => row["country"].clone(),
            same => row[same].clone(),
        };
        for (name, value) in profile.iter() {
            let expected = expected(name);
            let expected = expected.trim();
            assert_eq!(value.unwrap_or(""), expected, "{id}: {name}");
        }
        assert_eq!(profile.iter().count(), 13);
    }
    assert!(seen > 80, "{seen}");
}
