//! What a report says about groups.

use serde::Serialize;

/// What a run told Okta about groups. In a dry run: what it would tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupsReport {
    /// Groups to make or change.
    pub upserts: u64,
    /// Groups to delete.
    pub deletions: u64,
    /// Memberships to add and to take away.
    pub memberships: MembershipsReport,
    /// Memberships that wait until both user and group have landed. A user who must be told
    /// something else first counts with all their groups, even those that they are already in.
    pub waiting: u64,
    /// Groups that this function did not make, although the mapping gives their ids. It never
    /// touches them.
    pub foreign: GroupExamples,
    /// Groups and memberships that Okta refused. A group is told again when its name or description
    /// changes, or with `retryRefused`. A membership is told again by every full run.
    pub refused: GroupExamples,
    /// Why groups, or the rest of them, were not told, such as that Okta does not answer about
    /// them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Groups to which two records or rules give different names or descriptions. The first
    /// record in the order of the keys decides.
    pub ambiguous: GroupExamples,
}

impl GroupsReport {
    /// How many groups and memberships Okta refused. One if it does not answer about groups at all.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.refused.count + u64::from(self.skipped.is_some())
    }
}

/// Memberships that were told. In a dry run: those that would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MembershipsReport {
    /// Memberships to add. A dry run counts those that wait, too.
    pub added: u64,
    /// Memberships to take away.
    pub removed: u64,
}

/// Some groups: how many, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GroupExamples {
    /// How many there are.
    pub count: u64,
    /// The first 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<GroupExample>,
}

/// A group, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupExample {
    /// The group's external id.
    pub external_id: String,
    /// What was found, and what to do.
    pub reason: String,
}

impl GroupExamples {
    const NAMED: usize = 20;

    pub(in crate::sync) fn add(&mut self, group: &str, reason: impl Into<String>) {
        self.count += 1;
        if self.examples.len() < Self::NAMED {
            self.examples.push(GroupExample {
                external_id: group.to_owned(),
                reason: reason.into(),
            });
        }
    }
}
