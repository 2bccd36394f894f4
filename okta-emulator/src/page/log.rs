//! The System Log as far as it can be read now, newest first.

use std::sync::Arc;

use axum::{extract, response::Response};
use maud::{Markup, html};

use super::{
    frame::{Page, Tab},
    wording::{clock_time, count},
};
use crate::{log::Logged, org::Org};

const SHOWN: usize = 200;

pub(super) async fn show(extract::State(org): extract::State<Arc<Org>>) -> Response {
    let (state, now) = org.settled();
    let events: Vec<&Logged> = state
        .log
        .readable(now)
        .rev()
        .take(SHOWN)
        .map(|(_, logged)| logged)
        .collect();
    Page {
        tab: Tab::Log,
        title: "System Log",
        summary: format!("{}.", count(events.len(), "event")),
        before: html! {},
        fixed: html! {},
        live: html! {
            @if events.is_empty() { p.empty { "Nothing has been logged yet." } } @else {
                (table(&events))
            }
        },
    }
    .render(&state, &org.options.identity_source)
}

fn table(events: &[&Logged]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Events" {
            table {
                caption { "The last " (count(events.len(), "event")) ", newest first" }
                thead {
                    tr {
                        th scope="col" { "At" }
                        th scope="col" { "Event" }
                        th scope="col" { "What it says" }
                    }
                }
                tbody { @for logged in events { (row(logged)) } }
            }
        }
    }
}

fn row(logged: &Logged) -> Markup {
    let event = &logged.event;
    html! {
        tr {
            td { (clock_time(logged.published)) }
            td.wide {
                code { (event.kind) }
                @if let Some(why) = &event.failed { span.small { (why) } }
            }
            td.wide {
                @for (name, value) in &event.debug {
                    span.small { code { (name) } " " (value) }
                }
            }
        }
    }
}
