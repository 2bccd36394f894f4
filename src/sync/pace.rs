//! How fast Okta can be told: what sessions and loads wait for.

use std::time::Duration;

/// Okta opens no session for up to so long after an import was started (Okta's developer guide).
/// It is only what a caller is told to wait; whether it is so, opening one shows.
pub(crate) const COOLDOWN: Duration = Duration::from_secs(5 * 60);
/// Loads in flight. A call takes one to two seconds, so that fifty of them take less than ten.
pub(crate) const IN_FLIGHT: usize = 10;
