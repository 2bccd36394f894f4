//! The profile of the identity source's app: which attributes it has.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

mod objections;

use super::calls::Calls;
use super::client::{Api, Call, Failure, Repeat};
use super::error::Error;

/// The attributes of the app's profile, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileSchema(BTreeMap<String, SchemaAttribute>);

/// An attribute of the app's profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaAttribute {
    /// Its type. The Identity Sources API takes only strings.
    pub kind: String,
    /// Whether every user must have it.
    pub required: bool,
    /// Its minimum and maximum length, in characters.
    pub length: (Option<usize>, Option<usize>),
    /// The values that it may have. None if it may have any.
    pub values: Vec<String>,
}

impl ProfileSchema {
    /// The attribute of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SchemaAttribute> {
        self.0.get(name)
    }

    /// The attributes and their names, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SchemaAttribute)> {
        self.0
            .iter()
            .map(|(name, attribute)| (name.as_str(), attribute))
    }
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    definitions: BTreeMap<String, Definition>,
}

#[derive(Deserialize)]
struct Definition {
    #[serde(default)]
    properties: BTreeMap<String, Property>,
    #[serde(default)]
    required: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Property {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    required: Option<bool>,
    #[serde(default)]
    min_length: Option<usize>,
    #[serde(default)]
    max_length: Option<usize>,
    #[serde(rename = "enum", default)]
    values: Option<Vec<Value>>,
    #[serde(default)]
    one_of: Option<Vec<OneOf>>,
}

/// A value that an attribute may have, with a title for people.
#[derive(Deserialize)]
struct OneOf {
    #[serde(rename = "const", default)]
    value: Value,
}

/// A value as it is sent: as text.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

impl From<Wire> for ProfileSchema {
    fn from(wire: Wire) -> Self {
        let attributes = wire.definitions.into_values().flat_map(|definition| {
            let Definition {
                properties,
                required,
            } = definition;
            properties.into_iter().map(move |(name, property)| {
                let Property {
                    kind,
                    required: own,
                    min_length,
                    max_length,
                    values,
                    one_of,
                } = property;
                let values = values.into_iter().flatten();
                let one_of = one_of.into_iter().flatten().map(|one| one.value);
                let attribute = SchemaAttribute {
                    kind: kind.unwrap_or_else(|| "string".to_owned()),
                    required: own == Some(true) || required.contains(&name),
                    length: (min_length, max_length),
                    values: values.chain(one_of).map(text).collect(),
                };
                (name, attribute)
            })
        });
        Self(attributes.collect())
    }
}

impl Calls {
    /// The profile of the identity source's app. A service app needs the scope
    /// `okta.schemas.read` for it.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn profile_schema(&self) -> Result<ProfileSchema, Error> {
        let answer = self
            .send(Call {
                api: Api::AppSchema,
                method: Method::GET,
                path: &["default"],
                name: "GET /meta/schemas/apps/{id}/default",
                body: None,
                repeat: Repeat::Freely,
            })
            .await
            .map_err(Failure::into_error)?;
        Ok(answer.json::<Wire>()?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_and_added_attributes_are_one_list() {
        let json = r##"{"definitions":{"custom":{"id":"#custom","properties":{"tags":{"type":"array"}},"required":[]},"base":{"properties":{"userName":{"type":"string","required":true},"email":{"type":"string"}},"required":["email"]}}}"##;

        let schema: ProfileSchema = serde_json::from_str::<Wire>(json).unwrap().into();

        let required: Vec<_> = schema
            .iter()
            .map(|(name, is)| (name, is.required))
            .collect();
        assert_eq!(
            required,
            [("email", true), ("tags", false), ("userName", true)]
        );
        assert_eq!(schema.get("tags").unwrap().kind, "array");
    }
}
