//! What is noted of all calls of DynamoDB.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;

use super::records::person;

#[derive(Default)]
pub struct Watcher {
    /// Who was found to write entries without holding the lease, or to the users table.
    pub breaches: Vec<String>,
    /// The run that opened a session.
    pub opened_by: BTreeMap<String, String>,
    /// The runs that verify: they write entries without the lease, if those are as they were read.
    pub verify: BTreeSet<String>,
    /// A line for each call.
    pub trace: Vec<String>,
    /// When the invocations of each run began.
    pub began: BTreeMap<String, Duration>,
    /// Entries as they were written.
    pub entries: Vec<EntryWritten>,
    /// The lease, as it went from hand to hand.
    pub leases: Vec<Held>,
}

/// An entry as it was written.
pub struct EntryWritten {
    pub at: Duration,
    pub person: u8,
    /// Okta's id of the session; none before a single-user call.
    pub session: Option<String>,
    /// The profile's fingerprint, in base64; none for a deactivation.
    pub print: Option<String>,
}

/// The lease in somebody's hand.
pub struct Held {
    pub run: String,
    claim: String,
    pub from: Duration,
    pub to: Option<Duration>,
}

impl Watcher {
    pub fn trace(&mut self, at: Duration, who: &str, what: &str) {
        self.trace
            .push(format!("{:>9} ms  {who}: {what}", at.as_millis()));
    }

    /// Whether anything is to be said against such a call.
    pub fn is_about(call: &str) -> bool {
        let reads = ["DescribeTable", "Scan", "BatchGetItem"];
        let reads = reads.iter().any(|read| call.starts_with(read));
        let is_entry = call.starts_with("PutItem") && call.contains(" user#");
        is_entry || (!reads && call.contains(&format!(" {} ", crate::support::USERS)))
    }

    /// A call leaves a run, while the lease is this, at so many milliseconds since the epoch.
    pub fn sent(&mut self, run: &str, call: &str, lease: &Value, now: i64) {
        let mut words = call.split(' ');
        let operation = words.next().unwrap_or_default();
        let table = words.next().unwrap_or_default();
        let key = words.next().unwrap_or_default();
        if table == crate::support::USERS {
            if !matches!(operation, "DescribeTable" | "Scan" | "BatchGetItem") {
                self.breaches
                    .push(format!("{run} sends {call}, and that table is only read"));
            }
            return;
        }
        let is_entry = operation == "PutItem" && key.starts_with("user#");
        if !is_entry || self.verify.contains(run) {
            return;
        }
        let until = lease["until"]["N"].as_str().unwrap_or("0").parse();
        if lease["owner"]["S"] != run || until.unwrap_or(0) < now {
            let holder = lease["owner"]["S"].as_str().unwrap_or("nobody");
            self.breaches
                .push(format!("{run} sends {call} while {holder} holds the lease"));
        }
    }

    /// A write was done.
    pub fn done(&mut self, at: Duration, run: &str, operation: &str, body: &Value) {
        let text = |pointer: &str| {
            let text = body.pointer(pointer).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        match (operation, &*text("/Item/pk/S"), &*text("/Key/pk/S")) {
            ("PutItem", "log", _) => {
                let log: Value = serde_json::from_str(&text("/Item/value/S")).unwrap_or_default();
                let listed = log["listed"].as_object().into_iter().flatten();
                for (_, session) in listed {
                    if let (Some(id), Some(run)) = (session["id"].as_str(), session["run"].as_str())
                    {
                        self.opened_by.insert(id.to_owned(), run.to_owned());
                    }
                }
            }
            // Another entry without a session was written from what Okta has.
            ("PutItem", key, _)
                if key.starts_with("user#")
                    && ["/Item/sessionId", "/Item/called"]
                        .iter()
                        .any(|name| body.pointer(name).is_some()) =>
            {
                self.entries.push(EntryWritten {
                    at,
                    person: person(&text("/Item/externalId/S")),
                    session: Some(text("/Item/sessionId/S")).filter(|id| !id.is_empty()),
                    print: Some(text("/Item/print/B")).filter(|print| !print.is_empty()),
                })
            }
            ("PutItem", "lease", _) => {
                let claim = text("/Item/claim/S");
                if self.leases.last().is_none_or(|held| held.claim != claim) {
                    self.leases.push(Held {
                        run: run.to_owned(),
                        claim,
                        from: at,
                        to: None,
                    });
                }
            }
            ("DeleteItem", _, "lease") => {
                if let Some(held) = self.leases.last_mut() {
                    held.to.get_or_insert(at);
                }
            }
            _ => {}
        }
    }
}
