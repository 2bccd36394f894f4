//! The lines that the binary writes for CloudWatch to make metrics of.

use std::{collections::BTreeSet, time::Duration};

use dynamodb_identity_source::metrics as catalogue;
use okta_emulator::Options;
use serde_json::{Value, json};

use crate::{
    lambda::Lambda,
    steps::{options, person},
    support::World,
};

/// The lines of a log that CloudWatch makes metrics of.
fn metric_lines(log: &[String]) -> Vec<Value> {
    log.iter()
        .filter(|line| line.contains("\"_aws\""))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Asserts what the embedded metric format's specification asks for; gives the metrics' names.
fn assert_format(line: &Value) -> BTreeSet<String> {
    assert!(line["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000);
    let [directive] = line["_aws"]["CloudWatchMetrics"]
        .as_array()
        .unwrap()
        .as_slice()
    else {
        panic!("{line}")
    };
    assert_eq!(directive["Namespace"], catalogue::NAMESPACE);
    let [dimensions] = directive["Dimensions"].as_array().unwrap().as_slice() else {
        panic!("{line}")
    };
    let dimensions = dimensions.as_array().unwrap();
    assert_eq!(dimensions[0], catalogue::FUNCTION);
    assert_eq!(line[catalogue::FUNCTION], "sync");
    let metrics = directive["Metrics"].as_array().unwrap();
    assert!((1..=100).contains(&metrics.len()), "{line}");
    let mut names = BTreeSet::new();
    for metric in metrics {
        let name = metric["Name"].as_str().unwrap();
        let known = catalogue::ALL.iter().find(|known| known.name == name);
        let known = known.unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        let unit = match known.unit {
            metrics::Unit::Count => "Count",
            metrics::Unit::Seconds => "Seconds",
            other => panic!("{other:?}"),
        };
        assert_eq!(metric["Unit"], unit, "{name}");
        match &line[name] {
            Value::Array(values) => {
                assert!((1..=100).contains(&values.len()), "{line}");
                assert!(values.iter().all(Value::is_number), "{line}");
            }
            value => assert!(value.is_number(), "{name}: {value}"),
        }
        match known.split_by {
            None => assert_eq!(dimensions.len(), 1, "{line}"),
            Some((dimension, values)) => {
                assert_eq!(dimensions[1..], [json!(dimension)], "{line}");
                assert!(
                    values.contains(&line[dimension].as_str().unwrap()),
                    "{line}"
                );
            }
        }
        assert!(names.insert(name.to_owned()), "{name} is there twice");
    }
    names
}

#[tokio::test]
async fn every_invocation_ends_with_metrics_in_the_format_that_cloudwatch_reads() {
    let world = World::start(Options {
        cooldown: Duration::ZERO,
        import_time: Duration::from_millis(100),
        ..options()
    })
    .await;
    world.put(person("ada")).await;
    let mut lambda = Lambda::start(&world, &[]).await;

    lambda.invoke(json!({"command": "sync"})).await;
    lambda.invoke(json!({"command": "sync"})).await;
    let log = lambda.end();

    let lines = metric_lines(&log);
    let of_first = lines[0]["requestId"].clone();
    let (first, second): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line["requestId"] == of_first);
    let names = |lines: &[&Value]| -> BTreeSet<String> {
        lines.iter().flat_map(|line| assert_format(line)).collect()
    };
    let (in_first, in_second) = (names(&first), names(&second));
    for name in [
        "RunsSucceeded",
        "FullRunsSucceeded",
        "Active",
        "Rejected",
        "OktaRequests",
    ] {
        assert!(in_first.contains(name), "{name}: {in_first:?}");
    }
    assert!(in_first.contains("Upserts") && in_first.contains("Sessions"));
    assert!(!in_second.contains("Upserts"), "said once: {in_second:?}");
    let main =
        |lines: &[&Value]| (*lines.iter().find(|line| line["Active"].is_array()).unwrap()).clone();
    assert_eq!(main(&first)["Upserts"], 1);
    assert_eq!(main(&second)["Unchanged"], json!([1.0]));
    assert_eq!(main(&second)["LedgerUsers"], json!([1.0]));
    for line in lines.iter().map(Value::to_string) {
        assert!(!line.contains("ada") && !line.contains('@'), "{line}");
    }
}

#[tokio::test]
async fn a_run_that_cannot_begin_is_counted_too() {
    let world = World::start(options()).await;
    let mut lambda = Lambda::start(&world, &[("USERS_TABLE", "no-such-table")]).await;

    lambda.invoke(json!({"command": "sync"})).await;
    let log = lambda.end();

    let lines = metric_lines(&log);
    assert_eq!(lines[0]["RunsFailed"], 1, "{lines:?}");
    assert_eq!(lines[0]["RunsSucceeded"], Value::Null);
    lines.iter().for_each(|line| drop(assert_format(line)));
}

#[tokio::test]
async fn metrics_are_written_whatever_the_level_of_our_own_lines() {
    for level in ["ERROR", "WARN", "DEBUG"] {
        let world = World::start(options()).await;
        let mut lambda = Lambda::start(
            &world,
            &[("LOG_LEVEL", level), ("AWS_LAMBDA_LOG_FORMAT", "JSON")],
        )
        .await;

        lambda.invoke(json!({"command": "sync"})).await;
        let log = lambda.end();

        let lines = metric_lines(&log);
        let told = |name: &str| lines.iter().any(|line| !line[name].is_null());
        assert!(
            told("FullRunsSucceeded") && told("Active"),
            "{level}: {log:?}"
        );
        let report = log.iter().any(|line| line.contains("run finished"));
        assert_eq!(report, level == "DEBUG", "{level}: {log:?}");
    }
}

#[tokio::test]
async fn outside_lambda_nobody_reads_metrics_and_none_are_written() {
    let world = World::start(options()).await;
    let mut lambda = Lambda::start(&world, &[("AWS_LAMBDA_FUNCTION_NAME", "")]).await;

    lambda.invoke(json!({"command": "sync"})).await;

    assert_eq!(metric_lines(&lambda.end()), Vec::<Value>::new());
}
