//! `cargo run --example populate -- --table users people.csv`
//!
//! Loads a CSV file into a table of the DynamoDB that the AWS SDK's environment selects.
#![allow(unreachable_pub)]

use std::{collections::HashMap, fs::File, io::IsTerminal as _, path::PathBuf, process::ExitCode};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ScalarAttributeType},
};
use clap::Parser;

mod rows;
mod writes;

use rows::Item;

/// Loads a CSV file into a DynamoDB table, or deletes its people from it.
///
/// The file's first line names the attributes. Empty cells are left out. `true` and `false` in the
/// column `active` become booleans, everything else becomes strings. Items in the table with the
/// same key are replaced.
///
/// The AWS SDK's environment says which DynamoDB it is and who you are: AWS_PROFILE, AWS_REGION,
/// AWS_ENDPOINT_URL_DYNAMODB and so on.
#[derive(Debug, Parser)]
struct Arguments {
    /// Name or ARN of the table
    #[arg(long, value_name = "NAME")]
    table: String,
    /// Delete the records under the keys of the file's rows
    #[arg(long)]
    delete: bool,
    /// The CSV file
    file: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match populate(&arguments).await {
        Ok(count) => {
            let done = if arguments.delete {
                "deleted from"
            } else {
                "put into"
            };
            println!("{count} items {done} {}", arguments.table);
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("populate: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn populate(arguments: &Arguments) -> Result<u64, String> {
    let Arguments {
        table,
        delete,
        file,
    } = arguments;
    let open = || {
        let opened = File::open(file).map_err(|error| error.to_string());
        opened
            .and_then(rows::read)
            .map_err(|why| format!("{}: {why}", file.display()))
    };
    let in_file = |why: String| format!("{}: {why}", file.display());

    let client = Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
    let keys = Keys::of(&client, table).await?;
    // The whole file is checked before anything is written.
    let mut seen = HashMap::new();
    for row in open()? {
        let mut row = row.map_err(in_file)?;
        let key = keys
            .take(&mut row.item)
            .map_err(|why| in_file(format!("line {}: {why}", row.line)))?;
        if let Some(before) = seen.insert(key, row.line) {
            return Err(in_file(format!(
                "line {}: has the same key as line {before}",
                row.line
            )));
        }
    }
    if seen.is_empty() {
        return Err(in_file("has no rows".to_owned()));
    }

    let all = seen.len();
    let progress = std::io::stderr().is_terminal();
    let writes = open()?.map(|row| {
        let mut item = row?.item;
        keys.take(&mut item)?;
        match delete {
            true => writes::delete(keys.only(item)),
            false => writes::put(item),
        }
    });
    let count = writes::write_all(&client, table, writes, |count| {
        if progress {
            eprint!("\r{count} of {all} ");
        }
    })
    .await;
    if progress {
        eprint!("\r\x1b[2K");
    }
    count
}

/// The table's key attributes, and whether each is a number.
struct Keys(Vec<(String, bool)>);

impl Keys {
    async fn of(client: &Client, table: &str) -> Result<Self, String> {
        let answer = client.describe_table().table_name(table).send().await;
        let description = answer
            .map_err(|error| match error.as_service_error() {
                Some(refused) if refused.is_resource_not_found_exception() => {
                    format!("there is no table {table} in the configured region")
                }
                _ => format!("describing {table}: {}", writes::explain(&error)),
            })?
            .table
            .ok_or_else(|| format!("DynamoDB did not describe {table}"))?;
        Ok(Self(
            description
                .attribute_definitions()
                .iter()
                .filter(|attribute| {
                    description
                        .key_schema()
                        .iter()
                        .any(|key| key.attribute_name() == attribute.attribute_name())
                })
                .map(|attribute| {
                    let is_number = *attribute.attribute_type() == ScalarAttributeType::N;
                    (attribute.attribute_name().to_owned(), is_number)
                })
                .collect(),
        ))
    }

    /// The values of an item's key. They become numbers where the table's key has numbers.
    fn take(&self, item: &mut Item) -> Result<Vec<String>, String> {
        let mut key = Vec::new();
        for (name, is_number) in &self.0 {
            let Some(AttributeValue::S(text)) = item.get(name) else {
                return Err(format!("has no {name}, which is part of the table's key"));
            };
            let text = text.clone();
            if *is_number {
                text.parse::<f64>()
                    .map_err(|_| format!("{name} is \"{text}\", the table's key is a number"))?;
                item.insert(name.clone(), AttributeValue::N(text.clone()));
            }
            key.push(text);
        }
        Ok(key)
    }

    /// An item's key.
    fn only(&self, mut item: Item) -> Item {
        item.retain(|name, _| self.0.iter().any(|(key, _)| key == name));
        item
    }
}
