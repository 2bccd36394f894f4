//! The measured process: the function as `bootstrap` builds it, invoked until nothing is left to
//! do.

use std::{
    fs,
    time::{Duration, Instant},
};

use dynamodb_identity_source::{
    clock::Clock,
    handler::{Answer, Function, Sdk},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Arguments, Scenario, Trouble};

/// A function that has more to do after so many invocations never finishes.
const INVOCATIONS: usize = 1_000;

/// What the process reports about itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// From the first invocation to the last answer.
    pub wall: Duration,
    /// Processor time, including the system's.
    pub processor: Duration,
    /// Peak resident memory, in bytes.
    pub peak: u64,
    /// The reports, in order.
    pub reports: Vec<Value>,
}

/// Invokes the function and prints what it took.
#[tokio::main]
pub async fn invoke(arguments: &Arguments) -> Result<(), Trouble> {
    let function = Function::new(
        |name| std::env::var(name).ok(),
        Sdk::Environment,
        Clock::System,
    );
    let (event, lasts) = match arguments.scenario[..] {
        [Scenario::Plan] => (json!({"command": "plan"}), Duration::from_secs(900)),
        [Scenario::ToTheEnd] => (
            json!({"command": "sync", "since": std::env::var("SINCE")?}),
            Duration::from_secs(900),
        ),
        [Scenario::FirstLoad] => (json!({"command": "sync"}), arguments.invocation),
        [Scenario::Verify] => (json!({"command": "verify"}), Duration::from_secs(900)),
        _ => (json!({"command": "sync"}), Duration::from_secs(900)),
    };
    let began = Instant::now();
    let mut reports = Vec::new();
    loop {
        let id = format!("invocation-{}", reports.len() + 1);
        let deadline = Timestamp::now() + lasts;
        let (more, report) = match Box::pin(function.invoke(&event, &id, deadline)).await? {
            Answer::Report(report) => (report.more, serde_json::to_value(report)?),
            Answer::Verified(verified) => (verified.more, serde_json::to_value(verified)?),
            other => return Err(format!("a report was expected, not {other:?}").into()),
        };
        reports.push(report);
        // Okta's time is scaled, so `resumeAt` is long past.
        if !more || arguments.scenario[..] == [Scenario::ToTheEnd] {
            break;
        }
        if reports.len() == INVOCATIONS {
            return Err(format!("after {INVOCATIONS} invocations there is more to do").into());
        }
    }
    let measured = Measured {
        wall: began.elapsed(),
        processor: processor()?,
        peak: peak()?,
        reports,
    };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// The peak resident memory so far (proc_pid_status(5)).
fn peak() -> Result<u64, Trouble> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kibibytes
        .ok_or("no VmHWM in /proc/self/status")?
        .parse::<u64>()?
        * 1024)
}

/// The processor time so far: fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
fn processor() -> Result<Duration, Trouble> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field, the name, may contain blanks, and ends with the last parenthesis.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}
