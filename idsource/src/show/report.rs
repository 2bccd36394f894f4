//! What a run did.

use serde_json::Value;

use super::{Document, Exit, Tone, counted, number, plan::entries, text, thousands, time};

/// A run's report, for people.
pub(crate) fn show(report: &Value, words: &str) -> (Document, Exit) {
    let mut document = Document::default();
    let rows = entries(&report["sessions"]).map(|session| {
        vec![
            text(&session["id"]),
            text(&session["status"]),
            number(&session["upserts"]),
            number(&session["deactivations"]),
            number(&session["requests"]),
        ]
    });
    document.table(
        &["Session", "Status", "Upserts", "Deactivations", "Requests"],
        rows.collect(),
    );
    turned_away(&mut document, report);
    let withheld = withheld(&mut document, report);
    if report["paused"] == true {
        document.headline(
            Tone::Warning,
            "The function is paused: this is what a run would do, nothing was changed.",
        );
        document.next(format!("{words} resume"));
    }
    if let Some(skipped) = report["skipped"].as_str() {
        document.headline(Tone::Warning, skipped);
    }
    groups(&mut document, &report["groups"]);
    let is_left = left(report);
    document.headline(
        if withheld > 0 || is_left {
            Tone::Warning
        } else {
            Tone::Good
        },
        line(report),
    );
    if can_be_approved(report) {
        document.next(format!("{words} approve"));
    } else if report["more"] == true {
        document.next(format!("{words} sync"));
    } else if report["paused"] != true {
        document.next(format!("{words} status"));
    }
    (document, Exit::differs(withheld > 0 || is_left))
}

/// Whether changes were left untold for a reason other than the guard.
fn left(report: &Value) -> bool {
    let groups = &report["groups"];
    let found = [
        &report["upserts"],
        &report["deactivations"],
        &groups["upserts"],
        &groups["deletions"],
        &groups["memberships"]["added"],
        &groups["memberships"]["removed"],
    ];
    let is_any = found.into_iter().any(|some| some.as_u64().unwrap_or(0) > 0);
    let is_paused = report["paused"] == true && is_any;
    is_paused
        || report["more"] == true
        || report["skipped"].is_string()
        || report["groups"]["skipped"].is_string()
}

/// Whether some list has a digest.
pub(crate) fn can_be_approved(report: &Value) -> bool {
    // A list of strangers has a digest too, but needs no approval.
    let mut kept = KINDS.iter().map(|(kind, _)| &report["withheld"][*kind]);
    kept.any(|kept| kept["digest"].is_string() && kept["count"].as_u64().unwrap_or(0) > 0)
}

/// Groups: why none was told, and which cannot be told.
pub(crate) fn groups(document: &mut Document, groups: &Value) {
    if let Some(why) = groups["skipped"].as_str() {
        document.headline(Tone::Warning, format!("Groups were left out: {why}"));
    }
    for (what, words) in [
        ("foreign", "Groups that are not ours and stay as they are"),
        ("refused", "Groups that Okta refuses"),
        ("ambiguous", "Groups that records disagree about"),
    ] {
        let count = &groups[what]["count"];
        if count.as_u64().unwrap_or(0) > 0 {
            document.headline(Tone::Warning, format!("{words}: {}", number(count)));
        }
    }
}

/// A report in one line.
pub(crate) fn line(report: &Value) -> String {
    let carried = |what: &str| {
        // What these carried is told again.
        let came_to_nothing = ["ERROR", "EXPIRED", "CLOSED"].map(Value::from);
        let sessions = entries(&report["sessions"])
            .filter(|session| !came_to_nothing.contains(&session["status"]));
        let by_session: u64 = sessions.filter_map(|session| session[what].as_u64()).sum();
        by_session + report["fastLane"][what].as_u64().unwrap_or(0)
    };
    let is_dry = report["dryRun"] == true;
    let mut parts = if is_dry {
        vec![
            format!("{} to create or update", number(&report["upserts"])),
            format!("{} to deactivate", number(&report["deactivations"])),
        ]
    } else {
        vec![
            format!("{} created or updated", thousands(carried("upserts"))),
            format!("{} deactivated", thousands(carried("deactivations"))),
        ]
    };
    parts.push(format!("{} unchanged", number(&report["unchanged"])));
    let mut also = |value: &Value, words: &str| {
        if value.as_u64().unwrap_or(0) > 0 {
            parts.push(format!("{} {words}", number(value)));
        }
    };
    let groups = &report["groups"];
    also(
        &groups["upserts"],
        if is_dry {
            "groups to create or change"
        } else {
            "groups created or changed"
        },
    );
    also(
        &groups["deletions"],
        if is_dry {
            "groups to delete"
        } else {
            "groups deleted"
        },
    );
    also(
        &groups["memberships"]["added"],
        if is_dry {
            "memberships to add"
        } else {
            "memberships added"
        },
    );
    also(
        &groups["memberships"]["removed"],
        if is_dry {
            "memberships to remove"
        } else {
            "memberships removed"
        },
    );
    also(&report["waiting"], "waiting for an import");
    also(&report["strangers"], "strangers");
    also(&report["rejected"]["count"], "rejected");
    also(&report["refused"]["count"], "refused by Okta");
    also(&report["outstanding"]["left"], "left for later sessions");
    let what = if is_dry { "Dry run" } else { "Run" };
    let mut line = format!("{what}: {}", parts.join(", "));
    let all = withheld_count(report);
    if all > 0 {
        line = format!("{line}; {} withheld", thousands(all));
    }
    if report["more"] == true {
        line = match report["resumeAt"].as_str() {
            Some(_) => format!("{line}; more to do, from {} on", time(&report["resumeAt"])),
            None => format!("{line}; more to do"),
        };
    }
    line
}

/// Records that our checks reject, and users that Okta refused.
pub(crate) fn turned_away(document: &mut Document, report: &Value) {
    for (what, title) in [("rejected", "record"), ("refused", "user")] {
        let some = report[what]["count"].as_u64().unwrap_or(0);
        if some == 0 {
            continue;
        }
        let by = if what == "rejected" {
            "rejected by our checks: fix the table or the mapping"
        } else {
            "refused by Okta"
        };
        document.headline(Tone::Warning, format!("{} {by}", counted(some, title)));
        let rows = entries(&report[what]["examples"]).map(|one| {
            vec![
                one["externalId"].as_str().unwrap_or("unknown").to_owned(),
                text(&one["record"]),
                super::list(&one["reasons"]),
            ]
        });
        document.table(&["External id", "Record", "Why"], rows.collect());
    }
}

/// Shows what the guard withholds. Returns how much that is.
pub(crate) fn withheld(document: &mut Document, report: &Value) -> u64 {
    for (kind, words) in KINDS {
        let kept = &report["withheld"][kind];
        if kept["count"].as_u64().unwrap_or(0) > 0 {
            let held = format!(
                "{} wait",
                counted(kept["count"].as_u64().unwrap_or(0), words)
            );
            let reason = kept["reason"].as_str().unwrap_or(&held);
            document.headline(Tone::Warning, format!("Withheld: {reason}"));
        }
    }
    withheld_count(report)
}

/// The kinds of changes that the guard counts, and their names.
pub(crate) const KINDS: [(&str, &str); 3] = [
    ("deactivations", "deactivation"),
    ("updates", "update"),
    ("membershipRemovals", "membership removal"),
];

fn withheld_count(report: &Value) -> u64 {
    let of = |(kind, _): &(&str, &str)| report["withheld"][*kind]["count"].as_u64();
    KINDS.iter().filter_map(of).sum()
}
