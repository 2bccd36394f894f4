//! What Okta has.

use serde_json::Value;

use super::{Document, Exit, Tone, list, number, plan::entries, text, thousands};

/// A verification, for people.
pub(crate) fn show(verified: &Value, repair: bool, words: &str) -> (Document, Exit) {
    let mut document = Document::default();
    let examples = &verified["examples"];
    let mut rows = Vec::new();
    for (kind, words) in [
        ("missing", "missing at Okta"),
        ("shouldHaveLeft", "should have left"),
        ("unknown", "unknown to table and ledger"),
    ] {
        rows.extend(entries(&examples[kind]).map(|id| vec![text(id), words.to_owned()]));
    }
    rows.extend(entries(&examples["different"]).map(|one| {
        vec![
            text(&one["externalId"]),
            format!(
                "differs in {}{}",
                list(&one["attributes"]),
                if one["survived"] == true {
                    " (survived a repair)"
                } else {
                    ""
                }
            ),
        ]
    }));
    rows.extend(entries(&examples["groups"]).map(|one| {
        vec![
            format!("group {}", text(&one["externalId"])),
            format!("lacks {}; has {}", list(&one["lacks"]), list(&one["has"])),
        ]
    }));
    document.table(&["Who", "What"], rows);
    let of = |name: &str| verified[name].as_u64().unwrap_or(0);
    let differing = of("missing") + of("different") + of("shouldHaveLeft");
    let of_groups = |name: &str| verified["groups"][name].as_u64().unwrap_or(0);
    let groups = of_groups("different") + of_groups("missing");
    let differs = differing + of("unknown") + groups > 0;
    if groups > 0 {
        document.headline(
            Tone::Warning,
            format!(
                "Groups: {} different, {} missing; {} memberships lacking, {} too many",
                thousands(of_groups("different")),
                thousands(of_groups("missing")),
                thousands(of_groups("lacking")),
                thousands(of_groups("tooMany"))
            ),
        );
    }
    new_ids(&mut document, &verified["newIds"]);
    let is_done = verified["more"] != true && verified["reason"].is_null();
    if !is_done {
        let reason = verified["reason"].as_str();
        let reason = reason.unwrap_or("there is more to do");
        document.headline(Tone::Bad, format!("Not fully verified: {reason}"));
        document.next(format!("{words} verify"));
    }
    document.headline(
        if differs || !is_done {
            Tone::Warning
        } else {
            Tone::Good
        },
        format!(
            "Verified: {} listed, {} the same, {} missing, {} different, {} should have left, {} unknown, {} adopted",
            number(&verified["listed"]),
            number(&verified["same"]),
            number(&verified["missing"]),
            number(&verified["different"]),
            number(&verified["shouldHaveLeft"]),
            number(&verified["unknown"]),
            number(&verified["adopted"]),
        ),
    );
    if differing + groups > 0 && repair {
        document.next(format!("{words} sync"));
    } else if differing + groups > 0 {
        document.next(format!("{words} verify --repair"));
    } else if is_done {
        document.next(format!("{words} status"));
    }
    let exit = if is_done {
        Exit::differs(differs)
    } else {
        Exit::Failed
    };
    (document, exit)
}

/// Who would get which id under another externalId.
fn new_ids(document: &mut Document, ids: &Value) {
    if ids.is_null() {
        return;
    }
    let rows =
        entries(&ids["examples"]).map(|one| vec![text(&one["externalId"]), text(&one["wouldBe"])]);
    document.table(&["External id at Okta", "Would be"], rows.collect());
    document.headline(
        Tone::Warning,
        format!(
            "With the mapping's externalId {} people keep their id, {} would be new people to Okta, {} are found by no login",
            number(&ids["same"]),
            number(&ids["others"]),
            number(&ids["nobody"])
        ),
    );
}
