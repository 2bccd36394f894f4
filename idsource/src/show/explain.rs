//! One person.

use serde_json::Value;

use super::{Document, Exit, Tone, list, plan::entries, text, time};

/// What is known about one person, for people.
pub(crate) fn show(explained: &Value, words: &str) -> (Document, Exit) {
    let mut document = Document::default();
    let next = text(&explained["next"]);
    let differs = entries(&explained["okta"]["differs"]).next().is_some();
    let record = &explained["record"];
    let reasons = list(&record["reasons"]);
    let state = text(&record["state"]);
    let mut rows = vec![vec![
        "Record".to_owned(),
        if reasons.is_empty() {
            state
        } else {
            format!("{state}: {reasons}")
        },
    ]];
    let ledger = &explained["ledger"];
    rows.push(vec![
        "Told".to_owned(),
        match ledger["told"].as_str() {
            None => "never".to_owned(),
            Some(told) => format!(
                "{told}, {}{}",
                time(&ledger["at"]),
                if ledger["doubtful"] == true {
                    "; doubtful"
                } else {
                    ""
                }
            ),
        },
    ]);
    let okta = &explained["okta"];
    rows.push(vec![
        "Okta".to_owned(),
        if okta.is_null() {
            "could not be asked".to_owned()
        } else {
            let status = okta["status"].as_str().unwrap_or("status not visible");
            let differs = list(&okta["differs"]);
            if differs.is_empty() {
                status.to_owned()
            } else {
                format!("{status}; differs in {differs}")
            }
        },
    ]);
    for group in entries(&explained["groups"]) {
        rows.push(vec!["Group".to_owned(), says(group)]);
    }
    rows.push(vec!["Next run".to_owned(), next.clone()]);
    document.headline(
        Tone::Plain,
        explained["externalId"]
            .as_str()
            .unwrap_or("(no external id)"),
    );
    document.table(&["", ""], rows);
    let is_held = matches!(
        next.as_str(),
        "withheld" | "rejected" | "refused" | "waits" | "stranger"
    );
    let tone = if is_held { Tone::Warning } else { Tone::Good };
    document.headline(tone, text(&explained["because"]));
    match next.as_str() {
        "nothing" if differs => document.next(format!("{words} verify --repair")),
        "withheld" if explained["digest"].is_string() => {
            document.next(format!("{words} approve"));
        }
        "nothing" | "rejected" | "waits" | "stranger" | "withheld" => {
            document.next(format!("{words} status"));
        }
        _ => {
            if let Some(id) = explained["externalId"].as_str() {
                document.next(format!("{words} sync --only {}", super::quoted(id)));
            }
        }
    }
    (document, Exit::differs(next == "withheld" || differs))
}

/// A person's group: its id first, then the rest.
fn says(group: &Value) -> String {
    let rest = group.as_object().into_iter().flatten();
    let rest = rest.filter(|(name, value)| *name != "externalId" && !value.is_null());
    let rest = rest.map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name} {text}"),
        None => format!("{name} {value}"),
    });
    format!(
        "{}: {}",
        text(&group["externalId"]),
        rest.collect::<Vec<_>>().join(", ")
    )
}
