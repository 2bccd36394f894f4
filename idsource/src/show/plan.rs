//! What the next full run would do.

use serde_json::Value;

use super::{Document, Exit, Tone, counted, list, number, report, text, thousands};

/// A plan, for people. `allowed` is how many deactivations the guard still allows, if known.
pub(crate) fn show(plan: &Value, allowed: Option<u64>, words: &str) -> (Document, Exit) {
    let mut document = Document::default();
    let held = &plan["withheld"]["deactivations"]["count"];
    let withheld = held.as_u64().unwrap_or(0);
    let all = withheld + plan["deactivations"].as_u64().unwrap_or(0);
    if withheld > 0 {
        document.headline(
            Tone::Bad,
            match allowed {
                Some(allowed) => format!(
                    "UNSAFE: {}, {} allowed",
                    counted(all, "deactivation"),
                    thousands(allowed)
                ),
                None => format!("UNSAFE: {} withheld", counted(withheld, "deactivation")),
            },
        );
    }
    changes(&mut document, &plan["changes"]);
    groups(&mut document, &plan["changes"]["groups"]);
    report::turned_away(&mut document, plan);
    let withheld = report::withheld(&mut document, plan);
    report::groups(&mut document, &plan["groups"]);
    if plan["paused"] == true {
        document.headline(
            Tone::Warning,
            "The function is paused: runs change nothing until it is resumed.",
        );
    }
    if let Some(skipped) = plan["skipped"].as_str() {
        document.headline(Tone::Warning, skipped);
    }
    if let Some(estimate) = plan["estimate"].as_object()
        && estimate["sessions"].as_u64() > Some(0)
    {
        document.line(format!(
            "It takes {}, {}, and {} until the last import starts.",
            counted(estimate["sessions"].as_u64().unwrap_or(0), "session"),
            counted(estimate["requests"].as_u64().unwrap_or(0), "request"),
            duration(estimate["seconds"].as_u64().unwrap_or(0)),
        ));
    }
    let tone = if withheld > 0 {
        Tone::Warning
    } else {
        Tone::Good
    };
    document.headline(tone, summary(plan, withheld));
    let of = |value: &Value| value.as_u64().unwrap_or(0);
    let groups = &plan["groups"];
    let changes = [
        &plan["upserts"],
        &plan["deactivations"],
        &groups["upserts"],
        &groups["deletions"],
        &groups["memberships"]["added"],
        &groups["memberships"]["removed"],
    ];
    let has_work = changes.into_iter().any(|some| of(some) > 0);
    if plan["paused"] == true {
        document.next(format!("{words} resume"));
    } else if has_work || withheld > 0 {
        // A full run makes the list of withheld people.
        document.next(format!("{words} sync"));
    } else {
        document.next(format!("{words} status"));
    }
    if report::can_be_approved(plan) {
        document.next(format!("{words} approve"));
    }
    let is_skipped = groups["skipped"].is_string();
    (document, Exit::differs(withheld > 0 || is_skipped))
}

/// The plan of a stack that is not deployed yet, for people.
pub(crate) fn before_deploying(plan: &Value) -> (Document, Exit) {
    let mut document = Document::default();
    changes(&mut document, &plan["changes"]);
    groups(&mut document, &plan["changes"]["groups"]);
    report::turned_away(&mut document, plan);
    document.headline(Tone::Good, summary(plan, 0));
    document.next("sam build && sam deploy --guided");
    (document, Exit::Done)
}

