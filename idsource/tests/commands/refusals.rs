//! What goes wrong, and what is said then.

use serde_json::json;

use crate::program::{On, Stage, Where, alone, is_as_in, normal};

#[test]
fn nobody_says_where() {
    for command in ["plan", "status", "doctor"] {
        let done = alone(&[command]);

        assert_eq!(done.code, 2);
        assert!(
            done.err.contains("--stack") && done.err.contains("--local"),
            "{}",
            done.err
        );
    }
}

#[test]
fn wrong_usage_is_two() {
    for arguments in [
        &[][..],
        &["snyc"],
        &["--local", "--stack", "people", "plan"],
        &["--local", "plan", "--limit", "201"],
        &["--local", "explain"],
        &["--local", "explain", "ada", "--record", "{}"],
        &["--local", "--env-file", "missing.env", "plan"],
        &["--local", "push", "missing.jsonl", "--yes"],
        &["--local", "history", "--since", "yesterday"],
        &[
            "mapping",
            "test",
            "--mapping",
            "missing.json",
            "--records",
            "people.csv",
        ],
        &[
            "mapping",
            "test",
            "--mapping",
            "broken.json",
            "--records",
            "people.csv",
        ],
        &["mapping", "init"],
        &["--stack", "people", "--mapping", "mapping.json", "plan"],
    ] {
        let done = alone(arguments);

        assert_eq!(done.code, 2, "{arguments:?}: {}{}", done.out, done.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_functions_error_is_an_error_with_its_name() {
    for place in [Where::Stack, Where::Local] {
        let stage = Stage::new(place).await;

        let done = stage
            .run(&["sync", "--yes", "--only", "ada"], On::Pipe)
            .await;

        assert_eq!((done.code, done.out.as_str()), (1, ""));
        is_as_in("sync-only-paused.txt", &normal(&done.err));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_of_another_contract_is_refused_before_it_is_asked() {
    let stage = Stage::new(Where::Stack).await;
    stage.aws().is_release("0.9.0");

    let done = stage.run(&["resume", "--yes"], On::Pipe).await;

    assert_eq!(done.code, 1);
    assert!(
        done.err.contains("0.9.0") && done.err.contains(env!("CARGO_PKG_VERSION")),
        "{}",
        done.err
    );
    stage
        .aws()
        .is_release(&format!("{}9", env!("CARGO_PKG_VERSION")));
    let done = stage.run(&["status"], On::Pipe).await;
    assert!(
        done.out.starts_with("Paused") && done.err.contains("work together"),
        "{}",
        done.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_says_what_waits_sends_pushes_again_and_makes_up_for_batches() {
    let stage = Stage::new(Where::Stack).await;
    stage.run(&["resume", "--yes"], On::Pipe).await;
    let aws = stage.aws();
    aws.give_up(json!({
        "timestamp": "2026-11-01T10:00:00Z",
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3},
        "requestPayload": {"command": "push", "at": "2026-11-01T09:00:00Z", "records": [{
            "id": "zoe", "active": true, "email": "zoe@example.com", "first_name": "Zoe", "last_name": "Example",
        }]},
        "responsePayload": {"errorType": "PushUnfinished", "errorMessage": "1 of 1 is left"},
    }));
    aws.give_up(json!({
        "timestamp": "2026-11-01T11:00:00Z",
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "DDBStreamBatchInfo": {"batchSize": 3, "shardId": "shardId-1"},
    }));

    let seen = stage.run(&["queue"], On::Pipe).await;
    let retried = stage.run(&["queue", "--retry", "--yes"], On::Pipe).await;

    assert_eq!(seen.code, 3);
    let mut lines: Vec<_> = seen.out.lines().collect();
    lines.sort_unstable();
    is_as_in("queue.txt", &normal(&(lines.join("\n") + "\n")));
    assert_eq!(retried.code, 0, "{}{}", retried.out, retried.err);
    is_as_in("queue-retry.txt", &normal(&retried.out));
    assert_eq!(aws.waiting(), 0);
    assert!(stage.world.is_active("zoe") && stage.world.is_active("ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sync_did_not_make_up_for_stays_in_the_queue_and_in_sight() {
    let stage = Stage::new(Where::Stack).await;
    stage
        .aws()
        .give_up(json!({"DDBStreamBatchInfo": {"batchSize": 3}}));
    stage
        .aws()
        .give_up(json!({"requestPayload": {"command": "no such thing"}}));

    // The function is paused.
    let retried = stage.run(&["queue", "--retry", "--yes"], On::Pipe).await;
    let seen = stage.run(&["queue"], On::Pipe).await;

    assert_eq!(
        (retried.code, seen.code, stage.aws().waiting()),
        (3, 3, 2),
        "{}",
        retried.out
    );
    assert!(
        seen.out.contains("a stream batch of 3 records"),
        "{}",
        seen.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_was_left_to_another_execution_is_started_again_after_it() {
    let stage = Stage::new(Where::Stack).await;
    stage.run(&["resume", "--yes"], On::Pipe).await;
    stage
        .aws()
        .is_at_work("arn:aws:states:eu-west-1:123456789012:execution:people:other");

    let done = stage.run(&["sync", "--yes"], On::Pipe).await;

    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.err.contains("was already running"), "{}", done.err);
    assert!(
        done.out.contains("Run: 8 created or updated"),
        "{}",
        done.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn before_anything_is_deployed_a_plan_is_made_without_a_state_table() {
    let stage = Stage::new(Where::Local).await;
    let without =
        |arguments: &[&'static str]| [&["--env-file", "no-state.env"], arguments].concat();

    let plan = stage
        .without_state_table(&without(&["plan", "--limit", "2"]))
        .await;
    let doctor = stage.without_state_table(&without(&["doctor"])).await;
    let status = stage.without_state_table(&without(&["status"])).await;

    assert_eq!(
        (plan.code, doctor.code, status.code),
        (0, 0, 2),
        "{}{}",
        plan.err,
        doctor.err
    );
    is_as_in(
        "plan-before-deploying.txt",
        &normal(&(plan.err + &plan.out)),
    );
    assert!(!doctor.out.contains("state table:"), "{}", doctor.out);
    assert!(status.err.contains("STATE_TABLE"), "{}", status.err);
}
