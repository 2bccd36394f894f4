//! A CSV file as items: the header names the attributes, each row is an item.

use std::{
    collections::{HashMap, HashSet},
    io::{BufRead as _, BufReader, Read},
};

use aws_sdk_dynamodb::types::AttributeValue;

/// An item as DynamoDB takes it.
pub type Item = HashMap<String, AttributeValue>;

/// A row of the file.
#[derive(Debug)]
pub struct Row {
    /// The line on which it begins, counted from 1.
    pub line: u64,
    /// Its item.
    pub item: Item,
}

/// The rows of a CSV file. An empty cell is a missing attribute, `true` and `false` in the column
/// `active` are booleans, and everything else is a string.
///
/// # Errors
/// A header that cannot name attributes. Later, a row that does not match the header.
pub fn read<R: Read>(file: R) -> Result<impl Iterator<Item = Result<Row, String>>, String> {
    let mut reader = csv::Reader::from_reader(Lines::of(file));
    let header = reader.headers().map_err(|error| explain(&error))?.clone();
    if header.is_empty() {
        return Err("the file is empty: its first line must name the attributes".to_owned());
    }
    let mut names = HashSet::new();
    for (column, name) in (1..).zip(&header) {
        if name.is_empty() {
            return Err(format!("line 1: column {column} has no name"));
        }
        if !names.insert(name) {
            return Err(format!("line 1: two columns are called \"{name}\""));
        }
    }
    Ok(reader.into_records().map(move |row| {
        let row = row.map_err(|error| explain(&error))?;
        Ok(Row {
            line: row.position().map_or(0, csv::Position::line),
            item: header
                .iter()
                .zip(&row)
                .filter(|(_, cell)| !cell.is_empty())
                .map(|(name, cell)| (name.to_owned(), attribute(name, cell)))
                .collect(),
        })
    }))
}

/// A file whose lines end in a line feed alone. The CSV reader counts a line that ends in a
/// carriage return and a line feed only once it reads the next one. Text in quotes stays as it is.
struct Lines<R> {
    file: BufReader<R>,
    quoted: bool,
}

impl<R: Read> Lines<R> {
    fn of(file: R) -> Self {
        let file = BufReader::new(file);
        Self {
            file,
            quoted: false,
        }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let mut filled = 0;
        while filled == 0 && !into.is_empty() {
            let waiting = self.file.fill_buf()?;
            if waiting.is_empty() {
                break;
            }
            let taken = waiting.len().min(into.len());
            for byte in &waiting[..taken] {
                self.quoted ^= *byte == b'"';
                if *byte != b'\r' || self.quoted {
                    into[filled] = *byte;
                    filled += 1;
                }
            }
            self.file.consume(taken);
        }
        Ok(filled)
    }
}

fn attribute(name: &str, cell: &str) -> AttributeValue {
    match cell.to_ascii_lowercase().as_str() {
        "true" if name == "active" => AttributeValue::Bool(true),
        "false" if name == "active" => AttributeValue::Bool(false),
        _ => AttributeValue::S(cell.to_owned()),
    }
}

fn explain(error: &csv::Error) -> String {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("line {line}: has {len} columns, the header has {expected_len}"),
        csv::ErrorKind::Utf8 { err, .. } => {
            format!("line {line}: column {} is not UTF-8", err.field() + 1)
        }
        csv::ErrorKind::Io(error) => format!("the file could not be read: {error}"),
        _ => format!("line {line}: {error}"),
    }
}
