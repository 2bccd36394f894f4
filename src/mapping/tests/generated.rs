//! What holds of any record and any template of the documented language.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use proptest::test_runner::{Config, TestRunner};

use super::{
    generators::{item, template},
    *,
};

fn compiled(template: &str, of_identity: bool) -> Option<Mapping> {
    let (external_id, title) = if of_identity {
        (template, "x")
    } else {
        ("{{ id }}", template)
    };
    let file = json!({"externalId": external_id, "tables": {"t": {"Q": "Z"}}, "active": "true",
        "profile": {"userName": "ada", "city": "y", "title": title}});
    Mapping::from_json(&file.to_string()).ok()
}

/// Whether a text is made of a record's letters, of numbers, and of what the templates of these
/// tests say literally.
fn is_text(text: &str) -> bool {
    let rest = text.replace("&#x27;", "").replace("&quot;", "");
    rest.chars()
        .all(|c| c.is_ascii_digit() || "QXZqxz-. ".contains(c) || c == '+' || c == '/' || c == '=')
        || rest
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+/=-. ".contains(c))
            && !has_word(&rest)
}

/// Whether a notation of the engine is in it. Base64 has letters of all kinds, but is not so long
/// by chance.
fn has_word(text: &str) -> bool {
    [
        "True",
        "False",
        "None",
        "true",
        "false",
        "none",
        "undefined",
        "nan",
        "inf",
    ]
    .iter()
    .any(|word| text.contains(word))
}

fn run(cases: u32, holds: impl FnMut(String, HashMap<String, AttributeValue>)) {
    let holds = RefCell::new(holds);
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&(template(), item()), |(template, item)| {
        (holds.borrow_mut())(template, item);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn what_comes_out_is_text_of_the_record_or_nothing_or_a_rejection() {
    let (mut rendered, mut compiles) = (0, 0);
    run(6_000, |template, mut item| {
        let Some(mapping) = compiled(&template, false) else {
            return;
        };
        compiles += 1;
        item.insert("id".to_owned(), text("ada"));
        match mapping.map(item.into(), NOW) {
            Mapped::Active(_, profile) => {
                if let Some(title) = profile.get("title") {
                    rendered += 1;
                    assert!(is_text(title), "{template} gives {title:?}");
                }
            }
            Mapped::Rejected(_, reasons) => {
                let told = reasons.join("; ");
                assert!(
                    !["Q", "X", "Z"].iter().any(|letter| told.contains(letter)),
                    "{told}"
                );
            }
            other => panic!("{template}: {other:?}"),
        }
    });
    assert!(compiles > 5_000, "{compiles} compile");
    assert!(rendered > 400, "{rendered} render something");
}

#[test]
fn nobody_is_made_of_nothing_by_any_template() {
    let identified = AtomicU64::new(0);
    run(4_000, |template, item| {
        let Some(mapping) = compiled(&template, true) else {
            return;
        };
        let somebody = mapping.external_id(item.clone().into());
        if let Some(id) = &somebody {
            identified.fetch_add(1, Ordering::Relaxed);
            assert!(is_text(id.as_str()), "{template} gives {id}");
        }
        // Each nothing is the same nothing.
        let mut nulls = item.clone();
        nulls.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
        let nulls = mapping.external_id(nulls.into());
        assert_eq!(nulls, somebody, "{template}");
    });
    assert!(
        identified.load(Ordering::Relaxed) > 200,
        "{identified:?} are somebody"
    );
}

#[test]
fn a_projected_record_gives_what_a_whole_one_does() {
    run(4_000, |template, mut item| {
        let Some(mapping) = compiled(&template, false) else {
            return;
        };
        item.insert("id".to_owned(), text("ada"));
        item.insert("other".to_owned(), text("Q"));
        let whole = Record::from(item);
        let projected = match mapping.attributes() {
            Attributes::All => whole.clone(),
            Attributes::Named(names) => whole.clone().only(names),
        };
        assert_eq!(
            mapping.map(whole, NOW),
            mapping.map(projected, NOW),
            "{template}"
        );
    });
}
