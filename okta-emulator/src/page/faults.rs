//! The faults: what they apply to, what they do, how often they struck.

use std::sync::Arc;

use axum::{extract, response::Response};
use maud::{Markup, html};

use super::{
    frame::{Page, Tab},
    wording::count,
};
use crate::{faults::FaultView, org::Org};

/// An example of a fault, for people who have none yet.
const EXAMPLE: &str = r#"curl -X POST ORG/_emulator/faults \
  -d '{"method": "POST", "path": "/sessions/*/bulk-upsert",
       "effect": {"type": "closeAfter"}}'"#;

pub(super) async fn show(extract::State(org): extract::State<Arc<Org>>) -> Response {
    let (state, _) = org.settled();
    let faults = state.faults.views();
    let on = faults.iter().filter(|fault| fault.on).count();
    Page {
        tab: Tab::Faults,
        title: "Faults",
        summary: format!("{} on.", count(on, "fault")),
        before: html! {},
        fixed: html! {},
        live: html! {
            @if faults.is_empty() {
                div.empty {
                    h2 { "Nothing goes wrong on purpose" }
                    p { "Tests inject faults, and you can over HTTP. This one loses an answer:" }
                    pre tabindex="0" { code { (EXAMPLE) } }
                }
            } @else {
                (table(&faults))
            }
        },
    }
    .render(&state, &org.options.identity_source)
}

fn table(faults: &[FaultView]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Faults" {
            table {
                caption.unseen { "Faults, newest first" }
                thead {
                    tr {
                        th scope="col" { "State" }
                        th scope="col" { "Calls" }
                        th scope="col" { "What it does" }
                        th.number scope="col" { "Seen" }
                        th.number scope="col" { "Struck" }
                    }
                }
                tbody {
                    @for fault in faults.iter().rev() {
                        tr {
                            td {
                                @if fault.on {
                                    span.badge.warn { span aria-hidden="true" { "⚡ " } "on" }
                                } @else {
                                    span.badge.idle { span aria-hidden="true" { "– " } "over" }
                                }
                            }
                            th scope="row" { code { (fault.method) " " (fault.path) } }
                            td.wide { (fault.effect) }
                            td.number { (fault.seen) }
                            td.number { (fault.struck) }
                        }
                    }
                }
            }
        }
    }
}
