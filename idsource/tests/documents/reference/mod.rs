//! The pages of docs/reference, which are made from the code and compared with what is there.
//! `SNAPSHOTS=overwrite` writes them.

mod answers;
mod code;
mod operator;
pub mod template;

use std::{collections::BTreeSet, env, fmt::Write as _, fs, path::Path};

use dynamodb_identity_source::metrics::{ALL, Kind, Metric, NAMESPACE};

use self::{answers::cell, code::Code};
use crate::{assert_nothing, root};

#[test]
fn the_reference_says_what_the_programs_do() {
    let pages = [
        ("idsource.md", operator::page()),
        ("settings.md", settings()),
        ("events.md", events()),
        ("report.md", answers::page()),
        ("metrics.md", metrics()),
        ("scopes-and-iam.md", scopes_and_iam()),
    ];
    let folder = root().join("docs/reference");
    fs::create_dir_all(&folder).unwrap();
    let mut wrong = Vec::new();
    for (name, made) in pages {
        let path = folder.join(name);
        if env::var("SNAPSHOTS").is_ok_and(|it| it == "overwrite") {
            fs::write(&path, &made).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != made {
            wrong.push(format!(
                "docs/reference/{name} is not what the code says: SNAPSHOTS=overwrite cargo test -p idsource --test documents"
            ));
        }
    }

    assert_nothing(wrong);
}

/// Names of JSON fields that are known: of answers, events, mappings, and of what AWS answers.
pub fn names() -> BTreeSet<String> {
    let pages = [answers::page(), events()].concat();
    let mut names: BTreeSet<_> = pages
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    names.extend(mapping_members());
    names
}

/// The members of a mapping.
pub fn mapping_members() -> BTreeSet<String> {
    let members = Code::read()
        .shape("MappingFile", Path::new("src/mapping/file.rs"))
        .unwrap()
        .members;
    members.into_iter().map(|member| member.name).collect()
}

fn settings() -> String {
    let code = Code::read();
    let mut page = String::from(
        "\
# Settings

The function's environment variables, and the parameters of `template.yaml` that set them. This page is
made from the function's source code and the template.

An empty variable counts as not set. The [AWS SDK's own variables](https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html),
such as `AWS_ENDPOINT_URL_DYNAMODB`, work as AWS documents them.

## Environment variables
",
    );
    let config = code
        .shape("Config", Path::new("src/config.rs"))
        .unwrap()
        .members;
    let limits = code.shape("Limits", Path::new("")).unwrap().members;
    let docs = config.into_iter().chain(limits).map(|member| member.doc);
    let log_level = code.constant("LOG_LEVEL", "src/logging.rs");
    for doc in docs.chain(log_level) {
        let Some((names, what)) = doc.split_once("`: ") else {
            // The limits have their own.
            assert!(
                doc.starts_with("The limits of the guard."),
                "no variable: {doc}"
            );
            continue;
        };
        let names = names.split('`').filter(|name| {
            let is_part = |c: char| c.is_ascii_uppercase() || c == '_';
            !name.is_empty() && name.chars().all(is_part)
        });
        let names: Vec<_> = names.collect();
        writeln!(page, "\n### {}\n\n{}", names.join(" and "), capital(what)).unwrap();
    }
    page.push_str("\n## Template parameters\n\n");
    page.push_str(&template::parameter_table());
    page.push_str("\n## Template outputs\n\n");
    page.push_str(&template::output_table());
    page
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

fn events() -> String {
    let code = Code::read();
    let mut page = String::from(
        "\
# Events

What the function can be invoked with. This page is made from the function's source code. The folder
[`events`](../../events) has an example of each. An EventBridge rule, EventBridge Scheduler and a DynamoDB
stream need no command. [Invoking the function](../tasks/invoking.md) says how, and
[Answers](report.md) what comes back.
",
    );
    for command in code
        .shape("Command", Path::new("src/event.rs"))
        .unwrap()
        .members
    {
        writeln!(page, "\n## {}\n\n{}", command.name, command.doc).unwrap();
        if command.fields.is_empty() {
            continue;
        }
        page.push_str("\n| field | |\n|---|---|\n");
        for field in &command.fields {
            writeln!(page, "| `{}` | {} |", field.name, cell(&field.doc)).unwrap();
        }
    }
    page
}

fn metrics() -> String {
    let code = Code::read();
    let mut page = format!(
        "\
# Metrics

CloudWatch metrics of the namespace `{NAMESPACE}`, with the dimension `FunctionName` and, where it says so,
one more. This page is made from the function's source code. The function writes them to its log in the
embedded metric format, at every log level. They are counts, durations and ages. None names a person.
A *count* adds up (`Sum`) and is absent where nothing happened. A *level* says how things are, zero
included. [Monitoring](../running/monitoring.md) has the dashboard and the alarms.

| metric | kind | |
|---|---|---|
"
    );
    for metric in ALL {
        let Metric {
            name,
            unit,
            kind,
            split_by,
        } = metric;
        let kind = match kind {
            Kind::Flow => "count",
            Kind::Level => "level",
        };
        let unit = match unit.as_canonical_label() {
            "" => String::new(),
            "s" => ", seconds".to_owned(),
            "ms" => ", milliseconds".to_owned(),
            unit => format!(", {unit}"),
        };
        let split = split_by.map(|(name, values)| {
            let values = values.iter().map(|value| format!("`{value}`"));
            format!(" By `{name}`: {}.", values.collect::<Vec<_>>().join(", "))
        });
        let doc = code
            .constant(&constant(name), "src/metrics/catalogue.rs")
            .filter(|doc| !doc.is_empty())
            .unwrap_or_else(|| panic!("nothing says what {name} is"));
        let split = split.unwrap_or_default();
        writeln!(page, "| `{name}` | {kind}{unit} | {}{split} |", cell(&doc)).unwrap();
    }
    page
}

/// The constant that has a metric.
fn constant(name: &str) -> String {
    let mut constant = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !constant.is_empty() {
            constant.push('_');
        }
        constant.extend(c.to_uppercase());
    }
    constant
}

fn scopes_and_iam() -> String {
    let mut page = String::from(
        "\
# Scopes and IAM

What the function needs from Okta and from AWS. The roles are read from `template.yaml`.
[Permissions](../tasks/permissions.md) says who needs which function, and
[Okta setup](../start/okta-setup.md) how to grant scopes.

## Okta scopes of a service app

An API token has no scopes. It can do what its admin can.

| scope | needed | with it |
|---|---|---|
",
    );
    for scope in dynamodb_identity_source::okta::SCOPES {
        let needed = if scope.needed { "yes" } else { "optional" };
        writeln!(page, "| `{}` | {needed} | {} |", scope.name, scope.with_it).unwrap();
    }
    page.push_str("\n## IAM roles of the stack\n\nA name without a prefix is a resource or a parameter of the template.\n");
    page.push_str(&template::roles());
    page
}
