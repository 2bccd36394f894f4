//! Whether a record's key and its user's id say the same.

use aws_sdk_dynamodb::types::AttributeValue;

use super::text::Piece;
use crate::{
    dynamodb::Item,
    users::{KeyKind, KeySchema},
};

/// Whether these pieces of an external id lose nothing of a key: they name each key attribute once
/// and nothing else, and two different keys never give the same text.
///
/// What stands around one attribute can be removed again. Between two attributes there must be
/// something that one of them cannot contain. A string may contain anything. How binary is written
/// is up to the template engine, so nothing is promised for it.
pub(super) fn is_key(pieces: &[Piece], schema: &KeySchema) -> bool {
    let named: Vec<_> = pieces
        .iter()
        .enumerate()
        .filter_map(|(at, piece)| match piece {
            Piece::Attribute(name) => Some((at, &**name)),
            Piece::Text(_) => None,
        })
        .collect();
    let kinds: Option<Vec<_>> = named.iter().map(|(_, name)| schema.kind(name)).collect();
    let Some(kinds) = kinds else {
        return false;
    };
    if kinds.contains(&KeyKind::Binary) || named.len() != schema.names().count() {
        return false;
    }
    match named.as_slice() {
        [_] => true,
        [(first, one), (second, other)] => {
            let between = &pieces[first + 1..*second];
            one != other && kinds.contains(&KeyKind::Number) && separates_numbers(between)
        }
        _ => false,
    }
}

