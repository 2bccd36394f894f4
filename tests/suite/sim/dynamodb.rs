//! DynamoDB's operations and its JSON.

use std::collections::HashMap;

use dynoxide::Database;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Leaves the first of what is asked in one, and all others in the other.
pub fn keep_first(asked: &mut Value, rest: &mut Value, list: impl Fn(&mut Value) -> &mut Value) {
    let tables: Vec<String> = asked.as_object().unwrap().keys().cloned().collect();
    for table in tables {
        list(&mut asked[&table]).as_array_mut().unwrap().truncate(1);
        let left = list(&mut rest[&table]).as_array_mut().unwrap();
        left.remove(0);
        if left.is_empty() {
            rest.as_object_mut().unwrap().remove(&table);
        }
    }
}

/// Does what an operation says, at once.
pub fn perform(database: &Database, operation: &str, body: &Value) -> (u16, Value) {
    fn through<Q: DeserializeOwned, A: Serialize>(
        body: &Value,
        work: impl FnOnce(Q) -> dynoxide::Result<A>,
    ) -> (u16, Value) {
        match work(serde_json::from_value(body.clone()).unwrap()) {
            Ok(answer) => (200, serde_json::to_value(answer).unwrap()),
            Err(error) => (
                error.status_code(),
                serde_json::from_str(&error.to_json()).unwrap(),
            ),
        }
    }
    match operation {
        "CreateTable" => through(body, |request| database.create_table(request)),
        "DescribeTable" => through(body, |request| database.describe_table(request)),
        "Scan" => through(body, |request| database.scan(request)),
        "GetItem" => through(body, |request| database.get_item(request)),
        "PutItem" => through(body, |request| database.put_item(request)),
        "UpdateItem" => through(body, |request| database.update_item(request)),
        "DeleteItem" => through(body, |request| database.delete_item(request)),
        "BatchGetItem" => through(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => through(body, |request| database.batch_write_item(request)),
        other => panic!("{other} is not played here"),
    }
}

/// An item as DynamoDB's JSON has it.
pub fn item(record: &Value) -> Value {
    let fields = record.as_object().unwrap().iter();
    fields
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect::<HashMap<_, _>>()
        .into_iter()
        .collect()
}

fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(flag) => json!({"BOOL": flag}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::String(text) => json!({"S": text}),
        Value::Array(list) => json!({"L": list.iter().map(attribute).collect::<Vec<_>>()}),
        Value::Object(_) => json!({"M": item(value)}),
    }
}
