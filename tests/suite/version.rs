//! Which build is at work can be seen, in the report and from Okta's side.

use crate::steps::{sync, world_of};

/// What stands after the `+`.
fn commit(version: &str) -> &str {
    let (number, commit) = version.split_once('+').unwrap();
    assert_eq!(number, env!("CARGO_PKG_VERSION"));
    commit
}

#[tokio::test(start_paused = true)]
async fn a_report_says_which_version_and_commit_made_it() {
    let world = world_of(1).await;

    let report = sync(&world, &world.function(&[])).await;

    let commit = commit(report.version);
    let is_short_id = commit.len() == 12 && commit.bytes().all(|it| it.is_ascii_hexdigit());
    assert!(is_short_id || commit == "unknown", "{commit}");
    assert_eq!(
        serde_json::to_value(&report).unwrap()["version"],
        report.version
    );
}

#[tokio::test(start_paused = true)]
async fn okta_is_told_who_calls() {
    let world = world_of(1).await;

    let report = sync(&world, &world.function(&[])).await;

    let expected = format!(
        "dynamodb-identity-source/{} (+{})",
        env!("CARGO_PKG_VERSION"),
        commit(report.version)
    );
    let requests = world.okta.requests();
    assert!(!requests.is_empty());
    for request in requests {
        assert_eq!(request.user_agent.as_deref(), Some(expected.as_str()));
    }
}
