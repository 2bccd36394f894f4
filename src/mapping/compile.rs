//! From a mapping file to a mapping that is ready to use.

use std::{collections::HashSet, sync::Arc};

use minijinja::{Environment, Error, ErrorKind, Value, value::Object};

use super::{Condition, Mapping, MappingFile, Text, language, text};
use crate::users::{Attributes, Record};

/// A mapping that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// The bundled file could not be read.
    #[error("MAPPING: cannot read the file {path}: {why}")]
    File {
        /// The path as it was given.
        path: String,
        /// The system's reason.
        why: String,
    },
    /// It is not the JSON that a mapping is.
    #[error("MAPPING: not a mapping: {0}")]
    Json(String),
    /// A template or an expression does not compile.
    #[error("MAPPING: {attribute}, column {column}: {why}")]
    Template {
        /// The attribute, such as `profile.userName`.
        attribute: String,
        /// Where in the template, in characters from 1.
        column: usize,
        /// What is wrong there.
        why: String,
    },
    /// The profile lacks what every user needs.
    #[error("MAPPING: profile has no userName, without which Okta creates no user")]
    NoUserName,
}

impl Mapping {
    /// Compiles a mapping from its JSON.
    ///
    /// # Errors
    /// Names the attribute and the position that are wrong.
    pub fn from_json(json: &str) -> Result<Self, MappingError> {
        Self::compile(
            serde_json::from_str(json).map_err(|error| MappingError::Json(error.to_string()))?,
        )
    }

    /// Compiles a mapping.
    ///
    /// # Errors
    /// As [`Mapping::from_json`].
    pub fn compile(file: MappingFile) -> Result<Self, MappingError> {
        let MappingFile {
            external_id,
            active,
            include,
            when_empty,
            profile,
        } = file;
        if !profile.contains_key("userName") {
            return Err(MappingError::NoUserName);
        }

        let mut environment = language::environment();
        let named: Vec<(String, String)> = profile
            .into_iter()
            .map(|(name, template)| (format!("profile.{name}"), template))
            .chain([("externalId".to_owned(), external_id)])
            .collect();
        for (name, template) in &named {
            environment
                .add_template_owned(name.clone(), template.clone())
                .map_err(|error| broken(name, template, &error))?;
        }
        // A process compiles its mapping once and uses it to its end.
        let environment: &'static Environment<'static> = Box::leak(Box::new(environment));

        let template = |name: &str| {
            environment
                .get_template(name)
                .map_err(|error| broken(name, "", &error))
        };
        let expression = |name: &str, source: String| {
            environment
                .compile_expression_owned(source.clone())
                .map_err(|error| broken(name, &source, &error))
        };
        let external_id = template("externalId")?;
        let (active_source, include_source) = (active.clone(), include.clone());
        let active = expression("active", active)?;
        let include = expression("include", include)?;
        let profile = named
            .iter()
            .filter_map(|(name, _)| Some((name, name.strip_prefix("profile.")?)))
            .map(|(name, attribute)| Ok((Arc::from(attribute), template(name)?)))
            .collect::<Result<Vec<(Arc<str>, _)>, MappingError>>()?;

        for (name, template) in profile
            .iter()
            .map(|(attribute, template)| (format!("profile.{attribute}"), template))
            .chain([("externalId".to_owned(), &external_id)])
            .filter(|(_, template)| !text::is_plain(template.source()))
        {
            known_names(&name, template.source(), |record| {
                template.render(record).err()
            })?;
        }
        known_names("active", &active_source, |record| active.eval(record).err())?;
        known_names("include", &include_source, |record| {
            include.eval(record).err()
        })?;

        let identity = reads(
            external_id.source(),
            external_id.undeclared_variables(false),
        );
        let attributes =
            [
                reads(&active_source, active.undeclared_variables(false)),
                reads(&include_source, include.undeclared_variables(false)),
            ]
            .into_iter()
            .chain(profile.iter().map(|(_, template)| {
                reads(template.source(), template.undeclared_variables(false))
            }))
            .fold(identity, Attributes::and);
        Ok(Self {
            external_id: Text::new(external_id, environment),
            active: Condition::new(active, &active_source),
            include: Condition::new(include, &include_source),
            profile: profile
                .into_iter()
                .map(|(name, template)| (name, Text::new(template, environment)))
                .collect(),
            when_empty,
            attributes,
        })
    }
}

/// MiniJinja looks up a filter, test or function when it comes to it. So that a misspelt one is
/// found at start, the template is tried with a record that has nothing and one that has
/// everything, which leads both ways through most conditions.
fn known_names(
    attribute: &str,
    source: &str,
    tried: impl Fn(Value) -> Option<Error>,
) -> Result<(), MappingError> {
    let records = [
        Value::from_object(Record::default()),
        Value::from_object(Everything),
    ];
    match records
        .into_iter()
        .filter_map(tried)
        .find(|error| is_unknown_name(error.kind()))
    {
        None => Ok(()),
        Some(error) => Err(broken(attribute, source, &error)),
    }
}

fn is_unknown_name(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
            | ErrorKind::TemplateNotFound
    )
}

/// A record that has every attribute there could be.
#[derive(Debug)]
struct Everything;

impl Object for Everything {
    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from("1"))
    }
}

/// The attributes of a record that a template or an expression reads.
fn reads(source: &str, variables: HashSet<String>) -> Attributes {
    // MiniJinja does not see a variable that is sliced, as in `{{ name[:1] }}`.
    if source.contains('[') || variables.contains(Record::WHOLE) {
        Attributes::All
    } else {
        Attributes::Named(variables)
    }
}

fn broken(attribute: &str, source: &str, error: &Error) -> MappingError {
    let offset = error
        .range()
        .map_or(0, |range| range.start)
        .min(source.len());
    let column = source
        .get(..offset)
        .map_or(offset, |before| before.chars().count())
        + 1;
    MappingError::Template {
        attribute: attribute.to_owned(),
        column,
        why: reason(error),
    }
}

/// What an error says, without the values it happened to.
pub(super) fn reason(error: &Error) -> String {
    match error.detail() {
        Some(detail)
            if error.kind() == ErrorKind::InvalidOperation && detail.starts_with("is a ") =>
        {
            detail.to_owned()
        }
        Some(detail) if error.kind() == ErrorKind::SyntaxError => format!("syntax error: {detail}"),
        // They quote the template.
        Some(detail) if is_unknown_name(error.kind()) => detail.to_owned(),
        // Details of other kinds may quote a value of the record.
        _ => error.kind().to_string(),
    }
}
