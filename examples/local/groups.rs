//! What a run told about groups and memberships, and what Okta made of it.

use dynamodb_identity_source::sync::Report;
use okta_emulator::{GroupHappened, SessionView};

use crate::{page::Fact, support::World};

/// The expected outcome for groups and memberships.
#[derive(Default)]
pub struct ExpectedGroups {
    pub made: u64,
    pub renamed: u64,
    pub joins: u64,
    pub leaves: u64,
    /// Memberships that a later run tells.
    pub waiting: u64,
    pub withheld: u64,
}

impl ExpectedGroups {
    /// Whether Okta is told any of it.
    pub fn is_told(&self) -> bool {
        self.made + self.renamed + self.joins + self.leaves > 0
    }

    /// What the run reports, if anything.
    pub fn of_run(&self, report: &Report) -> impl Iterator<Item = Fact> {
        let groups = &report.groups;
        let withheld = report.withheld.membership_removals.count;
        let told = self.made + self.renamed;
        let facts = [
            Fact::expected("groups told", groups.upserts, told),
            Fact::expected("groups deleted", groups.deletions, 0),
            Fact::expected("memberships added", groups.memberships.added, self.joins),
            Fact::expected(
                "memberships removed",
                groups.memberships.removed,
                self.leaves,
            ),
            Fact::expected("memberships waiting", groups.waiting, self.waiting),
            Fact::expected("memberships withheld", withheld, self.withheld),
        ];
        if_any(facts)
    }

    /// What Okta's side shows, if anything.
    pub fn of_okta(&self, happened: &[Option<GroupHappened>]) -> impl Iterator<Item = Fact> {
        let count = |what: GroupHappened| {
            let all = happened.iter().filter(|one| **one == Some(what));
            all.count() as u64
        };
        let facts = [
            Fact::expected("groups created", count(GroupHappened::Created), self.made),
            Fact::expected(
                "groups updated",
                count(GroupHappened::Updated),
                self.renamed,
            ),
            Fact::expected("members joined", count(GroupHappened::Joined), self.joins),
            Fact::expected("members left", count(GroupHappened::Left), self.leaves),
        ];
        if_any(facts)
    }
}

/// What Okta made of the group changes in these sessions. Empty if nothing was imported.
pub fn happened(world: &World, sessions: &[SessionView]) -> Vec<Option<GroupHappened>> {
    let changes = sessions
        .iter()
        .flat_map(|session| world.okta.session_groups(&session.id));
    let outcomes = changes.map(|change| change.outcome.map(|outcome| outcome.happened));
    outcomes.collect()
}

/// What must not happen in any chapter.
pub fn oddities(report: &Report, happened: &[Option<GroupHappened>]) -> Vec<String> {
    let mut odd = Vec::new();
    let groups = &report.groups;
    for (examples, what) in [
        (&groups.foreign, "not ours"),
        (&groups.refused, "refused"),
        (&groups.ambiguous, "given two names"),
    ] {
        if examples.count > 0 {
            odd.push(format!(
                "{} groups are {what}: {:?}",
                examples.count, examples.examples
            ));
        }
    }
    if let Some(skipped) = &groups.skipped {
        odd.push(format!("groups were skipped: {skipped}"));
    }
    let as_told = |one: &Option<GroupHappened>| {
        matches!(
            one,
            Some(
                GroupHappened::Created
                    | GroupHappened::Updated
                    | GroupHappened::Joined
                    | GroupHappened::Left
            )
        )
    };
    let others = happened.iter().filter(|one| !as_told(one)).count();
    if others > 0 {
        odd.push(format!("Okta did not do {others} changes of groups"));
    }
    odd
}

fn if_any(facts: impl IntoIterator<Item = Fact>) -> impl Iterator<Item = Fact> {
    let facts = facts.into_iter();
    facts.filter(|fact| fact.value > 0 || !fact.holds())
}
