//! Every command, in both places, on a pipe and on a terminal: one story, and what is printed of it.

use clap::CommandFactory as _;
use idsource::Cli;
use serde_json::{Value, json};

use crate::program::{Done, On, Stage, Where, is_as_in, looks_as_in, normal, person};

/// A command in the story, the snapshot of what it prints, and its exit code.
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    code: i32,
}

const fn step(name: &'static str, arguments: &'static [&'static str], code: i32) -> Step {
    Step {
        name,
        arguments,
        code,
    }
}

const STORY: [Step; 22] = [
    step("doctor", &["doctor"], 0),
    step("plan", &["plan"], 0),
    step(
        "resume",
        &["resume", "--yes", "--reason", "the plan is right"],
        0,
    ),
    step("sync", &["sync", "--yes"], 0),
    step("status", &["status"], 0),
    step("explain", &["explain", "ada"], 0),
    step("verify", &["verify"], 0),
    step("history", &["history"], 0),
    step("plan-changes", &["plan"], 0),
    step("sync-only", &["sync", "--yes", "--only", "ada"], 0),
    step("sync-changes", &["sync", "--yes"], 0),
    step("history-deactivated", &["history", "--deactivated"], 0),
    step(
        "push",
        &[
            "push",
            "push.jsonl",
            "--at",
            "2026-11-01T00:00:00Z",
            "--yes",
        ],
        0,
    ),
    step("plan-unsafe", &["plan"], 3),
    step("sync-withheld", &["sync", "--yes"], 3),
    step("explain-withheld", &["explain", "cyd"], 3),
    step("verify-repair", &["verify", "--repair", "--yes"], 3),
    step("status-withheld", &["status"], 3),
    step(
        "plan-candidate",
        &["plan", "--mapping", "candidate.json"],
        0,
    ),
    step("prove", &["prove", "--yes"], 0),
    step("pause", &["pause", "--reason", "something is odd"], 0),
    step("status-paused", &["status"], 3),
];

/// What README shows as pictures.
const PICTURES: [&str; 2] = ["plan-unsafe", "sync-changes"];

/// What happens in the table and at Okta before a step.
async fn before(stage: &Stage, step: &Step) {
    let world = &stage.world;
    let leaves = |name: &str| {
        let mut record = person(name);
        record["active"] = json!(false);
        record
    };
    match step.name {
        "plan-changes" => {
            world.put(person("ida")).await;
            let mut moved = person("ada");
            moved["title"] = json!("Captain");
            world.put(moved).await;
            world.put(leaves("bob")).await;
            world.delete("hal").await;
            world.put(json!({"id": "joe", "active": true})).await;
        }
        "plan-unsafe" => {
            for name in ["cyd", "dan", "eve", "fay", "gus", "ida"] {
                world.put(leaves(name)).await;
            }
        }
        _ => {}
    }
}

async fn play(place: Where, on: On) {
    let stage = Stage::new(place).await;
    for step in &STORY {
        before(&stage, step).await;
        let Done { out, err, code } = stage.run(step.arguments, on).await;
        assert_eq!(code, step.code, "{}: {out}{err}", step.name);
        let kind = if on == On::Terminal {
            "terminal"
        } else {
            "txt"
        };
        is_as_in(&format!("{}.{kind}", step.name), &normal(&out));
        assert!(on == On::Terminal || !out.contains('\u{1b}'), "{out}");
        if on == On::Terminal && place == Where::Stack && PICTURES.contains(&step.name) {
            let out = match is_repeatable(step) {
                true => stage.pictured(step.arguments).await.out,
                false => out,
            };
            looks_as_in(&format!("{}.term.svg", step.name), &out);
        }
        if on == On::Pipe && is_repeatable(step) {
            let json = stage.run(&[&["--json"], step.arguments].concat(), on).await;
            let json: Value = serde_json::from_str(&json.out).unwrap();
            assert!(json.is_object() || json.is_array());
            let markdown = stage
                .run(&[&["--markdown"], step.arguments].concat(), on)
                .await;
            is_as_in(&format!("{}.md", step.name), &normal(&markdown.out));
        }
    }
}

/// Whether a step changes nothing, so that it may be taken three times.
fn is_repeatable(step: &Step) -> bool {
    matches!(
        step.arguments[0],
        "doctor" | "plan" | "status" | "explain" | "history"
    ) && !step.name.starts_with("history")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_a_stack_on_a_pipe() {
    play(Where::Stack, On::Pipe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_a_stack_on_a_terminal() {
    play(Where::Stack, On::Terminal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_a_function_in_this_process_on_a_pipe() {
    play(Where::Local, On::Pipe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_a_function_in_this_process_on_a_terminal() {
    play(Where::Local, On::Terminal).await;
}

#[test]
fn every_command_has_a_snapshot() {
    // Played by themselves, as they ask, or belong to a stack alone, or to no place.
    let others = ["approve", "queue", "mapping"];
    for command in Cli::command().get_subcommands() {
        let name = command.get_name();
        let is_played = STORY.iter().any(|step| step.arguments[0] == name);
        assert!(
            is_played || others.contains(&name),
            "{name} has no snapshot"
        );
    }
}

#[test]
fn help_names_every_command() {
    let help = Cli::command()
        .term_width(100)
        .render_long_help()
        .to_string();
    is_as_in("help.txt", &help);
}
