//! The template's dashboard and alarms watch what the function emits, and all of it.

use std::collections::{BTreeMap, BTreeSet};

use dynamodb_identity_source::metrics::{ALL, FUNCTION, Kind, Metric, NAMESPACE};
use serde_json::Value;

pub const TEMPLATE: &str = include_str!("../../template.yaml");

const RUNBOOK: &str = include_str!("../../docs/running/runbook.md");
const MONITORING: &str = include_str!("../../docs/running/monitoring.md");

const ALARMS: [&str; 16] = [
    "DriftAlarm",
    "FailedExecutionsAlarm",
    "FailedRunsAlarm",
    "FailedSessionsAlarm",
    "FailureQueueAlarm",
    "IteratorAgeAlarm",
    "LeaversRefusedAlarm",
    "NoSuccessfulRunAlarm",
    "OtherBindingAlarm",
    "PausedAlarm",
    "PendingAlarm",
    "RefusedAlarm",
    "RejectsAlarm",
    "SlowLeaversAlarm",
    "UndeliveredAlarm",
    "WithheldAlarm",
];

/// A metric as something watches it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Watched {
    name: String,
    dimensions: BTreeMap<String, String>,
    statistic: String,
}

impl Watched {
    /// Asserts that the function emits it so that this makes sense.
    fn assert_emitted(&self) -> &'static Metric {
        let metric = ALL.iter().find(|metric| metric.name == self.name);
        let metric = metric.unwrap_or_else(|| panic!("{self:?} is not emitted"));
        let mut dimensions = self.dimensions.clone();
        assert_eq!(
            dimensions.remove(FUNCTION).as_deref(),
            Some("SyncFunction"),
            "{self:?}"
        );
        match metric.split_by {
            None => assert_eq!(dimensions, BTreeMap::new(), "{self:?}"),
            Some((name, values)) => {
                let value = dimensions.remove(name);
                let value = value.unwrap_or_else(|| panic!("{self:?} lacks {name}"));
                assert!(values.contains(&value.as_str()), "{self:?}");
                assert_eq!(dimensions, BTreeMap::new(), "{self:?}");
            }
        }
        assert_eq!(
            self.statistic == "Sum",
            metric.kind == Kind::Flow,
            "{self:?}"
        );
        metric
    }
}

/// The lines of the resource of this logical id.
pub fn resource(id: &str) -> Vec<&'static str> {
    let head = format!("  {id}:");
    let mut lines = TEMPLATE.lines().skip_while(|line| *line != head);
    assert_eq!(lines.next(), Some(&*head));
    lines
        .take_while(|line| line.is_empty() || line.starts_with("   "))
        .collect()
}

/// The dashboard's body, its `${…}` replaced by what stands in them.
fn dashboard() -> Value {
    let body: String = resource("Dashboard")
        .into_iter()
        .skip_while(|line| !line.ends_with("DashboardBody: !Sub |"))
        .skip(1)
        .collect();
    let mut parts = body.split("${");
    let mut json = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        json.push_str(&part.replacen('}', "", 1));
    }
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}"))
}

fn dashboard_metrics() -> Vec<Watched> {
    let body = dashboard();
    let widgets = body["widgets"].as_array().unwrap();
    let metrics = widgets
        .iter()
        .filter_map(|widget| widget["properties"]["metrics"].as_array());
    metrics
        .flatten()
        .map(|metric| metric.as_array().unwrap())
        .filter(|metric| metric[0] == NAMESPACE)
        .map(|metric| {
            let (options, names) = metric[1..].split_last().unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            Watched {
                name: text(&names[0]),
                dimensions: names[1..]
                    .chunks(2)
                    .map(|pair| (text(&pair[0]), text(&pair[1])))
                    .collect(),
                statistic: text(&options["stat"]),
            }
        })
        .collect()
}

