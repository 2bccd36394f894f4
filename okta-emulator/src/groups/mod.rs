//! The groups from the source, and their members.

mod group;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use group::GroupWork;
pub use group::{GroupChange, GroupHappened, GroupOutcome, GroupView};

use crate::ids::Ids;

/// All groups by externalId.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: BTreeMap<String, Group>,
    ids: Ids,
}

#[derive(Debug)]
struct Group {
    id: String,
    display_name: String,
    description: Option<String>,
    members: BTreeSet<String>,
}

impl Groups {
    /// Applies one change to one group. `knows` says whether the source has a
    /// user.
    pub(crate) fn apply(
        &mut self,
        external_id: &str,
        change: &GroupChange,
        knows: impl Fn(&str) -> bool,
    ) -> GroupOutcome {
        match change {
            GroupChange::Put {
                display_name,
                description,
            } => self.put(external_id, display_name.as_deref(), description.as_ref()),
            GroupChange::Delete => match self.groups.remove(external_id) {
                Some(_) => GroupOutcome::of(GroupHappened::Deleted),
                None => GroupOutcome::unknown_group(),
            },
            GroupChange::Join { member } if !knows(member) => GroupOutcome::unknown_member(),
            GroupChange::Join { member } => {
                self.members(external_id, GroupHappened::Joined, |members| {
                    members.insert(member.clone())
                })
            }
            GroupChange::Leave { member } => {
                self.members(external_id, GroupHappened::Left, |members| {
                    members.remove(member)
                })
            }
        }
    }

    /// Changes the members of a group. `change` returns whether it did.
    fn members(
        &mut self,
        external_id: &str,
        happened: GroupHappened,
        change: impl FnOnce(&mut BTreeSet<String>) -> bool,
    ) -> GroupOutcome {
        let Some(group) = self.groups.get_mut(external_id) else {
            return GroupOutcome::unknown_group();
        };
        match change(&mut group.members) {
            true => GroupOutcome::of(happened),
            false => GroupOutcome::of(GroupHappened::Unchanged),
        }
    }

    fn put(
        &mut self,
        external_id: &str,
        display_name: Option<&str>,
        description: Option<&Option<String>>,
    ) -> GroupOutcome {
        let Some(group) = self.groups.get_mut(external_id) else {
            let Some(name) = display_name else {
                return GroupOutcome::because(
                    GroupHappened::Failed,
                    "displayName: a new group needs one",
                );
            };
            let group = Group {
                id: self.ids.group(),
                display_name: name.to_owned(),
                description: description.cloned().flatten(),
                members: BTreeSet::new(),
            };
            self.groups.insert(external_id.to_owned(), group);
            return GroupOutcome::of(GroupHappened::Created);
        };
        let name = display_name.unwrap_or(&group.display_name).to_owned();
        let text = description.unwrap_or(&group.description).clone();
        if name == group.display_name && text == group.description {
            return GroupOutcome::of(GroupHappened::Unchanged);
        }
        group.display_name = name;
        group.description = text;
        GroupOutcome::of(GroupHappened::Updated)
    }

    /// Removes somebody who left the org from all groups.
    pub(crate) fn without(&mut self, member: &str) {
        for group in self.groups.values_mut() {
            group.members.remove(member);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn group(&self, external_id: &str) -> Option<GroupView> {
        let group = self.groups.get(external_id)?;
        Some(group.view(external_id))
    }

    /// A group by its id or its externalId.
    pub(crate) fn find(&self, id_or_external_id: &str) -> Option<GroupView> {
        self.group(id_or_external_id).or_else(|| {
            let mut all = self.groups.iter();
            let (external_id, group) = all.find(|(_, group)| group.id == id_or_external_id)?;
            Some(group.view(external_id))
        })
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = GroupView> {
        self.groups
            .iter()
            .map(|(external_id, group)| group.view(external_id))
    }

    /// The externalIds of the groups that a user is in.
    pub(crate) fn of_member(&self, member: &str) -> Vec<&str> {
        self.groups
            .iter()
            .filter(|(_, group)| group.members.contains(member))
            .map(|(external_id, _)| external_id.as_str())
            .collect()
    }
}

impl Group {
    fn view(&self, external_id: &str) -> GroupView {
        GroupView {
            id: self.id.clone(),
            external_id: external_id.to_owned(),
            display_name: self.display_name.clone(),
            description: self.description.clone(),
            members: self.members.clone(),
        }
    }
}
