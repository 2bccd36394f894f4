use serde_json::json;

use super::*;

#[test]
fn a_rule_and_a_scheduler_both_start_a_full_run() {
    for source in ["aws.events", "aws.scheduler"] {
        let event = json!({"version": "0", "source": source, "detail-type": "Scheduled Event", "detail": {}});

        assert_eq!(Event::parse(&event), Ok(Event::Schedule));
    }
}

#[test]
fn an_override_by_number_says_what_took_its_place() {
    let event = json!({"command": "sync", "allowDeactivations": 40});

    let said = Event::parse(&event).unwrap_err().to_string();

    assert!(said.contains("approve"), "{said}");
}

#[test]
fn a_push_says_when_its_records_were_so() {
    for event in [
        json!({"command": "push", "records": []}),
        json!({"command": "push", "records": [], "at": "today"}),
    ] {
        let said = Event::parse(&event).unwrap_err().to_string();

        assert!(said.contains("at"), "{said}");
    }
    let at = json!({"command": "push", "records": [], "at": "2026-05-13T10:00:00Z"});
    assert!(Event::parse(&at).is_ok());
}

#[test]
fn an_unknown_command_or_option_says_what_was_expected() {
    for event in [
        json!({"command": "snyc"}),
        json!({"command": "sync", "allowDeactivation": 1}),
        json!({"command": "approve"}),
        json!({"command": "approve", "digest": "x", "only": []}),
        json!({"command": "approve", "digest": "x", "reason": "x".repeat(501)}),
        json!({"command": "resume", "by": "x".repeat(501)}),
        json!({"Records": [{"EventSource": "aws:sns"}]}),
        json!({"command": "sync", "detail": true}),
        json!({"command": "plan", "detail": true, "limit": 201}),
        json!({"command": "plan", "detail": true, "limit": 0}),
        json!({"command": "plan", "limit": 10}),
        json!({"command": "plan", "values": true}),
        json!({"command": "plan", "mapping": {}, "retryRefused": true}),
        json!({"command": "plan", "mapping": {}, "limit": 201}),
        json!({"command": "sync", "mapping": {}}),
        json!({"Records": [{"eventSource": "aws:kinesis"}]}),
        json!({"Records": [{"EventVersion": "1.0", "EventSource": "aws:sns", "Sns": {"Message": "x"}}]}),
        json!({"detail-type": "EC2 Instance State-change Notification"}),
        json!([1, 2]),
        json!(null),
    ] {
        let said = Event::parse(&event).unwrap_err().to_string();

        assert!(said.contains(r#"{"command":"sync"}"#), "{said}");
    }
}
