//! Our own log lines: to standard output, as JSON if Lambda asks for it.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// The crates with our own lines: the library and the bootstrap.
const OURS: [&str; 2] = ["dynamodb_identity_source", "bootstrap"];

/// `LOG_LEVEL`: the least important log lines that are written: `ERROR`, `WARN`, `INFO`, `DEBUG` or
/// `TRACE`. Metrics are written at every level. Lines of libraries are written at `WARN` and `ERROR`
/// only, whatever the level. Default `INFO`.
pub const LOG_LEVEL: &str = "LOG_LEVEL";

/// Starts logging our own lines at this level, `INFO` if there is none. Other crates' lines are
/// warnings at most: at `TRACE` the AWS SDK would tell what DynamoDB answers, people's records
/// included.
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
