//! What Okta says about a load, without the values of the profiles in it.

use serde_json::Value;

use crate::okta::{
    batch::{Batch, Entity},
    error::Refusal,
};

/// A shorter value may be any word of Okta's own, and reveals little.
const SHORTEST: usize = 3;

/// The refusal with the values of the batch's profiles replaced by their attributes' names. The
/// external ids stay: people look up users by them.
pub(super) fn redacted(mut refusal: Refusal, batch: &Batch) -> Refusal {
    let said = refusal.summary.iter().chain(&refusal.causes);
    let said: String = said.map(String::as_str).collect::<Vec<_>>().join("\n");
    let ids: Vec<&str> = batch
        .external_ids()
        .filter(|id| said.contains(id))
        .collect();
    let values: Vec<_> = batch
        .entities()
        .iter()
        .flat_map(values)
        .filter(|(_, value)| value.chars().count() >= SHORTEST && said.contains(value))
        .collect();
    let texts = refusal.summary.iter_mut().chain(&mut refusal.causes);
    for text in texts {
        *text = redact(text, &ids, &values);
    }
    refusal
}

fn values(entity: &Entity) -> Vec<(String, String)> {
    let Ok(Value::Object(mut user)) = serde_json::from_str(&entity.json) else {
        return Vec::new();
    };
    let Some(Value::Object(profile)) = user.remove("profile") else {
        return Vec::new();
    };
    profile
        .into_iter()
        .filter_map(|(name, value)| match value {
            Value::String(value) => Some((name, value)),
            _ => None,
        })
        .collect()
}

/// Goes through the text once: at each place an id is kept, otherwise the longest value is
/// replaced.
fn redact(text: &str, ids: &[&str], values: &[(String, String)]) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut before = None;
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let stands = |word: &str| {
            let apart = |next: Option<char>| !next.is_some_and(char::is_alphanumeric);
            rest.starts_with(word) && apart(before) && apart(rest[word.len()..].chars().next())
        };
        let id = ids.iter().filter(|id| stands(id)).max_by_key(|id| id.len());
        let value = values
            .iter()
            .filter(|(_, value)| stands(value))
            .max_by_key(|(_, value)| value.len());
        let length = match (id, value) {
            (Some(id), value) if value.is_none_or(|(_, value)| value.len() <= id.len()) => {
                redacted.push_str(id);
                id.len()
            }
            (_, Some((name, value))) => {
                redacted.push_str(&format!("[{name}]"));
                value.len()
            }
            _ => {
                redacted.push(next);
                next.len_utf8()
            }
        };
        before = text[at..at + length].chars().next_back();
        at += length;
    }
    redacted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::okta::batch::pack;

    #[test]
    fn values_are_replaced_by_their_names_and_ids_are_not() {
        let profile = json!({"userName": "ada@example.com", "firstName": "Ada", "title": "Head of Ada's office", "state": "IN"});
        let entity = Entity::upsert("ada@example.com", &profile).unwrap();
        let batch = pack([entity]).remove(0);

        for (said, heard) in [
            (
                "ada@example.com: firstName 'Ada' is IN use",
                "ada@example.com: firstName '[firstName]' is IN use",
            ),
            (
                "title (Head of Ada's office) and Adapter",
                "title ([title]) and Adapter",
            ),
            ("Adä, Ada", "Adä, [firstName]"),
            ("", ""),
        ] {
            let refusal = Refusal {
                call: "POST /sessions/{id}/bulk-upsert",
                status: 400,
                code: None,
                summary: Some(said.to_owned()),
                causes: vec![said.to_owned()],
                request_id: None,
            };

            let refusal = redacted(refusal, &batch);

            assert_eq!(refusal.summary.as_deref(), Some(heard));
            assert_eq!(refusal.causes, [heard]);
        }
    }
}
