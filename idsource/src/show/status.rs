//! How things stand, and what runs did.

use serde_json::Value;

use super::{Document, Exit, Tone, number, plan::entries, report::KINDS, text, thousands, time};

/// How things stand, for people.
pub(crate) fn show(status: &Value, words: &str) -> (Document, Exit) {
    let mut document = Document::default();
    let is_paused = status["switch"] == "paused";
    let mut switch = if is_paused {
        "Paused: runs only look, and tell Okta nothing".to_owned()
    } else {
        "Running".to_owned()
    };
    if let Some(by) = status["switchBy"].as_str() {
        switch = format!("{switch}, set by {by}");
    }
    if status["switchSince"].is_string() {
        switch = format!("{switch}, since {}", time(&status["switchSince"]));
    }
    if let Some(reason) = status["switchReason"].as_str() {
        switch = format!("{switch}: {reason}");
    }
    document.headline(if is_paused { Tone::Warning } else { Tone::Good }, switch);
    if status["fullLookDue"] == true {
        document.line("A full run is due: stream changes were skipped while it was paused.");
    }
    let (mut is_withheld, can_be_approved) = guard(&mut document, status);
    if let Some(kept) = status["withheld"].as_object() {
        let reason = kept.get("reason").and_then(Value::as_str);
        document.headline(
            Tone::Warning,
            format!(
                "Withheld since {}: {}",
                kept.get("since").map(time).unwrap_or_default(),
                reason.unwrap_or("deactivations, by the last full run")
            ),
        );
        is_withheld = true;
    }
    runs(&mut document, &status["lastRuns"]);
    sessions(&mut document, status);
    stuck(&mut document, &status["stuck"]);
    if let Some(binding) = status["binding"].as_object() {
        let of = |name: &str| {
            binding
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or("unknown")
        };
        document.line(format!(
            "The ledger is bound to {} at {}.",
            of("identitySource"),
            of("org")
        ));
    }
    match status["verified"].as_object() {
        None => document.line("No verification has finished yet."),
        Some(verified) => {
            let of = |name: &str| verified.get(name).cloned().unwrap_or_default();
            document.line(format!(
                "Last verified {}: {} missing, {} different, {} should have left, {} unknown.",
                time(&of("at")),
                number(&of("missing")),
                number(&of("different")),
                number(&of("shouldHaveLeft")),
                number(&of("unknown"))
            ));
        }
    }
    if status["nextDate"].is_string() {
        document.line(format!(
            "The next first or last day in a record begins or ends at {}.",
            time(&status["nextDate"])
        ));
    }
    let lane = &status["fastLane"];
    document.line(format!(
        "Fast lane: joiners and movers {}, leavers {}.",
        on_off(&lane["upserts"]),
        on_off(&lane["deactivations"])
    ));
    if let Some(error) = status["oktaError"].as_str() {
        document.headline(Tone::Bad, format!("Okta could not be asked: {error}"));
    }
    if status["nextSession"].is_string() {
        document.line(format!(
            "Okta opens the next session at {}.",
            time(&status["nextSession"])
        ));
    }
    if can_be_approved {
        document.next(format!("{words} approve"));
    } else if is_paused || is_withheld {
        document.next(format!("{words} plan"));
    } else if status["verified"].is_null() {
        document.next(format!("{words} verify"));
    } else {
        document.next(format!("{words} history"));
    }
    (document, Exit::differs(is_withheld || can_be_approved))
}

/// The guard's budgets. Returns whether anything is withheld, and whether it can be approved.
fn guard(document: &mut Document, status: &Value) -> (bool, bool) {
    let (mut is_any, mut has_list) = (false, false);
    let rows = KINDS.iter().map(|(kind, words)| {
        let one = &status["guard"][*kind];
        // An empty table withholds people without the guard's limits.
        let by_last_run = &status["withheld"][*kind];
        let count = one["withheld"]
            .as_u64()
            .max(by_last_run.as_u64())
            .unwrap_or(0);
        is_any |= count > 0;
        // A list of strangers has a digest too, but needs no approval.
        let waits = one["withheld"].as_u64().unwrap_or(0) > 0 || one["since"].is_string();
        has_list |= waits && one["digest"].is_string();
        vec![
            format!("{words}s"),
            format!("{} of {}", number(&one["spent"]), number(&one["limit"])),
            thousands(count),
            if one["since"].is_string() {
                time(&one["since"])
            } else {
                String::new()
            },
            text(&one["digest"]),
        ]
    });
    let rows = rows.collect();
    document.table(
        &["Guard (24 h)", "Spent", "Withheld", "Since", "Digest"],
        rows,
    );
    (is_any, has_list)
}

/// Runs, newest first.
pub(crate) fn runs(document: &mut Document, runs: &Value) {
    let rows = entries(runs).map(|run| {
        vec![
            time(&run["at"]),
            text(&run["trigger"]),
            number(&run["upserts"]),
            number(&run["deactivations"]),
            number(&run["withheld"]),
            number(&run["rejected"]),
            match run["error"].as_str() {
                Some(error) => error.to_owned(),
                None if run["more"] == true => "more to do".to_owned(),
                None => "done".to_owned(),
            },
            text(&run["runId"]),
        ]
    });
    document.table(
        &[
            "Run", "By", "Upserts", "Deact.", "Withheld", "Rejected", "End", "Id",
        ],
        rows.collect(),
    );
}

fn sessions(document: &mut Document, status: &Value) {
    let open = entries(&status["sessions"]).filter(|session| session["status"].is_string());
    let rows = open.map(|session| {
        vec![
            text(&session["id"]),
            text(&session["status"]),
            time(&session["opened"]),
            session["verdict"].as_str().unwrap_or("not ours").to_owned(),
        ]
    });
    document.table(
        &["Open session", "Status", "Opened", "Known as"],
        rows.collect(),
    );
}

fn stuck(document: &mut Document, stuck: &Value) {
    let count = stuck["count"].as_u64().unwrap_or(0);
    if count == 0 {
        return;
    }
    document.headline(
        Tone::Warning,
        format!(
            "{} stuck: {} refused by Okta, {} rejected by our checks",
            thousands(count),
            number(&stuck["refused"]),
            number(&stuck["rejected"])
        ),
    );
    let rows = entries(&stuck["entries"]).map(|one| {
        vec![
            one["externalId"].as_str().unwrap_or("unknown").to_owned(),
            text(&one["record"]),
            time(&one["since"]),
            super::list(&one["reasons"]),
        ]
    });
    document.table(&["External id", "Record", "Since", "Why"], rows.collect());
}

fn on_off(value: &Value) -> &'static str {
    if value == &Value::Bool(true) {
        "on"
    } else {
        "off"
    }
}
