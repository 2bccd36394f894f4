//! What the doctor found.

use serde_json::Value;

use super::{Document, Exit, Tone, plan::entries, text};

/// The doctor's findings, for people.
pub(crate) fn show(diagnosis: &Value, words: &str) -> (Document, Exit) {
    let mut document = Document::default();
    let is_ok = diagnosis["ok"] == true;
    for check in entries(&diagnosis["checks"]) {
        let (name, status) = (text(&check["name"]), text(&check["status"]));
        let (sign, tone) = match status.as_str() {
            "ok" => ("✓", Tone::Plain),
            "failed" => ("✗", Tone::Bad),
            "warning" => ("!", Tone::Warning),
            _ => ("·", Tone::Plain),
        };
        let summary = text(&check["summary"]);
        // It begins with the name, which is printed already.
        let found = summary
            .split_once(": ")
            .map_or(&*summary, |(_, found)| found);
        document.headline(tone, format!("{sign} {name}: {found}"));
        if let Some(todo) = check["todo"].as_str() {
            document.code(indented(todo));
        }
    }
    let tone = if is_ok { Tone::Good } else { Tone::Bad };
    document.headline(tone, text(&diagnosis["summary"]));
    document.next(if is_ok {
        format!("{words} plan")
    } else {
        format!("{words} doctor")
    });
    (document, if is_ok { Exit::Done } else { Exit::Failed })
}

/// Drops the state table's checks, when there is no such table yet.
pub(crate) fn without_state_table(diagnosis: &mut Value) {
    let Some(checks) = diagnosis["checks"].as_array_mut() else {
        return;
    };
    checks.retain(|check| check["name"] != "state table" && check["name"] != "fast lane");
    let failed = checks.iter().filter(|check| check["status"] == "failed");
    let failed: Vec<_> = failed.map(|check| text(&check["name"])).collect();
    diagnosis["ok"] = failed.is_empty().into();
    diagnosis["summary"] = match failed.is_empty() {
        true => "everything that a run needs is there, except a state table".into(),
        false => format!("a run cannot work properly (failed: {})", failed.join(", ")).into(),
    };
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("    {line}\n"));
    lines.collect()
}
