//! What each command does: it asks the function and shows the answer.

mod approve;
mod history;
mod mapping;
mod push;
mod queue;
mod sync;

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    cli::{Cli, Command, Confirmed, Explain, Plan, Reason, Verify},
    failure::Failure,
    place::{Need, Place},
    prompt,
    show::{self, Document, Exit, Tone},
};

/// Carries out a command.
///
/// # Errors
/// Why the command failed.
pub(crate) async fn act(cli: Cli) -> Result<Exit, Failure> {
    if let Command::Mapping(command) = &cli.command {
        return mapping::act(&cli, command).await;
    }
    let place = Place::of(&cli).await?;
    if let Place::Stack(stack) = &place
        && let Some(differs) = stack.check_version()?
    {
        show::note(&differs);
    }
    match &cli.command {
        Command::Plan(options) => plan(&cli, &place, options).await,
        Command::Sync(options) => sync::act(&cli, &place, options).await,
        Command::Approve(options) => approve::act(&cli, &place, options).await,
        Command::Pause(reason) => switch(&cli, &place, "pause", reason).await,
        Command::Resume(reason) => switch(&cli, &place, "resume", reason).await,
        Command::Push(options) => push::act(&cli, &place, options).await,
        Command::Verify(options) => verify(&cli, &place, options).await,
        Command::Prove(options) => prove(&cli, &place, options.confirmed).await,
        Command::Explain(options) => explain(&cli, &place, options).await,
        Command::Status => {
            let status = place.ask(&json!({"command": "status"}), Need::Look).await?;
            print(&cli, &status, show::status::show(&status, &place.words()))
        }
        Command::History(options) => history::act(&cli, &place, options).await,
        Command::Queue(options) => queue::act(&cli, &place, options).await,
        Command::Doctor => doctor(&cli, &place).await,
        Command::Mapping(_) => unreachable!("mapping commands need no place"),
    }
}

fn print(cli: &Cli, answer: &Value, (document, exit): (Document, Exit)) -> Result<Exit, Failure> {
    show::print(cli, answer, &document)?;
    Ok(exit)
}

async fn plan(cli: &Cli, place: &Place, options: &Plan) -> Result<Exit, Failure> {
    if let Some(file) = &options.candidate {
        let event = json!({
            "command": "plan", "limit": options.limit, "values": options.values, "mapping": json_file(file)?,
        });
        let candidate = place.ask(&event, Need::Look).await?;
        return print(
            cli,
            &candidate,
            show::candidate::show(&candidate, &place.words()),
        );
    }
    let event = json!({
        "command": "plan", "detail": true, "limit": options.limit, "values": options.values,
        "retryRefused": options.retry_refused,
    });
    let plan = place.ask(&event, Need::Look).await?;
    if !place.has_state_table() {
        show::note("there is no STATE_TABLE: this is the plan of a new stack with an empty ledger");
        return print(cli, &plan, show::plan::before_deploying(&plan));
    }
    let is_withheld = plan["withheld"]["deactivations"]["count"].as_u64() > Some(0);
    let allowed = if is_withheld {
        allowed(place).await
    } else {
        None
    };
    print(cli, &plan, show::plan::show(&plan, allowed, &place.words()))
}

async fn doctor(cli: &Cli, place: &Place) -> Result<Exit, Failure> {
    let mut diagnosis = place
        .ask(&json!({"command": "doctor"}), Need::Check)
        .await?;
    if !place.has_state_table() {
        show::note("there is no STATE_TABLE: checks that need one are skipped");
        show::doctor::without_state_table(&mut diagnosis);
    }
    print(
        cli,
        &diagnosis,
        show::doctor::show(&diagnosis, &place.words()),
    )
}

/// How many deactivations the guard still allows, if known.
async fn allowed(place: &Place) -> Option<u64> {
    let status = place
        .ask(&json!({"command": "status"}), Need::Look)
        .await
        .ok()?;
    let of = |what: &str| status["guard"]["deactivations"][what].as_u64();
    Some(of("limit")?.saturating_sub(of("spent")?))
}

async fn switch(cli: &Cli, place: &Place, command: &str, reason: &Reason) -> Result<Exit, Failure> {
    if command == "resume" {
        prompt::confirm(place, "Let runs tell Okta again", cli.yes).await?;
    }
    let by = match place.by().await {
        // Pausing works even if AWS does not say who the caller is.
        Err(_) if command == "pause" => None,
        by => Some(by?),
    };
    let event = json!({"command": command, "by": by, "reason": reason.reason});
    let state = place.ask(&event, Need::Change).await?;
    let mut document = Document::default();
    let words = place.words();
    if state["switch"] == "paused" {
        document.headline(
            Tone::Warning,
            "Paused: runs only look, and tell Okta nothing",
        );
        document.next(format!("{words} plan"));
        document.next(format!("{words} resume"));
    } else {
        document.headline(
            Tone::Good,
            "Running: the next run tells Okta what has changed",
        );
        document.next(format!("{words} sync"));
    }
    print(cli, &state, (document, Exit::Done))
}

