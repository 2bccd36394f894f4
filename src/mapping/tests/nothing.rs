//! Absent, NULL and empty are the same nothing.

use super::*;

/// The title that a template gives of a record, or why there is none.
pub(super) fn title(
    template: &str,
    attributes: &[(&str, AttributeValue)],
) -> Result<Option<String>, String> {
    let mapping = mapping(json!({"userName": "{{ id }}", "city": "x", "title": template}));
    match mapping.map(record(attributes), NOW) {
        Mapped::Active(_, profile) => Ok(profile.get("title").map(str::to_owned)),
        Mapped::Rejected(_, reasons) => Err(reasons.join("; ")),
        other => panic!("{other:?}"),
    }
}

fn nothings() -> [Vec<(&'static str, AttributeValue)>; 3] {
    [
        vec![],
        vec![("value", AttributeValue::Null(true))],
        vec![("value", text(""))],
    ]
}

#[test]
fn nothing_through_anything_is_nothing() {
    for filter in [
        "upper",
        "lower",
        "title",
        "capitalize",
        "trim",
        "replace('a', 'b')",
        "split",
        "lines",
        "indent",
        "safe",
        "escape",
        "e",
        "string",
        "abs",
        "int",
        "float",
        "round",
        "length",
        "count",
        "first",
        "last",
        "min",
        "max",
        "sum",
        "sort",
        "list",
        "unique",
        "reverse",
        "join",
        "join(', ')",
        "bool",
        "batch(2)",
        "slice(2)",
        "select",
        "reject",
        "map('upper')",
        "selectattr('a')",
        "rejectattr('a')",
        "groupby('a')",
        "chain([])",
        "zip([])",
        "items",
        "dictsort",
        "attr('a')",
        "ascii",
        "nfc",
        "regex_replace('a', 'b')",
        "base64",
        "default",
        "d",
        "split(',') | join('-')",
        "upper | lower | trim",
    ] {
        for nothing in nothings() {
            assert_eq!(
                title(&format!("{{{{ value | {filter} }}}}"), &nothing),
                Ok(None),
                "{filter}"
            );
        }
    }
    for template in [
        "{{ value }}",
        "{{ value ~ value }}",
        "{{ value ~ none }}",
        "{{ none }}",
        "{{ value.a.b }}",
        "{{ value['a'] }}",
        "{{ value[0] }}",
        "{{ value[:1] }}",
        "{{ value if value }}",
        "{{ value or none }}",
        "{% set it = value %}{{ it | upper }}",
        "{% with it = value %}{{ it }}{% endwith %}",
        "{% for letter in value %}{{ letter }}{% endfor %}",
        "{% filter upper %}{{ value }}{% endfilter %}",
        "{{ [value, value] | join }}",
        "{{ 'a' if value is defined }}",
        "{{ 'a' if value is not none }}",
        "{{ 'a' if value == 'b' }}",
        "{{ 'a' if value in 'abc' }}",
        "{{ 'a' if value in ['a'] }}",
        "{{ '%s' | format(value) }}",
    ] {
        for nothing in nothings() {
            assert_eq!(title(template, &nothing), Ok(None), "{template}");
        }
    }
}

#[test]
fn beside_text_nothing_is_empty_and_default_applies_to_it() {
    for nothing in nothings() {
        for (template, expected) in [
            ("Dr {{ value | upper }}", "Dr"),
            ("{{ 'Dr ' ~ value ~ '.' }}", "Dr ."),
            ("{{ value | default('Staff') }}", "Staff"),
            ("{{ value | upper | default('Staff') }}", "Staff"),
            ("{{ value | d('Staff') | upper }}", "STAFF"),
            ("{{ value.a.b | default('Staff') }}", "Staff"),
            ("{{ value or 'Staff' }}", "Staff"),
            ("{{ ['a', value, 'b'] | join('-') }}", "a--b"),
            ("{{ 'yes' if value == '' else 'no' }}", "yes"),
            ("{{ 'yes' if value == none else 'no' }}", "yes"),
            ("{{ 'yes' if value is none else 'no' }}", "yes"),
            ("{{ 'yes' if value is undefined else 'no' }}", "yes"),
            ("{{ 'yes' if value in ['', 'a'] else 'no' }}", "yes"),
            ("{{ '%s-%s' | format('a', value) }}", "a-"),
        ] {
            assert_eq!(
                title(template, &nothing),
                Ok(Some(expected.to_owned())),
                "{template}"
            );
        }
    }
    let nested = AttributeValue::M([("city".to_owned(), AttributeValue::Null(true))].into());
    assert_eq!(
        title("{{ value.city | upper }}", &[("value", nested)]),
        Ok(None)
    );
    let members = AttributeValue::L(vec![AttributeValue::Null(true), text("a")]);
    let joined = title(
        "{{ value | map('upper') | join('-') }}",
        &[("value", members)],
    );
    assert_eq!(joined, Ok(Some("-A".to_owned())));
}

#[test]
fn nobody_is_made_of_nothing() {
    for template in [
        "{{ value }}",
        "emp-{{ value }}",
        "emp-{{ value | upper }}",
        "{{ 'emp-' ~ value }}",
        "{{ ['emp', value] | join('-') }}",
        "{{ 'emp-%s' | format(value) }}",
        "emp-{{ value[:3] }}",
        "emp-{{ value.number }}",
        "emp-{% set it = value %}{{ it }}",
        "emp-{% for part in value %}{{ part }}{% endfor %}",
        "emp-{% filter upper %}{{ value }}{% endfilter %}",
        "emp-{{ value | trim }}",
        "emp-{{ value | regex_replace('a', 'b') }}",
    ] {
        for mut nothing in nothings().into_iter().chain([vec![("value", text("  "))]]) {
            let file =
                json!({"externalId": template, "profile": {"userName": "{{ id }}", "city": "x"}});
            let mapping = Mapping::from_json(&file.to_string()).unwrap();
            let mapped = mapping.map(record(&nothing), NOW);
            assert!(
                matches!(mapped, Mapped::Unidentified(_)),
                "{template}: {mapped:?}"
            );

            let file =
                json!({"externalId": "{{ id }}", "profile": {"userName": template, "city": "x"}});
            let mapping = Mapping::from_json(&file.to_string()).unwrap();
            let Mapped::Rejected(_, reasons) = mapping.map(record(&nothing), NOW) else {
                panic!("{template} was taken");
            };
            assert!(reasons[0].starts_with("userName: "), "{reasons:?}");

            nothing.retain(|(name, _)| *name != "value");
            nothing.push(("value", text("7")));
            let _ = mapping.map(record(&nothing), NOW);
        }
    }
}

#[test]
fn an_identity_may_have_a_default_and_choose() {
    for template in [
        "emp-{{ value | default('7') }}",
        "emp-{{ value or '7' }}",
        "{{ 'c-' if value else '' }}emp-7",
        "{{ 'c-' if value }}emp-7",
        "{% if value %}{{ value }}{% else %}emp-7{% endif %}",
        "emp-{{ ('' ~ 7) | replace('-', '') }}",
    ] {
        for nothing in nothings() {
            let file =
                json!({"externalId": template, "profile": {"userName": "{{ id }}", "city": "x"}});
            let mapping = Mapping::from_json(&file.to_string()).unwrap();

            let Mapped::Active(id, _) = mapping.map(record(&nothing), NOW) else {
                panic!("{template} was not taken");
            };

            assert_eq!(id.as_str(), "emp-7", "{template}");
        }
    }
}
