//! What Okta may be asked beyond what every run needs, and what is known without it.

use super::{Round, advice, report::Notes};
use crate::okta::{Beyond, Error, scopes};

/// Each scope, and what is missing without it.
const LOGS: (&str, &str) = (
    scopes::LOGS,
    "users that Okta refuses inside an import of more than 25 people are found by the next \
     verification alone, and the reason is only in the admin console",
);
const USERS: (&str, &str) = (
    scopes::USERS,
    "a leaver that Okta still shows may be told again for nothing, or be found late, and explain \
     does not say a user's status",
);
const APPS: (&str, &str) = (
    scopes::APPS,
    "the holder of a login that somebody else wants is not named, and the app's users cannot be \
     verified",
);

/// Nobody has such a login.
const NOBODY: &str = "nobody@dynamodb-identity-source.invalid";

/// A function that only reads does not look into the System Log.
pub(super) async fn check(beyond: Option<&Beyond>, reads_only: bool, round: &Round<'_>) -> Notes {
    let Some(beyond) = beyond else {
        return Notes::skipped("identity source");
    };
    let (until, since) = (round.deadline(), round.time.now());
    let mut notes = Notes::default();
    if !reads_only {
        let logs = beyond
            .logs
            .ask(until, async |calls| calls.import_events(since).await)
            .await;
        say(LOGS, logs, &mut notes);
    }
    let users = beyond
        .users
        .ask(until, async |calls| calls.org_user(NOBODY).await)
        .await;
    let apps = beyond
        .apps
        .ask(until, async |calls| calls.app_user_with(NOBODY).await)
        .await;
    say(USERS, users, &mut notes);
    say(APPS, apps, &mut notes);
    notes
}

/// None of these scopes is needed, so a missing one is no fault.
fn say<T>((scope, without): (&str, &str), answer: Result<Option<T>, Error>, notes: &mut Notes) {
    match answer {
        Ok(Some(_)) => notes.found(format!("{scope} is there")),
        Ok(None) => notes.found(format!("without {scope}, {without}")),
        Err(error) => notes.warn(
            format!("{scope} could not be tried: {}", advice::said(&error)),
            advice::on_okta(&error),
        ),
    }
}
