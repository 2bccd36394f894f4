//! One run: what it reports, what Okta's side shows, and whether both are right.

use std::time::{Duration, Instant};

use dynamodb_identity_source::{
    handler::Function,
    sync::{Report, WithheldKind},
};
use okta_emulator::{Counts, GroupHappened, SessionStatus, SessionView, UserStatus};
use serde_json::Value;

use crate::{
    Trouble,
    groups::{self, ExpectedGroups},
    page::{Fact, Page, thousands},
    support::{World, invoke},
};

/// The expected outcome of a run.
#[derive(Default)]
pub struct Expected {
    pub dry_run: bool,
    pub read: u64,
    pub unchanged: u64,
    pub upserts: u64,
    pub deactivations: u64,
    pub withheld: u64,
    pub sessions: u64,
    pub created: u64,
    pub updated: u64,
    pub reactivated: u64,
    pub active: u64,
    pub calls: Option<u64>,
    pub groups: ExpectedGroups,
    pub face: Option<Face>,
}

impl Expected {
    /// A dry run tells nobody.
    fn told(&self, number: u64) -> u64 {
        if self.dry_run { 0 } else { number }
    }
}

/// How one user must look at Okta.
pub struct Face {
    pub id: String,
    pub name: String,
    pub status: UserStatus,
    pub title: Option<&'static str>,
}

impl Face {
    pub fn inactive(id: String, name: String) -> Self {
        Self {
            id,
            name,
            status: UserStatus::Deprovisioned,
            title: None,
        }
    }
}

/// A finished run.
pub struct Chapter {
    report: Report,
    sessions: Vec<SessionView>,
    groups: Vec<Option<GroupHappened>>,
    calls: u64,
    violations: Vec<String>,
    took: Duration,
}

impl Chapter {
    /// Invokes the function with this event.
    pub async fn run(
        world: &World,
        function: &Function,
        event: &Value,
        page: &Page,
    ) -> Result<Self, Trouble> {
        let before = world.okta.sessions().len();
        let called = world.okta.requests().len();
        let began = Instant::now();
        let report = page
            .wait(
                || progress(world.okta.sessions().get(before..).unwrap_or_default()),
                invoke(function, world.clock, event),
            )
            .await?;
        let took = began.elapsed();
        let requests = world.okta.requests().split_off(called);
        // Okta's System Log is read for people an import left out, up to minutes later.
        let calls = requests
            .iter()
            .filter(|request| request.path.contains("/identity-sources/"));
        let sessions = world.okta.sessions().split_off(before);
        Ok(Self {
            report,
            groups: groups::happened(world, &sessions),
            sessions,
            calls: calls.count() as u64,
            violations: world.okta.violations(),
            took,
        })
    }

    /// Shows both sides. Returns whether they are right.
    pub fn show(&self, page: &Page, world: &World, expected: &Expected) -> Result<bool, Trouble> {
        let (run, okta) = (self.of_run(expected), self.of_okta(world, expected));
        let reports = if self.report.dry_run {
            "The run reports (dry run)"
        } else {
            "The run reports"
        };
        page.facts((reports, &run), ("Okta's side", &okta))?;
        let withheld = &self.report.withheld;
        let kinds = [&withheld.deactivations, &withheld.membership_removals];
        for reason in kinds.iter().filter_map(|kind| kind.reason.as_ref()) {
            page.paragraph(&format!("withheld: {reason}"))?;
            page.line("")?;
        }

        let mut wrong = Vec::new();
        for (side, facts) in [("the run", &run[..]), ("Okta", &okta[..])] {
            for fact in facts.iter().filter(|fact| !fact.holds()) {
                wrong.push(format!("{side}: {}", fact.what_is_wrong()));
            }
        }
        wrong.extend(self.oddities(expected));
        let mut seen = String::new();
        match expected.face.as_ref().map(|face| look(world, face)) {
            Some(Ok(face)) => seen = format!("; {face}"),
            Some(Err(why)) => wrong.push(why),
            None => {}
        }
        for why in &wrong {
            page.bad(why)?;
        }
        if wrong.is_empty() {
            page.good(&format!("passed in {:.1} s{seen}", self.took.as_secs_f64()))?;
        }
        Ok(wrong.is_empty())
    }

    /// The deactivations that the guard withholds.
    pub fn withheld(&self) -> &WithheldKind {
        &self.report.withheld.deactivations
    }

    /// The memberships that the guard withholds.
    pub fn withheld_memberships(&self) -> &WithheldKind {
        &self.report.withheld.membership_removals
    }

