//! How fast Okta can be told: what sessions and loads wait for.

use std::time::Duration;

/// How long Okta may refuse a session after an import was started (Okta's developer guide). Callers
/// are told to wait this long. Whether it is true shows when a session is opened.
pub(crate) const COOLDOWN: Duration = Duration::from_secs(5 * 60);
/// How many loads run at once. A call takes one to two seconds, so fifty of them take less than
/// ten.
pub(crate) const IN_FLIGHT: usize = 10;
