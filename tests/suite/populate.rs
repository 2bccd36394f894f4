//! CSV files, as `cargo run --example populate` reads them.

use aws_sdk_dynamodb::types::AttributeValue;

#[path = "../../examples/populate/rows.rs"]
pub mod rows;

fn lines(file: &str) -> Vec<u64> {
    let rows = rows::read(file.as_bytes()).unwrap();
    rows.map(|row| row.unwrap().line).collect()
}

#[test]
fn rows_are_numbered_as_an_editor_does_however_lines_end() {
    let file = "id,name\nada,Ada\nbo,\"B\no\"\ncy,Cy\n";

    assert_eq!(lines(file), [2, 3, 5]);
    assert_eq!(lines(&file.replace('\n', "\r\n")), [2, 3, 5]);
    assert_eq!(lines(&format!("\u{feff}{}", file.trim_end())), [2, 3, 5]);
}

#[test]
fn a_row_that_is_wrong_is_named_by_its_line() {
    let rows = rows::read("id,name\r\nada,Ada\r\nbo\r\n".as_bytes()).unwrap();

    let wrong: Vec<_> = rows.filter_map(Result::err).collect();

    assert_eq!(wrong, ["line 3: has 1 columns, the header has 2"]);
}

#[test]
fn what_stands_in_quotes_stays_as_it_is() {
    let rows = rows::read("id,name\r\nada,\"A\r\nB\"\r\n".as_bytes()).unwrap();

    let row = rows.last().unwrap().unwrap();

    assert_eq!(row.item["name"], AttributeValue::S("A\r\nB".to_owned()));
}
