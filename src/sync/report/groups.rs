//! What a report says of groups.

use serde::Serialize;

/// What a run told of groups, or would tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupsReport {
    /// Groups to be made or changed.
    pub upserts: u64,
    /// Groups to be deleted.
    pub deletions: u64,
    /// Memberships.
    pub memberships: MembershipsReport,
    /// Memberships that wait until the user, or the group, has landed.
    pub waiting: u64,
    /// Groups with an id of ours that we did not make: they are never touched.
    pub foreign: GroupExamples,
    /// Groups and memberships that Okta turned away.
    pub refused: GroupExamples,
    /// Why nothing was told of groups, where Okta would not answer about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Groups that two records or rules call by different names: the first record's counts.
    pub ambiguous: GroupExamples,
}

impl GroupsReport {
    /// How many groups and memberships Okta turned away; one where it would not answer at all.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.refused.count + u64::from(self.skipped.is_some())
    }
}

/// How many memberships.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MembershipsReport {
    /// Told to be added.
    pub added: u64,
    /// Told to be taken away.
    pub removed: u64,
}

/// Some groups, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GroupExamples {
    /// How many.
    pub count: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<GroupExample>,
}

/// A group, and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupExample {
    /// Its external id.
    pub external_id: String,
    /// What there is to say, and what to do.
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
