//! The calls to the API, newest first.

use std::sync::Arc;

use axum::{extract, response::Response};
use maud::{Markup, html};

use super::{
    frame::{Page, Tab, violations},
    wording::{clock_time, count, grouped},
};
use crate::{
    gate::source_path,
    org::{Org, RequestView},
};

const SHOWN: usize = 200;

pub(super) async fn show(extract::State(org): extract::State<Arc<Org>>) -> Response {
    let (state, _) = org.settled();
    let requests = &state.requests;
    Page {
        tab: Tab::Requests,
        title: "Requests",
        summary: format!("{}.", count(requests.len(), "call")),
        before: html! {},
        fixed: html! {},
        live: html! {
            (violations(&state.violations))
            @if requests.is_empty() { p.empty { "Nobody has called the API yet." } } @else {
                (who(requests))
                (table(requests, &org))
            }
        },
    }
    .render(&state, &org.options.identity_source)
}

/// Who called last: clients name themselves.
fn who(requests: &[RequestView]) -> Markup {
    let name = requests.last().and_then(|last| last.user_agent.as_deref());
    html! {
        @if let Some(name) = name { p.next { "The last call came from " code { (name) } "." } }
    }
}

fn table(requests: &[RequestView], org: &Org) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Calls" {
            table {
                caption {
                    (count(requests.len(), "call")) ", newest first"
                    @if requests.len() > SHOWN { " (the last " (SHOWN) ")" }
                }
                thead {
                    tr {
                        th scope="col" { "At" }
                        th scope="col" { "Answer" }
                        th scope="col" { "Call" }
                        th.number scope="col" { "Users" }
                        th.number scope="col" { "Bytes" }
                        th scope="col" { "Fault" }
                    }
                }
                tbody {
                    @for request in requests.iter().rev().take(SHOWN) { (row(request, org)) }
                }
            }
        }
    }
}

fn row(request: &RequestView, org: &Org) -> Markup {
    let path = source_path(org, &request.path).unwrap_or(&request.path);
    let class = match request.status {
        200..300 => "good",
        429 => "warn",
        _ => "bad",
    };
    html! {
        tr {
            td { (clock_time(request.at)) }
            td {
                span.badge.(class) {
                    @if request.status == 0 { "closed" } @else { (request.status) }
                }
                @if let Some(error) = &request.error { span.small { (error) } }
            }
            td.wide title=(request.path) { code { b { (request.method) } " " (path) } }
            td.number { @if request.entities > 0 { (request.entities) } }
            td.number { @if request.bytes > 0 { (grouped(request.bytes)) } }
            td { (request.faults.join(", ")) }
        }
    }
}
