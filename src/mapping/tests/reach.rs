//! What a mapping reads is what its templates can reach.

use super::*;

fn reads(template: &str) -> Attributes {
    let mapping = mapping(json!({"userName": "x", "title": template}));
    match mapping.attributes().clone() {
        Attributes::All => Attributes::All,
        Attributes::Named(mut names) => {
            names.remove("id");
            names.remove("active");
            Attributes::Named(names)
        }
    }
}

fn named<const N: usize>(names: [&str; N]) -> Attributes {
    Attributes::Named(names.map(str::to_owned).into())
}

#[test]
fn a_name_that_is_not_certainly_bound_is_read() {
    for template in [
        "{% set dept = dept | trim %}{{ dept }}",
        "{% with dept = dept %}{{ dept }}{% endwith %}",
        "{% for dept in dept %}{{ dept }}{% endfor %}",
        "{% filter replace('a', dept) %}x{% endfilter %}",
        "{% set x | replace('a', dept) %}x{% endset %}{{ x }}",
        "{% if false %}{% set dept = 1 %}{% endif %}{{ dept }}",
        "{% for a in [] %}{% set dept = 1 %}{% endfor %}{{ dept }}",
        "{% for dept in [] %}{% else %}{{ dept }}{% endfor %}",
        "{{ dept[:1] }}",
        "{{ 'abc'[:dept] }}",
        "{{ record.dept }}",
        "{{ record['dept'] }}",
        "{{ x if false else dept }}",
        "{% autoescape dept %}x{% endautoescape %}",
        "{{ [1] | map('replace', '1', dept) | join }}",
        "{{ 1 is divisibleby(dept) }}",
        "{{ range(dept) | join }}",
        "{% do range(dept) %}",
    ] {
        let Attributes::Named(names) = reads(template) else {
            panic!("{template} reads all");
        };
        assert!(names.contains("dept"), "{template}: {names:?}");
    }
}

#[test]
fn a_name_that_certainly_is_bound_is_not_read() {
    for template in [
        "{% set x = dept %}{{ x }}",
        "{% for x in dept %}{{ x }}{{ loop.index }}{% endfor %}",
        "{% for x, y in dept %}{{ x }}{{ y }}{% endfor %}",
        "{% for x in dept if x %}{{ x }}{% endfor %}",
        "{% with x = dept, y = x %}{{ y }}{% endwith %}",
        "{% set x %}{{ dept }}{% endset %}{{ x }}",
        "{% set ns = namespace(a=dept) %}{% set ns.a = 1 %}{{ ns.a }}",
    ] {
        assert_eq!(reads(template), named(["dept"]), "{template}");
    }
    assert_eq!(
        reads("{{ record['cost-center'] }}"),
        named(["record", "cost-center"])
    );
}

#[test]
fn where_it_cannot_be_known_everything_is_read_or_what_is_named() {
    for template in [
        "{{ record[dept] }}",
        "{{ record | attr('dept') }}",
        "{% set r = record %}{{ r.dept }}",
        "{% for name in record %}{{ name }}{% endfor %}",
        "{{ record | items | map('last') | join }}",
    ] {
        assert_eq!(reads(template), Attributes::All, "{template}");
        let file = json!({"externalId": "{{ id }}", "reads": ["dept", "de"],
            "profile": {"userName": "x", "title": template}});
        let mapping = Mapping::from_json(&file.to_string()).unwrap();
        let Attributes::Named(names) = mapping.attributes() else {
            panic!("{template} reads all");
        };
        assert!(names.contains("de") && names.contains("id"), "{names:?}");
    }
}

#[test]
fn a_whole_record_gives_what_a_projected_one_does() {
    let file = json!({"externalId": "{{ id }}", "reads": ["dept"], "profile": {
        "userName": "x", "city": "y", "title": "{% for name in record | sort %}{{ name }} {% endfor %}"}});
    let mapping = Mapping::from_json(&file.to_string()).unwrap();
    let whole = record(&[("dept", text("a")), ("other", text("b"))]);

    assert_eq!(
        profile(&mapping, whole).get("title"),
        Some("active dept id")
    );
}

#[test]
fn an_attribute_with_the_name_of_a_function_stands_in_nobodys_way() {
    let mapping = mapping(json!({"userName": "x", "title": "{{ range(2) | join }}{{ range }}"}));

    let title = profile(&mapping, record(&[("range", text("a"))]));

    assert_eq!(title.get("title"), Some("01a"));
    assert_eq!(profile(&mapping, record(&[])).get("title"), Some("01"));
}
