use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_lookup(|name| {
        pairs
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

const COMPLETE: [(&str, &str); 5] = [
    ("OKTA_ORG_URL", "https://example.okta.com"),
    ("OKTA_IDENTITY_SOURCE_ID", "0oa1abcd"),
    ("OKTA_CREDENTIALS", r#"{"apiToken":"s3cr3t"}"#),
    ("USERS_TABLE", "people"),
    ("STATE_TABLE", "people-state"),
];

#[test]
fn a_complete_environment_is_read_with_its_defaults() {
    let config = read(&COMPLETE).unwrap();

    assert_eq!(config.users_table, "people");
    assert_eq!(config.watch, Duration::from_secs(60));
    assert_eq!(config.history_days, 90);
    assert_eq!(config.mapping, MappingSource::Default);
    let limit = config.limits.of(Kind::Deactivations);
    assert_eq!(limit.to_string(), "10%,1000");
    assert_eq!((config.start, config.push), (Mode::Running, false));
    assert!(!config.profile_checks && !config.plan_values && !config.read_only);
}

#[test]
fn whether_it_only_reads_is_on_or_off() {
    let read = |value| {
        let pairs: Vec<_> = COMPLETE.into_iter().chain([("READ_ONLY", value)]).collect();
        read(&pairs)
    };

    assert!(read("on").unwrap().read_only);
    assert!(!read("off").unwrap().read_only);
    let said = read("true").unwrap_err().to_string();
    assert!(said.contains("READ_ONLY: give on or off"), "{said}");
}

#[test]
fn every_missing_variable_is_named_at_once() {
    let wrong = read(&[]).unwrap_err().to_string();

    for name in [
        "OKTA_ORG_URL",
        "OKTA_IDENTITY_SOURCE_ID",
        "OKTA_CREDENTIALS_SECRET_ARN",
        "USERS_TABLE",
        "STATE_TABLE",
    ] {
        assert!(wrong.contains(name), "{name} is not in: {wrong}");
    }
}

#[test]
fn one_table_cannot_be_both_source_and_ledger() {
    let mut pairs = COMPLETE;
    pairs[4].1 = "people";

    assert!(
        read(&pairs)
            .unwrap_err()
            .to_string()
            .contains("a table of its own")
    );
}

#[test]
fn how_long_history_is_kept_is_a_number_of_days() {
    let read = |days| {
        let pairs: Vec<_> = COMPLETE
            .into_iter()
            .chain([("HISTORY_DAYS", days)])
            .collect();
        read(&pairs)
    };

    assert_eq!(read(" 0 ").unwrap().history_days, 0);
    assert_eq!(read("3650").unwrap().history_days, 3_650);
    for wrong in ["-1", "3651", "90d", "ever"] {
        let said = read(wrong).unwrap_err().to_string();
        assert!(said.contains("HISTORY_DAYS: give a whole number"), "{said}");
    }
}

#[test]
fn credentials_are_never_printed() {
    let config = read(&COMPLETE).unwrap();

    assert!(!format!("{config:?}").contains("s3cr3t"));
}

#[test]
fn a_malformed_limit_says_what_to_write() {
    let pairs: Vec<_> = COMPLETE
        .into_iter()
        .chain([("MAX_DEACTIVATIONS", "lots")])
        .collect();

    let wrong = read(&pairs).unwrap_err().to_string();

    assert!(
        wrong.contains("MAX_DEACTIVATIONS") && wrong.contains("10%"),
        "{wrong}"
    );
}

#[test]
fn a_byte_order_mark_and_lines_around_are_no_part_of_a_value() {
    let pairs: Vec<_> = COMPLETE
        .into_iter()
        .chain([
            ("MAPPING", "\u{feff}{\"externalId\": \"x\"}\r\n"),
            ("HISTORY_DAYS", "\u{feff}7\n"),
        ])
        .collect();

    let config = read(&pairs).unwrap();

    assert_eq!(config.history_days, 7);
    assert_eq!(
        config.mapping,
        MappingSource::Inline("{\"externalId\": \"x\"}".to_owned())
    );
}
