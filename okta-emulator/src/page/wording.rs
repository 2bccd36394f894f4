//! How times, counts and outcomes are written.

use std::time::SystemTime;

use maud::{Markup, html};

use crate::{
    clock::iso,
    directory::{Happened, UserStatus},
    load::LoadKind,
    sessions::{Counts, SessionStatus},
};

/// `1 session`, `2 sessions`, `10,000 sessions`.
pub(super) fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

/// `1,234,567`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The time of day, with the date as a tooltip.
pub(super) fn clock_time(at: SystemTime) -> Markup {
    let iso = iso(at);
    html! { time datetime=(iso) title=(iso) { (iso.get(11..19).unwrap_or_default()) } }
}

/// Date and time.
pub(super) fn date_time(at: SystemTime) -> Markup {
    let iso = iso(at);
    html! {
        time datetime=(iso) {
            (iso.get(..10).unwrap_or_default()) " " (iso.get(11..19).unwrap_or_default()) " UTC"
        }
    }
}

/// Date and, below it, time, for narrow columns.
pub(super) fn date_over_time(at: SystemTime) -> Markup {
    let iso = iso(at);
    html! {
        time datetime=(iso) {
            (iso.get(..10).unwrap_or_default())
            span.small { (iso.get(11..19).unwrap_or_default()) " UTC" }
        }
    }
}

pub(super) fn status(status: &SessionStatus) -> Markup {
    let (class, sign) = match status {
        SessionStatus::Created => ("idle", "○"),
        SessionStatus::InProgress => ("busy", "◐"),
        SessionStatus::Triggered => ("busy", "◕"),
        SessionStatus::Completed => ("good", "✓"),
        SessionStatus::Closed => ("idle", "–"),
        SessionStatus::Expired => ("warn", "◌"),
        SessionStatus::Error => ("bad", "✕"),
        SessionStatus::Other(_) => ("warn", "?"),
    };
    html! {
        span.badge.(class) { span aria-hidden="true" { (sign) " " } (status) }
    }
}

pub(super) fn user_status(status: UserStatus) -> Markup {
    match status {
        UserStatus::Active => html! {
            span.badge.good { span aria-hidden="true" { "✓ " } "ACTIVE" }
        },
        UserStatus::Deprovisioned => html! {
            span.badge.idle { span aria-hidden="true" { "– " } "DEPROVISIONED" }
        },
    }
}

pub(super) fn load_kind(kind: LoadKind) -> &'static str {
    match kind {
        LoadKind::Upsert => "upsert",
        LoadKind::Delete => "delete",
    }
}

/// The outcomes, in display order.
pub(super) const OUTCOMES: [Happened; 7] = [
    Happened::Created,
    Happened::Updated,
    Happened::Reactivated,
    Happened::Deactivated,
    Happened::Unchanged,
    Happened::Ignored,
    Happened::Failed,
];

pub(super) fn outcome(happened: Happened) -> &'static str {
    match happened {
        Happened::Created => "created",
        Happened::Updated => "updated",
        Happened::Unchanged => "unchanged",
        Happened::Deactivated => "deactivated",
        Happened::Reactivated => "reactivated",
        Happened::Ignored => "ignored",
        Happened::Failed => "failed",
    }
}

pub(super) fn outcome_from(word: &str) -> Option<Happened> {
    OUTCOMES.into_iter().find(|each| outcome(*each) == word)
}

pub(super) fn how_many(counts: &Counts, happened: Happened) -> usize {
    match happened {
        Happened::Created => counts.created,
        Happened::Updated => counts.updated,
        Happened::Unchanged => counts.unchanged,
        Happened::Deactivated => counts.deactivated,
        Happened::Reactivated => counts.reactivated,
        Happened::Ignored => counts.ignored,
        Happened::Failed => counts.failed,
    }
}

/// A bar with parts in proportion to their counts, and the counts in words.
pub(super) fn results(counts: &Counts) -> Markup {
    let some: Vec<(&str, usize)> = OUTCOMES
        .into_iter()
        .map(|happened| (outcome(happened), how_many(counts, happened)))
        .filter(|(_, number)| *number > 0)
        .collect();
    html! {
        div.bar-of-results aria-hidden="true" {
            @for (name, number) in &some {
                span.(name) style={ "flex-grow:" (number) } {}
            }
        }
        ul.counts {
            @for (name, number) in &some {
                li.(name) { b { (grouped(*number)) } " " (name) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(count(1, "session"), "1 session");
        assert_eq!(count(1_234_567, "user"), "1,234,567 users");
    }
}
