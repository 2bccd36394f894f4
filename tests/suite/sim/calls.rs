//! Who calls, how they die of it, and what is noted of their calls.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::sync::Notify;

use super::history::Death;
use crate::support::crash::Moment;

/// One of the processes that Lambda keeps: it serves one invocation at a time.
#[derive(Clone, Default)]
pub struct Caller(Arc<Process>);

#[derive(Default)]
struct Process {
    serving: Mutex<Serving>,
    died: Notify,
}

#[derive(Default)]
struct Serving {
    run: Option<String>,
    death: Option<Death>,
    before: usize,
    after: usize,
}

impl Caller {
    /// From now on serves this invocation.
    pub fn serve(&self, run: &str, death: Option<Death>) {
        *self.0.serving.lock().unwrap() = Serving {
            run: Some(run.to_owned()),
            death,
            ..Serving::default()
        };
    }

    /// Waits until a call was its last.
    pub async fn death(&self) {
        self.0.died.notified().await;
    }

    pub fn run(&self) -> Option<String> {
        self.0.serving.lock().unwrap().run.clone()
    }

    pub fn name(&self) -> String {
        self.run().unwrap_or_else(|| "test".to_owned())
    }

    /// Counts a call of DynamoDB; does not come back if it was the last.
    pub async fn count(&self, moment: Moment) {
        let dies = {
            let mut serving = self.0.serving.lock().unwrap();
            let count = match moment {
                Moment::Before => &mut serving.before,
                Moment::After => &mut serving.after,
            };
            *count += 1;
            let count = *count;
            matches!(serving.death, Some(Death::Database { call, moment: at }) if at == moment && count >= call)
        };
        if dies {
            self.0.died.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// What is noted of all calls of DynamoDB.
#[derive(Default)]
pub struct Watcher {
    /// Who was found to write without holding the lease, or to the users table.
    pub breaches: Vec<String>,
    /// The run that opened a session.
    pub opened_by: BTreeMap<String, String>,
    /// A line for each call.
    pub trace: Vec<String>,
    /// When the invocations of each run began.
    pub began: BTreeMap<String, Duration>,
    /// The runs whose plan came with the event.
    pub told: BTreeSet<String>,
    /// How many deactivations a run was allowed.
    pub allowed: BTreeMap<String, u64>,
}

impl Watcher {
    pub fn trace(&mut self, at: Duration, who: &str, what: &str) {
        self.trace
            .push(format!("{:>9} ms  {who}: {what}", at.as_millis()));
    }

    /// A call leaves a run, while the lease is this, at so many milliseconds since the epoch.
    pub fn sent(&mut self, run: &str, call: &str, body: &Value, lease: &Value, now: i64) {
        let (operation, table) = call.split_once(' ').unwrap();
        if table == crate::support::USERS {
            if !matches!(operation, "DescribeTable" | "Scan" | "BatchGetItem") {
                self.breaches
                    .push(format!("{run} sends {call}, and that table is only read"));
            }
            return;
        }
        let key = body["Key"]["pk"]["S"].as_str();
        let key = key
            .or_else(|| body["Item"]["pk"]["S"].as_str())
            .unwrap_or_default();
        // The history is kept by runs that have given their lease back.
        let needs_no_lease = key == "lease" || key == "history" || key.starts_with("run#");
        if !matches!(operation, "UpdateItem" | "BatchWriteItem") || needs_no_lease {
            return;
        }
        let until = lease["until"]["N"].as_str().unwrap_or("0").parse();
        if lease["owner"]["S"] != run || until.unwrap_or(0) < now {
            let holder = lease["owner"]["S"].as_str().unwrap_or("nobody");
            self.breaches
                .push(format!("{run} sends {call} while {holder} holds the lease"));
        }
        if body["Key"]["pk"]["S"] == "sessions"
            && let Some(session) = body["ExpressionAttributeNames"]["#id"].as_str()
            && body["ExpressionAttributeValues"][":session"]["M"]["verdict"]["S"] == "OPEN"
        {
            self.opened_by.insert(session.to_owned(), run.to_owned());
        }
    }
}
