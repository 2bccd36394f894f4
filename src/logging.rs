//! Our own log lines: to standard output, as JSON where Lambda asks for it.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Whose lines are ours: the library's and the bootstrap's.
const OURS: [&str; 2] = ["dynamodb_identity_source", "bootstrap"];

/// Starts logging our own lines at this level (`LOG_LEVEL`: `ERROR` to `TRACE`; `INFO` if it says
/// nothing). Other crates' lines are warnings at most: at `TRACE` the AWS SDK's tell what
/// DynamoDB answers, and so people's records.
///
/// Metrics are no log lines: they are written at every level. Lambda's own filter would drop them,
/// so that the template leaves it open and filters here.
pub fn start(level: Option<&str>) {
    let level = level.and_then(|level| level.trim().parse().ok());
    let level = level.unwrap_or(LevelFilter::INFO);
    let wanted = Targets::new()
        .with_targets(OURS.map(|target| (target, level)))
        .with_default(level.min(LevelFilter::WARN));
    let lines = tracing_subscriber::fmt::layer()
        .with_target(false)
        .without_time();
    let format = std::env::var("AWS_LAMBDA_LOG_FORMAT").unwrap_or_default();
    let lines = if format.eq_ignore_ascii_case("json") {
        lines.json().boxed()
    } else {
        lines.boxed()
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(wanted))
        .init();
}
