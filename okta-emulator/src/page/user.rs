//! One user: the attributes, what each session did, and admin actions.

use std::sync::Arc;

use axum::{
    Form,
    extract::{self, Path},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};

use super::{
    directory::name,
    frame::{Page, Tab, missing},
    links::group_link,
    wording::{count, date_time, load_kind, outcome, status, user_status},
};
use crate::{
    directory::{Action, DirectoryUser, Outcome, UserStatus},
    org::{Org, State},
    sessions::{SessionUser, SessionView},
    url::encoded,
};

pub(super) async fn show(
    extract::State(org): extract::State<Arc<Org>>,
    Path(id): Path<String>,
) -> Response {
    let (state, _) = org.settled();
    page(&state, &org, &id, None)
}

/// Does what an admin would do, and shows the user again.
pub(super) async fn act(
    extract::State(org): extract::State<Arc<Org>>,
    Path(id): Path<String>,
    Form(action): Form<Action>,
) -> Response {
    let (mut state, now) = org.settled();
    match state.act(&id, &action, now) {
        Ok(()) if action == Action::Delete => Redirect::to("/directory").into_response(),
        Ok(()) => Redirect::to(&format!("/directory/{}", encoded(&id))).into_response(),
        Err(why) => page(&state, &org, &id, Some(&why)),
    }
}

fn page(state: &State, org: &Org, id: &str, refused: Option<&str>) -> Response {
    let source = &org.options.identity_source;
    let Some(user) = state.directory.user(id) else {
        return missing(
            state,
            source,
            Tab::Directory,
            "Okta does not know this user.",
        );
    };
    Page {
        tab: Tab::Directory,
        title: &name(&user),
        summary: String::new(),
        before: html! {
            @if let Some(why) = refused { p.notice.bad role="alert" { (why) } }
            (facts(&user))
            (buttons(&user))
        },
        fixed: edit(state, &user),
        live: html! {
            @if user.profile.is_empty() { p.empty { "The profile is empty." } }
            @else { (profile(&user)) }
            (groups(&state.groups.of_member(id)))
            (history(&state.sessions.of_user(id)))
        },
    }
    .render(state, source)
}

fn facts(user: &DirectoryUser) -> Markup {
    html! {
        dl.facts {
            div {
                dt { "Status" }
                dd {
                    (user_status(user.status))
                    @if !user.assigned { " " span.badge.warn { "without the app" } }
                }
            }
            div { dt { "externalId" } dd { code { (user.external_id) } } }
            div { dt { "Okta id" } dd { code { (user.id) } } }
            div { dt { "Created" } dd { (date_time(user.created)) } }
            div { dt { "Last changed" } dd { (date_time(user.last_updated)) } }
        }
    }
}

/// The admin actions that take one click.
fn buttons(user: &DirectoryUser) -> Markup {
    let button = |action: &str, text: &str| {
        html! { button #{ "admin-" (action) } name="do" value=(action) { (text) } }
    };
    html! {
        form.search method="post" action={ "/directory/" (encoded(&user.external_id)) } {
            span { "As an admin:" }
            @match user.status {
                UserStatus::Active => (button("deactivate", "Deactivate")),
                UserStatus::Deprovisioned => (button("reactivate", "Reactivate")),
            }
            @if user.assigned { (button("unassign", "Unassign the app")) }
            (button("delete", "Delete for good"))
        }
    }
}

fn edit(state: &State, user: &DirectoryUser) -> Markup {
    html! {
        form.search method="post" action={ "/directory/" (encoded(&user.external_id)) } {
            label for="attribute" { "Edit as an admin" }
            select #attribute name="attribute" {
                @for name in state.directory.attributes() { option { (name) } }
            }
            label.unseen for="value" { "Value; empty clears it" }
            input #value name="value" autocomplete="off" placeholder="empty clears it";
            button name="do" value="edit" { "Set" }
        }
    }
}

fn profile(user: &DirectoryUser) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Profile" {
            table.profile {
                caption { "Profile" }
                thead { tr { th scope="col" { "Attribute" } th scope="col" { "Value" } } }
                tbody {
                    @for (name, value) in &user.profile {
                        tr { th scope="row" { code { (name) } } td.wide { (value) } }
                    }
                }
            }
        }
    }
}

fn groups(groups: &[&str]) -> Markup {
    html! {
        @if !groups.is_empty() {
            p.next {
                "In " (count(groups.len(), "group")) ": "
                @for (place, group) in groups.iter().enumerate() {
                    @if place > 0 { ", " }
                    (group_link(group))
                }
            }
        }
    }
}

/// What each session did to the user, newest first.
fn history(sessions: &[(SessionView, SessionUser)]) -> Markup {
    html! {
        @if !sessions.is_empty() {
            div.scroll tabindex="0" role="region" aria-label="Sessions of the user" {
                table {
                    caption { "What each session did to this user, newest first" }
                    thead {
                        tr {
                            th scope="col" { "Session" }
                            th scope="col" { "Status" }
                            th scope="col" { "Loaded" }
                            th scope="col" { "What happened" }
                            th scope="col" { "Why" }
                        }
                    }
                    tbody { @for (session, user) in sessions.iter().rev() { (row(session, user)) } }
                }
            }
        }
    }
}

fn row(session: &SessionView, user: &SessionUser) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href={ "/sessions/" (session.id) } { code { (session.id) } }
            }
            td { (status(&session.status)) }
            td {
                (load_kind(user.loaded))
                span.small { (date_time(user.loaded_at)) }
            }
            td {
                (happened(user.outcome.as_ref(), session.ended.is_some()))
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

/// What happened to a user in a session, or that nothing did.
pub(super) fn happened(result: Option<&Outcome>, ended: bool) -> Markup {
    html! {
        @if let Some(result) = result {
            @let name = outcome(result.happened);
            span.dot.(name) aria-hidden="true" {} (name)
        } @else if ended {
            span.faint { "left out" }
        } @else {
            span.faint { "nothing yet" }
        }
    }
}

/// Why it happened, and what Okta's log says if Okta refused the user.
pub(super) fn why(result: &Outcome) -> Markup {
    html! {
        (result.why.as_deref().unwrap_or_default())
        @if let Some(refused) = &result.refused {
            span.small { "logged as " code { (refused.field) " " (refused.code) } }
        }
    }
}
