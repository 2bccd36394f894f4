//! What runs did and who was told, read from the history table.

use std::collections::HashMap;

use aws_sdk_dynamodb::{Client, error::ProvideErrorMetadata, types::AttributeValue};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::print;
use crate::{
    cli::{Cli, History},
    failure::Failure,
    place::Place,
    show::{self, Document, Exit, Tone, counted},
};

type Item = HashMap<String, AttributeValue>;

pub(crate) async fn act(cli: &Cli, place: &Place, options: &History) -> Result<Exit, Failure> {
    let history = Kept::of(place).await?;
    match &options.run {
        Some(run) => one(cli, place, &history, run).await,
        None => {
            let since = since(&options.since, Timestamp::now())?;
            if options.deactivated {
                deactivated(cli, place, &history, since).await
            } else {
                runs(cli, place, &history, since).await
            }
        }
    }
}

/// The history table.
struct Kept {
    client: Client,
    table: String,
}

impl Kept {
    async fn of(place: &Place) -> Result<Self, Failure> {
        let (client, table) = match place {
            Place::Stack(stack) => (
                Client::new(&stack.config),
                stack.output("HistoryTableName")?.to_owned(),
            ),
            Place::Local(_) => {
                let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
                let set = |name| {
                    std::env::var(name)
                        .ok()
                        .filter(|it: &String| !it.is_empty())
                };
                let table = set("HISTORY_TABLE").or_else(|| set("STATE_TABLE"));
                let table = table.ok_or_else(|| {
                    Failure::usage("history needs a state table: set HISTORY_TABLE or STATE_TABLE")
                })?;
                (Client::new(&config), table)
            }
        };
        Ok(Self { client, table })
    }

    /// The items of runs since then: the runs themselves, or with a kind, the people they told.
    async fn since(&self, since: Timestamp, kind: Option<&str>) -> Result<Vec<Item>, Failure> {
        let mut scan = self
            .client
            .scan()
            .table_name(&self.table)
            .expression_attribute_names("#at", "at")
            // Without fractions and zone, so that it sorts before every time in that second.
            .expression_attribute_values(
                ":since",
                AttributeValue::S(since.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
            )
            .expression_attribute_values(":run", AttributeValue::S("run#".to_owned()));
        let mut filter = "begins_with(pk, :run) AND #at >= :since".to_owned();
        match kind {
            Some(kind) => {
                filter.push_str(" AND contains(pk, :kind)");
                scan = scan
                    .expression_attribute_values(":kind", AttributeValue::S(format!("#{kind}#")));
            }
            None => filter.push_str(" AND attribute_exists(report)"),
        }
        let mut items = Vec::new();
        let mut pages = scan
            .filter_expression(filter)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|why| self.failed(&why))?);
        }
        let at = |item: &Item| text(item, "at").parse::<Timestamp>().ok();
        items.sort_by_key(|item| std::cmp::Reverse(at(item)));
        Ok(items)
    }

    async fn get(&self, pk: &str) -> Result<Option<Item>, Failure> {
        let asked = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk.to_owned()))
            .send();
        Ok(asked.await.map_err(|why| self.failed(&why))?.item)
    }

    fn failed<E: std::error::Error + ProvideErrorMetadata + 'static>(
        &self,
        why: &aws_sdk_dynamodb::error::SdkError<E>,
    ) -> Failure {
        Failure::aws(&format!("reading {}", self.table), why)
    }
}

async fn runs(cli: &Cli, place: &Place, history: &Kept, since: Timestamp) -> Result<Exit, Failure> {
    let items = history.since(since, None).await?;
    let runs = items.iter().map(|item| {
        let report = report(item);
        let of = |what: &str| report[what].clone();
        json!({
            "at": text(item, "at"), "runId": run_id(item), "trigger": text(item, "trigger"),
            "upserts": of("upserts"), "deactivations": of("deactivations"),
            "withheld": withheld(&report), "rejected": report["rejected"]["count"],
            "more": of("more"), "error": item.get("error").and_then(|it| it.as_s().ok()),
        })
    });
    let runs = Value::Array(runs.collect());
    let mut document = Document::default();
    show::status::runs(&mut document, &runs);
    document.line(format!(
        "{} since {}.",
        counted(items.len() as u64, "run"),
        show::time(&json!(since.to_string()))
    ));
    match items.first() {
        Some(last) => document.next(format!("{} history {}", place.words(), run_id(last))),
        None => document.next(format!("{} history --since 7d", place.words())),
    }
    print(cli, &runs, (document, Exit::Done))
}

