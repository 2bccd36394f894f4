//! A plan of groups that people can read.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::mapping::{ExternalId, GroupId};

/// What happens to a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupChangeKind {
    /// The group is made.
    Create,
    /// Its name or description changes, or is told again.
    Update,
    /// The group is deleted.
    Delete,
    /// Only its members change.
    #[default]
    Members,
}

/// What would change about one group.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupChange {
    /// The group's external id.
    pub external_id: String,
    /// The group's name. Only with `create` and `update`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What happens to the group.
    pub change: GroupChangeKind,
    /// People who join it. Those who wait are counted, too, and at most 20 of these are named.
    pub joins: Members,
    /// People who are taken out of it.
    pub leaves: Members,
    /// People that the guard keeps in it. The report's `withheld` says why.
    pub withheld: Members,
}

/// Some people: how many, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Members {
    /// How many there are.
    pub count: u64,
    /// The first external ids, in order, up to the plan's `limit`.
    pub first: Vec<String>,
}

/// What would change about groups, by their ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::sync) struct GroupChanges {
    groups: BTreeMap<GroupId, GroupChange>,
    limit: usize,
}

impl Members {
    pub(in crate::sync) fn add(&mut self, count: u64, ids: &[ExternalId], limit: usize) {
        self.count += count;
        let room = limit.saturating_sub(self.first.len());
        let ids = ids.iter().take(room).map(ToString::to_string);
        self.first.extend(ids);
    }
}

impl GroupChanges {
    /// None yet. At most this many people are named in each list.
    pub(in crate::sync) fn naming(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    pub(in crate::sync) fn limit(&self) -> usize {
        self.limit
    }

    /// What changes about one group.
    pub(in crate::sync) fn of(&mut self, id: &GroupId) -> &mut GroupChange {
        let new = || GroupChange {
            external_id: id.to_string(),
            ..GroupChange::default()
        };
        self.groups.entry(id.clone()).or_insert_with(new)
    }

    /// The first groups, as many as people are named in each list, and how many others there are.
    pub(in crate::sync) fn into_list(self) -> (Vec<GroupChange>, u64) {
        let beyond = self.groups.len().saturating_sub(self.limit);
        let listed = self.groups.into_values().take(self.limit);
        (listed.collect(), beyond as u64)
    }
}
