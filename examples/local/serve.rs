//! Keeps both services up for a function that runs elsewhere.

use std::{fs, path::Path, time::Duration};

use dynamodb_identity_source::handler::Function;
use okta_emulator::Counts;
use serde_json::Value;

use crate::{
    Arguments, Trouble,
    live::Follower,
    page::{Page, thousands},
    people::People,
    story,
    support::{SOURCE, STATE, USERS, World},
};

/// The environment for `sam local invoke`, on which this one is based.
const SAM_ENVIRONMENT: &str = include_str!("../../events/env.json");
/// The name under which a container reaches its host.
const FROM_A_CONTAINER: &str = "host.docker.internal";

/// Loads the table, prints how to reach everything, and waits. What is printed can be read as an
/// environment file.
pub async fn serve(
    world: &World,
    people: &People,
    page: &Page,
    arguments: &Arguments,
) -> Result<(), Trouble> {
    story::load(world, people, page).await?;
    let environment = environment(world, "127.0.0.1");
    if let Some(file) = &arguments.write_env {
        let text = if file.extension().is_some_and(|it| it == "json") {
            for_sam(world)?
        } else {
            lines(&environment).join("\n") + "\n"
        };
        fs::write(file, text).map_err(|why| format!("writing {}: {why}", file.display()))?;
    }

    page.line(&format!(
        "# DynamoDB with {} people, and Okta, which knows nobody yet. Ctrl-C stops both.",
        thousands(people.count() as u64)
    ))?;
    page.line("#")?;
    page.line("# The function's environment:")?;
    for line in lines(&environment) {
        page.line(&line)?;
    }
    page.line("#")?;
    for line in what_next(world, arguments.write_env.as_deref()) {
        page.line(format!("# {line}").trim_end())?;
    }
    let function = world.function(&[("START", "paused")]);
    tokio::select! {
        error = stream(world, &function, page) => Err(error),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        error = follow(world, page) => Err(error),
    }
}

/// Follows the table's stream, so that Okta follows edits of the table.
async fn stream(world: &World, function: &Function, page: &Page) -> Trouble {
    let mut follower = match Follower::start(world, function).await {
        Ok(follower) => follower,
        Err(error) => return error,
    };
    loop {
        let said = match follower.batch().await {
            Ok(None) => continue,
            Ok(Some(batch)) if batch.again => "will be retried".to_owned(),
            Ok(Some(batch)) => format!("{} records, done", batch.records),
            Err(error) => return error,
        };
        if let Err(error) = page.line(&format!("# stream: {said}")) {
            return error.into();
        }
    }
}

/// Prints what Okta imports, until printing fails.
async fn follow(world: &World, page: &Page) -> Trouble {
    let mut told = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let sessions = world.okta.sessions();
        while let Some(session) = sessions.get(told).filter(|it| it.ended.is_some()) {
            told += 1;
            let Counts {
                created,
                updated,
                unchanged,
                deactivated,
                reactivated,
                ignored,
                failed,
            } = session.results;
            let results = [
                (created, "created"),
                (updated, "updated"),
                (reactivated, "reactivated"),
                (deactivated, "deactivated"),
                (unchanged, "unchanged"),
                (ignored, "ignored"),
                (failed, "failed"),
            ];
            let results: Vec<_> = results
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{} {what}", thousands(*count as u64)))
                .collect();
            let line = format!(
                "# Okta: session {} {}: {}; {} users active",
                session.id,
                session.status,
                if results.is_empty() {
                    "nobody".to_owned()
                } else {
                    results.join(", ")
                },
                thousands(world.okta.active_count() as u64)
            );
            if let Err(error) = page.line(&line) {
                return error.into();
            }
        }
    }
}

fn environment(world: &World, host: &str) -> Vec<(&'static str, String)> {
    vec![
        ("OKTA_ORG_URL", at(host, &world.okta.url())),
        ("OKTA_IDENTITY_SOURCE_ID", SOURCE.to_owned()),
        ("OKTA_CREDENTIALS", world.credentials.to_string()),
        ("USERS_TABLE", USERS.to_owned()),
        ("STATE_TABLE", STATE.to_owned()),
        ("START", "paused".to_owned()),
        ("PUSH", "on".to_owned()),
        ("WATCH_SECONDS", "10".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", at(host, &world.endpoint)),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
    ]
}

/// The URL's port at another host.
pub fn at(host: &str, url: &str) -> String {
    let port = url.rsplit(':').next().unwrap_or_default();
    format!("http://{host}:{port}")
}

/// `KEY=VALUE`, with the value quoted for a shell if necessary.
fn lines(environment: &[(&str, String)]) -> Vec<String> {
    environment
        .iter()
        .map(|(name, value)| {
            let plain = |c: char| c.is_ascii_alphanumeric() || ":/._-".contains(c);
            if value.chars().all(plain) {
                format!("{name}={value}")
            } else {
                format!("{name}='{value}'")
            }
        })
        .collect()
}

/// events/env.json with the addresses of these services.
fn for_sam(world: &World) -> Result<String, Trouble> {
    let mut file: Value = serde_json::from_str(SAM_ENVIRONMENT)?;
    let given = environment(world, FROM_A_CONTAINER);
    for function in file
        .as_object_mut()
        .into_iter()
        .flat_map(|it| it.values_mut())
    {
        for (name, value) in function.as_object_mut().into_iter().flatten() {
            if let Some((_, here)) = given.iter().find(|(given, _)| given == name) {
                *value = here.as_str().into();
            }
        }
    }
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

fn what_next(world: &World, file: Option<&Path>) -> Vec<String> {
    let is_json = |file: &&Path| file.extension().is_some_and(|it| it == "json");
    let written = |wanted: bool| file.filter(|file| is_json(file) == wanted);
    let watch = written(false).unwrap_or(Path::new("FILE")).display();
    let sam = written(true)
        .unwrap_or(Path::new("events/env.json"))
        .display();
    let mut lines = vec![
        "In another terminal:".to_owned(),
        format!("  cargo lambda watch --env-file {watch}"),
        "  cargo lambda invoke bootstrap --data-file events/plan.json".to_owned(),
        "A new stack is paused. Nothing reaches Okta until you resume it:".to_owned(),
        "  cargo lambda invoke bootstrap --data-ascii '{\"command\":\"resume\"}'".to_owned(),
        "  cargo lambda invoke bootstrap --data-file events/schedule.json".to_owned(),
    ];
    if written(false).is_none() {
        lines.push("FILE holds the lines above; --write-env FILE writes it.".to_owned());
    }
    lines.extend([
        "Or in a container, if you start this with --host 0.0.0.0:".to_owned(),
        format!("  sam local invoke --env-vars {sam} --event events/schedule.json"),
        "Okta's Import Monitoring page:".to_owned(),
        format!("  {}", at("127.0.0.1", &world.okta.url())),
        String::new(),
    ]);
    lines
}