async fn one(cli: &Cli, place: &Place, history: &Kept, run: &str) -> Result<Exit, Failure> {
    let Some(item) = history.get(&format!("run#{run}")).await? else {
        return Err(Failure::failed(format!(
            "the history has no run {run}: `history` lists its runs"
        )));
    };
    let report = report(&item);
    let mut told = Vec::new();
    for kind in ["deactivations", "upserts"] {
        for place in 0.. {
            let Some(part) = history.get(&format!("run#{run}#{kind}#{place}")).await? else {
                break;
            };
            told.extend(ids(&part).map(|id| (kind, id)));
        }
    }
    let mut document = Document::default();
    document.headline(
        Tone::Plain,
        format!(
            "Run {run}, {}, by {}",
            show::time(&json!(text(&item, "at"))),
            text(&item, "trigger")
        ),
    );
    if let Some(error) = item.get("error").and_then(|it| it.as_s().ok()) {
        document.headline(Tone::Bad, format!("It failed: {error}"));
    }
    let rows = told.iter().map(|(kind, id)| {
        let word = if *kind == "deactivations" {
            "deactivated"
        } else {
            "created or updated"
        };
        vec![id.clone(), word.to_owned()]
    });
    document.table(&["External id", "Told to be"], rows.collect());
    document.line(show::report::line(&report));
    document.next(match told.first() {
        Some((_, id)) => format!("{} explain {}", place.words(), show::quoted(id)),
        None => format!("{} status", place.words()),
    });
    let told: Vec<_> = told
        .into_iter()
        .map(|(kind, id)| json!({"externalId": id, "kind": kind}))
        .collect();
    let answer = json!({"report": report, "told": told});
    print(cli, &answer, (document, Exit::Done))
}

async fn deactivated(
    cli: &Cli,
    place: &Place,
    history: &Kept,
    since: Timestamp,
) -> Result<Exit, Failure> {
    let items = history.since(since, Some("deactivations")).await?;
    let people = items.iter().flat_map(|item| {
        let (at, run) = (text(item, "at"), run_id(item));
        ids(item).map(move |id| json!({"externalId": id, "at": at, "runId": run}))
    });
    let people: Vec<_> = people.collect();
    let mut document = Document::default();
    let rows = people.iter().map(|one| {
        vec![
            show::text(&one["externalId"]),
            show::time(&one["at"]),
            show::text(&one["runId"]),
        ]
    });
    document.table(&["External id", "Deactivated", "By run"], rows.collect());
    document.line(format!(
        "{} told since {}.",
        counted(people.len() as u64, "deactivation"),
        show::time(&json!(since.to_string()))
    ));
    document.next(match people.first() {
        Some(one) => format!(
            "{} explain {}",
            place.words(),
            show::quoted(&show::text(&one["externalId"]))
        ),
        None => format!("{} history --deactivated --since 7d", place.words()),
    });
    print(cli, &Value::Array(people), (document, Exit::Done))
}

fn text(item: &Item, name: &str) -> String {
    let text = item.get(name).and_then(|value| value.as_s().ok());
    text.cloned().unwrap_or_default()
}

fn report(item: &Item) -> Value {
    serde_json::from_str(&text(item, "report")).unwrap_or_default()
}

fn run_id(item: &Item) -> String {
    let pk = text(item, "pk");
    pk.split('#').nth(1).unwrap_or_default().to_owned()
}

fn ids(item: &Item) -> impl Iterator<Item = String> + '_ {
    let list = item.get("externalIds").and_then(|value| value.as_l().ok());
    let ids = list.into_iter().flatten().filter_map(|id| id.as_s().ok());
    ids.cloned()
}

fn withheld(report: &Value) -> u64 {
    let kinds = show::report::KINDS.iter();
    kinds
        .filter_map(|(kind, _)| report["withheld"][*kind]["count"].as_u64())
        .sum()
}

/// A start: a time, or a number of hours or days ago.
fn since(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let ago = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number: i64 = number.parse().ok().filter(|number| *number >= 0)?;
        let hours = match unit {
            "h" => number,
            "d" => number.checked_mul(24)?,
            _ => return None,
        };
        let ago = SignedDuration::from_secs(hours.checked_mul(3_600)?);
        now.checked_sub(ago).ok()
    };
    ago().ok_or_else(|| {
        Failure::usage(format!(
            "--since {text}: give hours or days such as 36h or 7d, or a time such as 2026-05-13T10:00:00Z"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_hours_days_and_times() {
        let now: Timestamp = "2026-05-13T10:00:00Z".parse().unwrap_or_default();
        let of = |text| since(text, now).map(|at| at.to_string()).ok();

        assert_eq!(of("36h").as_deref(), Some("2026-05-11T22:00:00Z"));
        assert_eq!(of("7d").as_deref(), Some("2026-05-06T10:00:00Z"));
        assert_eq!(
            of("2026-01-01T00:00:00Z").as_deref(),
            Some("2026-01-01T00:00:00Z")
        );
        for wrong in ["", "d", "7", "-7d", "9223372036854775807d", "7 weeks", "é"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
