//! Our own log lines: to standard output, as JSON where Lambda asks for it.

use tracing::level_filters::LevelFilter;

/// Starts logging at this level (`LOG_LEVEL`: `ERROR` to `TRACE`; `INFO` if it says nothing).
///
/// Metrics are no log lines: they are written at every level. Lambda's own filter would drop them,
/// so that the template leaves it open and filters here.
pub fn start(level: Option<&str>) {
    let level = level.and_then(|level| level.trim().parse().ok());
    let lines = tracing_subscriber::fmt()
        .with_target(false)
        .without_time()
        .with_max_level(level.unwrap_or(LevelFilter::INFO));
    let format = std::env::var("AWS_LAMBDA_LOG_FORMAT").unwrap_or_default();
    if format.eq_ignore_ascii_case("json") {
        lines.json().init();
    } else {
        lines.init();
    }
}
