//! An expression that must say yes or no.

use minijinja::Value;

use super::{
    language::{Complaint, Language, Program, Use},
    text::{ITEM, Subject, identifier},
};
use crate::users::Attributes;

/// An expression that gives true or false.
#[derive(Debug)]
pub(super) struct Condition {
    program: Program,
    short: Short,
}

/// What needs no template engine.
#[derive(Debug, PartialEq, Eq)]
enum Short {
    /// `true`.
    Always,
    /// An attribute's name: if it is a boolean, that is the answer.
    Attribute(String),
    /// Nothing does.
    None,
}

impl Condition {
    pub(super) fn new(language: &Language, source: &str) -> Result<Self, Complaint> {
        Self::over(language, source, &[])
    }

    /// One over record and `item`.
    pub(super) fn of_item(language: &Language, source: &str) -> Result<Self, Complaint> {
        Self::over(language, source, &[ITEM])
    }

    fn over(language: &Language, source: &str, bound: &[&str]) -> Result<Self, Complaint> {
        let program = language.expression(source, Use::Condition, bound)?;
        let short = match source.trim() {
            "true" => Short::Always,
            name => identifier(name)
                // A word of the language, such as `false`, is not an attribute's name.
                .filter(|name| program.names.contains(*name))
                .map_or(Short::None, |name| Short::Attribute(name.to_owned())),
        };
        Ok(Self { program, short })
    }

    /// The attributes that it reaches in any case.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.program.names.iter()
    }

    /// All that it may reach.
    pub(super) fn reads(&self) -> Attributes {
        self.program.reads.clone()
    }

    pub(super) fn holds(&self, subject: &Subject) -> Result<bool, String> {
        match &self.short {
            Short::Always => return Ok(true),
            Short::Attribute(name) => {
                if let Some(flag) = subject.flag(name) {
                    return Ok(flag);
                }
            }
            Short::None => {}
        }
        truth(&self.program.eval(subject.context())?)
    }
}

/// Whether an expression says yes. Only what cannot be misread counts: a boolean, 1 or 0, or the
/// words true and false. Anything else is a doubt, and a doubt rejects the record.
fn truth(value: &Value) -> Result<bool, String> {
    if let Ok(flag) = bool::try_from(value.clone()) {
        return Ok(flag);
    }
    match value
        .as_str()
        .map(|text| text.trim().to_ascii_lowercase())
        .as_deref()
    {
        Some("true") => return Ok(true),
        Some("false") => return Ok(false),
        _ => {}
    }
    match value.as_i64() {
        Some(1) => Ok(true),
        Some(0) => Ok(false),
        _ => Err(format!(
            "is {}, where true or false was expected; write an expression that compares, such as \
             status == \"active\"",
            if value.is_undefined() || value.is_none() {
                "missing".to_owned()
            } else {
                format!("a {}", value.kind())
            }
        )),
    }
}
