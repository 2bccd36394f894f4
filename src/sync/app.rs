//! The app's own rules for profiles, where runs are to keep to them.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::Time;
use crate::okta::{Okta, ProfileSchema};

/// How long Okta is waited for at most: a run goes on without.
const PATIENCE: Duration = Duration::from_secs(10);
/// For how long an answer counts, one that says nothing too: stream batches may come every second.
const COUNTS_FOR: Duration = Duration::from_secs(10 * 60);

/// The app's rules for profiles, read once in a while.
#[derive(Debug, Clone, Default)]
pub struct AppRules {
    okta: Option<Okta>,
    kept: Arc<Mutex<Option<Kept>>>,
}

/// What Okta said, if it did, and when.
type Kept = (Timestamp, Option<Arc<ProfileSchema>>);

impl AppRules {
    /// The rules that this client may read.
    #[must_use]
    pub fn of(okta: Okta) -> Self {
        Self {
            okta: Some(okta),
            ..Self::default()
        }
    }

    /// The rules, if they are to be kept to and can be read. That they cannot be read stops nobody.
    pub(crate) async fn read(&self, time: &Time) -> Option<Arc<ProfileSchema>> {
        let okta = self.okta.as_ref()?;
        let now = time.now();
        let kept = self.kept().clone();
        if let Some((_, schema)) = kept.filter(|(at, _)| now < *at + COUNTS_FOR) {
            return schema;
        }
        let calls = okta.by((now + PATIENCE).min(time.answer_by()));
        let schema = match Box::pin(calls.profile_schema()).await {
            Ok(schema) => Some(Arc::new(schema)),
            Err(error) => {
                tracing::warn!(
                    %error,
                    "the app's profile schema cannot be read, so profiles are not held against it: grant the service app \
                     the scope okta.schemas.read, or the token's admin a role that may view the app, or set \
                     PROFILE_CHECKS to off"
                );
                None
            }
        };
        *self.kept() = Some((now, schema.clone()));
        schema
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
