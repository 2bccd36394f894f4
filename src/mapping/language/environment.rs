//! The engine as it is set up: its own parts, and ours that replace the rest.

use std::sync::Arc;

use minijinja::{
    AutoEscape, Environment, Error, State, Value, functions,
    value::{Rest, ValueKind},
};
use sha2::{Digest as _, Sha256};

use super::nothing::{EMPTY, base64, doubt, is_blank, no_text, string_of, text};
use super::{Tables, Use, ask, clean, guard, lookup, names, through};

/// What a template may cost, in MiniJinja's instructions: thousands of times what a mapping needs,
/// and reached in milliseconds by one that loops without end.
const FUEL: u64 = 100_000;

/// The language for one of its uses.
pub(super) fn environment(of: Use, tables: &Arc<Tables>) -> Environment<'static> {
    use minijinja::UndefinedBehavior::{Chainable, Lenient, SemiStrict};

    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(match of {
        Use::Identity => SemiStrict,
        Use::Value => Chainable,
        Use::Condition => Lenient,
    });
    // They write what they are given as a program would.
    environment.remove_global("debug");
    environment.remove_filter("pprint");
    for (name, _) in names::FUNCTIONS {
        environment.remove_global(name);
    }
    environment.add_function("(dict)", functions::dict);
    environment.add_function("(namespace)", functions::namespace);
    environment.add_function("(range)", functions::range);
    environment.add_function("(shard)", shard);
    guard::add(&mut environment, of);
    ask::add(&mut environment);
    clean::add(&mut environment);
    lookup::add(&mut environment, tables);
    environment.add_filter("base64", base64);
    environment.add_filter(through::TEXT, move |value: &Value| match of {
        Use::Identity if is_blank(value) && !value.is_none() => Err(doubt(EMPTY)),
        _ => text(value),
    });
    environment.add_filter(through::SLICED, move |value: &Value| match of {
        Use::Identity if value.is_undefined() => Err(doubt(EMPTY)),
        _ if value.is_undefined() || value.is_none() => Ok(Value::from("")),
        _ => Ok(value.clone()),
    });
    environment.add_filter(through::SAME, move |value: &Value| match of {
        Use::Identity => value.clone(),
        _ => ask::same(value),
    });
    environment.add_filter(
        through::IN,
        |state: &State, value: &Value, args: Rest<Value>| ask::in_filter(state, value, args),
    );
    environment.set_formatter(move |out, _, value| {
        if value.is_none() {
            return Ok(());
        }
        if is_blank(value) && of == Use::Identity {
            return Err(doubt(EMPTY));
        }
        match value.as_str() {
            Some(text) => out.write_str(text).map_err(Error::from),
            None => write!(out, "{}", text(value)?).map_err(Error::from),
        }
    });
    environment
}

/// `shard(value, count)`: which of `count` equal shares of the people a value belongs to, from 0.
/// The first eight bytes of the SHA-256 of the value's text, as a big-endian number, modulo
/// `count`: the same in every release, because people must not move from one share to another.
fn shard(value: &Value, count: u64) -> Result<u64, Error> {
    if !matches!(
        value.kind(),
        ValueKind::String | ValueKind::Number | ValueKind::Undefined | ValueKind::None
    ) {
        return Err(no_text(value));
    }
    let text = string_of(value)?;
    if count == 0 || text.is_empty() {
        return Err(doubt(
            "is a shard of nothing: shard(value, count) needs a value and a count of 1 or more",
        ));
    }
    let hash = Sha256::digest(text.as_bytes());
    let first = hash
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    Ok(first % count)
}
