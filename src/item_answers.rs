//! Reading DynamoDB's answers with items.
//!
//! A look at a million people is mostly reading JSON. The SDK reads it token by token into maps
//! that grow while they are filled. Scan and BatchGetItem, which bring every record and every
//! entry, are read here by `serde_json` into maps of the right size. The SDK still reads errors.

mod item;

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::BeforeDeserializationInterceptorContextMut,
    },
    error::BoxError,
    operation::{batch_get_item::BatchGetItemOutput, scan::ScanOutput},
    types::{ConsumedCapacity, KeysAndAttributes},
};
use aws_smithy_runtime_api::client::{
    interceptors::context::{Error, Output},
    orchestrator::{HttpResponse, Metadata, OrchestratorError},
    ser_de::{DeserializeResponse, SharedResponseDeserializer},
};
use serde::{Deserialize, de::Error as _};

use item::{Item, Row};

/// Reads a client's answers with items here.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReadHere;

impl Intercept for ReadHere {
    fn name(&self) -> &'static str {
        "ReadHere"
    }

    /// Once an answer is there, it is known whether it is a good one.
    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map(Metadata::name);
        let read: Read = match operation {
            Some("Scan") => scan,
            Some("BatchGetItem") => batch,
            _ => return Ok(()),
        };
        if context.response().status().as_u16() == 200 {
            let here = SharedResponseDeserializer::new(Here(read));
            config.interceptor_state().store_put(here);
        }
        Ok(())
    }
}

/// Reads an answer.
type Read = fn(&[u8]) -> serde_json::Result<Output>;

#[derive(Debug)]
struct Here(Read);

impl DeserializeResponse for Here {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        _: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        // A try before this one had a good answer that broke off. The SDK would know what an error
        // says. That it is one is enough here, because it is tried again.
        if response.status().as_u16() != 200 {
            return Err(OrchestratorError::response(
                "an error after an answer that broke off".into(),
            ));
        }
        let bytes = response.body().bytes().unwrap_or_default();
        self.0(bytes).map_err(|why| {
            // Its own words may have an item's values in them.
            let (line, column) = (why.line(), why.column());
            let text = format!("not an answer with items, at line {line}, column {column}");
            OrchestratorError::response(text.into())
        })
    }
}

fn scan(bytes: &[u8]) -> serde_json::Result<Output> {
    let answer: ScanAnswer = serde_json::from_slice(bytes)?;
    let output = ScanOutput::builder()
        .set_items(Some(all(answer.items)))
        .set_count(answer.count)
        .set_scanned_count(answer.scanned_count)
        .set_last_evaluated_key(answer.last_evaluated_key.map(|Row(key)| key))
        .set_consumed_capacity(answer.consumed_capacity.map(Units::told));
    Ok(Output::erase(output.build()))
}

fn batch(bytes: &[u8]) -> serde_json::Result<Output> {
    let answer: BatchAnswer = serde_json::from_slice(bytes)?;
    let left = answer.unprocessed_keys.unwrap_or_default().into_iter();
    let left = left.map(|(table, keys)| Ok((table, keys.left()?)));
    let left = left.collect::<serde_json::Result<_>>()?;
    let tables = answer.responses.into_iter();
    let responses = tables.map(|(table, rows)| (table, all(rows))).collect();
    let consumed = answer
        .consumed_capacity
        .map(|all| all.into_iter().map(Units::told).collect());
    let output = BatchGetItemOutput::builder()
        .set_responses(Some(responses))
        .set_unprocessed_keys(Some(left))
        .set_consumed_capacity(consumed);
    Ok(Output::erase(output.build()))
}

