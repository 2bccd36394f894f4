//! The frame of every page.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::wording::count;
use crate::{faults::FaultView, org::State};

/// The pages that the navigation leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Imports,
    Directory,
    Groups,
    Log,
    Requests,
    Faults,
}

const TABS: [(Tab, &str, &str); 6] = [
    (Tab::Imports, "/", "Imports"),
    (Tab::Directory, "/directory", "Directory"),
    (Tab::Groups, "/groups", "Groups"),
    (Tab::Log, "/log", "Log"),
    (Tab::Requests, "/requests", "Requests"),
    (Tab::Faults, "/faults", "Faults"),
];

/// A page: parts that are kept fresh, and in between a part that stays as it is,
/// such as a search form.
pub(super) struct Page<'a> {
    pub(super) tab: Tab,
    pub(super) title: &'a str,
    /// What a screen reader says when something changes.
    pub(super) summary: String,
    pub(super) before: Markup,
    pub(super) fixed: Markup,
    pub(super) live: Markup,
}

impl Page<'_> {
    pub(super) fn render(self, state: &State, identity_source: &str) -> Response {
        let faults_on = state.faults.views().iter().filter(|fault| fault.on).count();
        answer(html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · Okta emulator" }
                    link rel="icon" href=(ICON);
                    link rel="stylesheet" href="/page.css";
                    noscript { meta http-equiv="refresh" content="5"; }
                    script src="/page.js" defer {}
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    header.top {
                        div.bar {
                            a.brand href="/" {
                                span.mark aria-hidden="true" {}
                                span { "Okta emulator" }
                            }
                            nav aria-label="Pages" data-live {
                                ul {
                                    @for (tab, path, name) in TABS {
                                        li {
                                            a href=(path)
                                                aria-current=[(tab == self.tab).then_some("page")] {
                                                (name)
                                                @if tab == Tab::Faults && faults_on > 0 {
                                                    " " span.pill { (faults_on) span.unseen { " on" } }
                                                }
                                            }
                                        }
                                    }
                                }
                            }
                            button #pause type="button" hidden { "Pause updates" }
                        }
                    }
                    main #content tabindex="-1" {
                        div.title {
                            h1 { (self.title) }
                            p.source { "Identity source " code { (identity_source) } }
                        }
                        p #lost .notice.bad role="alert" hidden {
                            "The emulator no longer answers. What you see is from before."
                        }
                        div data-live { (self.before) }
                        (self.fixed)
                        div data-live { (self.live) }
                        p #said .unseen role="status" data-summary=(self.summary) {}
                    }
                }
            }
        })
    }
}

/// A page for something that does not exist.
pub(super) fn missing(state: &State, identity_source: &str, tab: Tab, what: &str) -> Response {
    let page = Page {
        tab,
        title: "Not found",
        summary: String::new(),
        before: html! {},
        fixed: html! {},
        live: html! { p.empty { (what) } },
    };
    let page = page.render(state, identity_source);
    (StatusCode::NOT_FOUND, page).into_response()
}

/// What the client did that no client should do.
pub(super) fn violations(violations: &[String]) -> Markup {
    const SHOWN: usize = 20;
    html! {
        @if !violations.is_empty() {
            section.notice.bad aria-labelledby="violations" {
                h2 #violations {
                    (count(violations.len(), "violation")) " of Okta’s rules"
                }
                ul {
                    @for violation in violations.iter().rev().take(SHOWN) { li { (violation) } }
                    @if violations.len() > SHOWN {
                        li { "and " (violations.len() - SHOWN) " before these" }
                    }
                }
            }
        }
    }
}

/// The faults that will strike.
pub(super) fn faults_on(faults: &[FaultView]) -> Markup {
    let on: Vec<&FaultView> = faults.iter().filter(|fault| fault.on).collect();
    html! {
        @if !on.is_empty() {
            section.notice.warn aria-labelledby="faults-on" {
                h2 #faults-on { (count(on.len(), "fault")) " on" }
                ul {
                    @for fault in on {
                        li { code { (fault.method) " " (fault.path) } " " (fault.effect) }
                    }
                }
            }
        }
    }
}

/// Two arrows in a circle, one in and one out.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Ccircle cx='16' cy='16' r='11' fill='none' stroke='%233f59e4' stroke-width='7'/%3E%3C/svg%3E";

/// A page that exists and must not be cached.
fn answer(markup: Markup) -> Response {
    let fresh = [(header::CACHE_CONTROL, "no-store")];
    (fresh, Html(markup.into_string())).into_response()
}
