//! The filters that clean and look up.

use super::*;

fn title(template: &str, value: &str) -> Result<String, String> {
    let file = json!({"externalId": "{{ id }}",
        "tables": {"departments": {"100": "Engineering", "200": "Sales"}},
        "profile": {"userName": "x", "city": "y", "title": template}});
    let mapping = Mapping::from_json(&file.to_string()).unwrap();
    match mapping.map(
        record(&[
            ("value", text(value)),
            ("number", AttributeValue::N("100.0".into())),
        ]),
        NOW,
    ) {
        Mapped::Active(_, profile) => Ok(profile.get("title").unwrap_or("").to_owned()),
        Mapped::Rejected(_, reasons) => Err(reasons.join("; ")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_value_is_looked_up_in_a_table_of_the_mapping() {
    let ok = |text: &str| Ok(text.to_owned());
    assert_eq!(
        title("{{ value | lookup('departments') }}", "200"),
        ok("Sales")
    );
    assert_eq!(
        title("{{ number | lookup('departments') }}", ""),
        ok("Engineering")
    );
    assert_eq!(title("{{ value | lookup('departments') }}", ""), ok(""));
    assert_eq!(
        title("{{ value | lookup('departments', 'Other') }}", "300"),
        ok("Other")
    );
    assert_eq!(
        title(
            "{{ value | lookup('departments', default='Other') }}",
            "300"
        ),
        ok("Other")
    );

    let why = title("{{ value | lookup('departments') }}", "secret").unwrap_err();
    assert!(
        why.contains("departments") && !why.contains("secret"),
        "{why}"
    );
}

#[test]
fn text_is_cleaned_as_the_template_says() {
    for (template, value, expected) in [
        ("{{ value | ascii }}", "Łukasz Żółć", "Lukasz Zolc"),
        ("{{ value | ascii | lower }}", "Straße", "strasse"),
        ("{{ value | nfc }}", "Zoe\u{308}", "Zoë"),
        (
            "{{ value | regex_replace('[^0-9+]', '') }}",
            "+353 (0)1 555-0100",
            "+353015550100",
        ),
        (
            "{{ value | regex_replace('^(\\\\w+), (\\\\w+)$', '$2 $1') }}",
            "Lovelace, Ada",
            "Ada Lovelace",
        ),
        ("{{ value | regex_replace('^0+') }}", "0042", "42"),
        ("{{ value | replace('a', 'b', 1) }}", "aaa", "baa"),
        ("{{ value | replace('', 'b') }}", "aaa", "aaa"),
    ] {
        assert_eq!(
            title(template, value),
            Ok(expected.to_owned()),
            "{template}"
        );
    }
}

#[test]
fn names_stay_as_they_are() {
    for name in [
        "van der Berg",
        "O'Brien",
        "Madonna",
        "王小明",
        "مريم",
        "👩\u{200d}💻",
        "d’Arc",
        "Nguyễn",
    ] {
        assert_eq!(title("{{ value }}", name), Ok(name.to_owned()));
    }
}
