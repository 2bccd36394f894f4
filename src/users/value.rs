//! DynamoDB's types as template values.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use minijinja::value::Value;

/// Converts an attribute: strings, booleans and null as they are, numbers
/// without loss, sets and lists as lists, maps as maps, binary as base64.
pub(super) fn to_template_value(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => Value::from(text.as_str()),
        AttributeValue::N(number) => number_value(number),
        AttributeValue::Bool(flag) => Value::from(*flag),
        AttributeValue::Null(_) => Value::from(()),
        AttributeValue::B(bytes) => base64_value(bytes.as_ref()),
        AttributeValue::Ss(texts) => texts
            .iter()
            .map(|text| Value::from(text.as_str()))
            .collect(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|number| number_value(number)).collect(),
        AttributeValue::Bs(blobs) => blobs
            .iter()
            .map(|bytes| base64_value(bytes.as_ref()))
            .collect(),
        AttributeValue::L(list) => list.iter().map(to_template_value).collect(),
        AttributeValue::M(map) => map
            .iter()
            .map(|(name, value)| (name.as_str(), to_template_value(value)))
            .collect::<BTreeMap<_, _>>()
            .into(),
        // A type that DynamoDB does not have today: undefined, which renders empty.
        _ => Value::UNDEFINED,
    }
}

fn base64_value(bytes: &[u8]) -> Value {
    Value::from(BASE64_STANDARD.encode(bytes))
}

/// DynamoDB's numbers have up to 38 digits. Whole ones become integers, others
/// floats where a float prints the same digits; what neither can hold stays
/// the text it came as, so that no digit is lost.
fn number_value(number: &str) -> Value {
    if let Ok(whole) = number.parse::<i64>() {
        return Value::from(whole);
    }
    if let Ok(whole) = number.parse::<i128>() {
        return Value::from(whole);
    }
    match number.parse::<f64>() {
        Ok(float) if float.to_string() == number => Value::from(float),
        _ => Value::from(number),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;
    use proptest::prelude::*;
    use serde_json::json;

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
        assert!(to_template_value(&AttributeValue::Null(true)).is_none());
        assert_eq!(rendered(AttributeValue::B(Blob::new("hi"))), "aGk=");
        let as_json = |attribute| serde_json::to_value(to_template_value(&attribute)).unwrap();
        assert_eq!(
            as_json(AttributeValue::L(vec![
                text("a"),
                AttributeValue::N("1".into())
            ])),
            json!(["a", 1])
        );
        assert_eq!(as_json(AttributeValue::Ss(vec!["a".into()])), json!(["a"]));
        assert_eq!(
            as_json(AttributeValue::Ns(vec!["1.5".into()])),
            json!([1.5])
        );
        assert_eq!(
            as_json(AttributeValue::Bs(vec![Blob::new("hi")])),
            json!(["aGk="])
        );
        assert_eq!(
            as_json(AttributeValue::M(
                [("city".to_owned(), text("Oslo"))].into()
            )),
            json!({"city": "Oslo"})
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
            "1E+100",
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
