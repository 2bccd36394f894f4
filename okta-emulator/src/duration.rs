//! Durations in the form that people write.

use std::time::Duration;

use jiff::SignedDuration;

/// Reads a duration such as `300s`, `5m`, `1h 30m` or `250ms`.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| format!("{text:?} is not a duration such as 300s, 5m or 250ms"))
}
