//! A template, and the short way around the template engine that most of them can take.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use minijinja::{Environment, Template, Value};

use super::compile;
use crate::users::Record;

/// A record in both forms that a mapping looks at it in.
pub(super) struct Subject {
    record: Arc<Record>,
    context: Value,
}

impl Subject {
    pub(super) fn new(record: Record) -> Self {
        let record = Arc::new(record);
        let context = Value::from_dyn_object(Arc::clone(&record));
        Self { record, context }
    }

    /// The record as expressions and templates see it.
    pub(super) fn context(&self) -> Value {
        self.context.clone()
    }

    /// An attribute that is a boolean.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.record.attributes().get(name)? {
            AttributeValue::Bool(flag) => Some(*flag),
            _ => None,
        }
    }
}

/// A template that gives a text.
///
/// One that only puts attributes and text together, such as `{{ first_name }} {{ last_name }}`,
/// is put together here, which takes a tenth of the time that the engine does. Where an
/// attribute is no string the engine decides what is to be made of it.
#[derive(Debug)]
pub(super) struct Text {
    template: Template<'static, 'static>,
    pieces: Option<Vec<Piece>>,
}

/// Words of the language's own that stand for a value (MiniJinja's syntax reference).
const CONSTANTS: [&str; 6] = ["true", "false", "none", "True", "False", "None"];

/// A part of a template that needs no engine.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// What it says.
    Text(Box<str>),
    /// The attribute of this name.
    Attribute(Box<str>),
}

impl Text {
    pub(super) fn new(
        template: Template<'static, 'static>,
        environment: &Environment<'static>,
    ) -> Self {
        // A name that the engine knows itself means something where the record has none such.
        let is_known = |name: &str| {
            name == Record::WHOLE
                || CONSTANTS.contains(&name)
                || environment.globals().any(|(global, _)| global == name)
        };
        let pieces = pieces(template.source()).filter(|pieces| {
            pieces.iter().all(|piece| match piece {
                Piece::Text(_) => true,
                Piece::Attribute(name) => !is_known(name),
            })
        });
        Self { template, pieces }
    }

    /// Its parts, if it only puts attributes and text together.
    pub(super) fn pieces(&self) -> Option<&[Piece]> {
        self.pieces.as_deref()
    }

    pub(super) fn render(&self, subject: &Subject) -> Result<String, String> {
        if let Some(text) = self.put_together(&subject.record) {
            return Ok(text);
        }
        self.template
            .render(subject.context())
            .map_err(|error| compile::reason(&error))
    }

    fn put_together(&self, record: &Record) -> Option<String> {
        let mut text = String::new();
        for piece in self.pieces.as_ref()? {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Attribute(name) => match record.attributes().get(&**name) {
                    Some(AttributeValue::S(value)) => text.push_str(value),
                    None => {}
                    Some(_) => return None,
                },
            }
        }
        Some(text)
    }
}

/// The pieces of a template that is made of `{{ name }}` and of text without anything that the
/// engine might read otherwise than as it stands.
fn pieces(source: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}")?;
        pieces.extend(plain(before)?);
        pieces.push(Piece::Attribute(identifier(name.trim())?.into()));
        rest = after;
    }
    pieces.extend(plain(rest)?);
    Some(pieces)
}

/// Whether a template can name nothing but attributes: no filter, no test, no function.
pub(super) fn is_plain(source: &str) -> bool {
    pieces(source).is_some()
}

fn plain(text: &str) -> Option<Option<Piece>> {
    // The engine drops a line's end at the end of a template.
    if text.contains(['{', '}', '\n', '\r']) {
        return None;
    }
    Some((!text.is_empty()).then(|| Piece::Text(text.into())))
}

/// The name, if it is one of an attribute and not, say, a number or a filter's call.
pub(super) fn identifier(name: &str) -> Option<&str> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let goes_on = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (starts && goes_on).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::{super::language::environment, *};

    fn text(source: &str) -> Text {
        let environment = Box::leak(Box::new(environment()));
        environment
            .add_template_owned("text".to_owned(), source.to_owned())
            .unwrap();
        let environment: &'static Environment<'static> = environment;
        Text::new(environment.get_template("text").unwrap(), environment)
    }

    #[test]
    fn attributes_and_text_need_no_engine() {
        for source in [
            "{{ id }}",
            "{{id}}",
            "{{ first_name }} {{ last_name }}",
            "Dr. {{ last_name }}, {{ title }}",
            "always the same",
            "",
        ] {
            assert!(text(source).pieces.is_some(), "{source}");
        }
    }

    #[test]
    fn whatever_else_there_is_goes_to_the_engine() {
        for source in [
            "{{ id | upper }}",
            "{{ address.city }}",
            "{{- id }}",
            "{{ id -}}",
            "{{ 1 }}",
            "{{ true }}",
            "{{ none }}",
            "{{ not }}",
            "{{ record }}",
            "{{ range }}",
            "{{ shard }}",
            "{% if a %}x{% endif %}",
            "{# nothing #}{{ id }}",
            "{{ id }}\n",
            "{{ 'a' }}",
            "{{ a }}{",
            "{{ é }}",
        ] {
            let environment = Box::leak(Box::new(environment()));
            let compiles = environment
                .add_template_owned("text".to_owned(), source.to_owned())
                .is_ok();
            assert!(!compiles || text(source).pieces.is_none(), "{source}");
        }
    }

    fn source() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[ a-zA-Z.,;@'\"%#é-]{0,4}",
            "\\{\\{ ?[a-d] ?\\}\\}",
            "\\{\\{ ?(self|loop|caller|super|range|debug|record|None|true|False) ?\\}\\}",
            Just("\n".to_owned()),
        ];
        proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
    }

    fn value() -> impl Strategy<Value = AttributeValue> {
        prop_oneof![
            4 => ".{0,12}".prop_map(AttributeValue::S),
            1 => "[1-9][0-9]{0,20}".prop_map(AttributeValue::N),
            1 => any::<bool>().prop_map(AttributeValue::Bool),
            1 => Just(AttributeValue::Null(true)),
            1 => Just(AttributeValue::L(vec![AttributeValue::Bool(true)])),
            1 => Just(AttributeValue::M(HashMap::new())),
        ]
    }

    proptest! {
        #[test]
        fn both_ways_lead_to_the_same_text(
            source in source(),
            record in proptest::collection::hash_map("[a-d]|self|loop|range|record", value(), 0..6),
        ) {
            let text = text(&source);
            let subject = Subject::new(record.into());
            let engine = Text { template: text.template.clone(), pieces: None };

            prop_assert_eq!(text.render(&subject), engine.render(&subject));
        }
    }
}
