//! Waiting until nothing of ours is under way at Okta.
//!
//! A page counts only if no session was open or being imported when it was asked for, and none was
//! opened until it came. Sessions are numbered before anything else happens with them, so the log's
//! last number shows it.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    VerifyError,
    came::{Came, under_way},
};
use crate::{
    ledger::Number,
    okta::{Calls, SessionStatus},
    sync::{Books, Run, Time},
};

/// How long an invocation waits for sessions in all, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(3 * 60);
const EVERY: Duration = Duration::from_secs(10);

/// The books, and the time.
pub(super) struct Still<'a> {
    pub(super) books: Books,
    okta: Calls,
    time: &'a Time,
    until: Timestamp,
}

impl<'a> Still<'a> {
    pub(super) fn new(books: Books, run: &Run, time: &'a Time) -> Self {
        Self {
            books,
            okta: run.okta.by(time.answer_by()),
            time,
            until: (time.now() + PATIENCE).min(time.load_until()),
        }
    }

    /// Waits until nothing is under way. The last session's number, or nothing if that takes too
    /// long.
    pub(super) async fn wait(&mut self) -> Result<Option<Number>, VerifyError> {
        loop {
            if let Some(last) = self.books.stillness(&self.okta, self.time).await? {
                return Ok(Some(last));
            }
            let next = self.time.now() + EVERY;
            if next > self.until {
                return Ok(None);
            }
            self.time.clock().sleep_until(next).await;
        }
    }

    /// Whether nothing was under way since this was the last session.
    pub(super) async fn is_since(&mut self, last: Number) -> Result<bool, VerifyError> {
        let now = self.books.stillness(&self.okta, self.time).await?;
        Ok(now == Some(last))
    }

    /// The number for what was seen at Okta, if nothing was under way since this was the last
    /// session.
    pub(super) async fn number(&mut self, last: Number) -> Result<Option<Number>, VerifyError> {
        Ok(self.books.seen_after(last, self.time).await?)
    }

    /// Whether Okta imports a session that is not ours.
    pub(super) async fn somebody_else_imports(&mut self) -> Result<Option<Came>, VerifyError> {
        let active = self.okta.active_sessions().await.map_err(run_error)?;
        let log = self.books.log();
        let mut foreign = active.iter().filter(|session| !log.knows(&session.id));
        let imports = foreign.any(|session| session.status == SessionStatus::Triggered);
        Ok(imports.then(|| under_way(self.time)))
    }
}

/// What Okta says about sessions means the same as in runs.
fn run_error(error: crate::okta::Error) -> VerifyError {
    VerifyError::Run(error.into())
}
