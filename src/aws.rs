//! What every caller of an AWS service needs: errors that people can act on.

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    types::KeyType,
};

/// An SDK error in a line: its code, its message, its request id. Neither keys nor items.
pub(crate) fn explain<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error,
    R: std::fmt::Debug,
    SdkError<E, R>: RequestId,
{
    let request = error
        .request_id()
        .map(|id| format!(" (request {id})"))
        .unwrap_or_default();
    match (error.code(), error) {
        (Some(code), _) => format!(
            "{code}: {}{request}",
            error.message().unwrap_or("no message")
        ),
        (None, SdkError::DispatchFailure(failure)) => {
            let cause = failure
                .as_connector_error()
                .map_or_else(|| "no connection".to_owned(), |error| chain(error));
            format!("no answer: {cause}{request}")
        }
        (None, SdkError::TimeoutError(_)) => format!("no answer in time{request}"),
        (None, _) => format!("an unreadable answer{request}"),
    }
}

/// An error and its causes.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// Why AWS did not do as asked, for code that says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// AWS's code of the error. `None` without an answer.
    pub(crate) code: Option<String>,
    /// All of it, in one line.
    pub(crate) why: String,
}

impl Trouble {
    pub(crate) fn of<E, R>(error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error,
        R: std::fmt::Debug,
        SdkError<E, R>: RequestId,
    {
        Self {
            code: error.code().map(str::to_owned),
            why: explain(error),
        }
    }
}

/// What DynamoDB says about a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableFacts {
    /// Its ARN, the same however the table was named.
    pub(crate) arn: Option<String>,
    /// `ACTIVE`, if it can be used.
    pub(crate) status: String,
    /// The key attributes and their types, such as `S`. The partition key comes first.
    pub(crate) keys: Vec<(String, String)>,
    /// How many items it had some hours ago.
    pub(crate) items: i64,
    /// The view type of its stream, if it has one.
    pub(crate) stream: Option<String>,
}

/// Asks about a table.
pub(crate) async fn describe(client: &Client, table: &str) -> Result<TableFacts, Trouble> {
    let answer = client.describe_table().table_name(table).send().await;
    let table = answer
        .map_err(|error| Trouble::of(&error))?
        .table
        .ok_or_else(|| Trouble {
            code: None,
            why: "an answer without a table".to_owned(),
        })?;
    let types = table.attribute_definitions.unwrap_or_default();
    let type_of = |name: &str| {
        let found = types.iter().find(|found| found.attribute_name == name);
        found.map_or("?", |found| found.attribute_type.as_str())
    };
    let mut keys = table.key_schema.unwrap_or_default();
    keys.sort_by_key(|key| *key.key_type() != KeyType::Hash);
    let stream = table
        .stream_specification
        .filter(|stream| stream.stream_enabled)
        .and_then(|stream| stream.stream_view_type);
    Ok(TableFacts {
        arn: table.table_arn,
        status: table
            .table_status
            .map_or_else(|| "unknown".to_owned(), |status| status.as_str().to_owned()),
        keys: keys
            .into_iter()
            .map(|key| {
                let kind = type_of(&key.attribute_name).to_owned();
                (key.attribute_name, kind)
            })
            .collect(),
        items: table.item_count.unwrap_or(0),
        stream: stream.map(|view| view.as_str().to_owned()),
    })
}