fn all(rows: Vec<Row>) -> Vec<Item> {
    rows.into_iter().map(|Row(item)| item).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScanAnswer {
    /// Without it, it is not an answer to a scan: an error's body has none.
    items: Vec<Row>,
    count: Option<i32>,
    scanned_count: Option<i32>,
    last_evaluated_key: Option<Row>,
    consumed_capacity: Option<Units>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchAnswer {
    responses: HashMap<String, Vec<Row>>,
    unprocessed_keys: Option<HashMap<String, Left>>,
    consumed_capacity: Option<Vec<Units>>,
}

/// Keys that must be asked for again.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Left {
    keys: Vec<Row>,
    consistent_read: Option<bool>,
    projection_expression: Option<String>,
    expression_attribute_names: Option<HashMap<String, String>>,
}

impl Left {
    fn left(self) -> serde_json::Result<KeysAndAttributes> {
        KeysAndAttributes::builder()
            .set_keys(Some(all(self.keys)))
            .set_consistent_read(self.consistent_read)
            .set_projection_expression(self.projection_expression)
            .set_expression_attribute_names(self.expression_attribute_names)
            .build()
            .map_err(serde_json::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Units {
    table_name: Option<String>,
    capacity_units: Option<f64>,
}

impl Units {
    fn told(self) -> ConsumedCapacity {
        ConsumedCapacity::builder()
            .set_table_name(self.table_name)
            .set_capacity_units(self.capacity_units)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
    use serde_json::json;

    use super::*;

    fn scanned(answer: &serde_json::Value) -> ScanOutput {
        let output = scan(answer.to_string().as_bytes()).unwrap();
        output.downcast::<ScanOutput>().unwrap()
    }

    #[test]
    fn every_type_of_value_comes_in() {
        let item = json!({
            "s": {"S": "Zoë \u{1F600} \"quoted\" \\ \n"}, "n": {"N": "12345678901234567890.5"},
            "b": {"B": "AAEC"}, "t": {"BOOL": true}, "f": {"BOOL": false}, "z": {"NULL": true},
            "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2"]}, "bs": {"BS": ["AA==", "AQ=="]},
            "l": {"L": [{"S": "x"}, {"M": {"y": {"N": "1"}}}]}, "m": {"M": {}}, "": {"S": ""},
        });

        let output = scanned(&json!({"Items": [item], "Count": 1, "ScannedCount": 2,
            "LastEvaluatedKey": {"id": {"S": "last"}},
            "ConsumedCapacity": {"TableName": "users", "CapacityUnits": 12.5}}));

        let text = |text: &str| AttributeValue::S(text.to_owned());
        let blob = |bytes: &[u8]| Blob::new(bytes);
        let expected = Item::from(
            [
                ("s", text("Zoë \u{1F600} \"quoted\" \\ \n")),
                ("n", AttributeValue::N("12345678901234567890.5".to_owned())),
                ("b", AttributeValue::B(blob(&[0, 1, 2]))),
                ("t", AttributeValue::Bool(true)),
                ("f", AttributeValue::Bool(false)),
                ("z", AttributeValue::Null(true)),
                (
                    "ss",
                    AttributeValue::Ss(vec!["a".to_owned(), "b".to_owned()]),
                ),
                (
                    "ns",
                    AttributeValue::Ns(vec!["1".to_owned(), "2".to_owned()]),
                ),
                ("bs", AttributeValue::Bs(vec![blob(&[0]), blob(&[1])])),
                (
                    "l",
                    AttributeValue::L(vec![
                        text("x"),
                        AttributeValue::M(
                            [("y".to_owned(), AttributeValue::N("1".to_owned()))].into(),
                        ),
                    ]),
                ),
                ("m", AttributeValue::M(HashMap::new())),
                ("", text("")),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        assert_eq!(output.items(), [expected]);
        assert_eq!((output.count, output.scanned_count), (1, 2));
        assert_eq!(output.last_evaluated_key.unwrap()["id"], text("last"));
        let consumed = output.consumed_capacity.unwrap();
        assert_eq!(consumed.capacity_units, Some(12.5));
    }

    #[test]
    fn keys_that_were_left_are_asked_for_as_before() {
        let answer = json!({"Responses": {"users": [{"id": {"S": "a"}}]},
            "UnprocessedKeys": {"users": {"Keys": [{"id": {"S": "b"}}], "ConsistentRead": true,
                "ProjectionExpression": "#a", "ExpressionAttributeNames": {"#a": "id"}}},
            "ConsumedCapacity": [{"TableName": "users", "CapacityUnits": 1.0}]});

        let output = batch(answer.to_string().as_bytes()).unwrap();

        let output = output.downcast::<BatchGetItemOutput>().unwrap();
        assert_eq!(output.responses.unwrap()["users"].len(), 1);
        let left = &output.unprocessed_keys.unwrap()["users"];
        assert_eq!(left.keys()[0]["id"], AttributeValue::S("b".to_owned()));
        assert_eq!(left.consistent_read, Some(true));
        assert_eq!(left.projection_expression(), Some("#a"));
        assert_eq!(left.expression_attribute_names().unwrap()["#a"], "id");
        assert_eq!(
            output.consumed_capacity.unwrap()[0].capacity_units,
            Some(1.0)
        );
    }

    #[test]
    fn an_error_is_never_read_as_an_answer() {
        for (status, read) in [(400, scan as Read), (500, batch)] {
            let body = r#"{"Items": [], "Responses": {}}"#;
            let response = HttpResponse::new(status.try_into().unwrap(), body.into());

            let output =
                Here(read).deserialize_nonstreaming_with_config(&response, &ConfigBag::base());

            assert!(output.is_err());
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_an_error() {
        for answer in [
            "",
            "[]",
            r#"{"__type": "ProvisionedThroughputExceededException", "message": "slow down"}"#,
            r#"{"Items": [{"id": {"S": 7}}]}"#,
            r#"{"Items": [{"id": {}}]}"#,
            r#"{"Items": [{"id": {"S": "a", "N": "1"}}]}"#,
            r#"{"Items": [{"id": {"X": "a"}}]}"#,
            r#"{"Items": [{"id": {"B": "not base64!"}}]}"#,
        ] {
            assert!(scan(answer.as_bytes()).is_err(), "{answer}");
            assert!(batch(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
