//! The endpoints: Okta's, and the emulator's own under `/_emulator`.

pub(crate) mod emulator;
pub(crate) mod hand;
pub(crate) mod schema;
pub(crate) mod sessions;
pub(crate) mod token;
pub(crate) mod users;

use axum::http::Uri;

use crate::{org::Org, refusal::Refusal};

/// How many users a bulk request carried, told by its handler.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entities(pub(crate) usize);

pub(crate) async fn nothing_here(uri: Uri) -> Refusal {
    Refusal::not_found(uri.path(), "Endpoint")
}

pub(crate) async fn wrong_method() -> Refusal {
    Refusal::wrong_method()
}

fn check_source(org: &Org, source: &str) -> Result<(), Refusal> {
    if source == org.options.identity_source {
        Ok(())
    } else {
        Err(Refusal::not_found(source, "IdentitySource"))
    }
}
