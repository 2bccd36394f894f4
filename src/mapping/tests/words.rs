//! What is wrong with a mapping is said in words, with the place.

use super::*;

fn said(file: Value) -> String {
    let mut whole = json!({"externalId": "{{ id }}", "profile": {"userName": "{{ id }}"}});
    for (name, value) in file.as_object().unwrap() {
        whole[name] = value.clone();
    }
    Mapping::from_json(&whole.to_string())
        .unwrap_err()
        .to_string()
}

fn said_of(template: &str) -> String {
    said(json!({"profile": {"userName": "x", "title": template}}))
}

#[test]
fn the_place_is_marked_and_the_nearest_name_is_told() {
    assert_eq!(
        said_of("{{ name | lowr }}"),
        "MAPPING: profile.title, column 11: filter lowr is unknown; did you mean lower?\n  \
         | {{ name | lowr }}\n  |           ^^^^"
    );
    assert_eq!(
        said_of("Dear\n{{ name is definde }}"),
        "MAPPING: profile.title, line 2, column 12: test definde is unknown; did you mean defined?\n  \
         | {{ name is definde }}\n  |            ^^^^^^^"
    );
    assert!(said_of("{{ a | map('lowr') }}").contains("did you mean lower?"));
    assert!(said_of("{{ a | select('definde') }}").contains("did you mean defined?"));
    assert!(said_of("{{ shrad(a, 2) }}").contains("did you mean shard?"));
    assert!(said_of("{{ upper(a) }}").contains("write {{ … | upper }}"));
    assert!(said_of("{{ debug() }}").contains("is unknown"));
    assert!(said_of("{{ a | pprint }}").contains("is unknown"));
    assert!(said_of("{{ a | regex_replace('(', '') }}").contains("is not a regular expression"));
}

#[test]
fn pythons_methods_are_an_error_that_names_the_filter() {
    for (template, instead) in [
        ("{{ name.title() }}", "| title"),
        ("{{ name.strip().lower() }}", "| trim"),
        ("{{ name.startswith('a') }}", "is startingwith"),
        ("{{ ', '.join(names) }}", "| join"),
        ("{% if a %}{{ name.upper() }}{% endif %}", "use a filter"),
        ("{{ a.b.c.zfill(3) }}", "use a filter"),
    ] {
        let said = said_of(template);

        assert!(
            said.contains(instead) && said.contains("values have no method"),
            "{said}"
        );
    }
    assert!(said(json!({"active": "status.lower() == 'on'"})).contains("| lower"));
}

#[test]
fn a_misspelt_member_is_named_with_the_right_one() {
    let json = r#"{"externalId": "{{ id }}", "whenempty": "null", "profile": {"userName": "x"}}"#;

    let said = Mapping::from_json(json).unwrap_err().to_string();

    assert!(
        said.contains("unknown member whenempty; did you mean whenEmpty?"),
        "{said}"
    );
    assert!(said.ends_with("^^^^^^^^^^^"), "{said}");
}

#[test]
fn a_table_or_a_time_zone_that_is_not_there_is_told_at_start() {
    let tables = json!({"countries": {"a": "b"}});
    let said_of = said(
        json!({"tables": tables, "profile": {"userName": "x", "title": "{{ a | lookup('country') }}"}}),
    );
    assert!(
        said_of.contains("the mapping has no table country"),
        "{said_of}"
    );
    assert!(said(json!({"timezone": "Europe/Atlantis"})).contains("no time zone Europe/Atlantis"));
}

#[test]
fn a_byte_order_mark_and_lines_around_are_no_part_of_a_mapping() {
    let json = format!("\u{feff}\r\n{}\n", super::super::DEFAULT_MAPPING);
    assert!(Mapping::from_json(&json).is_ok());

    let twice = Value::from(super::super::DEFAULT_MAPPING).to_string();
    let said = Mapping::from_json(&twice).unwrap_err().to_string();
    assert!(said.contains("encoded twice"), "{said}");
}
