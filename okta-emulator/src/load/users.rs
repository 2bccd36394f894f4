//! Bulk requests with users, and a single user's profile.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::flaw::{Flaw, blank, bulk_object, external_id, list};
use crate::{directory::Attributes, options::Options, refusal::Refusal, unknowns::Empty};

/// What an attribute may hold, from Okta's API description. Other names are the
/// admin's own attributes: any string, or null.
struct Rule {
    name: &'static str,
    shortest: usize,
    longest: usize,
    nullable: bool,
}

const RULES: [Rule; 7] = [
    rule("userName", 0, 100, false),
    rule("email", 5, 100, false),
    rule("secondEmail", 5, 100, false),
    rule("firstName", 1, 50, true),
    rule("lastName", 1, 50, true),
    rule("mobilePhone", 0, 100, true),
    rule("homeAddress", 0, 4096, true),
];

const fn rule(name: &'static str, shortest: usize, longest: usize, nullable: bool) -> Rule {
    Rule {
        name,
        shortest,
        longest,
        nullable,
    }
}

/// The kind of a bulk request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadKind {
    /// `bulk-upsert`: create or update.
    Upsert,
    /// `bulk-delete`: deactivate.
    Delete,
}

/// One user of a bulk request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entity {
    pub(crate) external_id: String,
    /// Empty in a `bulk-delete`.
    pub(crate) profile: Attributes,
}

/// A bulk request's entities, and what was accepted although no client should
/// send it.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) kind: LoadKind,
    pub(crate) entities: Vec<Entity>,
    pub(crate) oddities: Vec<String>,
}

/// Reads a body as this org does.
pub(crate) fn read(kind: LoadKind, body: &[u8], options: &Options) -> Result<Load, Flaw> {
    let mut body = bulk_object(body)?;
    match body.get("entityType").and_then(Value::as_str) {
        Some("USERS") => {}
        Some(_) => return Err(Flaw::malformed("an entityType that is not USERS")),
        None => return Err(blank("entityType")),
    }
    let Some(profiles) = list(&mut body, "profiles", options.max_entities)? else {
        return match options.empty_loads {
            Empty::Refused => Err(blank("profiles")),
            Empty::Taken | Empty::Ignored => Ok(Load {
                kind,
                entities: Vec::new(),
                oddities: vec!["a load of nobody".to_owned()],
            }),
        };
    };
    let mut load = entities(kind, profiles)?;
    let is_empty = |entity: &Entity| kind == LoadKind::Upsert && entity.profile.is_empty();
    match options.empty_profiles {
        Empty::Taken => Ok(load),
        Empty::Ignored => {
            load.entities.retain(|entity| !is_empty(entity));
            Ok(load)
        }
        Empty::Refused if load.entities.iter().any(is_empty) => Err(blank("profile")),
        Empty::Refused => Ok(load),
    }
}

fn entities(kind: LoadKind, profiles: Vec<Value>) -> Result<Load, Flaw> {
    let mut entities = Vec::with_capacity(profiles.len());
    let mut oddities = Vec::new();
    let mut causes = Vec::new();
    for (place, profile) in profiles.into_iter().enumerate() {
        match entity(kind, profile) {
            Ok(entity) => entities.push(entity),
            Err(flaws) => causes.extend(
                flaws
                    .into_iter()
                    .map(|flaw| format!("profiles[{place}].{flaw}")),
            ),
        }
    }
    if !causes.is_empty() {
        let violation = causes.join("; ");
        return Err(Flaw::new(
            Refusal::validation("profiles", causes),
            violation,
        ));
    }
    let mut seen = HashSet::new();
    for entity in &entities {
        if !seen.insert(entity.external_id.as_str()) {
            oddities.push(format!("{} twice in one request", entity.external_id));
        }
        if kind == LoadKind::Upsert && entity.profile.is_empty() {
            oddities.push(format!("an empty profile for {}", entity.external_id));
        }
    }
    Ok(Load {
        kind,
        entities,
        oddities,
    })
}

fn entity(kind: LoadKind, value: Value) -> Result<Entity, Vec<String>> {
    let Value::Object(mut fields) = value else {
        return Err(vec![
            "externalId: The field cannot be left blank".to_owned(),
        ]);
    };
    let external_id = external_id(&mut fields).map_err(|flaw| vec![flaw])?;
    let profile = match (kind, fields.remove("profile")) {
        (LoadKind::Delete, _) => Attributes::new(),
        (LoadKind::Upsert, Some(Value::Object(sent))) => attributes(sent).map_err(|flaws| {
            flaws
                .into_iter()
                .map(|flaw| format!("profile.{flaw} (externalId {external_id})"))
                .collect::<Vec<_>>()
        })?,
        (LoadKind::Upsert, _) => {
            return Err(vec![format!(
                "profile: The field cannot be left blank (externalId {external_id})"
            )]);
        }
    };
    Ok(Entity {
        external_id,
        profile,
    })
}

/// Reads a profile, or returns everything that is wrong with it.
pub(crate) fn attributes(sent: Map<String, Value>) -> Result<Attributes, Vec<String>> {
    let mut attributes = Attributes::new();
    let mut flaws = Vec::new();
    for (name, value) in sent {
        match attribute(&name, value) {
            Ok(value) => {
                attributes.insert(name, value);
            }
            Err(flaw) => flaws.push(format!("{name}: {flaw}")),
        }
    }
    if flaws.is_empty() {
        Ok(attributes)
    } else {
        Err(flaws)
    }
}

fn attribute(name: &str, value: Value) -> Result<Option<String>, String> {
    let rule = RULES.iter().find(|rule| rule.name == name);
    match value {
        Value::Null if rule.is_none_or(|rule| rule.nullable) => Ok(None),
        Value::Null => Err("cannot be null".to_owned()),
        Value::String(text) => {
            if let Some(rule) = rule {
                let length = text.chars().count();
                if length < rule.shortest || length > rule.longest {
                    return Err(format!(
                        "must be {} to {} characters long and is {length}",
                        rule.shortest, rule.longest
                    ));
                }
            }
            Ok(Some(text))
        }
        _ => Err("must be a string".to_owned()),
    }
}