/// The metrics of ours that an alarm watches, read from its lines.
fn alarm_metrics(id: &str) -> Vec<Watched> {
    let lines = resource(id);
    let value = |line: &str| line.split_once(": ").unwrap().1.trim().to_owned();
    let after = |from: usize, key: &str| {
        let line = lines[from..]
            .iter()
            .find(|line| line.trim_start().starts_with(key));
        value(line.unwrap_or_else(|| panic!("{id} lacks {key}")))
    };
    let ours = |line: &str| line.trim() == format!("Namespace: {NAMESPACE}");
    (0..lines.len())
        .filter(|at| ours(lines[*at]))
        .map(|at| {
            let names = lines[at..]
                .iter()
                .skip_while(|line| line.trim() != "Dimensions:")
                .skip(1)
                .take_while(|line| {
                    line.trim_start().starts_with("- Name:")
                        || line.trim_start().starts_with("Value:")
                })
                .map(|line| value(line).replace("!Ref ", ""))
                .collect::<Vec<_>>();
            Watched {
                name: after(at, "MetricName:"),
                dimensions: names
                    .chunks(2)
                    .map(|pair| (pair[0].clone(), pair[1].clone()))
                    .collect(),
                statistic: after(at, "Stat"),
            }
        })
        .collect()
}

#[test]
fn the_dashboard_shows_every_metric_that_is_emitted_and_no_other() {
    let shown: BTreeSet<_> = dashboard_metrics()
        .iter()
        .map(|watched| watched.assert_emitted().name)
        .collect();

    let emitted: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(shown, emitted);
}

#[test]
fn the_dashboard_shows_every_value_of_a_dimension() {
    let shown = dashboard_metrics();

    for metric in ALL {
        let Some((dimension, values)) = metric.split_by else {
            continue;
        };
        let of_metric = shown.iter().filter(|watched| watched.name == metric.name);
        let found: BTreeSet<_> = of_metric
            .map(|watched| watched.dimensions[dimension].as_str())
            .collect();
        assert_eq!(found, values.iter().copied().collect(), "{}", metric.name);
    }
}

#[test]
fn widgets_lie_beside_one_another() {
    let body = dashboard();
    let mut taken = BTreeSet::new();
    for widget in body["widgets"].as_array().unwrap() {
        let [x, y, width, height] =
            ["x", "y", "width", "height"].map(|name| widget[name].as_u64().unwrap());
        assert!(x + width <= 24, "{widget}");
        for place in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            assert!(taken.insert(place), "two widgets at {place:?}: {widget}");
        }
    }
}

#[test]
fn alarms_watch_what_is_emitted() {
    let watched = ALARMS.map(alarm_metrics);

    let names: Vec<_> = watched
        .iter()
        .flatten()
        .map(|watched| watched.assert_emitted().name)
        .collect();
    assert_eq!(
        names,
        [
            "Drift",
            "RunsFailed",
            "SessionsFailed",
            "LeaversRefused",
            "FullRunsSucceeded",
            "OtherBinding",
            "Paused",
            "PendingRuns",
            "Refused",
            "Rejected",
            "LeaverSeconds",
            "Withheld"
        ]
    );
}

#[test]
fn every_alarm_is_on_the_dashboard_and_leads_to_its_section_of_the_runbook() {
    let alarms: BTreeSet<_> = TEMPLATE
        .lines()
        .zip(TEMPLATE.lines().skip(1))
        .filter(|(_, next)| next.trim() == "Type: AWS::CloudWatch::Alarm")
        .map(|(id, _)| id.trim().trim_end_matches(':'))
        .collect();
    assert_eq!(alarms, ALARMS.into());

    let body = dashboard();
    let shown: BTreeSet<_> = body["widgets"][0]["properties"]["alarms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arn| arn.as_str().unwrap().trim_end_matches(".Arn").to_owned())
        .collect();
    assert_eq!(shown, alarms.iter().map(ToString::to_string).collect());
    for id in alarms {
        let lines = resource(id).join(" ");
        let words: Vec<_> = lines.split_whitespace().collect();
        let text = words.join(" ");
        assert!(
            text.contains(&format!("Runbook: docs/running/runbook.md, {id}.")),
            "{text}"
        );
        assert!(RUNBOOK.contains(&format!("\n## {id}\n")), "{id}");
        assert!(MONITORING.contains(&format!("`{id}`")), "{id}");
        let topic = "- !If [CreatesAlarmTopic, !Ref AlarmTopic, !Ref AlarmTopicArn]";
        for actions in ["AlarmActions", "OKActions"] {
            assert!(text.contains(&format!("{actions}: {topic}")), "{text}");
        }
        let (_, description) = text.split_once("AlarmDescription: >- ").unwrap();
        let (description, _) = description.split_once("Runbook:").unwrap();
        assert!(description.contains("To do:"), "{description}");
        // CloudWatch takes 1,024 characters.
        assert!(description.len() < 900, "{id}: {}", description.len());
    }
}
