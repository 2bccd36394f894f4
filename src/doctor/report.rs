//! What the doctor answers.

use std::time::Duration;

use serde::Serialize;

use crate::version::VERSION;

/// What was found wherever a run would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Whether nothing failed.
    pub ok: bool,
    /// All of it, in a line.
    pub summary: String,
    /// The checks, in the order in which a run meets what they are about.
    pub checks: Vec<Check>,
    /// The function's version and commit.
    pub version: &'static str,
}

/// One thing that a run needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is.
    pub name: &'static str,
    /// How it is.
    pub status: Status,
    /// What was found, as a line that can be read without the rest.
    pub summary: String,
    /// What to do; `None` if it is ok.
    pub todo: Option<String>,
    /// How long the check took.
    pub milliseconds: u64,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it ought to be.
    #[default]
    Ok,
    /// Not looked at, for want of something that another check is about.
    Skipped,
    /// A run works, perhaps not as was meant.
    Warning,
    /// A run does not work, or not for everybody.
    Failed,
}

/// What a check notes down while it looks.
#[derive(Debug, Default)]
pub(super) struct Notes {
    status: Status,
    found: Vec<String>,
    todo: Vec<String>,
}

impl Notes {
    /// Nothing can be looked at before what `name` is about is in order.
    pub(super) fn skipped(name: &str) -> Self {
        Self {
            status: Status::Skipped,
            found: vec![format!("see {name}")],
            todo: vec![format!("put right what the check of {name} says")],
        }
    }

    /// Something that is as it ought to be.
    pub(super) fn found(&mut self, what: impl Into<String>) {
        self.found.push(what.into());
    }

    /// Something that a run can live with.
    pub(super) fn warn(&mut self, what: impl Into<String>, todo: impl Into<String>) {
        self.note(Status::Warning, what.into(), todo.into());
    }

    /// Something that stops a run, or keeps it from doing what it is for.
    pub(super) fn fail(&mut self, what: impl Into<String>, todo: impl Into<String>) {
        self.note(Status::Failed, what.into(), todo.into());
    }

    fn note(&mut self, status: Status, what: String, todo: String) {
        self.status = self.status.max(status);
        self.found.push(what);
        if !self.todo.contains(&todo) {
            self.todo.push(todo);
        }
    }

    /// Whether nothing failed so far.
    pub(super) fn is_usable(&self) -> bool {
        matches!(self.status, Status::Ok | Status::Warning)
    }

    pub(super) fn check(self, name: &'static str, took: Duration) -> Check {
        let word = match self.status {
            Status::Ok => "ok",
            Status::Skipped => "skipped",
            Status::Warning => "WARNING",
            Status::Failed => "FAILED",
        };
        Check {
            name,
            status: self.status,
            summary: format!("{name} {word}: {}", self.found.join("; ")),
            todo: (!self.todo.is_empty()).then(|| self.todo.join("; ")),
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Diagnosis {
    /// What the checks say of what is done by them: a run, or a look.
    pub(super) fn of(checks: Vec<Check>, what: &str) -> Self {
        let named = |status| {
            let names = checks.iter().filter(|check| check.status == status);
            names.map(|check| check.name).collect::<Vec<_>>()
        };
        let (failed, warned) = (named(Status::Failed), named(Status::Warning));
        let mut parts = Vec::new();
        if !failed.is_empty() {
            parts.push(format!("failed: {}", failed.join(", ")));
        }
        if !warned.is_empty() {
            parts.push(format!("with a warning: {}", warned.join(", ")));
        }
        let verdict = match (failed.is_empty(), warned.is_empty()) {
            (true, true) => format!("everything that {what} needs is there"),
            (true, false) => format!("{what} can work ({})", parts.join("; ")),
            (false, _) => format!("{what} cannot work as it should ({})", parts.join("; ")),
        };
        Self {
            ok: failed.is_empty(),
            summary: verdict,
            checks,
            version: VERSION,
        }
    }
}
