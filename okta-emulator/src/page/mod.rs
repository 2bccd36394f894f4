//! The Import Monitoring page: what Okta's admin console would show of the
//! imports, and what only the emulator knows. Rendered here, without a build
//! step. A small script keeps it fresh, and without scripts the browser does.

mod directory;
mod faults;
mod frame;
mod groups;
mod imports;
mod links;
mod log;
mod requests;
mod session;
mod user;
mod wording;

use std::sync::Arc;

use axum::{Router, http::header, response::IntoResponse, routing::get};

use crate::org::Org;

/// Narrow rules come last, since they override wide ones.
const STYLES: &str = concat!(
    include_str!("styles/palette.css"),
    include_str!("styles/frame.css"),
    include_str!("styles/outcomes.css"),
    include_str!("styles/content.css"),
);

pub(crate) fn routes() -> Router<Arc<Org>> {
    Router::new()
        .route("/", get(imports::show))
        .route("/sessions/{session}", get(session::show))
        .route("/directory", get(directory::list))
        .route("/directory/{user}", get(user::show).post(user::act))
        .route("/groups", get(groups::list))
        .route("/groups/{group}", get(groups::show))
        .route("/log", get(log::show))
        .route("/requests", get(requests::show))
        .route("/faults", get(faults::show))
        .route("/page.css", get(|| asset("text/css", STYLES)))
        .route(
            "/page.js",
            get(|| asset("text/javascript", include_str!("page.js"))),
        )
}

async fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let kind = format!("{kind}; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text)
}
