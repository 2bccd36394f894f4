//! The emulated org: its state, and the lock around it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use serde::Serialize;

use crate::{
    clock::{Clock, serialize_iso},
    directory::{Action, Directory},
    faults::Faults,
    groups::Groups,
    ids::Ids,
    log::SystemLog,
    oauth::AuthorizationServer,
    options::Options,
    rate::Rates,
    sessions::{Book, Imported},
    unknowns::SingleDelete,
};

/// Everything there is, shared by all calls.
#[derive(Debug)]
pub(crate) struct Org {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    state: Mutex<State>,
}

/// The state that calls change.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) directory: Directory,
    pub(crate) groups: Groups,
    pub(crate) log: SystemLog,
    pub(crate) sessions: Book,
    pub(crate) rates: Rates,
    pub(crate) requests: Vec<RequestView>,
    pub(crate) violations: Vec<String>,
    pub(crate) ids: Ids,
    pub(crate) faults: Faults,
    pub(crate) api_token: String,
    /// What a single user's DELETE does.
    pub(crate) single_delete: SingleDelete,
    /// `None` if no service app is registered.
    pub(crate) oauth: Option<AuthorizationServer>,
}

/// One call, as it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestView {
    /// When it arrived.
    #[serde(serialize_with = "serialize_iso")]
    pub at: SystemTime,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// The status answered; 0 if the connection was closed instead.
    pub status: u16,
    /// Okta's error code, if the call was refused.
    pub error: Option<String>,
    /// The name that the client gave itself.
    pub user_agent: Option<String>,
    /// Bytes of the request's body.
    pub bytes: usize,
    /// Users in the request, if it is a well-formed bulk request.
    pub entities: usize,
    /// What faults did to the call, in words. The status is that of the work,
    /// even if its answer was lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

impl Org {
    /// Fails if the service app's keys cannot be read.
    pub(crate) fn new(options: Options) -> Result<Arc<Self>, String> {
        let app = options.service_app.as_ref();
        let oauth = app.map(|app| AuthorizationServer::new(app, options.started));
        Ok(Arc::new(Self {
            clock: Clock::starting_at(options.started),
            state: Mutex::new(State {
                directory: Directory::new(&options),
                groups: Groups::default(),
                log: SystemLog::new(&options),
                sessions: Book::new(&options),
                rates: Rates::new(&options),
                requests: Vec::new(),
                violations: Vec::new(),
                ids: Ids::default(),
                faults: Faults::default(),
                api_token: options.token.clone(),
                single_delete: options.single_delete,
                oauth: oauth.transpose()?,
            }),
            options,
        }))
    }

    /// The current state, after all imports that are due.
    pub(crate) fn settled(&self) -> (MutexGuard<'_, State>, SystemTime) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let State {
            sessions,
            directory,
            groups,
            log,
            ..
        } = &mut *state;
        let mut imported = Imported {
            users: directory,
            groups,
            log,
        };
        sessions.settle(now, &mut imported);
        (state, now)
    }
}

impl State {
    /// Does what an admin does. Returns the reason if it cannot be done.
    pub(crate) fn act(
        &mut self,
        external_id: &str,
        action: &Action,
        now: SystemTime,
    ) -> Result<(), String> {
        self.directory.act(external_id, action, now)?;
        if *action == Action::Delete {
            self.groups.without(external_id);
        }
        Ok(())
    }
}
