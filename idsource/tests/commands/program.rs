//! The program in a process of its own, and the world that it meets.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use nix::pty::{Winsize, openpty};
use okta_emulator::Options;
use regex_lite::Regex;
use serde_json::{Value, json};

use crate::{
    aws::Aws,
    support::{SOURCE, TOKEN, World},
};

/// How wide a terminal is that a picture is taken of.
const PICTURED: &str = "110";

/// Where the function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Local,
    Stack,
}

/// What standard output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Pipe,
    Terminal,
}

/// What the program printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

/// A world with some people in its table, and the program beside it.
pub(crate) struct Stage {
    pub(crate) world: Arc<World>,
    aws: Aws,
    place: Where,
}

impl Stage {
    pub(crate) async fn new(place: Where) -> Self {
        let world = World::start(Options {
            identity_source: SOURCE.into(),
            token: TOKEN.into(),
            cooldown: Duration::from_millis(300),
            import_time: Duration::from_millis(100),
            call_time: Duration::ZERO,
            ..Options::default()
        })
        .await;
        for name in ["ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal"] {
            world.put(person(name)).await;
        }
        let world = Arc::new(world);
        let aws = Aws::start(Arc::clone(&world)).await;
        Self { world, aws, place }
    }

    /// Runs the program with nothing on its standard input.
    pub(crate) async fn run(&self, arguments: &[&str], on: On) -> Done {
        self.answer(arguments, on, Vec::new()).await
    }

    /// Runs it on a terminal that a picture is taken of.
    pub(crate) async fn pictured(&self, arguments: &[&str]) -> Done {
        let mut command = self.command(arguments);
        command.env("COLUMNS", PICTURED);
        tokio::task::spawn_blocking(move || typed(command, Vec::new()))
            .await
            .unwrap()
    }

    /// Runs it, and types an answer each time that it asks so.
    pub(crate) async fn answer(
        &self,
        arguments: &[&str],
        on: On,
        answers: Vec<(&'static str, String)>,
    ) -> Done {
        let mut command = self.command(arguments);
        // Names and times are not as long everywhere, so that lines break elsewhere.
        let columns = if answers.is_empty() { "1000" } else { PICTURED };
        command.env("COLUMNS", columns);
        let played = tokio::task::spawn_blocking(move || match on {
            On::Pipe => piped(command),
            On::Terminal => typed(command, answers),
        });
        played.await.unwrap()
    }

    /// Runs it where nothing names a state table.
    pub(crate) async fn without_state_table(&self, arguments: &[&str]) -> Done {
        let mut command = self.command(arguments);
        command.env_remove("STATE_TABLE");
        tokio::task::spawn_blocking(move || piped(command))
            .await
            .unwrap()
    }

    /// AWS's APIs.
    pub(crate) fn aws(&self) -> &Aws {
        &self.aws
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_idsource"));
        command.env_clear().current_dir(fixtures());
        match self.place {
            Where::Local => command.arg("--local"),
            Where::Stack => command.args(["--stack", "people"]),
        };
        command
            .args(arguments)
            .envs(self.world.environment())
            .env("START", "paused")
            .env("WATCH_SECONDS", "10")
            .env("USER", "ada")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_ENDPOINT_URL", self.aws.url())
            .env("AWS_ENDPOINT_URL_DYNAMODB", &self.world.endpoint);
        command
    }
}

/// Runs the program without any place.
pub(crate) fn alone(arguments: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_idsource"));
    command.env_clear().current_dir(fixtures()).args(arguments);
    piped(command)
}

/// Where the files for these tests are.
pub(crate) fn fixtures() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "commands", "fixtures"]
        .iter()
        .collect()
}

fn piped(mut command: Command) -> Done {
    let done = command.stdin(Stdio::null()).output().unwrap();
    Done {
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
        code: done.status.code().unwrap(),
    }
}

