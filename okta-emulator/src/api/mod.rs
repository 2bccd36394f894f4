//! The endpoints: Okta's, and the emulator's own under `/_emulator`.

pub(crate) mod apps;
pub(crate) mod emulator;
pub(crate) mod groups;
pub(crate) mod hand;
pub(crate) mod logs;
pub(crate) mod mappings;
pub(crate) mod okta_users;
mod paging;
pub(crate) mod schema;
pub(crate) mod sessions;
pub(crate) mod token;
pub(crate) mod users;

use axum::http::{StatusCode, Uri};

use crate::{
    load::Flaw,
    org::{Org, State},
    refusal::Refusal,
};

/// The number of users in a bulk request, set by its handler.
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

/// The answer to deleting a single user or group.
fn deleted(org: &Org) -> StatusCode {
    if org.options.delete_answers_204 {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::OK
    }
}

/// A body that was read, or its refusal, which is recorded as a violation.
fn noting<T>(state: &mut State, what: &str, read: Result<T, Flaw>) -> Result<T, Refusal> {
    read.map_err(|flaw| {
        state.violations.push(format!("{what}: {}", flaw.violation));
        *flaw.refusal
    })
}
