//! Brings Okta to what the table says, and follows the run until it is done.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::print;
use crate::{
    cli::{Cli, Sync},
    failure::Failure,
    place::{Followed, Need, Place, Stack},
    prompt,
    show::{self, Document, Exit, Tone},
};

/// How often to look at an execution.
const EVERY: Duration = Duration::from_secs(3);
/// How long Step Functions may fail to answer.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

pub(crate) async fn act(cli: &Cli, place: &Place, options: &Sync) -> Result<Exit, Failure> {
    let what = match options {
        Sync { rebind: true, .. } => {
            "Bind the ledger to what is configured now, doubt all of it, and tell Okta what has changed"
        }
        Sync { only, .. } if !only.is_empty() => "Tell Okta about these people",
        _ => "Tell Okta what has changed",
    };
    prompt::confirm(place, what, cli.yes).await?;
    let began = Timestamp::now();
    let mut event = json!({"command": "sync"});
    if !options.only.is_empty() {
        event["only"] = json!(options.only);
    }
    if options.rebind {
        event["rebind"] = json!(true);
    }
    if options.retry_refused {
        event["retryRefused"] = json!(true);
    }
    let report = match place {
        Place::Stack(stack) if options.only.is_empty() => {
            // Without options, the state machine itself adds `since`.
            let is_plain = !options.rebind && !options.retry_refused;
            let input = if is_plain { json!({}) } else { event };
            let execution = stack.start(&input).await?;
            if options.detach {
                return started(cli, place, &execution);
            }
            follow(stack, &input, execution).await?
        }
        _ => {
            if options.only.is_empty() && !options.retry_refused && !options.rebind {
                event["since"] = json!(began.to_string());
            }
            run(place, &event).await?
        }
    };
    print(cli, &report, show::report::show(&report, &place.words()))
}

fn started(cli: &Cli, place: &Place, execution: &str) -> Result<Exit, Failure> {
    let mut document = Document::default();
    document.headline(Tone::Good, format!("Started: {execution}"));
    document.next(format!("{} status", place.words()));
    print(
        cli,
        &json!({"execution": execution}),
        (document, Exit::Done),
    )
}

/// Runs the function until nothing is left to do. Returns the last report.
pub(crate) async fn run(place: &Place, event: &Value) -> Result<Value, Failure> {
    let progress = Progress::start("the function is running");
    loop {
        let report = place.ask(event, Need::Change).await?;
        let resumes = report["resumeAt"].as_str().and_then(|at| at.parse().ok());
        match resumes {
            Some(at) if report["more"] == true => {
                progress.tell(&report);
                sleep_until(at).await;
            }
            _ => return Ok(report),
        }
    }
}

/// Whether a run told all it should, except what its report counts.
pub(crate) fn is_done(report: &Value) -> bool {
    report["more"] != true && report["paused"] != true && report["skipped"].is_null()
}

/// Runs a full sync of a stack until it is done. Returns the last report.
///
/// # Errors
/// When it failed.
pub(crate) async fn whole(stack: &Stack) -> Result<Value, Failure> {
    let input = json!({});
    let execution = stack.start(&input).await?;
    follow(stack, &input, execution).await
}

/// Follows an execution of the state machine until it is done. Returns the last report. If it
/// leaves the work to an earlier execution, which may have looked too early, it is started again
/// after that one.
async fn follow(stack: &Stack, input: &Value, execution: String) -> Result<Value, Failure> {
    let progress = Progress::start("the state machine is running; Ctrl-C only stops watching it");
    let mut execution = execution;
    let mut is_ours = true;
    let mut seen = 0;
    let mut answered = Instant::now();
    loop {
        let steps = match stack.follow(&execution, &mut seen).await {
            Ok(steps) => steps,
            // The execution goes on, watched or not.
            Err(why @ Failure::Denied(_)) => return Err(why),
            Err(why) if answered.elapsed() > PATIENCE => return Err(why),
            Err(why) => {
                progress.say(&format!("{why}: asking again"));
                tokio::time::sleep(EVERY).await;
                continue;
            }
        };
        answered = Instant::now();
        for followed in steps {
            match followed {
                Followed::Report(report) => progress.tell(&report),
                Followed::Trouble(why) => progress.say(&format!("trying again: {why}")),
                Followed::Failed(failure) if is_ours => return Err(failure),
                Followed::Done(output) if is_ours => match running_already(&output) {
                    Some(other) => {
                        progress.say(&format!("waiting for {other}, which was already running"));
                        (execution, seen, is_ours) = (other, 0, false);
                    }
                    None if output["runId"].is_string() => return Ok(output),
                    None => {
                        return Err(Failure::failed(
                            "the execution ended without a report: see Step Functions",
                        ));
                    }
                },
                Followed::Done(_) | Followed::Failed(_) => {
                    execution = stack.start(input).await?;
                    (seen, is_ours) = (0, true);
                }
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// The execution that another one left its work to.
fn running_already(output: &Value) -> Option<String> {
    // A report has a run id.
    let said = output["skipped"]
        .as_str()
        .filter(|_| output["runId"].is_null())?;
    let arn = said.split(' ').next()?;
    arn.starts_with("arn:").then(|| arn.to_owned())
}

/// Waits until a time. Returns at once if it is past.
pub(crate) async fn sleep_until(at: Timestamp) {
    let left = at.duration_since(Timestamp::now());
    tokio::time::sleep(left.try_into().unwrap_or_default()).await;
}

/// Progress on standard error, with a spinner on a terminal only.
struct Progress(Option<ProgressBar>);

impl Progress {
    fn start(what: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new_spinner().with_message(what.to_owned());
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(Some(bar))
    }

    fn tell(&self, report: &Value) {
        self.say(&show::report::line(report));
    }

    fn say(&self, what: &str) {
        let now = Timestamp::now().strftime("%H:%M:%S");
        let line = format!("{now}  {}", show::printable(what));
        match &self.0 {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
