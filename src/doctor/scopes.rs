//! What Okta may be asked beyond what every run needs, and what is known without it.

use super::{Round, advice, report::Notes};
use crate::okta::{Beyond, Error};

/// Each scope, what it is for, and what is so without it.
const LOGS: (&str, &str) = (
    "okta.logs.read",
    "whom Okta refuses inside an import of more than 25 people is found by the next verification alone, and why it refuses \
     anybody only in the admin console",
);
const USERS: (&str, &str) = (
    "okta.users.read",
    "a leaver whom Okta still shows may be told again for nothing, or be found late, and explain does not say a user's status",
);
const APPS: (&str, &str) = (
    "okta.apps.read",
    "who has a login that somebody else wants is not named, and the app's users cannot be verified",
);

/// Nobody has such a login.
const NOBODY: &str = "nobody@dynamodb-identity-source.invalid";

/// Where it only reads, nobody looks into the System Log.
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

/// None of them is needed, so that none is missed.
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
