//! A collection, a boolean and binary become no text, unless the template says how.

use super::{nothing::title, *};

#[test]
fn what_is_no_text_becomes_none_at_whatever_place() {
    let member = || AttributeValue::M([("secret".to_owned(), text("secret"))].into());
    for value in [
        AttributeValue::Bool(true),
        AttributeValue::Bool(false),
        AttributeValue::B(Blob::new("secret")),
        AttributeValue::Ss(vec!["secret".into(), "other".into()]),
        AttributeValue::Ns(vec!["1".into()]),
        AttributeValue::Bs(vec![Blob::new("secret")]),
        AttributeValue::L(vec![text("secret")]),
        AttributeValue::L(vec![]),
        member(),
    ] {
        for template in [
            "{{ value }}",
            "a {{ value }}",
            "{{ value ~ 'a' }}",
            "{{ 'a' ~ value }}",
            "{{ value | upper }}",
            "{{ value | trim | lower }}",
            "{{ value | string }}",
            "{{ value | replace('a', 'b') }}",
            "{{ 'a' | replace('a', value) }}",
            "{{ '%s' | format(value) }}",
            "{{ '%(a)s' | format(a=value) }}",
            "{{ [value] | join(', ') }}",
            "{{ ['a', value] | map('upper') | join }}",
            "{{ 'a' | default('b') ~ value }}",
            "{% set it = value %}{{ it }}",
            "{% set it %}{{ value }}{% endset %}{{ it }}",
            "{% filter upper %}{{ value }}{% endfilter %}",
            "{{ [value, value] | first }}",
            "{{ {'a': value} }}",
            "{{ {'a': value}.a }}",
            "{{ (value, value) }}",
            "{{ 'a' if value is startingwith('T') }}",
            "{{ value | int }}",
            "{{ value | regex_replace('.', 'a') }}",
            "{{ value | ascii }}",
            "{{ 'a'.a ~ value }}",
        ] {
            let said = title(template, &[("value", value.clone())]);
            let why = said.expect_err(template);
            assert!(
                !why.contains("secret") && why.starts_with("title: "),
                "{template}: {why}"
            );
        }
    }
    for template in [
        "{{ record }}",
        "{{ true }}",
        "{{ 1 == 1 }}",
        "{{ (1 == 1) ~ '' }}",
        "{{ [1, 2] }}",
        "{{ [1, 2] ~ '' }}",
        "{{ {'a': 1} | upper }}",
        "{{ range(3) }}",
        "{{ range(3) ~ '' }}",
        "{{ namespace(a=1) }}",
        "{{ dict(a=1) ~ '' }}",
        "{% for a in [1] %}{{ loop }}{% endfor %}",
        "{% for a in [1] %}{{ loop ~ '' }}{% endfor %}",
        "{{ ['a'] | map('upper') }}",
        "{{ 'a,b' | split(',') ~ '' }}",
        "{{ '%r' | format(id) }}",
        "{{ 1 / 0 }}",
        "{{ 1e999 }}",
    ] {
        assert!(title(template, &[]).is_err(), "{template}");
    }
}

#[test]
fn a_collection_is_joined_or_picked_from() {
    let texts = AttributeValue::Ss(vec!["b".into(), "a".into()]);
    let numbers = AttributeValue::Ns(vec!["2".into(), "1.50".into()]);
    let list = AttributeValue::L(vec![
        AttributeValue::M(
            [
                ("kind".to_owned(), text("home")),
                ("value".to_owned(), text("x@y.z")),
            ]
            .into(),
        ),
        AttributeValue::Null(true),
    ]);
    for (value, template, expected) in [
        (texts.clone(), "{{ value | sort | join(', ') }}", "a, b"),
        (texts, "{{ value | first }}", "b"),
        (numbers, "{{ value | join('+') }}", "2+1.5"),
        (
            list.clone(),
            "{{ (value | selectattr('kind', 'equalto', 'home') | first).value }}",
            "x@y.z",
        ),
        (
            list.clone(),
            "{{ value | map(attribute='value') | join(';') }}",
            "x@y.z",
        ),
        (
            list.clone(),
            "{{ value | join(', ', attribute='kind') }}",
            "home",
        ),
        (list, "{{ value | length }}", "2"),
        (
            AttributeValue::B(Blob::new("hi")),
            "{{ value | base64 }}",
            "aGk=",
        ),
        (
            AttributeValue::Bool(false),
            "{{ 'on' if value else 'off' }}",
            "off",
        ),
    ] {
        assert_eq!(
            title(template, &[("value", value)]),
            Ok(Some(expected.to_owned())),
            "{template}"
        );
    }
}
