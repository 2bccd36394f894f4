//! Whatever comes in from outside: no panic, no hang, and an error that says something.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use dynamodb_identity_source::{
    config::Config,
    event::Event,
    mapping::{DEFAULT_MAPPING, Mapped, Mapping},
    okta::Credentials,
    users::Record,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{okta_faults::scripted, okta_org::in_an_hour, okta_script::Step};

/// Words that events, mappings and answers are made of, and others.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "command",
            "sync",
            "plan",
            "push",
            "doctor",
            "records",
            "Records",
            "digest",
            "eventSource",
            "aws:dynamodb",
            "dynamodb",
            "Keys",
            "SequenceNumber",
            "detail-type",
            "Scheduled Event",
            "S",
            "N",
            "id",
            "externalId",
            "active",
            "include",
            "profile",
            "whenEmpty",
            "userName",
            "apiToken",
            "clientId",
            "privateKey",
            "status",
            "CREATED",
            "errorCauses",
            "errorSummary",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(word(), inner, 0..5)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn any_attribute() -> impl Strategy<Value = AttributeValue> {
    let leaf = prop_oneof![
        "\\PC{0,20}".prop_map(AttributeValue::S),
        "-?[0-9]{1,38}(\\.[0-9]{1,10})?(E[+-]?[0-9]{1,3})?".prop_map(AttributeValue::N),
        "\\PC{0,5}".prop_map(AttributeValue::N),
        any::<bool>().prop_map(AttributeValue::Bool),
        any::<bool>().prop_map(AttributeValue::Null),
        prop::collection::vec(any::<u8>(), 0..20)
            .prop_map(|bytes| AttributeValue::B(Blob::new(bytes))),
        prop::collection::vec("\\PC{0,5}", 0..4).prop_map(AttributeValue::Ss),
        prop::collection::vec("[0-9]{1,5}", 0..4).prop_map(AttributeValue::Ns),
    ];
    leaf.prop_recursive(8, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(AttributeValue::L),
            prop::collection::hash_map("[a-z]{1,3}", inner, 0..5).prop_map(AttributeValue::M),
        ]
    })
}

/// What templates are made of, in any order.
fn any_template() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => prop::sample::select(vec![
            "{{", "}}", "{%", "%}", "{#", "#}", " for x in ", " if ", "else", "endfor", "endif", "set y = ", "range(",
            "9999999999", "0", "-1", "1.5", "(", ")", "[", "]", "[:1]", ":", "|", "join(", "upper", "replace(", "~", "*",
            "**", "//", "%", "+", "-", "==", " in ", " not ", " is defined", "id", "record", "tags", "nested", ".a", "'a'",
            "\"", "'", ",", "=", "true", "none", "shard(", "loop.index", "macro m()", "endmacro", "m()", "list", "tojson",
            "indent(", "batch(", "format(", "center", "dictsort", "raw", "endraw", "filter upper", "include 'x'", "é", " ",
        ])
        .prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ];
    prop::collection::vec(part, 0..14).prop_map(|parts| parts.concat())
}

fn record() -> Record {
    Record::from_json(&json!({
        "id": "ada", "active": true, "email": "ada@example.com", "tags": ["a", "b"], "nested": {"a": {"a": 1}},
    }))
    .unwrap()
}

/// Something that was rejected says why.
fn assert_says_something(mapped: &Mapped) {
    if let Mapped::Rejected(_, reasons)
    | Mapped::Unidentified(reasons)
    | Mapped::Impossible(reasons) = mapped
    {
        assert!(!reasons.is_empty() && reasons.iter().all(|reason| !reason.is_empty()));
    }
}

