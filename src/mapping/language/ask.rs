//! The template engine's tests, changed to take absent, null and empty for the same nothing.

use minijinja::{
    Environment, Error, State, Value, tests,
    value::{Rest, ValueKind},
};

use super::nothing::{is_nothing, no_text, string_of};

/// Adds the tests for which nothing matters.
pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_test("undefined", |value: &Value| is_nothing(value));
    environment.add_test("none", |value: &Value| is_nothing(value));
    environment.add_test("defined", |value: &Value| !is_nothing(value));
    environment.add_test("startingwith", |value: &Value, other: &Value| {
        with_text(value, other, |text, other| text.starts_with(other))
    });
    environment.add_test("endingwith", |value: &Value, other: &Value| {
        with_text(value, other, |text, other| text.ends_with(other))
    });
    for name in ["eq", "equalto", "=="] {
        environment.add_test(name, |value: &Value, other: &Value| equal(value, other));
    }
    for name in ["ne", "!="] {
        environment.add_test(name, |value: &Value, other: &Value| !equal(value, other));
    }
    environment.add_test("in", is_in);
}

fn equal(value: &Value, other: &Value) -> bool {
    same(value) == same(other)
}

/// A value to compare: nothing is one value, whatever it came as.
pub(super) fn same(value: &Value) -> Value {
    if is_nothing(value) {
        Value::UNDEFINED
    } else {
        value.clone()
    }
}

fn with_text(
    value: &Value,
    other: &Value,
    holds: impl Fn(&str, &str) -> bool,
) -> Result<bool, Error> {
    if is_nothing(value) {
        return Ok(false);
    }
    Ok(holds(&string_of(value)?, &string_of(other)?))
}

/// Whether a value is in a list, a key of a map, or part of a text. Nothing is part of no text.
pub(super) fn is_in(state: &State, value: &Value, container: &Value) -> Result<bool, Error> {
    if is_nothing(container) {
        return Ok(false);
    }
    match container.kind() {
        ValueKind::String if is_nothing(value) => Ok(false),
        ValueKind::String => match value.kind() {
            ValueKind::String | ValueKind::Number => {
                tests::is_in(state, &Value::from(string_of(value)?), container)
            }
            _ => Err(no_text(value)),
        },
        ValueKind::Seq | ValueKind::Iterable if is_nothing(value) => {
            Ok(container.try_iter()?.any(|member| is_nothing(&member)))
        }
        _ => tests::is_in(state, value, container),
    }
}

/// The same as a filter, which is how the operator is compiled.
pub(super) fn in_filter(state: &State, value: &Value, args: Rest<Value>) -> Result<bool, Error> {
    is_in(state, value, args.first().unwrap_or(&Value::UNDEFINED))
}
