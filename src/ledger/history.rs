//! What runs did: their reports, and the last of them at a glance.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, store::IN_FLIGHT};
use crate::{dynamodb::Item, okta::SessionId};

/// The item with the last runs, newest first: a list of full runs and pushes, and one of stream
/// batches, which would otherwise push the others out of sight.
const RECENT: &str = "history";
/// How many runs a list shows. With this many more it is cut back.
const SHOWN: usize = 20;
const SLACK: usize = 10;

/// External ids in one item: with the longest ones that is some 256 KB of DynamoDB's 400.
const TOLD_PER_ITEM: usize = 120;

/// A run that is over.
#[derive(Debug, Clone)]
pub struct KeptRun {
    /// The run at a glance.
    pub summary: RunSummary,
    /// Its report, as JSON.
    pub report: String,
    /// The people it told to be active, and to be inactive.
    pub told: [Vec<String>; 2],
    /// Why deactivations were withheld.
    pub withheld_reason: Option<String>,
    /// When the next record crosses a date.
    pub next_date: Option<Timestamp>,
    /// Whether it compared the whole users table completely, so that it knows whether anything is
    /// withheld, and about dates.
    pub is_whole: bool,
}

/// A run at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    /// The run's id.
    pub run_id: String,
    /// When it ended.
    pub at: Timestamp,
    /// What started it: `schedule`, `stream` or `direct`.
    pub trigger: String,
    /// Why it failed. Null if it did not.
    #[serde(default)]
    pub error: Option<String>,
    /// Users to create, update or reactivate that it found.
    pub upserts: u64,
    /// Users to deactivate that it found.
    pub deactivations: u64,
    /// Records that our own checks turned away.
    pub rejected: u64,
    /// People that the guard withheld.
    pub withheld: u64,
    /// Its import sessions, as it last saw them.
    pub sessions: Vec<SessionSummary>,
    /// Whether there was more to do than time for it.
    pub more: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// A run's import session at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// Okta's id of the session.
    pub id: SessionId,
    /// The status in which the run last saw it.
    pub status: String,
}

/// The last runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Recent {
    /// Full runs and pushes, newest first.
    pub runs: Vec<RunSummary>,
    /// Stream batches, newest first.
    pub batches: Vec<RunSummary>,
    /// Since when full runs have withheld deactivations, one after another.
    pub withheld_since: Option<Timestamp>,
    /// Why the last one did.
    pub withheld_reason: Option<String>,
    /// How many the last one withheld.
    pub withheld: u64,
    /// When the next record crosses a date, by the last one.
    pub next_date: Option<Timestamp>,
}

impl Recent {
    /// All of them, newest first.
    #[must_use]
    pub fn all(mut self) -> Vec<RunSummary> {
        self.runs.truncate(SHOWN);
        self.batches.truncate(SHOWN);
        let mut all = self.runs;
        all.append(&mut self.batches);
        all.sort_by_key(|run| std::cmp::Reverse(run.at));
        all
    }
}

