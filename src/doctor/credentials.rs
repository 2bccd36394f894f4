//! The credentials: present, well-formed, and accepted by Okta.

use super::{Round, advice, report::Notes};
use crate::{
    clock::Clock,
    config::Settings,
    okta::{
        Beyond, Error, Grant, Okta, SessionInfo,
        scopes::{MANAGE, READ},
    },
};

/// What was found about the way into Okta.
#[derive(Default)]
pub(super) struct Found {
    pub(super) notes: Notes,
    /// The client, if one can be made.
    pub(super) client: Option<Okta>,
    /// A client that may read the app's profile schema, if Okta lets it.
    pub(super) schemas: Option<Okta>,
    /// The ways to what no run needs.
    pub(super) beyond: Option<Beyond>,
    /// What the first call gave: the active sessions.
    pub(super) sessions: Option<Result<Vec<SessionInfo>, Error>>,
}

pub(super) async fn check(settings: &Settings, clock: Clock, round: &Round<'_>) -> Found {
    let mut found = Found::default();
    let Some(source) = &settings.credentials else {
        found.notes = Notes::skipped("configuration");
        return found;
    };
    let credentials = match round.sdk.credentials(source).await {
        Ok(credentials) => credentials,
        Err(error) => {
            let todo = advice::on_okta(&Error::Credentials(error.clone()));
            found.notes.fail(error.to_string(), todo);
            return found;
        }
    };
    found.notes.found("they can be read");
    let (Some(org), Some(id)) = (&settings.org_url, &settings.identity_source) else {
        found.notes.warn(
            "they could not be tried",
            "fix what the check of configuration says",
        );
        return found;
    };
    let (okta, needed) = if settings.reads_only() {
        let okta = Okta::for_reading(org.clone(), id.clone(), credentials, clock);
        (okta, READ)
    } else {
        (
            Okta::new(org.clone(), id.clone(), credentials, clock),
            MANAGE,
        )
    };
    let grant = okta.by(round.deadline()).grant().await;
    let sessions = match grant {
        Ok(grant) => {
            let sessions = okta.by(round.deadline()).active_sessions().await;
            judge(&sessions, &grant, needed, &mut found.notes);
            sessions
        }
        Err(error) => {
            found
                .notes
                .fail(advice::said(&error), advice::on_okta(&error));
            Err(error)
        }
    };
    let again = async || round.sdk.credentials(source).await.ok();
    found.schemas = again()
        .await
        .map(|credentials| Okta::for_schemas(org.clone(), id.clone(), credentials, clock));
    if let (Some(one), Some(two), Some(three), Some(four)) =
        (again().await, again().await, again().await, again().await)
    {
        let credentials = [one, two, three, four];
        found.beyond = Some(Beyond::new(org, id, credentials, clock));
    }
    found.client = Some(okta);
    found.sessions = Some(sessions);
    found
}

/// Unless Okta answers 401, it has accepted the credentials.
fn judge<T>(answer: &Result<T, Error>, grant: &Grant, needed: &str, notes: &mut Notes) {
    let taken = match grant {
        Grant::ApiToken => "Okta accepts the API token".to_owned(),
        Grant::AccessToken { dpop, scopes } => format!(
            "Okta gave the service app a token {} DPoP, with {}",
            if *dpop { "bound by" } else { "without" },
            scopes.join(" ")
        ),
    };
    if let Grant::AccessToken { scopes, .. } = grant
        && !scopes.iter().any(|scope| scope == needed)
    {
        notes.fail(
            format!("{taken}, but without {needed}"),
            format!("grant the service app {needed} on its tab Okta API Scopes"),
        );
        return;
    }
    match answer {
        Ok(_) | Err(Error::Forbidden(_) | Error::NotFound(_) | Error::Refused(_)) => {
            notes.found(taken);
        }
        Err(error @ (Error::Unauthorized(_) | Error::Credentials(_))) => {
            notes.fail(advice::said(error), advice::on_okta(error));
        }
        Err(_) => notes.warn(
            "whether Okta accepts them could not be seen",
            "fix what the check of identity source says",
        ),
    }
}
