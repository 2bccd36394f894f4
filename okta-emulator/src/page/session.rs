//! One session: what happened to each of its users, and why.

use std::{sync::Arc, time::SystemTime};

use axum::{
    extract::{self, Path, Query},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    frame::{Page, Tab, missing},
    groups::changes,
    imports::{result, took},
    links::{pages, user_link},
    user::{happened, why},
    wording::{
        OUTCOMES, clock_time, count, date_time, grouped, how_many, load_kind, outcome,
        outcome_from, status,
    },
};
use crate::{
    org::Org,
    sessions::{SessionUser, SessionView},
};

const PER_PAGE: usize = 100;

/// Which users to show.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    q: String,
    outcome: String,
    page: usize,
}

impl Wanted {
    fn takes(&self, user: &SessionUser) -> bool {
        let wanted = outcome_from(&self.outcome);
        user.external_id.contains(self.q.trim())
            && wanted.is_none_or(|wanted| {
                user.outcome
                    .as_ref()
                    .is_some_and(|outcome| outcome.happened == wanted)
            })
    }
}

pub(super) async fn show(
    extract::State(org): extract::State<Arc<Org>>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let (state, now) = org.settled();
    let source = &org.options.identity_source;
    let Some(session) = state.sessions.view(&id) else {
        return missing(&state, source, Tab::Imports, "There is no such session.");
    };
    let users = state.sessions.users(&id).unwrap_or_default();
    let found: Vec<&SessionUser> = users.iter().filter(|user| wanted.takes(user)).collect();
    Page {
        tab: Tab::Imports,
        title: &format!("Session {id}"),
        summary: format!("Session {}.", session.status),
        before: facts(&session, now),
        fixed: search(&session, &wanted),
        live: html! {
            (filters(&session, &wanted))
            @if found.is_empty() {
                p.empty {
                    @if users.is_empty() { "No users were loaded." } @else { "No such users." }
                }
            } @else {
                (table(&found, &wanted, session.ended.is_some()))
                (pages(wanted.page, PER_PAGE, found.len(), &query(&wanted, &wanted.outcome)))
            }
            (changes(state.sessions.groups(&id).unwrap_or_default(), session.ended.is_some()))
        },
    }
    .render(&state, source)
}

fn facts(session: &SessionView, now: SystemTime) -> Markup {
    html! {
        dl.facts {
            div { dt { "Status" } dd { (status(&session.status)) } }
            div { dt { "Opened" } dd { (date_time(session.created)) } }
            div {
                dt { "Triggered" }
                dd {
                    @if let Some(triggered) = session.triggered { (clock_time(triggered)) }
                    @else { "not yet" }
                }
            }
            div { dt { "Took" } dd { (took(session, now)) } }
            div {
                dt { "Loaded" }
                dd {
                    (count(session.upserts, "upsert")) ", " (count(session.deletes, "delete"))
                    @if session.group_changes > 0 {
                        ", " (count(session.group_changes, "group change"))
                    }
                    span.small { "in " (count(session.requests as usize, "request")) }
                }
            }
            div.wide { dt { "Result" } dd { (result(session, now)) } }
        }
    }
}

fn search(session: &SessionView, wanted: &Wanted) -> Markup {
    html! {
        form.search role="search" action={ "/sessions/" (session.id) } {
            label for="q" { "externalId" }
            input #q name="q" type="search" value=(wanted.q) autocomplete="off";
            @if !wanted.outcome.is_empty() {
                input type="hidden" name="outcome" value=(wanted.outcome);
            }
            button type="submit" { "Search" }
        }
    }
}

fn filters(session: &SessionView, wanted: &Wanted) -> Markup {
    let counts = &session.results;
    html! {
        nav.filters aria-label="Outcomes" {
            ul {
                li {
                    a #filter-all href={ "?" (query(wanted, "")) }
                        aria-current=[wanted.outcome.is_empty().then_some("true")] { "all" }
                }
                @for happened in OUTCOMES.into_iter().filter(|each| how_many(counts, *each) > 0) {
                    @let name = outcome(happened);
                    li {
                        a #{ "filter-" (name) } href={ "?" (query(wanted, name)) }
                            aria-current=[(wanted.outcome == name).then_some("true")] {
                            span.dot.(name) aria-hidden="true" {}
                            (name) " " b { (grouped(how_many(counts, happened))) }
                        }
                    }
                }
            }
        }
    }
}

fn table(found: &[&SessionUser], wanted: &Wanted, ended: bool) -> Markup {
    let shown = found.iter().skip(wanted.page * PER_PAGE).take(PER_PAGE);
    html! {
        div.scroll tabindex="0" role="region" aria-label="Users of the session" {
            table {
                caption { (count(found.len(), "user")) ", by externalId" }
                thead {
                    tr {
                        th scope="col" { "externalId" }
                        th scope="col" { "Loaded as" }
                        th scope="col" { "Loaded at" }
                        th scope="col" { "What happened" }
                        th scope="col" { "Why" }
                    }
                }
                tbody {
                    @for user in shown {
                        tr {
                            th scope="row" { (user_link(&user.external_id)) }
                            td { (load_kind(user.loaded)) }
                            td { (clock_time(user.loaded_at)) }
                            td {
                                (happened(user.outcome.as_ref(), ended))
                                @if let Some(again) = &user.again {
                                    span.small { "and once more: " (outcome(again.happened)) }
                                }
                            }
                            td.wide {
                                @if let Some(result) = &user.outcome { (why(result)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn query(wanted: &Wanted, outcome: &str) -> String {
    super::links::query(&[("q", wanted.q.trim()), ("outcome", outcome)])
}
