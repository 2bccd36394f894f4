//! What a mapping makes of some records.

use dynamodb_identity_source::mapping::{DEFAULT_MAPPING, Mapped, Mapping, Profile};
use jiff::Timestamp;
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use super::records;
use crate::{
    act::{json_file, print, text_file},
    cli::{Cli, MappingTest},
    failure::Failure,
    show::{self, Document, Exit, Tone, counted},
};

pub(crate) fn act(cli: &Cli, options: &MappingTest) -> Result<Exit, Failure> {
    let mapping = compile(options)?;
    let now = options.at.unwrap_or_else(Timestamp::now);
    let records = records::read(&options.records)?;
    let outcomes: Vec<_> = records
        .into_iter()
        .map(|record| outcome(&mapping.map(record, now)))
        .collect();
    let outcomes = Value::Array(outcomes);
    match &options.expect {
        None => print(cli, &outcomes, shown(&outcomes)),
        Some(file) => {
            let expected = json_file(file)?;
            print(cli, &outcomes, compared(&expected, &outcomes))
        }
    }
}

fn compile(options: &MappingTest) -> Result<Mapping, Failure> {
    let file = &options.mapping;
    // The mapping that ships with the function is called `default`.
    let json = if file.as_os_str() == "default" && !file.exists() {
        DEFAULT_MAPPING.to_owned()
    } else {
        text_file(file)?
    };
    Mapping::from_json(&json).map_err(|why| Failure::usage(format!("{}: {why}", file.display())))
}

fn outcome(mapped: &Mapped) -> Value {
    match mapped {
        Mapped::Active(id, profile) => {
            let mut active = json!({"externalId": id.as_str(), "state": "active", "profile": attributes(profile)});
            let groups = profile.groups().iter();
            let groups: Vec<_> = groups
                .map(|group| json!({"externalId": group.id.as_str(), "displayName": &*group.display_name}))
                .collect();
            if !groups.is_empty() {
                active["groups"] = Value::Array(groups);
            }
            active
        }
        Mapped::Inactive(id) => json!({"externalId": id.as_str(), "state": "inactive"}),
        Mapped::Upcoming(id) => json!({"externalId": id.as_str(), "state": "upcoming"}),
        Mapped::OutOfScope { who, keep } => json!({
            "externalId": who.as_ref().map(|id| id.as_str()), "state": "outOfScope", "keep": keep,
        }),
        Mapped::Rejected(id, reasons) => {
            json!({"externalId": id.as_str(), "state": "rejected", "reasons": reasons})
        }
        Mapped::Unidentified(reasons) | Mapped::Impossible(reasons) => {
            json!({"externalId": null, "state": "rejected", "reasons": reasons})
        }
    }
}

fn attributes(profile: &Profile) -> Value {
    profile
        .iter()
        .map(|(name, value)| (name.to_owned(), value.map(str::to_owned)))
        .map(|(name, value)| (name, Value::from(value)))
        .collect()
}

fn shown(outcomes: &Value) -> (Document, Exit) {
    let mut document = Document::default();
    let mut rejected = 0;
    let mut all = 0;
    for one in show::plan::entries(outcomes) {
        all += 1;
        let is_rejected = one["state"] == "rejected";
        rejected += u64::from(is_rejected);
        document.headline(
            if is_rejected { Tone::Bad } else { Tone::Plain },
            format!(
                "{}. {}: {}",
                all,
                one["externalId"].as_str().unwrap_or("(nobody)"),
                show::text(&one["state"])
            ),
        );
        let mut rows: Vec<_> = one["profile"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let value = value.as_str().unwrap_or("(cleared)");
                vec![name.clone(), value.to_owned()]
            })
            .collect();
        rows.extend(
            show::plan::entries(&one["groups"])
                .map(|group| vec!["group".to_owned(), show::text(&group["externalId"])]),
        );
        rows.extend(
            show::plan::entries(&one["reasons"])
                .map(|why| vec!["rejected".to_owned(), show::text(why)]),
        );
        document.table(&["Attribute", "Value"], rows);
    }
    document.headline(
        if rejected > 0 {
            Tone::Warning
        } else {
            Tone::Good
        },
        format!("{}, {rejected} rejected", counted(all, "record")),
    );
    document.next("idsource mapping test … --json > expected.json, then --expect expected.json");
    (document, Exit::Done)
}

/// Compares the expected outcomes with the actual ones, line by line.
fn compared(expected: &Value, outcomes: &Value) -> (Document, Exit) {
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    let (expected, outcomes) = (text(expected), text(outcomes));
    let mut document = Document::default();
    if expected == outcomes {
        document.headline(Tone::Good, "Everything is as expected.");
        document.next("idsource --stack NAME plan --mapping FILE");
        return (document, Exit::Done);
    }
    let mut lines = String::new();
    let diff = TextDiff::from_lines(&expected, &outcomes);
    for group in diff.grouped_ops(3) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(sign);
            lines.push_str(change.value());
        }
        lines.push('\n');
    }
    document.headline(Tone::Bad, "This differs from what was expected (-):");
    document.code(lines);
    document.next("fix the mapping, or what you expect");
    (document, Exit::Differs)
}
