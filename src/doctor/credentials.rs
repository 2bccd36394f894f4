//! The credentials: there, well-formed, and taken by Okta.

use secrecy::ExposeSecret;

use super::{Round, advice, report::Notes};
use crate::{
    clock::Clock,
    config::{CredentialsSource, Settings},
    okta::{Credentials, CredentialsError, Error, Okta, SessionInfo},
};

/// What was found of the way into Okta.
#[derive(Default)]
pub(super) struct Found {
    pub(super) notes: Notes,
    /// The client, if one can be made.
    pub(super) client: Option<Okta>,
    /// What the first call gave: the sessions that are active.
    pub(super) sessions: Option<Result<Vec<SessionInfo>, Error>>,
}

pub(super) async fn check(settings: &Settings, clock: Clock, round: &Round<'_>) -> Found {
    let mut found = Found::default();
    let Some(source) = &settings.credentials else {
        found.notes = Notes::skipped("configuration");
        return found;
    };
    let credentials = match read(source) {
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
            "put right what the check of configuration says",
        );
        return found;
    };
    let okta = Okta::new(org.clone(), id.clone(), credentials, clock);
    let sessions = okta.by(round.deadline()).active_sessions().await;
    judge(&sessions, &mut found.notes);
    found.client = Some(okta);
    found.sessions = Some(sessions);
    found
}

fn read(source: &CredentialsSource) -> Result<Credentials, CredentialsError> {
    match source {
        CredentialsSource::Inline(json) => Credentials::parse(json.expose_secret()),
        CredentialsSource::Secret(_) => Err(CredentialsError::NotUnderstood),
    }
}

/// Whatever Okta says to a call but 401, it has taken the credentials first.
fn judge<T>(answer: &Result<T, Error>, notes: &mut Notes) {
    match answer {
        Ok(_) | Err(Error::Forbidden(_) | Error::NotFound(_) | Error::Refused(_)) => {
            notes.found("Okta takes the API token");
        }
        Err(error @ (Error::Unauthorized(_) | Error::Credentials(_))) => {
            notes.fail(advice::said(error), advice::on_okta(error));
        }
        Err(_) => notes.warn(
            "whether Okta takes them could not be seen",
            "put right what the check of identity source says",
        ),
    }
}