/// The changes of people, with leavers first.
pub(crate) fn changes(document: &mut Document, changes: &Value) {
    let mut rows = Vec::new();
    for leaver in entries(&changes["deactivations"]) {
        let is_withheld = leaver["withheld"] == true;
        rows.push(vec![
            if is_withheld { "!" } else { "-" }.to_owned(),
            text(&leaver["externalId"]),
            text(&leaver["record"]),
            "deactivate".to_owned(),
            format!(
                "{}{}",
                because(&leaver["reason"]),
                if is_withheld { "; withheld" } else { "" }
            ),
        ]);
    }
    let mut upserts: Vec<_> = entries(&changes["upserts"]).collect();
    // Changed people come before new ones: more can go wrong with them.
    upserts.sort_by_key(|one| one["change"] == "create");
    for one in upserts {
        let is_new = one["change"] == "create" || one["change"] == "unknown";
        let is_withheld = one["withheld"] == true;
        rows.push(vec![
            match (is_withheld, is_new) {
                (true, _) => "!".to_owned(),
                (false, true) => "+".to_owned(),
                (false, false) => "~".to_owned(),
            },
            text(&one["externalId"]),
            text(&one["record"]),
            match text(&one["change"]).as_str() {
                "repeat" => "tell again".to_owned(),
                "unknown" => "create or update".to_owned(),
                change => change.to_owned(),
            },
            match one["values"].as_object() {
                None if is_new => String::new(),
                None if is_withheld => format!("{}; withheld", list(&one["attributes"])),
                None => list(&one["attributes"]),
                Some(values) => values
                    .iter()
                    .map(|(name, pair)| {
                        format!("{name}: {} → {}", value(&pair["old"]), value(&pair["new"]))
                    })
                    .collect::<Vec<_>>()
                    .join("; "),
            },
        ]);
    }
    document.table(&["", "External id", "Record", "Change", "What"], rows);
    let beyond = &changes["notListed"];
    let (upserts, deactivations) = (
        beyond["upserts"].as_u64().unwrap_or(0),
        beyond["deactivations"].as_u64().unwrap_or(0),
    );
    let more = [
        (upserts, "more to create or update"),
        (deactivations, "more to deactivate"),
    ];
    let more = more.into_iter().filter(|(some, _)| *some > 0);
    let more: Vec<_> = more
        .map(|(some, words)| format!("{} {words}", thousands(some)))
        .collect();
    if !more.is_empty() {
        document.line(format!("Not listed: {} (--limit).", more.join(", ")));
    }
    if let Some(reason) = changes["notAsked"]["reason"].as_str() {
        document.headline(
            Tone::Warning,
            format!(
                "Okta could not be asked about {}: {reason}",
                counted(changes["notAsked"]["users"].as_u64().unwrap_or(0), "user")
            ),
        );
    }
}

fn groups(document: &mut Document, groups: &Value) {
    let rows = entries(groups).map(|group| {
        vec![
            text(&group["externalId"]),
            text(&group["change"]),
            number(&group["joins"]["count"]),
            number(&group["leaves"]["count"]),
            number(&group["withheld"]["count"]),
        ]
    });
    document.table(
        &["Group", "Change", "Join", "Leave", "Withheld"],
        rows.collect(),
    );
}

/// The summary in one line: `Plan: 12 to create, 3 to update, 2 to deactivate; 41 withheld`.
fn summary(plan: &Value, withheld: u64) -> String {
    let changes = &plan["changes"];
    let listed = |kinds: &[&str]| {
        let listed = entries(&changes["upserts"]);
        listed
            .filter(|one| one["withheld"] != true)
            .filter(|one| kinds.contains(&one["change"].as_str().unwrap_or_default()))
            .count() as u64
    };
    let deactivations = plan["deactivations"].as_u64().unwrap_or(0);
    let mut parts = Vec::new();
    if changes["notListed"]["upserts"].as_u64().unwrap_or(0) > 0 || !changes.is_object() {
        parts.push(format!("{} to create or update", number(&plan["upserts"])));
    } else {
        parts.push(format!(
            "{} to create",
            thousands(listed(&["create", "unknown"]))
        ));
        parts.push(format!("{} to update", thousands(listed(&["update"]))));
        for (kind, words) in [("reactivate", "to reactivate"), ("repeat", "to tell again")] {
            let some = listed(&[kind]);
            if some > 0 {
                parts.push(format!("{} {words}", thousands(some)));
            }
        }
    }
    parts.push(format!("{} to deactivate", thousands(deactivations)));
    let mut line = format!("Plan: {}", parts.join(", "));
    let groups = &plan["groups"];
    let memberships = &groups["memberships"];
    let of = |value: &Value| value.as_u64().unwrap_or(0);
    let others = [
        (of(&groups["upserts"]), "groups to create or change"),
        (of(&groups["deletions"]), "groups to delete"),
        (of(&memberships["added"]), "memberships to add"),
        (of(&memberships["removed"]), "memberships to remove"),
        (withheld, "withheld"),
        (
            plan["waiting"].as_u64().unwrap_or(0),
            "waiting for an import",
        ),
        (plan["strangers"].as_u64().unwrap_or(0), "strangers"),
    ];
    for (some, words) in others.into_iter().filter(|(some, _)| *some > 0) {
        line = format!("{line}; {} {words}", thousands(some));
    }
    line
}

fn value(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| "(none)".to_owned(), |text| format!("“{text}”"))
}

pub(crate) fn because(reason: &Value) -> &'static str {
    match reason.as_str() {
        Some("inactive") => "their record says inactive",
        Some("outOfScope") => "their record is out of scope",
        Some("gone") => "they no longer have a record",
        _ => "",
    }
}

/// The entries of a list in an answer.
pub(crate) fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Seconds in words.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}
