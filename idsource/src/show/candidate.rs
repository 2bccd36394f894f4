//! What another mapping would change.

use serde_json::Value;

use super::{Document, Exit, Tone, list, number, plan::entries, text, thousands};

/// A candidate's plan, for people.
pub(crate) fn show(candidate: &Value, words: &str) -> (Document, Exit) {
    let mut document = Document::default();
    let leavers = candidate["leavers"].as_u64().unwrap_or(0);
    if leavers > 0 {
        document.headline(
            Tone::Bad,
            format!(
                "With this mapping {} people would be deactivated",
                thousands(leavers)
            ),
        );
    }
    let rows = entries(&candidate["attributes"]).map(|one| {
        vec![
            text(&one["attribute"]),
            number(&one["users"]),
            number(&one["cleared"]),
            number(&one["leftOut"]),
        ]
    });
    document.table(
        &["Attribute", "Users changed", "Cleared", "Left out"],
        rows.collect(),
    );
    for (what, title) in [
        ("leavers", "Would leave"),
        ("changed", "Would change"),
        ("joiners", "Would join"),
        ("stay", "Would stay as they are"),
    ] {
        let rows = entries(&candidate["changes"][what]).map(|one| {
            vec![
                one["externalId"].as_str().unwrap_or("unknown").to_owned(),
                text(&one["record"]),
                text(&one["before"]),
                text(&one["after"]),
                list(&one["attributes"]),
            ]
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            document.line(title);
        }
        document.table(
            &["External id", "Record", "Before", "After", "Attributes"],
            rows,
        );
    }
    super::report::turned_away(&mut document, candidate);
    if let Some(identity) = candidate["externalId"].as_object() {
        document.headline(Tone::Bad, text(&identity["says"]));
    }
    document.headline(
        if leavers > 0 {
            Tone::Warning
        } else {
            Tone::Good
        },
        format!(
            "Candidate: {} changed, {} would join, {} would leave, {} unchanged",
            number(&candidate["changed"]),
            number(&candidate["joiners"]),
            number(&candidate["leavers"]),
            number(&candidate["unchanged"]),
        ),
    );
    document.next(format!(
        "configure the mapping (the template's parameter Mapping), then: {words} plan"
    ));
    (document, Exit::Done)
}
