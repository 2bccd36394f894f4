//! The groups, the members of one, and what a session did to groups.

use std::sync::Arc;

use axum::{
    extract::{self, Path},
    response::Response,
};
use maud::{Markup, html};

use super::{
    frame::{Page, Tab, missing},
    links::{group_link, user_link},
    wording::{clock_time, count},
};
use crate::{
    groups::{GroupHappened, GroupView},
    org::Org,
    sessions::SessionGroup,
};

/// Groups, members or changes on one page.
const SHOWN: usize = 500;

pub(super) async fn list(extract::State(org): extract::State<Arc<Org>>) -> Response {
    let (state, _) = org.settled();
    let number = state.groups.len();
    Page {
        tab: Tab::Groups,
        title: "Groups",
        summary: format!("{}.", count(number, "group")),
        before: html! {},
        fixed: html! {},
        live: html! {
            @if number == 0 { p.empty { "The source has sent no groups yet." } } @else {
                (table(state.groups.views().take(SHOWN), number))
            }
        },
    }
    .render(&state, &org.options.identity_source)
}

pub(super) async fn show(
    extract::State(org): extract::State<Arc<Org>>,
    Path(id): Path<String>,
) -> Response {
    let (state, _) = org.settled();
    let source = &org.options.identity_source;
    let Some(group) = state.groups.group(&id) else {
        return missing(
            &state,
            source,
            Tab::Groups,
            "Okta does not know this group.",
        );
    };
    Page {
        tab: Tab::Groups,
        title: &group.display_name,
        summary: format!("{}.", count(group.members.len(), "member")),
        before: html! {
            dl.facts {
                div { dt { "externalId" } dd { code { (group.external_id) } } }
                div { dt { "Okta id" } dd { code { (group.id) } } }
                div { dt { "Description" } dd { (group.description.as_deref().unwrap_or("none")) } }
            }
        },
        fixed: html! {},
        live: members(&group),
    }
    .render(&state, source)
}

fn table(groups: impl Iterator<Item = GroupView>, number: usize) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Groups" {
            table {
                caption { (count(number, "group")) ", by externalId" (cut(number)) }
                thead {
                    tr {
                        th scope="col" { "externalId" }
                        th scope="col" { "Name" }
                        th scope="col" { "Description" }
                        th.number scope="col" { "Members" }
                    }
                }
                tbody {
                    @for group in groups {
                        tr {
                            th scope="row" { (group_link(&group.external_id)) }
                            td.wide { (group.display_name) }
                            td.wide { (group.description.unwrap_or_default()) }
                            td.number { (group.members.len()) }
                        }
                    }
                }
            }
        }
    }
}

fn members(group: &GroupView) -> Markup {
    let number = group.members.len();
    html! {
        @if number == 0 { p.empty { "Nobody is in it." } } @else {
            div.scroll tabindex="0" role="region" aria-label="Members" {
                table {
                    caption { (count(number, "member")) (cut(number)) }
                    thead { tr { th scope="col" { "externalId" } } }
                    tbody {
                        @for member in group.members.iter().take(SHOWN) {
                            tr { th scope="row" { (user_link(member)) } }
                        }
                    }
                }
            }
        }
    }
}

/// What a session did to groups, and who joined and left them.
pub(super) fn changes(changes: &[SessionGroup], ended: bool) -> Markup {
    html! {
        @if !changes.is_empty() {
            div.scroll tabindex="0" role="region" aria-label="Groups of the session" {
                table {
                    caption {
                        (count(changes.len(), "change")) " of groups, in loading order"
                        (cut(changes.len()))
                    }
                    thead {
                        tr {
                            th scope="col" { "Group" }
                            th scope="col" { "Loaded as" }
                            th scope="col" { "Loaded at" }
                            th scope="col" { "What happened" }
                            th scope="col" { "Why" }
                        }
                    }
                    tbody { @for change in changes.iter().take(SHOWN) { (row(change, ended)) } }
                }
            }
        }
    }
}

fn row(change: &SessionGroup, ended: bool) -> Markup {
    html! {
        tr {
            th scope="row" { (group_link(&change.group)) }
            td.wide { (change.change) }
            td { (clock_time(change.loaded_at)) }
            @if let Some(outcome) = &change.outcome {
                td { span.dot.(dot(outcome.happened)) aria-hidden="true" {} (outcome.happened) }
                td.wide { (outcome.why.as_deref().unwrap_or_default()) }
            } @else {
                td { span.faint { @if ended { "left out" } @else { "nothing yet" } } }
                td {}
            }
        }
    }
}

/// The colour of the most similar outcome of a user.
fn dot(happened: GroupHappened) -> &'static str {
    match happened {
        GroupHappened::Created | GroupHappened::Joined => "created",
        GroupHappened::Updated => "updated",
        GroupHappened::Unchanged => "unchanged",
        GroupHappened::Deleted | GroupHappened::Left => "deactivated",
        GroupHappened::Ignored => "ignored",
        GroupHappened::Failed => "failed",
    }
}

fn cut(number: usize) -> Markup {
    html! { @if number > SHOWN { " (the first " (SHOWN) ")" } }
}