fn map_with(mapping: &Value, record: Record) {
    match Mapping::from_json(&mapping.to_string()) {
        Ok(mapping) => assert_says_something(&mapping.map(record, jiff::Timestamp::UNIX_EPOCH)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #[test]
    fn an_event_of_any_shape_is_known_or_told_what_was_expected(event in any_json()) {
        if let Err(error) = Event::parse(&event) {
            let said = error.to_string();
            prop_assert!(said.contains(r#"{"command":"sync"}"#), "{}", said);
        }
    }

    #[test]
    fn a_stream_batch_of_any_shape_is_read_record_by_record(records in prop::collection::vec(any_json(), 0..6)) {
        let ours = json!({"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"id": {"S": "ada"}}, "SequenceNumber": "1"}});
        let nobodys = |record: &Value| record.get("eventSource").and_then(Value::as_str).is_none();
        prop_assume!(records.iter().all(nobodys));
        let malformed = records.iter().filter(|record| record.pointer("/dynamodb/Keys").is_none()).count();
        let all = [records.as_slice(), &[ours]].concat();
        let event = json!({ "Records": all });

        let Ok(Event::Stream(batch)) = Event::parse(&event) else {
            return Err(TestCaseError::fail("not a batch"));
        };

        prop_assert!(batch.first.is_some());
        prop_assert!(batch.malformed >= malformed as u64);
    }

    #[test]
    fn a_command_of_any_shape_is_known_or_told_what_was_expected(command in any_json(), records in any_json(), extra in any_json()) {
        for event in [
            json!({"command": command}),
            json!({"command": "push", "records": records, "at": extra}),
            json!({"command": "approve", "digest": extra}),
            json!({"Records": records, "detail-type": extra}),
        ] {
            if let Err(error) = Event::parse(&event) {
                let said = error.to_string();
                prop_assert!(said.contains(r#"{"command":"sync"}"#), "{}", said);
            }
        }
    }

    #[test]
    fn a_mapping_file_of_any_shape_works_or_says_why_not(file in any_json(), text in "\\PC{0,60}") {
        map_with(&file, record());
        prop_assert!(Mapping::from_json(&text).is_err());
    }

    #[test]
    fn a_mapping_with_any_member_exchanged_works_or_says_why_not(member in word(), value in any_json()) {
        let mut file: Value = serde_json::from_str(DEFAULT_MAPPING).unwrap();
        file[&member] = value.clone();
        map_with(&file, record());
        let mut file: Value = serde_json::from_str(DEFAULT_MAPPING).unwrap();
        file["profile"][&member] = value;
        map_with(&file, record());
    }

    #[test]
    fn a_template_of_any_shape_comes_to_an_end(template in any_template(), expression in any_template()) {
        let began = std::time::Instant::now();
        map_with(
            &json!({"externalId": "{{ id }}", "active": expression, "include": expression, "profile": {
                "userName": template, "email": format!("{{{{ {expression} }}}}"), "title": format!("{{{{ {template}")}}),
            record(),
        );
        prop_assert!(began.elapsed() < Duration::from_secs(20), "{} {}", template, expression);
    }

    #[test]
    fn an_item_of_any_shape_is_mapped_or_says_why_not(
        id in any_attribute(), active in any_attribute(), email in any_attribute(), other in any_attribute(),
    ) {
        let mapping = json!({"externalId": "{{ id }}", "active": "active", "include": "other != 1", "profile": {
            "userName": "{{ email }}", "title": "{{ other }}", "city": "{{ other.a.b }}",
            "displayName": "{{ record | items | map('last') | join(',') }}", "state": "{{ other | join(',') }}"}});
        let item = HashMap::from([("id", id), ("active", active), ("email", email), ("other", other)]);
        let item: HashMap<String, AttributeValue> = item.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        map_with(&mapping, item.into());
    }

    #[test]
    fn a_record_of_any_json_is_mapped_or_says_why_not(value in any_json()) {
        let mapping = Mapping::from_json(DEFAULT_MAPPING).unwrap();
        match Record::from_json(&value) {
            Ok(record) => assert_says_something(&mapping.map(record, jiff::Timestamp::UNIX_EPOCH)),
            Err(why) => prop_assert!(!why.is_empty()),
        }
    }

    #[test]
    fn credentials_of_any_shape_are_taken_or_refused_without_being_told(shape in any_json(), secret in "[a-z]{20}") {
        for json in [
            shape.to_string(),
            json!({"apiToken": secret, "clientId": shape}).to_string(),
            json!({"clientId": shape, "privateKey": secret}).to_string(),
            json!({"clientId": "0oa1", "privateKey": secret, "keyId": shape}).to_string(),
            format!("{{\"apiToken\": {secret}"),
        ] {
            match Credentials::parse(&json) {
                Ok(credentials) => {
                    let shown = format!("{credentials:?}");
                    prop_assert!(!shown.contains(&secret), "{}", shown);
                },
                Err(error) => {
                    let said = format!("{error} {error:?}");
                    prop_assert!(!said.contains(&secret), "{}", said);
                }
            }
        }
    }

    #[test]
    fn an_environment_of_any_text_is_taken_or_refused_by_name(values in prop::collection::vec("\\PC{0,30}", 9)) {
        let names = [
            "OKTA_ORG_URL", "OKTA_IDENTITY_SOURCE_ID", "OKTA_CREDENTIALS_SECRET_ARN", "OKTA_CREDENTIALS", "USERS_TABLE",
            "STATE_TABLE", "MAPPING", "MAX_DEACTIVATIONS", "WATCH_SECONDS",
        ];
        let lookup = |name: &str| names.iter().position(|known| *known == name).map(|at| values[at].clone());
        if let Err(error) = Config::from_lookup(lookup) {
            prop_assert!(names.iter().any(|name| error.to_string().contains(name)));
        }
    }
}

proptest! {
    // Each case listens on a port of its own.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_answer_of_any_shape_is_understood_or_an_error(
        status in prop_oneof![Just(200_u16), Just(201), Just(204), Just(400), Just(401), Just(404), Just(429), Just(500), 200_u16..600],
        headers in prop::sample::select(vec![
            "", "retry-after: 3", "retry-after: soon", "x-rate-limit-reset: 9223372036854775807",
            "x-rate-limit-limit: 0\nx-rate-limit-remaining: 0\nx-rate-limit-reset: -1\ndate: never",
            "date: Wed, 13 May 2026 05:52:24 GMT\nx-rate-limit-limit: 1\nx-rate-limit-remaining: 0\nx-rate-limit-reset: 1778651554",
            "www-authenticate: DPoP error=", "content-type: text/html", "location: /elsewhere",
        ]),
        body in prop_oneof![any_json().prop_map(|json| json.to_string()), "\\PC{0,40}"],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (_script, okta, clock) = scripted(vec![Step::Answer(status, headers, body); 40]).await;
            let calls = okta.by(clock.now() + Duration::from_secs(300));
            let id = dynamodb_identity_source::okta::SessionId::from("aps1".to_owned());
            let listed = calls.active_sessions().await.map(drop).map_err(|error| error.to_string());
            let seen = calls.session(&id).await.map(drop).map_err(|error| error.to_string());
            let created = calls.create_session().await.map(drop).map_err(|error| error.to_string());
            let cancelled = calls.cancel(&id).await.map(drop).map_err(|error| error.to_string());
            for said in [listed, seen, created, cancelled] {
                assert!(said.is_ok() || said.is_err_and(|said| !said.is_empty()));
            }
            assert!(clock.now() < in_an_hour(clock));
        });
    }
}

#[test]
fn no_template_is_given_more_than_its_share_of_time_and_memory() {
    for greedy in [
        "{{ 'a' * 99999999999 }}",
        "{{ 'a' * 999999999 }}",
        "{{ ['a'] * 999999999 }}",
        "{{ range(9999999999) | join }}",
        "{{ 9 ** 999999 }}",
        "{{ 'a' | indent(999999999) }}",
        "{{ 'a' | center(999999999) }}",
        "{{ '%999999999d' | format(1) }}",
        "{% for x in range(99999) %}{% for y in range(99999) %}x{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set ns = namespace(s='aaaaaaaaaa') %}{% for x in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}",
        "{{ 'aaaaaaaaaaaaaaaaaaaa' | replace('a', 'aaaaaaaaaaaaaaaaaaaa') | replace('a', 'aaaaaaaaaaaaaaaaaaaa') | replace('a', 'aaaaaaaaaaaaaaaaaaaa') | replace('a', 'aaaaaaaaaaaaaaaaaaaa') }}",
    ] {
        let began = std::time::Instant::now();
        map_with(
            &json!({"externalId": "{{ id }}", "active": "active", "profile": {"userName": greedy, "email": "{{ email }}"}}),
            record(),
        );
        assert!(began.elapsed() < Duration::from_secs(5), "{greedy}");
    }
}
