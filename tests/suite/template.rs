//! What the template says of its functions, as far as that can be read without deploying it.

use std::collections::BTreeSet;

use crate::metrics_template::{TEMPLATE, resource};

/// The actions of these services that a role may take.
fn actions(role: &str) -> BTreeSet<&'static str> {
    let words = resource(role).into_iter().flat_map(str::split_whitespace);
    words
        .filter(|word| {
            let service = word.split_once(':').map(|(service, _)| service);
            let services = [
                "dynamodb",
                "events",
                "lambda",
                "logs",
                "secretsmanager",
                "sqs",
                "states",
            ];
            service.is_some_and(|service| services.contains(&service)) && !word.ends_with(':')
        })
        .collect()
}

/// A function's variables, each with what it is set to.
fn variables(function: &str) -> BTreeSet<&'static str> {
    let lines = resource(function).into_iter();
    let lines = lines.skip_while(|line| line.trim() != "Variables:").skip(1);
    let own = lines.take_while(|line| line.starts_with("          "));
    let own = own.map(str::trim);
    own.filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn the_stack_says_which_version_it_was_made_from() {
    let (_, output) = TEMPLATE.split_once("\n  Version:\n").unwrap();
    let value = output
        .lines()
        .find_map(|line| line.trim().strip_prefix("Value: "));

    assert_eq!(
        value,
        Some(concat!("'", env!("CARGO_PKG_VERSION"), "'")),
        "the output Version in template.yaml"
    );
}

#[test]
fn the_reading_functions_role_lets_it_look_and_no_more() {
    assert_eq!(
        actions("ReaderRole"),
        [
            "dynamodb:BatchGetItem",
            "dynamodb:DescribeTable",
            "dynamodb:GetItem",
            "dynamodb:Scan",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "secretsmanager:GetSecretValue",
        ]
        .into()
    );
    assert!(actions("SyncRole").contains("dynamodb:PutItem"));
}

#[test]
fn the_reading_function_is_set_as_the_other_one_is() {
    let (reader, writer) = (variables("ReaderFunction"), variables("SyncFunction"));

    let own: Vec<_> = reader.difference(&writer).collect();
    assert_eq!(own, [&"READ_ONLY: 'on'"]);
    let names = writer.difference(&reader).map(|line| {
        let name = line.split_once(':');
        name.map(|(name, _)| name).unwrap_or_default()
    });
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "AWS_ENDPOINT_URL_DYNAMODB",
            "HISTORY_DAYS",
            "OKTA_CREDENTIALS",
            "PUSH",
            "WATCH_SECONDS"
        ]
    );
}

#[test]
fn nothing_but_people_invokes_the_reading_function() {
    let lines = resource("ReaderFunction");

    assert!(lines.contains(&"        MaximumRetryAttempts: 0"));
    for word in ["Events:", "DestinationConfig:"] {
        assert!(!lines.iter().any(|line| line.trim() == word), "{word}");
    }
}

/// The lines of the section of this name.
fn section(name: &str) -> Vec<&'static str> {
    let head = format!("{name}:");
    let lines = TEMPLATE.lines().skip_while(|line| *line != head).skip(1);
    let own = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    own.collect()
}

#[test]
fn each_schedule_comes_with_the_hours_after_which_no_success_is_an_alarm() {
    let lines = section("Mappings");
    let hours: BTreeSet<_> = lines
        .windows(3)
        .filter_map(|lines| {
            let name = lines[0].strip_prefix("    ")?.strip_suffix(':')?;
            let rate = lines[1].trim().strip_prefix("Expression: rate(")?;
            let (number, unit) = rate.strip_suffix(')')?.split_once(' ')?;
            let hours = lines[2].trim().strip_prefix("Hours: ")?;
            let minutes = match unit.trim_end_matches('s') {
                "minute" => 1,
                "hour" => 60,
                "day" => 24 * 60,
                _ => panic!("{rate}"),
            };
            let minutes = number.parse::<u64>().unwrap() * minutes;
            let hours = hours.parse::<u64>().unwrap();
            assert_eq!(hours, (minutes * 3).div_ceil(60).max(1), "{name}");
            // CloudWatch looks back seven days at most.
            assert!(hours <= 7 * 24, "{name}");
            if name != "custom" {
                assert_eq!(name, rate.trim_end_matches(')').replace(' ', "-"));
            }
            Some(name)
        })
        .collect();

    let parameters = section("Parameters");
    let schedule = parameters.iter().skip_while(|line| **line != "  Schedule:");
    let schedule = schedule.skip(1).take_while(|line| line.starts_with("    "));
    let offered: BTreeSet<_> = schedule
        .filter_map(|line| line.strip_prefix("      - "))
        .collect();
    assert_eq!(hours, offered);
}

#[test]
fn whatever_the_stack_keeps_is_protected_and_takes_a_key() {
    let of = |id: &str, line: &str| {
        let lines = resource(id);
        assert!(lines.iter().any(|own| own.trim() == line), "{id}: {line}");
    };

    for table in ["UsersTable", "StateTable", "HistoryTable"] {
        let protected = "DeletionProtectionEnabled: !If [ProtectsTables, true, false]";
        of(table, protected);
        let key = "KMSMasterKeyId: !If [HasKmsKey, !Ref KmsKeyArn, !Ref AWS::NoValue]";
        of(table, key);
        of(table, "DeletionPolicy: Retain");
    }
    for (id, name) in [
        ("FailureQueue", "KmsMasterKeyId"),
        ("LogGroup", "KmsKeyId"),
        ("ReaderLogGroup", "KmsKeyId"),
    ] {
        of(
            id,
            &format!("{name}: !If [HasKmsKey, !Ref KmsKeyArn, !Ref AWS::NoValue]"),
        );
    }
}
