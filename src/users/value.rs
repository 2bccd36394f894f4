//! DynamoDB's types as template values.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use minijinja::value::Value;

use super::{Binary, number};

/// Converts an attribute: strings and booleans as they are, numbers without loss, sets and lists as
/// lists, maps as maps. NULL and an empty string are nothing, as if they were not there, and binary
/// is an object of its own.
pub(super) fn to_template_value(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => text_value(text),
        AttributeValue::N(number) => number_value(number),
        AttributeValue::Bool(flag) => Value::from(*flag),
        AttributeValue::B(bytes) => binary_value(bytes.as_ref()),
        AttributeValue::Ss(texts) => texts.iter().map(|text| text_value(text)).collect(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|number| number_value(number)).collect(),
        AttributeValue::Bs(blobs) => blobs
            .iter()
            .map(|bytes| binary_value(bytes.as_ref()))
            .collect(),
        AttributeValue::L(list) => list.iter().map(to_template_value).collect(),
        AttributeValue::M(map) => map
            .iter()
            .map(|(name, value)| (name.as_str(), to_template_value(value)))
            .collect::<BTreeMap<_, _>>()
            .into(),
        // NULL, and types that DynamoDB does not have today.
        _ => Value::UNDEFINED,
    }
}

fn text_value(text: &str) -> Value {
    if text.is_empty() {
        Value::UNDEFINED
    } else {
        Value::from(text)
    }
}

fn binary_value(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        Value::UNDEFINED
    } else {
        Value::from_object(Binary::new(bytes))
    }
}

/// Whole numbers become integers, others floats if a float prints the same digits. A number that
/// neither can hold stays the text that DynamoDB gives, so no digit is lost.
fn number_value(written: &str) -> Value {
    let number = number::canonical(written);
    let number = number.as_deref().unwrap_or(written);
    if let Ok(whole) = number.parse::<i64>() {
        return Value::from(whole);
    }
    if let Ok(whole) = number.parse::<i128>() {
        return Value::from(whole);
    }
    match number.parse::<f64>() {
        // The engine adds a point to a float that has none.
        Ok(float) if number.contains('.') && float.to_string() == number => Value::from(float),
        _ => Value::from(number),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;
    use proptest::prelude::*;

    use super::*;

    fn rendered(attribute: AttributeValue) -> String {
        to_template_value(&attribute).to_string()
    }

    #[test]
    fn every_type_becomes_something_a_mapping_can_use() {
        let text = |s: &str| AttributeValue::S(s.to_owned());

        assert_eq!(rendered(text("Zoë")), "Zoë");
        assert_eq!(
            to_template_value(&AttributeValue::Bool(true)),
            Value::from(true)
        );
        for nothing in [
            AttributeValue::Null(true),
            text(""),
            AttributeValue::B(Blob::new("")),
        ] {
            assert!(to_template_value(&nothing).is_undefined());
        }
        let binary = to_template_value(&AttributeValue::B(Blob::new("hi")));
        assert_eq!(
            binary.downcast_object_ref::<Binary>().unwrap().base64(),
            "aGk="
        );
        let list = |values: Vec<Value>| Value::from(values);
        assert_eq!(
            to_template_value(&AttributeValue::L(vec![
                text("a"),
                AttributeValue::N("1".into())
            ])),
            list(vec!["a".into(), 1.into()])
        );
        assert_eq!(
            to_template_value(&AttributeValue::Ss(vec!["a".into()])),
            list(vec!["a".into()])
        );
        assert_eq!(
            to_template_value(&AttributeValue::Ns(vec!["1.50".into()])),
            list(vec![1.5.into()])
        );
        let map = AttributeValue::M([("city".to_owned(), text("Oslo"))].into());
        assert_eq!(
            to_template_value(&map).get_attr("city").unwrap(),
            Value::from("Oslo")
        );
    }

    #[test]
    fn numbers_keep_every_digit() {
        for number in [
            "0",
            "-7",
            "3.14",
            "12345678901234567890123456789012345678",
            "0.1234567890123456789012345678901234567",
            "-99999999999999999999999999999999999999",
            "10000000000000000000000000000000000000000",
            "9007199254740993.5",
        ] {
            assert_eq!(rendered(AttributeValue::N(number.into())), number);
        }
    }

    proptest! {
        #[test]
        fn a_decimal_of_any_length_renders_as_it_is(digits in "[1-9][0-9]{0,20}(\\.[0-9]{0,15}[1-9])?") {
            prop_assert_eq!(rendered(AttributeValue::N(digits.clone())), digits);
        }
    }
}
