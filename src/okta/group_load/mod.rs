//! Groups and memberships packed into as few bulk requests as the limits allow. Values only.

mod pack;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Serialize;

pub use pack::{Pairs, pack_memberships};
pub(crate) use pack::{group_bytes, member_bytes};

use super::batch::{MAX_BODY_BYTES, max_entities};

/// One of the four bulk requests about groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupKind {
    /// `bulk-groups-upsert`.
    Upsert,
    /// `bulk-groups-delete`.
    Delete,
    /// `bulk-group-memberships-upsert`.
    Join,
    /// `bulk-group-memberships-delete`.
    Leave,
}

impl GroupKind {
    /// The request's verb.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Upsert => "bulk-groups-upsert",
            Self::Delete => "bulk-groups-delete",
            Self::Join => "bulk-group-memberships-upsert",
            Self::Leave => "bulk-group-memberships-delete",
        }
    }

    /// The request's name, for logs and errors.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Upsert => "POST /sessions/{id}/bulk-groups-upsert",
            Self::Delete => "POST /sessions/{id}/bulk-groups-delete",
            Self::Join => "POST /sessions/{id}/bulk-group-memberships-upsert",
            Self::Leave => "POST /sessions/{id}/bulk-group-memberships-delete",
        }
    }

    fn list(self) -> &'static str {
        match self {
            Self::Upsert => "profiles",
            Self::Delete => "externalIds",
            Self::Join | Self::Leave => "memberships",
        }
    }
}

/// One bulk request about groups: items of one kind, never none, never too many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupBatch {
    kind: GroupKind,
    items: Vec<Item>,
}

/// One item of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    group: Arc<str>,
    /// The members that it is about, if it is about members.
    members: Vec<Box<str>>,
    json: Box<str>,
}

impl Item {
    fn of(group: &Arc<str>, json: String) -> Self {
        Self {
            group: group.clone(),
            members: Vec::new(),
            json: json.into(),
        }
    }

    fn members(group: &Arc<str>, members: Vec<Box<str>>) -> Self {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Membership<'a> {
            group_external_id: &'a str,
            member_external_ids: &'a [Box<str>],
        }
        let json = json(&Membership {
            group_external_id: group,
            member_external_ids: &members,
        });
        Self {
            members,
            ..Self::of(group, json)
        }
    }
}

/// A string as JSON, or any of the shapes above: none of them can fail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl GroupBatch {
    /// What it asks for.
    #[must_use]
    pub fn kind(&self) -> GroupKind {
        self.kind
    }

    /// The groups that it is about.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| &*item.group)
    }

    /// The groups and members that it is about.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.items.iter().flat_map(|item| {
            let members = item.members.iter();
            members.map(|member| (&*item.group, &**member))
        })
    }

    /// How many groups, or members of groups, it is about.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // It never is.
    pub fn len(&self) -> usize {
        match self.kind {
            GroupKind::Upsert | GroupKind::Delete => self.items.len(),
            GroupKind::Join | GroupKind::Leave => self.pairs().count(),
        }
    }

    /// The body of the request.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let items: Vec<&str> = self.items.iter().map(|item| &*item.json).collect();
        format!("{}{}{TAIL}", head(self.kind), items.join(",")).into_bytes()
    }

    /// Its two halves, to isolate what Okta refuses.
    ///
    /// # Errors
    /// The batch as it was, if it is about a single group or a single member.
    pub fn halve(mut self) -> Result<(Self, Self), Self> {
        if self.items.len() > 1 {
            let second = self.items.split_off(self.items.len() / 2);
            let kind = self.kind;
            return Ok((
                self,
                Self {
                    kind,
                    items: second,
                },
            ));
        }
        match self.items.first_mut() {
            Some(item) if item.members.len() > 1 => {
                let second = item.members.split_off(item.members.len() / 2);
                let first = std::mem::take(&mut item.members);
                let half = |members| Self {
                    kind: self.kind,
                    items: vec![Item::members(&self.items[0].group, members)],
                };
                Ok((half(first), half(second)))
            }
            _ => Err(self),
        }
    }
}

const TAIL: &str = "]}";

fn head(kind: GroupKind) -> String {
    format!("{{\"{}\":[", kind.list())
}

/// What Okta is told about a group. A missing description is cleared.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupProfile<'a> {
    /// Its name: 1 to 255 characters.
    pub display_name: &'a str,
    /// What it is for: at most 1,024 characters.
    pub description: Option<&'a str>,
}

/// Groups to make or change, packed into requests.
#[must_use]
pub fn pack_groups<'g>(
    groups: impl Iterator<Item = (&'g Arc<str>, GroupProfile<'g>)>,
) -> Vec<GroupBatch> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Upsert<'a> {
        external_id: &'a str,
        profile: GroupProfile<'a>,
    }
    let items = groups.map(|(group, profile)| {
        let upsert = Upsert {
            external_id: group,
            profile,
        };
        Item::of(group, json(&upsert))
    });
    in_order(GroupKind::Upsert, items)
}

/// Groups to delete, packed into requests.
#[must_use]
pub fn pack_deletions<'g>(groups: impl Iterator<Item = &'g Arc<str>>) -> Vec<GroupBatch> {
    let items = groups.map(|group| Item::of(group, json(group)));
    in_order(GroupKind::Delete, items)
}

/// Items as they come: each request as full as count and bytes allow. A group takes 6 KB at most,
/// so what is left of a request's bytes never matters.
fn in_order(kind: GroupKind, items: impl Iterator<Item = Item>) -> Vec<GroupBatch> {
    let empty = head(kind).len() + TAIL.len();
    let mut batches: Vec<GroupBatch> = Vec::new();
    let mut bytes = 0;
    for item in items {
        let more = item.json.len() + 1;
        match batches.last_mut() {
            Some(last) if last.items.len() < max_entities() && bytes + more <= MAX_BODY_BYTES => {
                bytes += more;
                last.items.push(item);
            }
            _ => {
                bytes = empty + item.json.len();
                let items = vec![item];
                batches.push(GroupBatch { kind, items });
            }
        }
    }
    batches
}
