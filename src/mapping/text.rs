//! A template, and the short way around the template engine that most of them can take.

use std::{borrow::Cow, cell::OnceCell, sync::Arc};

use aws_sdk_dynamodb::types::AttributeValue;
use minijinja::{Value, value::Object};

use super::{
    clean,
    language::{self, Complaint, Language, Program, Use},
};
use crate::users::{Attributes, Record, canonical_number};

/// A record in both forms that a mapping uses: the engine's form only if a template needs the
/// engine.
pub(super) struct Subject {
    record: Arc<Record>,
    context: OnceCell<Value>,
}

impl Subject {
    pub(super) fn new(record: Record) -> Self {
        Self {
            record: Arc::new(record),
            context: OnceCell::new(),
        }
    }

    /// The same with a value named `item`.
    pub(super) fn with_item(&self, item: Value) -> Self {
        let record = Arc::clone(&self.record);
        let with_item = WithItem {
            record: Arc::clone(&record),
            item,
        };
        let context = OnceCell::new();
        let _ = context.set(Value::from_object(with_item));
        Self { record, context }
    }

    /// The record as expressions and templates see it.
    pub(super) fn context(&self) -> Value {
        let context = || Value::from_dyn_object(Arc::clone(&self.record));
        self.context.get_or_init(context).clone()
    }

    /// An attribute that is a boolean.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.record.attributes().get(name)? {
            AttributeValue::Bool(flag) => Some(*flag),
            _ => None,
        }
    }
}

/// The name under which a group rule's templates reach the value that gives the group.
pub(super) const ITEM: &str = "item";

/// A record and one value.
#[derive(Debug)]
struct WithItem {
    record: Arc<Record>,
    item: Value,
}

impl Object for WithItem {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            ITEM => Some(self.item.clone()),
            _ => self.record.get_value_by_str(key),
        }
    }
}

/// What most templates of several pieces fit into, so that they grow once.
const SEVERAL: usize = 32;

/// A template that gives a text.
///
/// One that only joins attributes and text, such as `{{ first_name }} {{ last_name }}`, is put
/// together here, which takes a tenth of the engine's time. If an attribute is neither a string nor
/// a number, the engine decides what becomes of it.
#[derive(Debug)]
pub(super) struct Text {
    source: String,
    program: Program,
    of: Use,
    pieces: Option<Vec<Piece>>,
}

/// A part of a template that needs no engine.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// What it says.
    Text(Box<str>),
    /// The attribute of this name.
    Attribute(Box<str>),
}

impl Text {
    pub(super) fn new(language: &Language, source: &str, of: Use) -> Result<Self, Complaint> {
        Self::over(language, source, of, &[])
    }

    /// One over record and `item`.
    pub(super) fn of_item(language: &Language, source: &str, of: Use) -> Result<Self, Complaint> {
        Self::over(language, source, of, &[ITEM])
    }

    fn over(language: &Language, source: &str, of: Use, bound: &[&str]) -> Result<Self, Complaint> {
        let program = language.template(source, of, bound)?;
        // A word that has a meaning of its own in the language is not one of the names it reaches.
        let pieces = pieces(source).filter(|pieces| {
            pieces.iter().all(|piece| match piece {
                Piece::Text(_) => true,
                Piece::Attribute(name) => {
                    **name != *Record::WHOLE && program.names.contains(&**name)
                }
            })
        });
        Ok(Self {
            source: source.to_owned(),
            program,
            of,
            pieces,
        })
    }

    /// Its parts, if it only joins attributes and text.
    pub(super) fn pieces(&self) -> Option<&[Piece]> {
        self.pieces.as_deref()
    }

    /// The attributes that it certainly reaches.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.program.names.iter()
    }

    /// All that it may reach.
    pub(super) fn reads(&self) -> Attributes {
        self.program.reads.clone()
    }

    /// The template as it is written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn render(&self, subject: &Subject) -> Result<String, String> {
        match self.put_together(&subject.record) {
            Some(text) => text,
            None => self.program.render(subject.context()),
        }
    }

    fn put_together(&self, record: &Record) -> Option<Result<String, String>> {
        let pieces = self.pieces.as_ref()?;
        let mut text = match pieces.len() {
            0 | 1 => String::new(),
            _ => String::with_capacity(SEVERAL),
        };
        for piece in pieces {
            let name = match piece {
                Piece::Text(piece) => {
                    text.push_str(piece);
                    continue;
                }
                Piece::Attribute(name) => name,
            };
            let value = match record.attributes().get(&**name) {
                Some(AttributeValue::S(value)) => Cow::Borrowed(value.as_str()),
                Some(AttributeValue::N(written)) => {
                    canonical_number(written).unwrap_or(Cow::Borrowed(written))
                }
                None | Some(AttributeValue::Null(_)) => Cow::Borrowed(""),
                Some(_) => return None,
            };
            if self.of == Use::Identity && clean::ends(&value).is_empty() {
                return Some(Err(if pieces.len() == 1 {
                    "is empty".to_owned()
                } else {
                    language::EMPTY.replacen("an attribute that", &format!("{name}, which"), 1)
                }));
            }
            text.push_str(&value);
        }
        Some(Ok(text))
    }
}

/// The pieces of a template that consists of `{{ name }}` and of text that the engine would not
/// read as anything else.
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

fn plain(text: &str) -> Option<Option<Piece>> {
    // The engine drops a line break at the end of a template.
    if text.contains(['{', '}', '\n', '\r']) {
        return None;
    }
    Some((!text.is_empty()).then(|| Piece::Text(text.into())))
}

/// The name, if it is an attribute's and not, say, a number or a filter's call.
pub(super) fn identifier(name: &str) -> Option<&str> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let goes_on = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (starts && goes_on).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn text_of(source: &str, of: Use) -> Option<Text> {
        Text::new(&Language::new(language::Tables::default()), source, of).ok()
    }

    fn text(source: &str) -> Text {
        text_of(source, Use::Value).unwrap()
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
            "{% if a %}x{% endif %}",
            "{# nothing #}{{ id }}",
            "{{ id }}\n",
            "{{ 'a' }}",
            "{{ a }}{",
            "{{ é }}",
        ] {
            let text = text_of(source, Use::Value);
            assert!(text.is_none_or(|text| text.pieces.is_none()), "{source}");
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
            1 => "-?[0-9]{1,30}(\\.[0-9]{1,6})?".prop_map(AttributeValue::N),
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
            let subject = Subject::new(record.into());
            for of in [Use::Value, Use::Identity] {
                let text = text_of(&source, of).unwrap();
                let engine = text.program.render(subject.context());
                let short = text.render(&subject);
                prop_assert_eq!(short.as_ref().ok(), engine.as_ref().ok());
            }
        }
    }
}
