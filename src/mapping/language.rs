//! What templates and expressions may say, beyond what MiniJinja brings.

use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value, value::ValueKind};
use sha2::{Digest as _, Sha256};

/// What a template may cost, in MiniJinja's instructions: thousands of times what a mapping
/// needs, and reached in milliseconds by one that loops without end.
const FUEL: u64 = 100_000;

/// The language, ready to compile templates and expressions.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.add_function("shard", shard);
    environment.add_filter("string", string);
    environment.set_formatter(|out, _, value| match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(()),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => Err(not_a_string(value)),
        ValueKind::Bool => out.write_str(boolean(value)).map_err(Error::from),
        _ => write!(out, "{value}")
            .map_err(|_| Error::new(ErrorKind::WriteFailure, "cannot be written")),
    });
    environment
}

/// MiniJinja prints Python's True and False.
fn boolean(value: &Value) -> &'static str {
    if value.is_true() { "true" } else { "false" }
}

/// MiniJinja's own filter of this name, but for booleans.
fn string(value: &Value) -> Value {
    match value.kind() {
        ValueKind::Bool => Value::from(boolean(value)),
        ValueKind::String => value.clone(),
        _ => Value::from(value.to_string()),
    }
}

/// `shard(value, count)`: which of `count` equal shares of the people a value belongs to, from 0.
/// The first eight bytes of the SHA-256 of the value's text, as a big-endian number, modulo
/// `count`: the same in every release, as people must not wander from one share to another.
fn shard(value: &Value, count: u64) -> Result<u64, Error> {
    let text = value.to_string();
    if count == 0 || text.is_empty() || value.is_none() {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "is a shard of nothing: shard(value, count) needs a value and a count of 1 or more",
        ));
    }
    let hash = Sha256::digest(text);
    let first = hash
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    Ok(first % count)
}

/// Okta's profile values are strings; arrays are not supported (Okta's developer guide).
fn not_a_string(value: &Value) -> Error {
    let kind = if value.kind() == ValueKind::Map {
        "map"
    } else {
        "list"
    };
    Error::new(
        ErrorKind::InvalidOperation,
        format!(
            "is a {kind}, where a string was expected; name one of its members or use the join filter"
        ),
    )
}

#[cfg(test)]
mod tests {
    use crate::{
        mapping::{Mapped, Mapping},
        users::Record,
    };

    fn share_of(id: &str, include: &str) -> Mapped {
        let mapping = Mapping::from_json(
            &serde_json::json!({"externalId": "{{ id }}", "active": "false", "include": include,
                "profile": {"userName": "{{ id }}"}})
            .to_string(),
        )
        .unwrap();
        mapping.map(Record::from_json(&serde_json::json!({"id": id})).unwrap())
    }

    #[test]
    fn a_share_is_the_same_in_every_release() {
        // printf alice | sha256sum begins with 2bd806c97f0e00af, which is 3 modulo 4.
        assert!(matches!(
            share_of("alice", "shard(id, 4) == 3"),
            Mapped::Inactive(_)
        ));
        assert!(matches!(
            share_of("alice", "shard(id, 4) == 0"),
            Mapped::OutOfScope(_)
        ));
    }

    #[test]
    fn a_share_of_nothing_is_a_doubt() {
        assert!(matches!(
            share_of("alice", "shard(id, 0) == 0"),
            Mapped::Rejected(..)
        ));
        assert!(matches!(
            share_of("alice", "shard(number, 4) == 0"),
            Mapped::Rejected(..)
        ));
    }
}
