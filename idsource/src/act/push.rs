//! Pushing records of people who are not in the table.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{print, text_file};
use crate::{
    cli::{Cli, Push},
    failure::Failure,
    place::{Need, Place},
    prompt,
    show::{self, Exit, counted},
};

pub(crate) async fn act(cli: &Cli, place: &Place, options: &Push) -> Result<Exit, Failure> {
    let records = records(&text_file(&options.file)?)
        .map_err(|why| Failure::usage(format!("{}: {why}", options.file.display())))?;
    let what = format!("Push {}", counted(records.len() as u64, "record"));
    prompt::confirm(place, &what, cli.yes).await?;
    let at = options.at.unwrap_or_else(Timestamp::now);
    let event = json!({"command": "push", "records": records, "at": at.to_string()});
    let report = place.ask(&event, Need::Change).await?;
    let (document, exit) = show::report::show(&report, &place.words());
    // No later run tells rejected people again.
    let is_rejected = report["rejected"]["count"].as_u64().unwrap_or(0) > 0;
    let exit = if is_rejected { Exit::Differs } else { exit };
    print(cli, &report, (document, exit))
}

/// Records as a JSON array, or one JSON object per line.
///
/// # Errors
/// When the text holds anything else. The error shows none of its values.
pub(crate) fn records(text: &str) -> Result<Vec<Value>, String> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|why| {
            format!(
                "is not a JSON array: line {}, column {}",
                why.line(),
                why.column()
            )
        });
    }
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(place, line)| {
            let read = serde_json::from_str(line);
            read.map_err(|_| format!("line {} is not a JSON object", place + 1))
        })
        .collect()
}