    fn of_run(&self, expected: &Expected) -> Vec<Fact> {
        let Report {
            scanned,
            unchanged,
            upserts,
            deactivations,
            ref withheld,
            ref sessions,
            ..
        } = self.report;
        let mut facts = vec![
            Fact::expected("records scanned", scanned, expected.read),
            Fact::expected("unchanged", unchanged, expected.unchanged),
            Fact::expected("upserts", upserts, expected.upserts),
            Fact::expected("deactivations", deactivations, expected.deactivations),
            Fact::expected("withheld", withheld.deactivations.count, expected.withheld),
            Fact::expected("sessions", sessions.len() as u64, expected.sessions),
        ];
        facts.extend(expected.groups.of_run(&self.report));
        facts
    }

    fn of_okta(&self, world: &World, expected: &Expected) -> Vec<Fact> {
        let sum = |count: fn(&Counts) -> usize| {
            let counts = self.sessions.iter().map(|session| count(&session.results));
            counts.sum::<usize>() as u64
        };
        let completed = self
            .sessions
            .iter()
            .filter(|session| session.status == SessionStatus::Completed)
            .count() as u64;
        let mut facts = vec![
            Fact::expected("users created", sum(|c| c.created), expected.created),
            Fact::expected("users updated", sum(|c| c.updated), expected.updated),
            Fact::expected(
                "users deactivated",
                sum(|c| c.deactivated),
                expected.told(expected.deactivations),
            ),
            Fact::expected(
                "users active now",
                world.okta.active_count() as u64,
                expected.active,
            ),
            Fact::expected("sessions completed", completed, expected.sessions),
            Fact {
                name: "calls answered",
                value: self.calls,
                expected: expected.calls,
            },
        ];
        let reactivated = sum(|c| c.reactivated);
        if reactivated + expected.reactivated > 0 {
            let fact = Fact::expected("users reactivated", reactivated, expected.reactivated);
            facts.insert(2, fact);
        }
        facts.extend(expected.groups.of_okta(&self.groups));
        facts
    }

    /// What must not happen in any chapter.
    fn oddities(&self, expected: &Expected) -> Vec<String> {
        let mut odd = Vec::new();
        if self.report.dry_run != expected.dry_run {
            odd.push(format!("dryRun is {}", self.report.dry_run));
        }
        if self.report.refused.count + self.report.waiting + self.report.strangers > 0 {
            odd.push(format!(
                "{} users are refused, {} wait, and {} are strangers",
                self.report.refused.count, self.report.waiting, self.report.strangers
            ));
        }
        if self.report.rejected.count > 0 {
            odd.push(format!(
                "the run rejected {} records: {:?}",
                self.report.rejected.count, self.report.rejected.examples
            ));
        }
        if let Some(skipped) = &self.report.skipped {
            odd.push(format!("the run was skipped: {skipped}"));
        }
        if self.report.more && expected.groups.waiting == 0 {
            odd.push("the run did not finish".to_owned());
        }
        if !self.report.more && expected.groups.waiting > 0 {
            odd.push("the run does not ask for another one".to_owned());
        }
        odd.extend(groups::oddities(&self.report, &self.groups));
        for session in &self.sessions {
            let Counts {
                ignored,
                failed,
                unchanged,
                ..
            } = session.results;
            if ignored + failed + unchanged > 0 || session.ended.is_none() {
                odd.push(format!("an unexpected session: {session:?}"));
            }
        }
        odd.extend(self.violations.iter().map(|why| format!("Okta: {why}")));
        odd
    }
}

/// How a user looks at Okta, or how they should look.
fn look(world: &World, face: &Face) -> Result<String, String> {
    let Some(user) = world.okta.user(&face.id) else {
        return Err(format!("Okta: there is no user {}", face.id));
    };
    let title = user.profile.get("title").map_or("", String::as_str);
    if user.status != face.status || face.title.is_some_and(|expected| expected != title) {
        return Err(format!(
            "Okta: {} is {:?} and has the title \"{title}\"",
            face.name, user.status
        ));
    }
    Ok(match face.status {
        UserStatus::Active => format!("{} is \"{title}\" in Okta", face.name),
        UserStatus::Deprovisioned => format!("{} is deactivated in Okta", face.name),
    })
}

/// What a run is doing, seen from Okta's side.
fn progress(sessions: &[SessionView]) -> String {
    let Some(last) = sessions.last() else {
        return "reading and comparing".to_owned();
    };
    let users = last.upserts + last.deletes;
    let load = match last.group_changes {
        0 => format!("{} users", thousands(users as u64)),
        groups if users == 0 => format!("{} changes of groups", thousands(groups as u64)),
        _ => format!("{} users and changes of groups", thousands(users as u64)),
    };
    let what = match &last.status {
        SessionStatus::Created => "open".to_owned(),
        SessionStatus::InProgress => format!("{load} loaded"),
        SessionStatus::Triggered => format!("Okta imports {load}"),
        SessionStatus::Completed => format!("{load} imported"),
        other => other.to_string(),
    };
    format!("session {}: {what}", sessions.len())
}
