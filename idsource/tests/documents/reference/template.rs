//! What the template has: parameters, outputs and roles.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use yaml_rust2::{Yaml, YamlLoader, yaml::Hash};

use super::answers::cell;
use crate::root;

pub fn read() -> Yaml {
    let text = fs::read_to_string(root().join("template.yaml")).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

fn hash(yaml: &Yaml) -> &Hash {
    yaml.as_hash().unwrap()
}

fn names(section: &str) -> BTreeSet<String> {
    let template = read();
    let names = hash(&template[section]).keys();
    names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

pub fn parameters() -> BTreeSet<String> {
    names("Parameters")
}

pub fn outputs() -> BTreeSet<String> {
    names("Outputs")
}

fn text(yaml: &Yaml) -> String {
    match yaml {
        Yaml::String(text) | Yaml::Real(text) => {
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        Yaml::Integer(number) => number.to_string(),
        Yaml::Boolean(is) => is.to_string(),
        _ => String::new(),
    }
}

/// The parameters, as a table.
pub fn parameter_table() -> String {
    let template = read();
    let mut table = String::from("| parameter | default | |\n|---|---|---|\n");
    for (name, parameter) in hash(&template["Parameters"]) {
        let default = match &parameter["Default"] {
            Yaml::BadValue => "required".to_owned(),
            default => match text(default) {
                empty if empty.is_empty() => "empty".to_owned(),
                value => format!("`{value}`"),
            },
        };
        let allowed = parameter["AllowedValues"].as_vec();
        let allowed = allowed.map(|values| {
            let values = values.iter().map(|value| format!("`{}`", text(value)));
            format!(" One of {}.", values.collect::<Vec<_>>().join(", "))
        });
        let name = name.as_str().unwrap();
        let what = cell(&text(&parameter["Description"]));
        let allowed = allowed.unwrap_or_default();
        writeln!(table, "| `{name}` | {default} | {what}{allowed} |").unwrap();
    }
    table
}

/// The outputs, as a table.
pub fn output_table() -> String {
    let template = read();
    let mut table = String::from("| output | |\n|---|---|\n");
    for (name, output) in hash(&template["Outputs"]) {
        let what = cell(&text(&output["Description"]));
        writeln!(table, "| `{}` | {what} |", name.as_str().unwrap()).unwrap();
    }
    table
}

/// What each role may do, as tables.
pub fn roles() -> String {
    let template = read();
    let conditions = names("Conditions");
    let mut page = String::new();
    for (name, resource) in hash(&template["Resources"]) {
        let is_of_iam = resource["Type"]
            .as_str()
            .is_some_and(|it| it.starts_with("AWS::IAM::"));
        if !is_of_iam {
            continue;
        }
        writeln!(page, "\n### {}\n", name.as_str().unwrap()).unwrap();
        page.push_str("| actions | on |\n|---|---|\n");
        let mut statements = Vec::new();
        collect(&resource["Properties"], &mut statements);
        for statement in statements {
            assert_eq!(statement["Effect"].as_str(), Some("Allow"));
            let mut actions = Vec::new();
            words(&statement["Action"], &mut actions);
            let mut resources = Vec::new();
            words(&statement["Resource"], &mut resources);
            // An `!If` begins with its condition.
            resources.retain(|it| !it.starts_with("AWS::") && !conditions.contains(it));
            let code = |words: Vec<String>| {
                let words = words.into_iter().map(|word| format!("`{word}`"));
                words.collect::<Vec<_>>().join(", ")
            };
            let (actions, resources) = (code(actions), cell(&code(resources)));
            writeln!(page, "| {actions} | {resources} |").unwrap();
        }
    }
    page
}

/// All statements that allow something, wherever they are.
fn collect<'y>(yaml: &'y Yaml, statements: &mut Vec<&'y Yaml>) {
    match yaml {
        Yaml::Hash(it) if it.contains_key(&Yaml::String("Action".into())) => statements.push(yaml),
        // Who takes a role is no right of it.
        Yaml::Hash(it) => it
            .iter()
            .filter(|(name, _)| name.as_str() != Some("AssumeRolePolicyDocument"))
            .for_each(|(_, value)| collect(value, statements)),
        Yaml::Array(it) => it.iter().for_each(|value| collect(value, statements)),
        _ => {}
    }
}

/// All texts within a value.
fn words(yaml: &Yaml, into: &mut Vec<String>) {
    match yaml {
        Yaml::Hash(it) => it.values().for_each(|value| words(value, into)),
        Yaml::Array(it) => it.iter().for_each(|value| words(value, into)),
        Yaml::String(text) => into.push(text.clone()),
        _ => {}
    }
}
