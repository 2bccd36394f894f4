//! Who calls, and how they die of it.

use std::sync::{Arc, Mutex};

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
