//! Mappings, without any account.

use crate::program::{alone, fixtures, is_as_in};

const TEST: [&str; 6] = [
    "mapping",
    "test",
    "--mapping",
    "mapping.json",
    "--records",
    "people.csv",
];

#[test]
fn a_test_shows_what_a_mapping_makes_of_each_record() {
    let done = alone(&TEST);

    assert_eq!(done.code, 0, "{}", done.err);
    is_as_in("mapping-test.txt", &done.out);
    let markdown = alone(&[&["--markdown"], &TEST[..]].concat());
    is_as_in("mapping-test.md", &markdown.out);
}

#[test]
fn what_it_prints_as_json_is_what_it_expects_and_a_difference_is_three() {
    let printed = alone(&[&["--json"], &TEST[..]].concat());
    is_as_in("mapping-test.json", &printed.out);
    let file = std::env::temp_dir().join(format!("idsource-{}.json", std::process::id()));
    std::fs::write(&file, &printed.out).unwrap();
    let expect = |file: &str| alone(&[&TEST[..], &["--expect", file]].concat());

    let same = expect(file.to_str().unwrap());
    std::fs::write(&file, printed.out.replace("Ada", "Eda")).unwrap();
    let other = expect(file.to_str().unwrap());
    std::fs::remove_file(&file).unwrap();

    assert_eq!((same.code, other.code), (0, 3), "{}", same.out);
    is_as_in("mapping-test-differs.txt", &other.out);
}

#[test]
fn records_may_be_json_lines_an_array_or_what_dynamodb_prints() {
    let of = |records: &str| {
        let arguments = [
            "--json",
            "mapping",
            "test",
            "--mapping",
            "mapping.json",
            "--records",
            records,
        ];
        alone(&arguments).out
    };

    let lines = of("people.jsonl");

    assert!(lines.contains("Lovelace"), "{lines}");
    assert_eq!(
        (of("people.json"), of("scanned.json")),
        (lines.clone(), lines)
    );
}

#[test]
fn a_first_mapping_comes_from_the_columns_of_a_csv_file() {
    let done = alone(&["mapping", "init", "--csv", "people.csv"]);

    assert_eq!(done.code, 0, "{}", done.err);
    is_as_in("mapping-init.json", &done.out);
    is_as_in("mapping-init.txt", &done.err);
}

#[test]
fn it_is_written_to_a_file_that_was_not_there_and_is_a_mapping() {
    let file = std::env::temp_dir().join(format!("idsource-init-{}.json", std::process::id()));
    let file = file.to_str().unwrap();
    let init = ["mapping", "init", "--csv", "people.csv", "--out", file];

    let written = alone(&init);
    let again = alone(&init);
    let test = alone(&[
        "mapping",
        "test",
        "--mapping",
        file,
        "--records",
        "people.csv",
    ]);
    std::fs::remove_file(file).unwrap();

    assert_eq!(
        (written.code, again.code, test.code),
        (0, 2, 0),
        "{}",
        test.err
    );
    assert!(test.out.contains("Lovelace"), "{}", test.out);
    assert!(fixtures().join("people.csv").exists());
}