/// The keys, one of which may have given this external id: what stands where the attributes are.
/// Text between two of them may also be part of one of them, so there may be several.
pub(super) fn keys(pieces: &[Piece], id: &str, schema: &KeySchema) -> Vec<Item> {
    let mut text = vec![String::new()];
    let mut names = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(more) => text
                .last_mut()
                .into_iter()
                .for_each(|last| last.push_str(more)),
            Piece::Attribute(name) => {
                names.push(&**name);
                text.push(String::new());
            }
        }
    }
    let (Some(before), Some(after)) = (text.first(), text.last()) else {
        return Vec::new();
    };
    let inner = id.strip_prefix(before.as_str());
    let Some(inner) = inner.and_then(|rest| rest.strip_suffix(after.as_str())) else {
        return Vec::new();
    };
    let value = |name: &str, text: &str| {
        let text = text.to_owned();
        let value = match schema.kind(name)? {
            KeyKind::Text => AttributeValue::S(text),
            KeyKind::Number => AttributeValue::N(text),
            KeyKind::Binary => return None,
        };
        Some((name.to_owned(), value))
    };
    match names.as_slice() {
        [name] => value(name, inner)
            .into_iter()
            .map(|one| Item::from([one]))
            .collect(),
        [first, second] => {
            let between = text[1].as_str();
            let both = |at: usize| {
                let (one, other) = (&inner[..at], &inner[at + between.len()..]);
                Some(Item::from([value(first, one)?, value(second, other)?]))
            };
            let places = inner.char_indices().map(|(at, _)| at);
            let stands = |at: &usize| inner[*at..].starts_with(between);
            places.filter(stands).filter_map(both).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether text contains something that no number does, however it is spelt.
fn separates_numbers(between: &[Piece]) -> bool {
    between.iter().any(|piece| match piece {
        Piece::Text(text) => text
            .chars()
            .any(|c| !c.is_ascii_digit() && !"+-.eE".contains(c)),
        Piece::Attribute(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;
    use proptest::prelude::*;
    use serde_json::json;

    use crate::{
        mapping::Mapping,
        users::{KeyKind, KeySchema},
    };

    fn mapping(external_id: &str) -> Option<Mapping> {
        let file = json!({"externalId": external_id, "profile": {"userName": "{{ id }}"}});
        Mapping::from_json(&file.to_string()).ok()
    }

    fn identifies(external_id: &str, keys: &[(&str, KeyKind)]) -> bool {
        let keys = keys.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
        mapping(external_id)
            .unwrap()
            .identifies_by(&KeySchema::new(keys.collect()))
    }

    #[test]
    fn one_attribute_of_the_key_with_anything_around_it_is_the_key() {
        for kind in [KeyKind::Text, KeyKind::Number] {
            for external_id in ["{{ id }}", "{{id}}", "emp-{{ id }}", "{{ id }}@example.com"] {
                assert!(identifies(external_id, &[("id", kind)]), "{external_id}");
            }
        }
        assert!(!identifies("{{ id }}", &[("id", KeyKind::Binary)]));
    }

    #[test]
    fn what_may_lose_something_of_the_key_is_not_the_key() {
        for external_id in [
            "{{ id | lower }}",
            "{{ id[:8] }}",
            "{{ id | trim }}",
            "{% if id %}{{ id }}{% endif %}",
            "{{ id or 'nobody' }}",
            "{{ id ~ '' }}",
            "{{ id }}{{ id }}",
            "{{ id }}/{{ tenant }}",
            "{{ number }}",
            "always the same",
        ] {
            assert!(
                !identifies(external_id, &[("id", KeyKind::Text)]),
                "{external_id}"
            );
        }
    }

    #[test]
    fn between_two_attributes_must_be_what_one_of_them_cannot_contain() {
        use KeyKind::{Binary, Number, Text};
        for (external_id, tenant, id, expected) in [
            ("{{ tenant }}#{{ id }}", Number, Text, true),
            ("{{ tenant }}#{{ id }}", Text, Number, true),
            ("{{ tenant }}/{{ id }}", Number, Number, true),
            ("a{{ id }}-#-{{ tenant }}b", Number, Text, true),
            ("{{ tenant }}#{{ id }}", Text, Text, false),
            ("{{ tenant }}{{ id }}", Number, Text, false),
            ("{{ tenant }}-{{ id }}", Number, Number, false),
            ("{{ tenant }}E+{{ id }}", Number, Number, false),
            ("{{ tenant }}#{{ id }}", Number, Binary, false),
            ("{{ tenant }}#{{ tenant }}", Number, Text, false),
            ("{{ id }}", Number, Text, false),
        ] {
            assert_eq!(
                identifies(external_id, &[("tenant", tenant), ("id", id)]),
                expected,
                "{external_id} of {tenant:?} and {id:?}"
            );
        }
    }

    fn template() -> impl Strategy<Value = String> {
        let text = || "[#/0-9eE.+ -]{0,2}";
        let attribute = || prop::sample::select(vec!["{{ a }}", "{{ b }}"]);
        prop_oneof![
            (text(), attribute(), text()).prop_map(|(a, b, c)| format!("{a}{b}{c}")),
            (text(), attribute(), text(), attribute(), text())
                .prop_map(|(a, b, c, d, e)| format!("{a}{b}{c}{d}{e}")),
        ]
    }

    fn value(kind: KeyKind) -> BoxedStrategy<AttributeValue> {
        match kind {
            KeyKind::Text => "[#/01aA. -]{1,3}".prop_map(AttributeValue::S).boxed(),
            KeyKind::Number => "(0|-?[1-3][0-2]?(\\.[1-3])?|[12]0{20,37}|0\\.0[12])"
                .prop_map(AttributeValue::N)
                .boxed(),
            KeyKind::Binary => proptest::collection::vec(any::<u8>(), 1..3)
                .prop_map(|bytes| AttributeValue::B(bytes.into()))
                .boxed(),
        }
    }

    type Key = HashMap<String, AttributeValue>;

    fn keys() -> impl Strategy<Value = (KeySchema, Vec<Key>)> {
        let kind = || prop::sample::select(vec![KeyKind::Text, KeyKind::Number, KeyKind::Binary]);
        prop_oneof![
            kind().prop_map(|a| vec![("a".to_owned(), a)]),
            (kind(), kind()).prop_map(|(a, b)| vec![("a".to_owned(), a), ("b".to_owned(), b)]),
        ]
        .prop_flat_map(|attributes| {
            let key = attributes
                .iter()
                .map(|(name, kind)| (Just(name.clone()), value(*kind)));
            let key: Vec<_> = key.collect();
            let key = key.prop_map(|pairs| pairs.into_iter().collect::<Key>());
            let schema = KeySchema::new(attributes);
            (Just(schema), proptest::collection::vec(key, 2..40))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn two_different_keys_never_give_the_same_id_where_the_key_identifies(
            template in template(),
            (schema, keys) in keys(),
        ) {
            let Some(mapping) = mapping(&template) else {
                return Ok(());
            };
            if !mapping.identifies_by(&schema) {
                return Ok(());
            }
            let mut seen = HashMap::new();
            for key in keys {
                let Some(id) = mapping.external_id(key.clone().into()) else {
                    continue;
                };
                let found = mapping.key_of(&id, &schema).map(|key| key.to_item());
                prop_assert_eq!(found, schema.key_of(&key).map(|key| key.to_item()));
                if let Some(other) = seen.insert(id, key.clone()) {
                    prop_assert_eq!(other, key);
                }
            }
        }
    }
}