impl Ledger {
    /// Keeps a run for this long: its report, and its place among the last ones.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn keep_run(&self, run: &KeptRun, keep: Duration) -> Result<(), LedgerError> {
        let RunSummary {
            run_id,
            at,
            trigger,
            error,
            ..
        } = &run.summary;
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let mut item = Item::from([
            ("pk".to_owned(), text(&format!("run#{run_id}"))),
            ("at".to_owned(), text(&at.to_string())),
            ("trigger".to_owned(), text(trigger)),
            ("report".to_owned(), text(&run.report)),
            // DynamoDB's time to live counts seconds since 1970.
            (
                "expires".to_owned(),
                AttributeValue::N((*at + keep).as_second().to_string()),
            ),
        ]);
        item.extend(error.as_deref().map(|why| ("error".to_owned(), text(why))));
        self.client
            .put_item()
            .table_name(&self.history)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| LedgerError::of("keeping a report in", &error))?;
        self.list(run).await?;
        // The time for this is short, and people first ask who was deactivated.
        let [active, inactive] = &run.told;
        self.keep_told(run, "deactivations", inactive, keep).await?;
        self.keep_told(run, "upserts", active, keep).await
    }

    /// Who was told, in items of a bounded size: `run#<run id>#<kind>#<n>`.
    async fn keep_told(
        &self,
        run: &KeptRun,
        kind: &str,
        ids: &[String],
        keep: Duration,
    ) -> Result<(), LedgerError> {
        let RunSummary { run_id, at, .. } = &run.summary;
        let item = |(place, ids): (usize, &[String])| {
            let ids = ids.iter().map(|id| AttributeValue::S(id.clone()));
            self.client
                .put_item()
                .table_name(&self.history)
                .item(
                    "pk",
                    AttributeValue::S(format!("run#{run_id}#{kind}#{place}")),
                )
                .item("at", AttributeValue::S(at.to_string()))
                .item("externalIds", AttributeValue::L(ids.collect()))
                .item(
                    "expires",
                    AttributeValue::N((*at + keep).as_second().to_string()),
                )
        };
        stream::iter(ids.chunks(TOLD_PER_ITEM).enumerate().map(item))
            .map(async |item| match item.send().await {
                Ok(_) => Ok(()),
                Err(error) => Err(LedgerError::of("keeping who was told in", &error)),
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await
    }

    /// Puts a run in front of the last ones. Two runs may do so at the same time.
    async fn list(&self, run: &KeptRun) -> Result<(), LedgerError> {
        const DOING: &str = "keeping a run in";
        let list = if run.summary.trigger == "stream" {
            "batches"
        } else {
            "runs"
        };
        let summary: AttributeValue = serde_dynamo::to_attribute_value(&run.summary)
            .map_err(|error| LedgerError::because(DOING, error))?;
        let request = self
            .client
            .update_item()
            .table_name(&self.history)
            .key("pk", AttributeValue::S(RECENT.to_owned()))
            .expression_attribute_names("#list", list)
            .expression_attribute_values(":run", AttributeValue::L(vec![summary]))
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()));
        let mut set = vec!["#list = list_append(:run, if_not_exists(#list, :none))"];
        let mut remove = Vec::new();
        let mut values = Vec::new();
        match &run.withheld_reason {
            Some(reason) if run.is_whole => {
                set.push("withheld = :withheld, withheldReason = :reason");
                set.push("withheldSince = if_not_exists(withheldSince, :at)");
                let withheld = AttributeValue::N(run.summary.withheld.to_string());
                values.push((":withheld", withheld));
                values.push((":reason", AttributeValue::S(reason.clone())));
                values.push((":at", AttributeValue::S(run.summary.at.to_string())));
            }
            None if run.is_whole => remove.push("withheld, withheldReason, withheldSince"),
            _ => {}
        }
        match run.next_date {
            Some(next) if run.is_whole => {
                set.push("nextDate = :next");
                values.push((":next", AttributeValue::S(next.to_string())));
            }
            None if run.is_whole => remove.push("nextDate"),
            _ => {}
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        let request = values.into_iter().fold(request, |request, (name, value)| {
            request.expression_attribute_values(name, value)
        });
        let answer = request
            .update_expression(expression)
            .return_values(aws_sdk_dynamodb::types::ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(|error| LedgerError::of(DOING, &error))?;
        let listed = answer
            .attributes
            .and_then(|item| Some(item.get(list)?.as_l().ok()?.len()))
            .unwrap_or(0);
        if listed >= SHOWN + SLACK {
            self.cut_back(list, listed).await?;
        }
        Ok(())
    }

    /// Removes the oldest runs of a list. Runs that were put in front of them meanwhile do not
    /// matter.
    async fn cut_back(&self, list: &str, listed: usize) -> Result<(), LedgerError> {
        let places: Vec<_> = (SHOWN..listed).map(|at| format!("#list[{at}]")).collect();
        self.client
            .update_item()
            .table_name(&self.history)
            .key("pk", AttributeValue::S(RECENT.to_owned()))
            .update_expression(format!("REMOVE {}", places.join(",")))
            .expression_attribute_names("#list", list)
            .send()
            .await
            .map(drop)
            .map_err(|error| LedgerError::of("cutting back the runs in", &error))
    }

    /// The last runs. A list that cannot be understood, because another release wrote it, is empty.
    ///
    /// # Errors
    /// When they could not be read.
    pub async fn recent(&self) -> Result<Recent, LedgerError> {
        let items = self
            .client
            .get_item()
            .table_name(&self.history)
            .key("pk", AttributeValue::S(RECENT.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LedgerError::of("reading the runs in", &error))?
            .item;
        let recent = items.into_iter().next().map(serde_dynamo::from_item);
        Ok(recent
            .transpose()
            .inspect_err(|error| tracing::warn!(%error, "the last runs cannot be read"))
            .unwrap_or_default()
            .unwrap_or_default())
    }
}
