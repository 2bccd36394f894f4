//! The environment, and what it leads to.

use aws_sdk_dynamodb::Client;

use super::report::Notes;
use crate::{
    clock::Clock,
    config::{CredentialsSource, MappingSource, Settings},
    ledger::Ledger,
    users::UsersTable,
};

/// The tables that the environment names.
pub(super) struct Tables {
    pub(super) users: Option<(String, UsersTable)>,
    pub(super) state: Option<(String, Ledger)>,
    /// Where what runs did is kept, if that is a table of its own.
    pub(super) history: Option<(String, Ledger)>,
}

pub(super) fn tables(settings: &Settings, client: &Client, clock: Clock) -> Tables {
    let users = |name: &String| (name.clone(), UsersTable::new(client.clone(), name.clone()));
    let state = |name: &String| {
        let ledger = Ledger::new(client.clone(), name.clone(), clock);
        (name.clone(), ledger)
    };
    Tables {
        users: settings.users_table.as_ref().map(users),
        state: settings.state_table.as_ref().map(state),
        history: settings.history_table.as_ref().map(state),
    }
}

pub(super) fn check(settings: &Settings) -> Notes {
    let mut notes = Notes::default();
    for wrong in &settings.wrong {
        notes.fail(
            wrong,
            "set these variables as docs/reference/settings.md says",
        );
    }
    if settings.history_table.is_some() && settings.history_table == settings.state_table {
        notes.warn(
            "HISTORY_TABLE names the state table: every full run reads the history along with the \
             ledger",
            "give the history a table of its own, with the key pk (S)",
        );
    }
    if settings.reads_only() && settings.push == Some(true) {
        notes.warn(
            "PUSH is on, and READ_ONLY refuses every push",
            "set PUSH to off here, or READ_ONLY to off if this function must bring Okta to what \
             the users table says",
        );
    }
    if settings.wrong.is_empty() {
        let mapping = match &settings.mapping {
            MappingSource::Default => "the default mapping".to_owned(),
            MappingSource::Inline(_) => "the mapping in MAPPING".to_owned(),
            MappingSource::File(path) => format!("the mapping in {path}"),
        };
        let credentials = match &settings.credentials {
            Some(CredentialsSource::Secret(_)) => "credentials in Secrets Manager",
            _ => "credentials in OKTA_CREDENTIALS",
        };
        let org = settings.org_url.as_ref();
        notes.found(format!(
            "complete; {}, {credentials}, {mapping}",
            org.map(ToString::to_string).unwrap_or_default()
        ));
    }
    notes
}
