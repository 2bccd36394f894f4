//! Filters that clean: `ascii`, `nfc`, `regex_replace`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use minijinja::{Environment, Error, Value};
use regex_lite::Regex;
use unicode_normalization::UnicodeNormalization as _;

use super::{
    guard::LONGEST,
    nothing::{doubt, is_nothing, string_of},
};

/// How many patterns are kept compiled: a mapping has a handful.
const KEPT: usize = 100;

type Kept = Arc<Mutex<BTreeMap<String, Regex>>>;

/// A regular expression, or why it is not one.
pub(super) fn pattern(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| format!("is not a regular expression: {error}"))
}

/// Adds them.
pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("ascii", |value: &Value| {
        on_text(value, any_ascii::any_ascii)
    });
    environment.add_filter("nfc", |value: &Value| {
        on_text(value, |text| text.nfc().collect())
    });
    let kept = Kept::default();
    environment.add_filter(
        "regex_replace",
        move |value: &Value, pattern: &Value, by: Option<&Value>| {
            let (pattern, by) = (
                string_of(pattern)?,
                by.map_or_else(|| Ok("".into()), string_of)?,
            );
            if is_nothing(value) {
                return Ok(Value::UNDEFINED);
            }
            let text = string_of(value)?;
            let replaced = compiled(&kept, &pattern)?
                .replace_all(&text, &*by)
                .into_owned();
            if replaced.len() > LONGEST {
                return Err(doubt(format!("is longer than {LONGEST} bytes")));
            }
            Ok::<_, Error>(Value::from(replaced))
        },
    );
}

fn on_text(value: &Value, clean: impl Fn(&str) -> String) -> Result<Value, Error> {
    if is_nothing(value) {
        return Ok(Value::UNDEFINED);
    }
    Ok(Value::from(clean(&string_of(value)?)))
}

fn compiled(kept: &Kept, source: &str) -> Result<Regex, Error> {
    // Patterns are added whole: what a panic elsewhere left is still right.
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pattern) = kept.get(source) {
        return Ok(pattern.clone());
    }
    let compiled = pattern(source).map_err(doubt)?;
    if kept.len() < KEPT {
        kept.insert(source.to_owned(), compiled.clone());
    }
    Ok(compiled)
}
