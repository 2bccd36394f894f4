//! Whether Okta can be verified. No run needs it.

use super::{Round, advice, report::Notes};
use crate::okta::Beyond;

pub(super) async fn check(beyond: Option<&Beyond>, round: &Round<'_>) -> Notes {
    let Some(beyond) = beyond else {
        return Notes::skipped("identity source");
    };
    let mut notes = Notes::default();
    let tried = beyond.apps.insist(round.deadline(), async |calls| {
        calls.may_list_app_users().await
    });
    match tried.await {
        Ok(()) => notes.found("the app's users can be listed"),
        Err(error) => notes.warn(
            format!("the app's users cannot be listed: {}", advice::said(&error)),
            "grant the service app the scope okta.apps.read and a role that may view the app, or \
             the token's admin such a role: without it nobody can verify what Okta has, or adopt \
             people that another tool has loaded; no run needs it",
        ),
    }
    notes
}