/// On a terminal. Where nothing is answered, standard error is a pipe: what turns there while work
/// goes on is not the same twice.
fn typed(mut command: Command, answers: Vec<(&'static str, String)>) -> Done {
    let size = Winsize {
        ws_row: 50,
        ws_col: 120,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(Some(&size), None).unwrap();
    command
        .env("TERM", "xterm-256color")
        .stdin(Stdio::from(pty.slave.try_clone().unwrap()))
        .stderr(if answers.is_empty() {
            Stdio::piped()
        } else {
            Stdio::from(pty.slave.try_clone().unwrap())
        })
        .stdout(Stdio::from(pty.slave));
    let mut child = command.spawn().unwrap();
    // It holds the terminal's other end.
    drop(command);
    let mut terminal = File::from(pty.master);
    let mut answers = answers.into_iter().peekable();
    let (mut out, mut bytes, mut seen) = (Vec::new(), [0; 4_096], 0);
    // On Linux a terminal whose other end is closed is an error.
    while let Ok(read @ 1..) = terminal.read(&mut bytes) {
        out.extend_from_slice(&bytes[..read]);
        let text = String::from_utf8_lossy(&out[seen..]).into_owned();
        if answers
            .peek()
            .is_some_and(|(asked, _)| text.contains(asked))
        {
            let (_, answer) = answers.next().unwrap();
            seen = out.len();
            terminal.write_all(answer.as_bytes()).unwrap();
        }
    }
    let mut err = String::new();
    if let Some(mut pipe) = child.stderr.take() {
        pipe.read_to_string(&mut err).unwrap();
    }
    Done {
        out: String::from_utf8(out).unwrap().replace("\r\n", "\n"),
        err,
        code: child.wait().unwrap().code().unwrap(),
    }
}

pub(crate) fn person(name: &str) -> Value {
    json!({
        "id": name, "active": true, "email": format!("{name}@example.com"), "first_name": name,
        "last_name": "Example",
    })
}

/// Holds what a terminal showed against a picture of it, in which names, ids and times are made up.
pub(crate) fn looks_as_in(file: &str, printed: &str) {
    let made_up = [
        ("[TIME                 ]", "2026-05-13 10:00:00 UTC"),
        ("[TIME]", "2026-05-13T10:00:00Z"),
        ("[SESSION           ]", "apsHq7T2bXw9KfLm4Rzc"),
        (
            "[DIGEST                        ]",
            "9f86d081884c7d659a2feaa0c55ad015",
        ),
        ("http://[HOST]", "https://example.okta.com"),
        ("[WHERE]", "--stack people"),
        ("[CALLER]", "ada@example.com"),
        ("␛[", "\u{1b}["),
    ];
    let shown = made_up.iter().fold(named(printed), |text, (name, with)| {
        text.replace(name, with)
    });
    let picture = snapbox::Data::text(shown).coerce_to(snapbox::data::DataFormat::TermSvg);
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .eq(picture, snapbox::Data::read_from(&snapshot(file), None));
}

fn snapshot(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/commands/snapshots")
        .join(file)
}

/// What is not the same twice, in words; and where the function is, so that both places print the same.
pub(crate) fn normal(text: &str) -> String {
    // A column is as wide as what stands in it, which is not the same everywhere.
    let widths = [
        (r"─+", "───"),
        (r"-{3,}", "---"),
        (r" {2,}", "  "),
        (r"[ \t]+\n", "\n"),
    ];
    replaced(&named(text), &widths)
}

fn named(text: &str) -> String {
    let names = [
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "[TIME]"),
        (
            r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
            "[TIME                 ]",
        ),
        (r"\x1b\[", "␛["),
        (r"local-[0-9a-f]+-[0-9a-f]+|run-[0-9a-f]{8}", "[RUN]"),
        (r"aps[0-9A-Za-z]{17}", "[SESSION           ]"),
        (r"\b[0-9a-f]{32}\b", "[DIGEST                        ]"),
        (r"http://127\.0\.0\.1:\d+", "http://[HOST]"),
        (r"idsource --(local|stack people)", "idsource [WHERE]"),
        (
            r"ada on this machine|arn:aws:sts::123456789012:assumed-role/ops/ada",
            "[CALLER]",
        ),
        (r"\d+ (s|min) until", "[SECONDS] until"),
        (r"in \d+ ms", "in [MS]"),
    ];
    replaced(text, &names)
}

fn replaced(text: &str, rules: &[(&str, &str)]) -> String {
    rules.iter().fold(text.to_owned(), |text, (pattern, with)| {
        let pattern = Regex::new(pattern).unwrap();
        pattern.replace_all(&text, *with).into_owned()
    })
}

/// Holds what was printed against a file of snapshots.
pub(crate) fn is_as_in(file: &str, printed: &str) {
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .eq(printed, snapbox::Data::read_from(&snapshot(file), None));
}
