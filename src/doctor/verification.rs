//! Whether Okta can be verified: no run needs it.

use super::{Round, advice, report::Notes};
use crate::okta::Okta;

pub(super) async fn check(okta: Option<&Okta>, round: &Round<'_>) -> Notes {
    let Some(okta) = okta else {
        return Notes::skipped("identity source");
    };
    let mut notes = Notes::default();
    match okta.by(round.deadline()).may_list_app_users().await {
        Ok(()) => notes.found("the app's users can be listed"),
        Err(error) => notes.warn(
            format!("the app's users cannot be listed: {}", advice::said(&error)),
            "grant the service app the scope okta.apps.read and a role that may view the app, or the \
             token's admin such a role: without it nobody can verify what Okta has, or adopt people \
             whom another tool has loaded; no run needs it",
        ),
    }
    notes
}
