//! The app's own rules for profiles, if runs must follow them.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::Time;
use crate::okta::{Okta, ProfileSchema};

/// The longest wait for Okta: a run goes on without.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an answer counts, even an empty one: stream batches may come every second.
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

    /// The rules, if runs must follow them and they can be read. Rules that cannot be read stop
    /// nobody.
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
                    "the app's profile schema cannot be read, so profiles are not checked against \
                     it: grant the service app the scope okta.schemas.read, or the token's admin a \
                     role that may view the app, or set PROFILE_CHECKS to off"
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
