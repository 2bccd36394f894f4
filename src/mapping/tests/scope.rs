//! Other kinds of items, and people that Okta cannot have.

use super::*;

fn mapping_of(file: Value) -> Mapping {
    let mut whole =
        json!({"externalId": "{{ number }}", "profile": {"userName": "{{ id }}", "city": "x"}});
    for (name, value) in file.as_object().unwrap() {
        whole[name] = value.clone();
    }
    Mapping::from_json(&whole.to_string()).unwrap()
}

#[test]
fn an_item_that_is_left_out_need_not_say_whom_it_is_about() {
    let mapping = mapping_of(json!({"include": "kind == 'PROFILE'"}));

    let invoice = mapping.map(record(&[("kind", text("INVOICE#9"))]), NOW);

    assert_eq!(
        invoice,
        Mapped::OutOfScope {
            who: None,
            keep: false
        }
    );
}

#[test]
fn who_is_out_of_scope_leaves_or_is_kept() {
    for (rule, keep) in [("deactivate", false), ("keep", true)] {
        let mapping = mapping_of(json!({"include": "false", "outOfScope": rule}));

        let mapped = mapping.map(record(&[("number", text("7"))]), NOW);

        let who = ExternalId::parse("7").ok();
        assert_eq!(mapped, Mapped::OutOfScope { who, keep });
    }
}

#[test]
fn an_include_that_cannot_be_evaluated_rejects() {
    for include in ["kind", "kind.a.b == 1", "kind + 1 == 2", "'x'"] {
        let mapping = mapping_of(json!({"include": include}));

        let mapped = mapping.map(record(&[("number", text("7"))]), NOW);

        let Mapped::Rejected(_, reasons) = mapped else {
            panic!("{include}: {mapped:?}");
        };
        assert!(reasons[0].starts_with("include: "), "{reasons:?}");
    }
}

#[test]
fn an_id_that_nobody_can_have_is_nobodys() {
    let mapping = mapping_of(json!({}));

    let mapped = mapping.map(record(&[("number", text(&"7".repeat(600)))]), NOW);

    assert_eq!(
        mapped,
        Mapped::Impossible(vec![
            "externalId: has 600 characters, at most 512 are allowed".to_owned()
        ])
    );
}

#[test]
fn attributes_without_a_value_are_cleared_unless_the_mapping_says_otherwise() {
    let sent = |file: Value| -> Vec<(String, Option<String>)> {
        let mapping = mapping_of(file);
        let profile = profile(&mapping, record(&[("number", text("7"))]));
        let attributes = profile.iter();
        attributes
            .map(|(name, value)| (name.to_owned(), value.map(str::to_owned)))
            .collect()
    };
    let names = |file: Value| {
        sent(file)
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    let attributes = |title: Value| {
        json!({"userName": "{{ id }}", "city": "x", "title": title,
        "secondEmail": "{{ private }}"})
    };

    assert_eq!(
        names(json!({"profile": attributes(json!("{{ title }}"))})),
        ["city", "title", "userName"]
    );
    assert_eq!(
        names(json!({"whenEmpty": "omit", "profile": attributes(json!("{{ title }}"))})),
        ["city", "userName"]
    );
    let own = json!({"value": "{{ title }}", "whenEmpty": "omit"});
    assert_eq!(
        names(json!({"profile": attributes(own)})),
        ["city", "userName"]
    );
    let own = json!({"value": "{{ title }}", "whenEmpty": "null"});
    let sent = sent(json!({"whenEmpty": "omit", "profile": attributes(own)}));
    assert!(sent.contains(&("title".to_owned(), None)), "{sent:?}");
}

#[test]
fn an_address_that_is_empty_rejects() {
    let mapping = mapping_of(json!({"profile": {"userName": "{{ id }}", "email": "{{ mail }}"}}));

    let mapped = mapping.map(record(&[("number", text("7"))]), NOW);

    let reasons = vec!["email: is empty".to_owned()];
    assert_eq!(
        mapped,
        Mapped::Rejected(ExternalId::parse("7").unwrap(), reasons)
    );
}

#[test]
fn values_are_cleaned_and_control_characters_reject() {
    let mapping = mapping_of(
        json!({"profile": {"userName": "{{ id }}", "email": "{{ mail }}",
        "lastName": "{{ name }}", "title": {"value": "{{ name }}", "asIs": true}}}),
    );
    let with = |mail: &str, name: &str| {
        let attributes = [
            ("number", text("7")),
            ("mail", text(mail)),
            ("name", text(name)),
        ];
        mapping.map(record(&attributes), NOW)
    };

    let Mapped::Active(_, profile) = with("mailto:ada@example.com;", " Zoe\u{308} ") else {
        panic!("rejected");
    };
    assert_eq!(profile.get("email"), Some("ada@example.com"));
    assert_eq!(profile.get("lastName"), Some("Zoë"));
    assert_eq!(profile.get("title"), Some(" Zoe\u{308} "));
    for control in ["a\u{7}b", "a\nb", "a\u{85}b", "a\0"] {
        let Mapped::Rejected(_, reasons) = with("ada@example.com", control) else {
            panic!("{control:?} was taken");
        };
        assert!(
            reasons[0].contains("has a control character"),
            "{reasons:?}"
        );
    }
}

#[test]
fn two_mappings_are_compared_over_one_record() {
    let one = mapping_of(json!({}));
    let other = mapping_of(json!({"profile": {"userName": "{{ id }}", "city": "y", "title": "z"}}));
    let record = record(&[("number", text("7"))]);

    let comparison = one.compare(&other, record.clone(), NOW);

    assert_eq!(comparison.attributes, ["city", "title"]);
    assert!(!comparison.is_same());
    assert!(one.compare(&one, record, NOW).is_same());
}
