//! Records from a file: plain JSON, DynamoDB's JSON, or CSV.

use std::{collections::HashMap, path::Path};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use dynamodb_identity_source::users::Record;
use serde_json::Value;

use crate::{
    act::{push, text_file},
    failure::Failure,
};

/// The records of a file.
///
/// # Errors
/// When the file holds anything else. The error shows none of its values.
pub(crate) fn read(file: &Path) -> Result<Vec<Record>, Failure> {
    let text = text_file(file)?;
    let wrong = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let is_csv = file
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let values = if is_csv { rows(&text) } else { lines(&text) };
    let records = values.map_err(wrong)?.into_iter().enumerate();
    records
        .map(|(place, value)| {
            record(&value).map_err(|why| wrong(format!("record {}: {why}", place + 1)))
        })
        .collect()
}

/// The header of a CSV file.
///
/// # Errors
/// When it has none.
pub(crate) fn header(text: &str) -> Result<Vec<String>, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|why| why.to_string())?;
    if header.is_empty() {
        return Err("is empty: its first line must name the columns".to_owned());
    }
    Ok(header.iter().map(str::to_owned).collect())
}

/// The rows of a CSV file. An empty cell is a missing attribute, `true` and `false` are booleans,
/// and everything else is text.
fn rows(text: &str) -> Result<Vec<Value>, String> {
    let names = header(text)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|row| {
        let row = row.map_err(|why| why.to_string())?;
        let cells = names.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
        Ok(cells
            .map(|(name, cell)| (name.clone(), cell_value(cell)))
            .collect())
    });
    rows.collect()
}

fn cell_value(cell: &str) -> Value {
    match cell {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => Value::String(text.to_owned()),
    }
}

/// JSON records. `aws dynamodb scan` prints them under `Items`.
fn lines(text: &str) -> Result<Vec<Value>, String> {
    if let Ok(Value::Object(whole)) = serde_json::from_str(text)
        && let Some(Value::Array(items)) = whole.get("Items")
    {
        return Ok(items.clone());
    }
    push::records(text)
}

fn record(value: &Value) -> Result<Record, String> {
    let object = value.as_object().ok_or("is not a JSON object")?;
    let is_dynamodb = !object.is_empty() && object.values().all(|value| attribute(value).is_some());
    if !is_dynamodb {
        return Record::from_json(value);
    }
    let item = object
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), attribute(value)?)));
    Ok(Record::from(item.collect::<HashMap<_, _>>()))
}

/// A value in DynamoDB's JSON, such as `{"S": "text"}`. `None` if it is anything else.
fn attribute(value: &Value) -> Option<AttributeValue> {
    let object = value.as_object()?;
    let (kind, value) = object.iter().next().filter(|_| object.len() == 1)?;
    let texts = || -> Option<Vec<String>> {
        let list = value.as_array()?.iter();
        list.map(|text| Some(text.as_str()?.to_owned())).collect()
    };
    Some(match kind.as_str() {
        "S" => AttributeValue::S(value.as_str()?.to_owned()),
        "N" => AttributeValue::N(value.as_str()?.to_owned()),
        "BOOL" => AttributeValue::Bool(value.as_bool()?),
        "NULL" => AttributeValue::Null(value.as_bool()?),
        "B" => AttributeValue::B(blob(value)?),
        "SS" => AttributeValue::Ss(texts()?),
        "NS" => AttributeValue::Ns(texts()?),
        "BS" => AttributeValue::Bs(value.as_array()?.iter().map(blob).collect::<Option<_>>()?),
        "L" => AttributeValue::L(
            value
                .as_array()?
                .iter()
                .map(attribute)
                .collect::<Option<_>>()?,
        ),
        "M" => {
            let members = value.as_object()?.iter();
            let members = members.map(|(name, value)| Some((name.clone(), attribute(value)?)));
            AttributeValue::M(members.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn blob(value: &Value) -> Option<Blob> {
    let bytes = aws_smithy_types::base64::decode(value.as_str()?).ok()?;
    Some(Blob::new(bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_plain_json_or_dynamodbs_own() {
        let name = |value| record(&value).ok()?.attributes().get("name").cloned();

        let ada = Some(AttributeValue::S("Ada".to_owned()));
        assert_eq!(name(json!({"name": "Ada"})), ada);
        assert_eq!(name(json!({"name": {"S": "Ada"}, "n": {"NS": ["1"]}})), ada);
        // A map with a single member, next to something that is not DynamoDB's JSON.
        let map = name(json!({"name": {"S": "Ada"}, "age": 3}));
        assert!(matches!(map, Some(AttributeValue::M(_))), "{map:?}");
    }
}
