//! The first page: all sessions.

use std::{sync::Arc, time::SystemTime};

use axum::{extract, response::Response};
use maud::{Markup, html};

use super::{
    frame::{Page, Tab, faults_on, violations},
    wording::{clock_time, count, grouped, results, status},
};
use crate::{
    clock::{in_words, since},
    org::{Org, State},
    sessions::{Counts, SessionStatus, SessionView},
};

/// Sessions on the page. The tiles count all.
const SHOWN: usize = 100;

pub(super) async fn show(extract::State(org): extract::State<Arc<Org>>) -> Response {
    let (state, now) = org.settled();
    let sessions = state.sessions.views();
    let last = sessions
        .last()
        .map_or(String::new(), |last| format!(", the last {}", last.status));
    Page {
        tab: Tab::Imports,
        title: "Import monitoring",
        summary: format!(
            "{}{last}; {} active.",
            count(sessions.len(), "session"),
            count(state.directory.active(), "user"),
        ),
        before: html! {},
        fixed: html! {},
        live: html! {
            (tiles(&state, &sessions))
            (violations(&state.violations))
            (faults_on(&state.faults.views()))
            (next_session(&state, &sessions, now))
            @if sessions.is_empty() { (nothing_yet()) } @else { (table(&sessions, now)) }
        },
    }
    .render(&state, &org.options.identity_source)
}

fn tiles(state: &State, sessions: &[SessionView]) -> Markup {
    let deactivated = state.directory.len() - state.directory.active();
    let failed: usize = sessions.iter().map(|session| session.results.failed).sum();
    let tile = |name: &str, number: usize, class: &str| {
        html! { div.tile.(class) { dt { (name) } dd { (grouped(number)) } } }
    };
    html! {
        dl.tiles {
            (tile("Active users", state.directory.active(), ""))
            (tile("Deactivated users", deactivated, ""))
            (tile("Sessions", sessions.len(), ""))
            (tile("Failed users", failed, if failed > 0 { "bad" } else { "" }))
            (tile("API calls", state.requests.len(), ""))
        }
    }
}

fn next_session(state: &State, sessions: &[SessionView], now: SystemTime) -> Markup {
    let open = sessions
        .iter()
        .rev()
        .find(|session| session.status.is_active());
    html! {
        p.next {
            @if let Some(open) = open {
                "Session " a #open-session href={ "/sessions/" (open.id) } { code { (open.id) } }
                " is open: no other can be opened until it is triggered, cancelled or expired."
            } @else if let Some(wait) = state.sessions.cooldown_left(now) {
                "The next session can be opened in " b { (in_words(wait)) } "."
            } @else {
                "A session can be opened now."
            }
        }
    }
}

fn nothing_yet() -> Markup {
    html! {
        div.empty {
            h2 { "No import yet" }
            p {
                "Point a client at this address, with the identity source’s id and its token. "
                "Each session that it opens appears here, with what Okta did with every user."
            }
        }
    }
}

fn table(sessions: &[SessionView], now: SystemTime) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Sessions" {
            table {
                caption {
                    "Sessions, newest first"
                    @if sessions.len() > SHOWN { " (the last " (SHOWN) ")" }
                }
                thead {
                    tr {
                        th scope="col" { "Status" }
                        th scope="col" { "Session" }
                        th scope="col" { "Opened" }
                        th scope="col" { "Took" }
                        th scope="col" { "Loaded" }
                        th scope="col" { "Result" }
                    }
                }
                tbody {
                    @for session in sessions.iter().rev().take(SHOWN) { (row(session, now)) }
                }
            }
        }
    }
}

fn row(session: &SessionView, now: SystemTime) -> Markup {
    html! {
        tr {
            td { (status(&session.status)) }
            th scope="row" {
                a #{ "session-" (session.id) } href={ "/sessions/" (session.id) } {
                    code { (session.id) }
                }
                @if session.foreign { span.small { "another client’s" } }
            }
            td { (clock_time(session.created)) }
            td { (took(session, now)) }
            td {
                @if session.requests == 0 { span.faint { "nothing" } } @else {
                    (loaded(session))
                    span.small { "in " (count(session.requests as usize, "request")) }
                }
            }
            td.wide { (result(session, now)) }
        }
    }
}

fn loaded(session: &SessionView) -> Markup {
    html! {
        @if session.upserts > 0 { div { (count(session.upserts, "upsert")) } }
        @if session.deletes > 0 { div { (count(session.deletes, "delete")) } }
        @if session.group_changes > 0 { div { (count(session.group_changes, "group change")) } }
    }
}

/// How long a session took, and its import.
pub(super) fn took(session: &SessionView, now: SystemTime) -> Markup {
    let end = session.ended.unwrap_or(now);
    html! {
        (in_words(since(end, session.created)))
        @if let Some(triggered) = session.triggered {
            span.small { "import " (in_words(since(end, triggered))) }
        }
    }
}

/// The result of a session, or how far it is.
pub(super) fn result(session: &SessionView, now: SystemTime) -> Markup {
    html! {
        @match &session.status {
            SessionStatus::Completed => (results(&session.results)),
            SessionStatus::Triggered => (importing(session, now)),
            SessionStatus::Created | SessionStatus::InProgress => {
                span.faint { "being loaded" }
            }
            SessionStatus::Closed => span.faint { "cancelled, nothing imported" },
            SessionStatus::Expired => span.faint { "expired, nothing imported" },
            SessionStatus::Error => {
                "failed: the data must be loaded again in a new session"
                @if session.results != Counts::default() { (results(&session.results)) }
            }
            SessionStatus::Other(_) => span.faint { "unknown" },
        }
    }
}

fn importing(session: &SessionView, now: SystemTime) -> Markup {
    let times = session.triggered.zip(session.due);
    html! {
        @if let Some((triggered, due)) = times {
            @let whole = since(due, triggered).as_secs_f64().max(0.001);
            @let done = since(now, triggered).as_secs_f64() / whole;
            progress max="100" value=((done * 100.0).round()) aria-label="Importing" {}
            span.small { "done in " (in_words(since(due, now))) }
        } @else {
            span.faint { "waiting" }
        }
    }
}
