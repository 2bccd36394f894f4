//! A running emulator, and what tests and tools can ask it.

use std::{collections::BTreeMap, convert::Infallible, fmt, io, net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    directory::{DirectoryUser, UserStatus},
    groups::GroupView,
    options::Options,
    org::{Org, RequestView},
    server,
    sessions::{SessionGroup, SessionStatus, SessionUser, SessionView},
};

/// An Okta org that listens. It stops when it is dropped.
///
/// The methods read the same state that the API answers from, as it is at the
/// moment of the call. Call them within the runtime that the emulator was
/// started in: under tokio's paused clock, that runtime's time counts.
pub struct Emulator {
    pub(crate) org: Arc<Org>,
    address: SocketAddr,
    server: JoinHandle<Infallible>,
}

impl Emulator {
    /// Starts listening.
    ///
    /// # Errors
    /// When the address in the options is not available, or the service app's
    /// keys cannot be read.
    pub async fn start(options: Options) -> io::Result<Self> {
        let bind = options.bind;
        let org =
            Org::new(options).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(server::serve(listener, Arc::clone(&org)));
        Ok(Self {
            org,
            address,
            server,
        })
    }

    /// The org's URL, `http://127.0.0.1:…`, without a slash at the end. In a
    /// browser it is the Import Monitoring page.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The options it was started with.
    pub fn options(&self) -> &Options {
        &self.org.options
    }

    /// The time on the emulator's clock.
    pub fn now(&self) -> std::time::SystemTime {
        self.org.clock.now()
    }

    /// All users by externalId. It is a copy: for sizes alone use
    /// [`user_count`](Self::user_count) and [`active_count`](Self::active_count).
    pub fn directory(&self) -> BTreeMap<String, DirectoryUser> {
        let (state, _) = self.org.settled();
        state
            .directory
            .users()
            .map(|user| (user.external_id.clone(), user))
            .collect()
    }

    /// One user.
    pub fn user(&self, external_id: &str) -> Option<DirectoryUser> {
        self.org.settled().0.directory.user(external_id)
    }

    /// The number of users, including deactivated ones.
    pub fn user_count(&self) -> usize {
        self.org.settled().0.directory.len()
    }

    /// The number of active users.
    pub fn active_count(&self) -> usize {
        self.org.settled().0.directory.active()
    }

    /// All sessions, in the order in which they were opened.
    pub fn sessions(&self) -> Vec<SessionView> {
        self.org.settled().0.sessions.views()
    }

    /// One session.
    pub fn session(&self, id: &str) -> Option<SessionView> {
        self.org.settled().0.sessions.view(id)
    }

    /// The users of a session by externalId: what was loaded, when, and what
    /// became of it. Empty if there is no such session.
    pub fn session_users(&self, id: &str) -> Vec<SessionUser> {
        self.org.settled().0.sessions.users(id).unwrap_or_default()
    }

    /// A session's changes of groups and memberships, in the order in which they
    /// were loaded, and what became of them. Empty if there is no such session.
    pub fn session_groups(&self, id: &str) -> Vec<SessionGroup> {
        let (state, _) = self.org.settled();
        state.sessions.groups(id).unwrap_or_default().to_vec()
    }

    /// All groups from the source, by externalId.
    pub fn groups(&self) -> BTreeMap<String, GroupView> {
        let (state, _) = self.org.settled();
        state
            .groups
            .views()
            .map(|group| (group.external_id.clone(), group))
            .collect()
    }

    /// Every call to the API so far, in the order in which they were answered.
    pub fn requests(&self) -> Vec<RequestView> {
        self.org.settled().0.requests.clone()
    }

    /// The number of calls to the API.
    pub fn request_count(&self) -> usize {
        self.org.settled().0.requests.len()
    }

    /// Everything that a correct client never does, one sentence for each time.
    pub fn violations(&self) -> Vec<String> {
        self.org.settled().0.violations.clone()
    }

    /// Forgets the calls and the violations so far.
    pub fn clear_requests(&self) {
        let (mut state, _) = self.org.settled();
        state.requests.clear();
        state.violations.clear();
    }

    /// Puts a user into the directory, without any check.
    pub fn seed_user<N: Into<String>, V: Into<String>>(
        &self,
        external_id: &str,
        status: UserStatus,
        profile: impl IntoIterator<Item = (N, V)>,
    ) {
        let profile = profile
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        let (mut state, now) = self.org.settled();
        state.directory.put_as_is(external_id, profile, status, now);
    }

    /// Opens a session as another client would leave it, even if others are
    /// open, and returns its id.
    pub fn open_foreign_session(&self) -> String {
        let (mut state, now) = self.org.settled();
        state.sessions.open_foreign(now)
    }

    /// Puts a session into a status, whether Okta knows that status or not. This
    /// imports nothing. Returns false when there is no such session.
    pub fn force_status(&self, session: &str, status: impl Into<SessionStatus>) -> bool {
        let (mut state, now) = self.org.settled();
        state.sessions.force(session, status.into(), now)
    }

    /// Removes a session, so that the API answers 404. Returns false when there
    /// is no such session.
    pub fn forget_session(&self, session: &str) -> bool {
        self.org.settled().0.sessions.forget(session)
    }

    /// Lets the next session be opened at once, whenever the last one was
    /// triggered.
    pub fn end_cooldown(&self) {
        self.org.settled().0.sessions.end_cooldown();
    }
}

/// Short, however many users there are.
impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Emulator").field(&self.url()).finish()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}
