//! This function as a client, in a process of its own, as Lambda would invoke it.

use std::time::Duration;

use dynamodb_identity_source::{
    clock::Clock,
    handler::{Answer, Function, Sdk},
};
use jiff::Timestamp;
use serde_json::json;

use crate::Trouble;

/// The longest that Lambda lets an invocation last.
const LASTS: Duration = Duration::from_secs(900);

/// Invokes the function until nothing is left to do, and prints what it did.
pub async fn sync() -> Result<(), Trouble> {
    let environment = |name: &str| std::env::var(name).ok();
    let function = Function::new(environment, Sdk::Environment, Clock::System);
    let (mut upserts, mut deactivations) = (0, 0);
    for invocation in 1.. {
        let id = format!("invocation-{invocation}");
        let event = json!({"command": "sync"});
        let answer = Box::pin(function.invoke(&event, &id, Timestamp::now() + LASTS)).await?;
        let Answer::Report(report) = answer else {
            return Err(format!("a report was expected, not {answer:?}").into());
        };
        for session in &report.sessions {
            upserts += session.upserts;
            deactivations += session.deactivations;
        }
        if !report.more {
            let users = report.scanned;
            let did = json!({"users": users, "upserts": upserts, "deactivations": deactivations});
            println!("{did}");
            return Ok(());
        }
    }
    Err("there is always more to do".into())
}
