//! What the doctor answers.

use std::time::Duration;

use serde::Serialize;

use crate::version::VERSION;

/// What the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Whether no check failed.
    pub ok: bool,
    /// All of it, in one line.
    pub summary: String,
    /// The checks, in the order in which a run meets what they are about.
    pub checks: Vec<Check>,
    /// The function's version and the commit that it was built from.
    pub version: &'static str,
}

/// One thing that a run needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked, such as `users table`.
    pub name: &'static str,
    /// The result.
    pub status: Status,
    /// What was found, as a line that can be read without the rest.
    pub summary: String,
    /// What to do. Null if the check is `ok`.
    pub todo: Option<String>,
    /// How long the check took, in milliseconds.
    pub milliseconds: u64,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    #[default]
    Ok,
    /// Not checked, because another check failed that this one needs.
    Skipped,
    /// A run works, perhaps not as intended.
    Warning,
    /// A run does not work, or not for everybody.
    Failed,
}

/// What a check notes while it looks.
#[derive(Debug, Default)]
pub(super) struct Notes {
    status: Status,
    found: Vec<String>,
    todo: Vec<String>,
}

impl Notes {
    /// Nothing can be checked before `name` is in order.
    pub(super) fn skipped(name: &str) -> Self {
        Self {
            status: Status::Skipped,
            found: vec![format!("see {name}")],
            todo: vec![format!("fix what the check of {name} says")],
        }
    }

    /// Something that is well.
    pub(super) fn found(&mut self, what: impl Into<String>) {
        self.found.push(what.into());
    }

    /// Something that a run can live with.
    pub(super) fn warn(&mut self, what: impl Into<String>, todo: impl Into<String>) {
        self.note(Status::Warning, what.into(), todo.into());
    }

    /// Something that stops a run, or keeps it from doing its job.
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
    /// What the checks say about `what` depends on them: a run, or a look.
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
            (false, _) => format!("{what} cannot work properly ({})", parts.join("; ")),
        };
        Self {
            ok: failed.is_empty(),
            summary: verdict,
            checks,
            version: VERSION,
        }
    }
}