async fn verify(cli: &Cli, place: &Place, options: &Verify) -> Result<Exit, Failure> {
    let Verify { adopt, repair } = *options;
    let need = match (adopt, repair) {
        (false, false) => Need::Check,
        _ => Need::Change,
    };
    if need == Need::Change {
        let what = match (adopt, repair) {
            (true, true) => "Adopt people who match at Okta, and have the others told again",
            (true, false) => "Adopt people who match at Okta",
            _ => "Have people told again who differ at Okta",
        };
        prompt::confirm(place, what, cli.yes).await?;
    }
    let event = json!({"command": "verify", "adopt": adopt, "repair": repair});
    let verified = to_the_end(place, &event, need).await?;
    print(
        cli,
        &verified,
        show::verify::show(&verified, repair, &place.words()),
    )
}

/// Asks until a verification is finished. A reader never has more to do: it keeps no progress.
async fn to_the_end(place: &Place, event: &Value, need: Need) -> Result<Value, Failure> {
    loop {
        let verified = place.ask(event, need).await?;
        let resumes = verified["resumeAt"].as_str().and_then(|at| at.parse().ok());
        match resumes {
            Some(at) if verified["more"] == true => {
                show::note(&format!(
                    "{} listed so far, more to do",
                    show::number(&verified["listed"])
                ));
                sync::sleep_until(at).await;
            }
            _ => return Ok(verified),
        }
    }
}

async fn prove(cli: &Cli, place: &Place, confirmed: Option<Confirmed>) -> Result<Exit, Failure> {
    let event = match confirmed {
        None => {
            prompt::confirm(
                place,
                "Create, change and deactivate a made-up person at Okta",
                cli.yes,
            )
            .await?;
            json!({"command": "prove"})
        }
        Some(Confirmed::Deactivate) => json!({"command": "prove", "confirmed": ["deactivate"]}),
    };
    let proven = place.ask(&event, Need::Change).await?;
    let mut document = Document::default();
    let words = ["create", "update", "deactivate"];
    let rows = words.map(|what| vec![what.to_owned(), show::text(&proven[what])]);
    document.table(&["Single-user call", "Seen"], rows.to_vec());
    let mut failed = false;
    let mut open = false;
    for what in words {
        failed |= proven[what] == "fails";
        open |= proven[what] == "unknown";
    }
    for look in show::plan::entries(&proven["lookAt"]) {
        document.line(format!("Look at: {}", show::text(look)));
    }
    document.headline(
        if failed || open {
            Tone::Warning
        } else {
            Tone::Good
        },
        match (failed, open) {
            (true, _) => "Sessions take over what fails",
            (false, true) => "Sessions take over what is unknown until you confirm it",
            (false, false) => "Single-user calls work with this org: the fast lane is open",
        },
    );
    if open {
        document.next(format!("{} prove --confirmed deactivate", place.words()));
    } else {
        document.next(format!("{} status", place.words()));
    }
    print(cli, &proven, (document, Exit::differs(failed)))
}

async fn explain(cli: &Cli, place: &Place, options: &Explain) -> Result<Exit, Failure> {
    let event = match (&options.external_id, &options.record) {
        (Some(id), _) => json!({"command": "explain", "externalId": id}),
        (None, record) => {
            let key = record.as_deref().unwrap_or_default();
            let key: Value = serde_json::from_str(key).map_err(|_| {
                Failure::usage("--record is not a JSON object such as {\"id\":\"alice\"}")
            })?;
            json!({"command": "explain", "record": key})
        }
    };
    let explained = place.ask(&event, Need::Look).await?;
    print(
        cli,
        &explained,
        show::explain::show(&explained, &place.words()),
    )
}

/// A file of JSON.
fn json_file(file: &Path) -> Result<Value, Failure> {
    let text = text_file(file)?;
    serde_json::from_str(&text)
        .map_err(|why| Failure::usage(format!("{}: is not JSON: {why}", file.display())))
}

/// A file of text, without a byte order mark.
fn text_file(file: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|why| Failure::usage(format!("{}: {why}", file.display())))?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}
