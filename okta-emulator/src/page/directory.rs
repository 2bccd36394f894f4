//! The users, with a search.

use std::sync::Arc;

use axum::{
    extract::{self, Query},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    frame::{Page, Tab},
    links::{pages, query, user_link},
    wording::{count, date_over_time, grouped, user_status},
};
use crate::{
    directory::{DirectoryUser, Found, Search, UserStatus},
    org::Org,
};

const PER_PAGE: usize = 50;

/// Which users to show.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    q: String,
    status: String,
    page: usize,
}

pub(super) async fn list(
    extract::State(org): extract::State<Arc<Org>>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let (state, _) = org.settled();
    let status = match wanted.status.as_str() {
        "active" => Some(UserStatus::Active),
        "deprovisioned" => Some(UserStatus::Deprovisioned),
        _ => None,
    };
    let found = state.directory.search(&Search {
        text: wanted.q.trim(),
        status,
        skip: wanted.page.saturating_mul(PER_PAGE),
        take: PER_PAGE,
    });
    let deactivated = state.directory.len() - state.directory.active();
    let total = format!(
        "{} active, {} deactivated.",
        count(state.directory.active(), "user"),
        grouped(deactivated)
    );
    Page {
        tab: Tab::Directory,
        title: "Directory",
        summary: total.clone(),
        before: html! { p.next { (total) } },
        fixed: form(&wanted),
        live: html! {
            @if found.users.is_empty() {
                p.empty {
                    @if state.directory.len() == 0 { "Nobody has been imported yet." }
                    @else { "No user matches." }
                }
            } @else {
                (table(&wanted, &found))
                (more(&wanted, &found))
            }
        },
    }
    .render(&state, &org.options.identity_source)
}

fn form(wanted: &Wanted) -> Markup {
    let option = |value: &str, text: &str| {
        html! { option value=(value) selected[wanted.status == value] { (text) } }
    };
    html! {
        form.search role="search" action="/directory" {
            label for="q" { "Name, login, email or externalId" }
            input #q name="q" type="search" value=(wanted.q) autocomplete="off";
            label.unseen for="status" { "Status" }
            select #status name="status" {
                (option("", "Any status"))
                (option("active", "Active"))
                (option("deprovisioned", "Deactivated"))
            }
            button type="submit" { "Search" }
        }
    }
}

fn table(wanted: &Wanted, found: &Found) -> Markup {
    let first = wanted.page * PER_PAGE + 1;
    let last = wanted.page * PER_PAGE + found.users.len();
    html! {
        div.scroll tabindex="0" role="region" aria-label="Users" {
            table {
                caption {
                    "Users " (grouped(first)) " to " (grouped(last))
                    @if found.more { ", and more follow" }
                }
                thead {
                    tr {
                        th scope="col" { "externalId" }
                        th scope="col" { "Name" }
                        th scope="col" { "Login" }
                        th scope="col" { "Status" }
                        th scope="col" { "Last changed" }
                    }
                }
                tbody {
                    @for user in &found.users {
                        tr {
                            th scope="row" { (user_link(&user.external_id)) }
                            td.wide { (name(user)) }
                            td.wide { (attribute(user, "userName")) }
                            td { (user_status(user.status)) }
                            td { (date_over_time(user.last_updated)) }
                        }
                    }
                }
            }
        }
    }
}

fn more(wanted: &Wanted, found: &Found) -> Markup {
    let before = wanted.page.saturating_mul(PER_PAGE) + found.users.len();
    let known = before + usize::from(found.more);
    let query = query(&[("q", wanted.q.trim()), ("status", &wanted.status)]);
    pages(wanted.page, PER_PAGE, known, &query)
}

pub(super) fn name(user: &DirectoryUser) -> String {
    let display = attribute(user, "displayName");
    if !display.is_empty() {
        return display.to_owned();
    }
    let names = [attribute(user, "firstName"), attribute(user, "lastName")];
    let name = names.join(" ");
    match name.trim() {
        "" => "(no name)".to_owned(),
        name => name.to_owned(),
    }
}

fn attribute<'user>(user: &'user DirectoryUser, name: &str) -> &'user str {
    user.profile.get(name).map_or("", String::as_str)
}
