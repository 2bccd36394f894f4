//! What is nothing, what is text, and what is neither.
//!
//! Absent, NULL and empty are the same nothing, and stay nothing everywhere. A collection, a
//! boolean and binary are never text: the template engine would write them in a notation of its
//! own, which is nobody's name.

use std::{fmt, sync::Arc};

use minijinja::{
    Error, ErrorKind, Value,
    value::{Kwargs, ValueKind},
};

use crate::users::Binary;

/// Why a template or an expression has no result, in our words: without a value of the record, so
/// that anybody may read it.
#[derive(Debug)]
struct Doubt(String);

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Doubt {}

/// An error that says so.
pub(in crate::mapping) fn doubt(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, "doubt").with_source(Doubt(why.into()))
}

/// What an error says, without the values that caused it.
pub(in crate::mapping) fn reason(error: &Error) -> String {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(Doubt(why)) = cause.downcast_ref() {
            return why.clone();
        }
        source = cause.source();
    }
    match error.kind() {
        ErrorKind::UndefinedError => EMPTY.to_owned(),
        ErrorKind::OutOfFuel => "takes more steps than a template may".to_owned(),
        // Details may quote a value of the record.
        kind => kind.to_string(),
    }
}

/// Why an identity that takes something from nothing is rejected.
pub(in crate::mapping) const EMPTY: &str =
    "takes something from an attribute that is missing, null or empty; give it a default";

/// Whether a value is nothing: undefined, null or empty.
pub(super) fn is_nothing(value: &Value) -> bool {
    value.is_undefined() || value.is_none() || value.as_str() == Some("")
}

/// Whether a value is nothing, or text with nothing visible in it.
pub(super) fn is_blank(value: &Value) -> bool {
    value.is_undefined()
        || value.is_none()
        || value
            .as_str()
            .is_some_and(|text| crate::mapping::clean::ends(text).is_empty())
}

/// A value that must become text: itself if it is a string or a number, an empty string if it is
/// nothing.
pub(super) fn text(value: &Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::String => Ok(value.clone()),
        ValueKind::Number if is_finite(value) => Ok(value.clone()),
        ValueKind::Undefined | ValueKind::None => Ok(Value::from("")),
        _ => Err(no_text(value)),
    }
}

fn is_finite(value: &Value) -> bool {
    value.is_integer() || f64::try_from(value.clone()).is_ok_and(f64::is_finite)
}

/// The error for a value that is not text, and what to do about it.
pub(super) fn no_text(value: &Value) -> Error {
    doubt(match value.kind() {
        ValueKind::Bool => {
            "is a boolean, where a string was expected; write what it means, such as 'yes' if \
             active else 'no'"
        }
        ValueKind::Map => {
            "is a map, where a string was expected; name one of its members or use the join filter"
        }
        ValueKind::Seq | ValueKind::Iterable => {
            "is a list, where a string was expected; name one of its members or use the join filter"
        }
        ValueKind::Number => "is an infinite number, where a string was expected",
        _ if value.downcast_object_ref::<Binary>().is_some() => {
            "is binary, where a string was expected; use the base64 filter"
        }
        _ => "is not a string, where a string was expected",
    })
}

/// Whether a value cannot be an argument of a text filter.
pub(super) fn is_collection(value: &Value) -> bool {
    matches!(
        value.kind(),
        ValueKind::Map
            | ValueKind::Seq
            | ValueKind::Iterable
            | ValueKind::Bytes
            | ValueKind::Plain
            | ValueKind::Invalid
    )
}

/// The keyword arguments among these values, and the rest.
pub(super) fn keywords(mut values: Vec<Value>) -> (Vec<Value>, Option<Kwargs>) {
    match values.last() {
        Some(last) if last.is_kwargs() => {
            let keywords = values.pop().and_then(|last| Kwargs::try_from(last).ok());
            (values, keywords)
        }
        _ => (values, None),
    }
}

/// Binary as text.
pub(super) fn base64(value: &Value) -> Result<Value, Error> {
    if is_nothing(value) {
        return Ok(Value::UNDEFINED);
    }
    let binary: Option<&Binary> = value.downcast_object_ref();
    binary.map_or_else(
        || Err(doubt("the base64 filter is for binary attributes")),
        |binary| Ok(Value::from(binary.base64())),
    )
}

/// The text of a string or a number.
pub(super) fn string_of(value: &Value) -> Result<Arc<str>, Error> {
    let text = text(value)?;
    Ok(text
        .as_str()
        .map_or_else(|| Arc::from(text.to_string()), Arc::from))
}
