//! What is wrong with a body, and what all bodies have in common.

use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// Bytes in one bulk request: Okta's 200 KB, in the stricter reading.
const MAX_BYTES: usize = 200_000;
/// Characters in a user's externalId, from Okta's API description.
pub(super) const MAX_EXTERNAL_ID: usize = 512;

/// A body that Okta refuses, and what the client did wrong in sending it.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) refusal: Box<Refusal>,
    pub(crate) violation: String,
}

impl Flaw {
    pub(crate) fn new(refusal: Refusal, violation: impl Into<String>) -> Self {
        Self {
            refusal: Box::new(refusal),
            violation: violation.into(),
        }
    }

    pub(super) fn validation(what: &str, cause: String) -> Self {
        Self::new(Refusal::validation(what, [cause.clone()]), cause)
    }

    pub(super) fn malformed(why: &str) -> Self {
        Self::new(Refusal::malformed(), why)
    }
}

/// Reads a JSON object that is a whole body.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, Flaw> {
    serde_json::from_slice(body)
        .map_err(|_| Flaw::malformed("a body that is not a JSON object, or none at all"))
}

/// Reads a JSON object that is the body of a bulk request.
pub(super) fn bulk_object(body: &[u8]) -> Result<Map<String, Value>, Flaw> {
    if body.len() > MAX_BYTES {
        return Err(Flaw::validation(
            "request body",
            format!("{} bytes, more than the {MAX_BYTES} allowed", body.len()),
        ));
    }
    object(body)
}

/// Takes a list of a bulk request out of its body. `None` if it is missing or
/// empty.
pub(super) fn list(
    body: &mut Map<String, Value>,
    name: &str,
    most: usize,
) -> Result<Option<Vec<Value>>, Flaw> {
    let Some(Value::Array(list)) = body.remove(name) else {
        return Ok(None);
    };
    if list.len() > most {
        return Err(Flaw::validation(
            name,
            format!(
                "{name}: {} entities, more than the {most} allowed",
                list.len()
            ),
        ));
    }
    Ok(Some(list).filter(|list| !list.is_empty()))
}

/// The refusal of a missing or empty list.
pub(super) fn blank(name: &str) -> Flaw {
    Flaw::validation(name, format!("{name}: The field cannot be left blank"))
}

/// Takes a user's externalId out of an entity.
pub(crate) fn external_id(fields: &mut Map<String, Value>) -> Result<String, String> {
    id(fields, "externalId", MAX_EXTERNAL_ID)
}

/// Takes an id with a maximum length out of an entity.
pub(super) fn id(
    fields: &mut Map<String, Value>,
    name: &str,
    longest: usize,
) -> Result<String, String> {
    match fields.remove(name) {
        Some(value) => checked_id(value, name, longest),
        None => Err(format!("{name}: The field cannot be left blank")),
    }
}

pub(super) fn checked_id(value: Value, name: &str, longest: usize) -> Result<String, String> {
    match value {
        Value::String(id) if id.is_empty() => {
            Err(format!("{name}: The field cannot be left blank"))
        }
        Value::String(id) if id.chars().count() > longest => {
            Err(format!("{name}: longer than {longest} characters"))
        }
        Value::String(id) => Ok(id),
        _ => Err(format!("{name}: must be a string")),
    }
}
