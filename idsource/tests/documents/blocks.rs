//! Every block of code says who checks it, and passes.
//!
//! A fence's info string is a language and one of these: `run` (run or compiled on this machine),
//! `aws` (needs an account, so that its names are checked), `output` (what a program answers).

use std::collections::BTreeSet;

use dynamodb_identity_source::{
    event::Event,
    mapping::{DEFAULT_MAPPING, Mapping},
};
use serde_json::{Map, Value};

use crate::{
    assert_nothing,
    pages::{Block, Page, pages},
    reference, shell,
};

/// What a fence may say after its language.
const TAGS: &[(&str, &[&str])] = &[
    ("sh", &["run"]),
    ("sh", &["run", "service"]),
    ("sh", &["aws"]),
    ("json", &["run", "mapping"]),
    ("json", &["run", "event"]),
    ("json", &["aws"]),
    ("yaml", &["aws"]),
    ("json", &["output"]),
    ("text", &["output"]),
];

#[test]
fn every_block_of_code_says_who_checks_it() {
    let is_known = |block: &Block| {
        let mut tags = TAGS.iter();
        tags.any(|(language, tags)| block.language() == *language && block.is(tags))
    };

    assert_nothing(wrong(
        |_| true,
        |block| (!is_known(block)).then(|| format!("\"{}\" is no known tag", block.info)),
    ));
}

#[test]
fn every_mapping_compiles() {
    assert_nothing(wrong(
        |block| block.is(&["run", "mapping"]),
        |block| {
            let json = mapping(&block.code).and_then(|mapping| {
                Mapping::from_json(&mapping.to_string()).map_err(|why| why.to_string())
            });
            json.err()
        },
    ));
}

#[test]
fn every_event_is_one_that_the_function_takes() {
    assert_nothing(wrong(
        |block| block.is(&["run", "event"]),
        |block| {
            let event = values(&block.code).and_then(|events| {
                let mut events = events.iter();
                events.try_for_each(|it| Event::parse(it).map(drop).map_err(|why| why.to_string()))
            });
            event.err()
        },
    ));
}

#[test]
fn every_answer_has_fields_that_the_function_answers_with() {
    let known = reference::names();

    assert_nothing(wrong(
        |block| block.info == "json output",
        |block| {
            let values = match values(&block.code) {
                Ok(values) => values,
                Err(why) => return Some(why),
            };
            let mut keys = BTreeSet::new();
            values.iter().for_each(|value| keys_of(value, &mut keys));
            let unknown: Vec<_> = keys
                .into_iter()
                .filter(|key| !known.contains(key))
                .collect();
            (!unknown.is_empty()).then(|| format!("unknown fields: {unknown:?}"))
        },
    ));
}

#[test]
fn every_policy_is_json() {
    assert_nothing(wrong(
        |block| block.info == "json aws",
        |block| values(&block.code).err(),
    ));
}

#[test]
fn every_parameter_is_one_of_the_template() {
    let parameters = reference::template::parameters();

    assert_nothing(wrong(
        |block| block.info == "yaml aws",
        |block| {
            let names = block.code.lines().filter_map(|line| line.split_once(": "));
            let names = names.map(|(name, _)| name.trim());
            let unknown: Vec<_> = names
                .filter(|name| !name.starts_with('#') && !parameters.contains(*name))
                .collect();
            (!unknown.is_empty()).then(|| format!("no parameters: {unknown:?}"))
        },
    ));
}

#[test]
fn every_command_line_for_aws_uses_flags_parameters_and_outputs_that_there_are() {
    assert_nothing(wrong(
        |block| block.is(&["aws"]) && block.language() == "sh",
        |block| {
            let wrong = shell::wrong(&block.code);
            (!wrong.is_empty()).then(|| wrong.join("; "))
        },
    ));
}

/// What is wrong with these blocks, each with where it is.
fn wrong(which: impl Fn(&Block) -> bool, why: impl Fn(&Block) -> Option<String>) -> Vec<String> {
    let pages = pages();
    let blocks = pages
        .iter()
        .flat_map(|page| page.blocks.iter().map(move |block| (page, block)));
    let wrong =
        blocks
            .filter(|(_, block)| which(block))
            .filter_map(|(page, block): (&Page, &Block)| {
                Some(format!("{}: {}", page.at(block.line), why(block)?))
            });
    wrong.collect()
}

/// The JSON values of a block, one after another.
fn values(code: &str) -> Result<Vec<Value>, String> {
    let values = serde_json::Deserializer::from_str(code).into_iter();
    let values: Result<Vec<_>, _> = values.collect();
    values.map_err(|why| why.to_string())
}

fn keys_of(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                keys.insert(key.clone());
                // What is in these has the names of records and of their attributes.
                if !["values", "before", "after", "record", "told"].contains(&key.as_str()) {
                    keys_of(value, keys);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys_of(value, keys)),
        _ => {}
    }
}

/// A mapping of which a block shows the whole, some of its members, or some of its profile's.
fn mapping(code: &str) -> Result<Value, String> {
    let code = code.trim();
    let whole = match code.starts_with('{') {
        true => code.to_owned(),
        false => format!("{{{}}}", code.trim_end_matches(',')),
    };
    let given: Map<String, Value> = serde_json::from_str(&whole).map_err(|why| why.to_string())?;
    let mut mapping: Map<String, Value> = serde_json::from_str(DEFAULT_MAPPING).unwrap();
    let members = reference::mapping_members();
    let is_whole = code.starts_with('{');
    let (members, profile): (Map<_, _>, Map<_, _>) = given
        .into_iter()
        .partition(|(name, _)| is_whole || members.contains(name));
    for (name, value) in members {
        match (name.as_str(), value) {
            ("profile", Value::Object(own)) if !own.contains_key("userName") => {
                let all = mapping["profile"].as_object_mut().unwrap();
                all.extend(own);
            }
            (_, value) => drop(mapping.insert(name, value)),
        }
    }
    mapping["profile"].as_object_mut().unwrap().extend(profile);
    Ok(mapping.into())
}
