//! A record's key in few bytes.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

use super::{KeyKind, KeySchema, RecordKey};

impl RecordKey {
    /// Appends the values of the key's attributes, in order: for each its length in two bytes, and
    /// its bytes. DynamoDB has no keys of more than 2 KB.
    pub(crate) fn pack(&self, bytes: &mut Vec<u8>) {
        for (_, value) in self.attributes() {
            let value = match value {
                AttributeValue::S(text) | AttributeValue::N(text) => text.as_bytes(),
                AttributeValue::B(blob) => blob.as_ref(),
                // DynamoDB has no keys of other types.
                _ => &[],
            };
            let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&value[..usize::from(length)]);
        }
    }

    /// The key of a table with this schema that was [packed](Self::pack) in the schema's order.
    /// `None` if it was not.
    pub(crate) fn unpack(mut bytes: &[u8], schema: &KeySchema) -> Option<Self> {
        let mut attributes = Vec::with_capacity(2);
        for name in schema.names() {
            let (length, rest) = bytes.split_at_checked(2)?;
            let length = usize::from(u16::from_be_bytes(length.try_into().ok()?));
            let (value, rest) = rest.split_at_checked(length)?;
            bytes = rest;
            let text = || String::from_utf8(value.to_vec()).ok();
            let value = match schema.kind(name)? {
                KeyKind::Text => AttributeValue::S(text()?),
                KeyKind::Number => AttributeValue::N(text()?),
                KeyKind::Binary => AttributeValue::B(Blob::new(value)),
            };
            attributes.push((name.to_owned(), value));
        }
        let key = Self::of_attributes(attributes);
        (bytes.is_empty() && schema.is_of(&key)).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schema(kinds: &[KeyKind]) -> KeySchema {
        let names = ["tenant", "id"].map(str::to_owned).into_iter();
        KeySchema::new(names.zip(kinds.iter().copied()).collect())
    }

    fn value(kind: KeyKind, text: &str, number: u32) -> AttributeValue {
        match kind {
            KeyKind::Text => AttributeValue::S(text.to_owned()),
            KeyKind::Number => AttributeValue::N(number.to_string()),
            KeyKind::Binary => AttributeValue::B(Blob::new(text.as_bytes())),
        }
    }

    fn kind() -> impl Strategy<Value = KeyKind> {
        prop_oneof![
            Just(KeyKind::Text),
            Just(KeyKind::Number),
            Just(KeyKind::Binary)
        ]
    }

    proptest! {
        #[test]
        fn a_key_comes_out_as_it_was_packed(
            kinds in proptest::collection::vec(kind(), 1..=2),
            text in ".{1,40}",
            number: u32,
        ) {
            let schema = schema(&kinds);
            let item = schema.names().zip(&kinds);
            let item = item.map(|(name, kind)| (name.to_owned(), value(*kind, &text, number)));
            let key = schema.key_of(&item.collect()).unwrap();
            let mut bytes = Vec::new();

            key.pack(&mut bytes);

            prop_assert_eq!(RecordKey::unpack(&bytes, &schema), Some(key));
        }

        #[test]
        fn other_bytes_are_no_key_and_no_panic(bytes: Vec<u8>) {
            let schema = schema(&[KeyKind::Text, KeyKind::Number]);

            if let Some(key) = RecordKey::unpack(&bytes, &schema) {
                prop_assert!(schema.is_of(&key));
            }
        }
    }
}
