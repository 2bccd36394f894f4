//! Links from one page to another.

use maud::{Markup, html};

use crate::url::encoded;

/// Links to the pages before and after this one.
pub(super) fn pages(page: usize, per_page: usize, total: usize, query: &str) -> Markup {
    let to = |page: usize| {
        format!(
            "?{query}{}page={page}",
            if query.is_empty() { "" } else { "&" }
        )
    };
    let is_last = (page + 1).saturating_mul(per_page) >= total;
    html! {
        @if page > 0 || !is_last {
            nav.pages aria-label="More pages" {
                @if page > 0 { a #page-before href=(to(page - 1)) { "← Before" } }
                span { "Page " (page + 1) }
                @if !is_last { a #page-after href=(to(page + 1)) { "After →" } }
            }
        }
    }
}

/// A link to a user's page.
pub(super) fn user_link(external_id: &str) -> Markup {
    html! {
        a #{ "user-" (encoded(external_id)) } href={ "/directory/" (encoded(external_id)) } {
            code { (external_id) }
        }
    }
}

/// A link to a group's page.
pub(super) fn group_link(external_id: &str) -> Markup {
    html! { a href={ "/groups/" (encoded(external_id)) } { code { (external_id) } } }
}

/// The query of a link, without empty fields.
pub(super) fn query(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    fields.join("&")
}
