//! Bulk requests with groups and memberships, and the bodies of single ones.

use serde_json::{Map, Value};

use super::flaw::{Flaw, blank, bulk_object, checked_id, id, list};
use crate::{
    groups::{GroupChange, GroupWork},
    refusal::Refusal,
};

/// Characters in the externalId of a group or of a member, from Okta's API
/// description.
const MAX_EXTERNAL_ID: usize = 255;
/// Characters in a displayName, from the same.
const MAX_NAME: usize = 255;
/// Characters in a description, from the same.
const MAX_DESCRIPTION: usize = 1024;
/// Items in one bulk request, from the same.
const MAX_ITEMS: usize = 200;

/// The kind of a bulk request with groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupLoadKind {
    /// `bulk-groups-upsert`.
    Upsert,
    /// `bulk-groups-delete`.
    Delete,
    /// `bulk-group-memberships-upsert`.
    Join,
    /// `bulk-group-memberships-delete`.
    Leave,
}

impl GroupLoadKind {
    fn list(self) -> &'static str {
        match self {
            Self::Upsert => "profiles",
            Self::Delete => "externalIds",
            Self::Join | Self::Leave => "memberships",
        }
    }
}

/// Reads a bulk request of groups or memberships.
pub(crate) fn read_groups(kind: GroupLoadKind, body: &[u8]) -> Result<Vec<GroupWork>, Flaw> {
    let name = kind.list();
    let items = list(&mut bulk_object(body)?, name, MAX_ITEMS)?.ok_or_else(|| blank(name))?;
    let mut works = Vec::new();
    let mut causes = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        match read_item(kind, item) {
            Ok(read) => works.extend(read),
            Err(flaws) => {
                let flaws = flaws.into_iter();
                causes.extend(flaws.map(|flaw| format!("{name}[{place}].{flaw}")));
            }
        }
    }
    if causes.is_empty() {
        return Ok(works);
    }
    let violation = causes.join("; ");
    Err(Flaw::new(Refusal::validation(name, causes), violation))
}

fn read_item(kind: GroupLoadKind, item: Value) -> Result<Vec<GroupWork>, Vec<String>> {
    let one = |flaw| vec![flaw];
    if kind == GroupLoadKind::Delete {
        let group = checked_id(item, "externalId", MAX_EXTERNAL_ID).map_err(one)?;
        let change = GroupChange::Delete;
        return Ok(vec![GroupWork { group, change }]);
    }
    let Value::Object(mut fields) = item else {
        return Err(vec!["must be an object".to_owned()]);
    };
    if kind == GroupLoadKind::Upsert {
        return read_group(&mut fields).map(|work| vec![work]);
    }
    let group = id(&mut fields, "groupExternalId", MAX_EXTERNAL_ID).map_err(one)?;
    let Some(Value::Array(members)) = fields.remove("memberExternalIds") else {
        let flaw = "memberExternalIds: The field cannot be left blank";
        return Err(vec![flaw.to_owned()]);
    };
    let works = members.into_iter().map(|member| {
        let member = checked_id(member, "memberExternalIds", MAX_EXTERNAL_ID)?;
        Ok(GroupWork {
            group: group.clone(),
            change: match kind {
                GroupLoadKind::Join => GroupChange::Join { member },
                _ => GroupChange::Leave { member },
            },
        })
    });
    works.collect::<Result<_, String>>().map_err(one)
}

fn read_group(fields: &mut Map<String, Value>) -> Result<GroupWork, Vec<String>> {
    let group = id(fields, "externalId", MAX_EXTERNAL_ID).map_err(|flaw| vec![flaw])?;
    let change = read_profile(fields)?;
    Ok(GroupWork { group, change })
}

fn read_profile(fields: &mut Map<String, Value>) -> Result<GroupChange, Vec<String>> {
    let Some(Value::Object(mut profile)) = fields.remove("profile") else {
        return Err(vec!["profile: The field cannot be left blank".to_owned()]);
    };
    let mut flaws = Vec::new();
    let display_name = match profile.remove("displayName") {
        Some(Value::String(name)) if (1..=MAX_NAME).contains(&name.chars().count()) => Some(name),
        Some(_) => {
            flaws.push(format!(
                "profile.displayName: must be a string of 1 to {MAX_NAME} characters"
            ));
            None
        }
        None => None,
    };
    let description = match profile.remove("description") {
        Some(Value::Null) => Some(None),
        Some(Value::String(text)) if text.chars().count() <= MAX_DESCRIPTION => Some(Some(text)),
        Some(_) => {
            flaws.push(format!(
                "profile.description: must be null or a string of up to {MAX_DESCRIPTION} \
                 characters"
            ));
            None
        }
        None => None,
    };
    if flaws.is_empty() {
        Ok(GroupChange::Put {
            display_name,
            description,
        })
    } else {
        Err(flaws)
    }
}

/// Reads the body of a new group.
pub(crate) fn group(body: &[u8]) -> Result<GroupWork, Flaw> {
    let mut fields = super::object(body)?;
    read_group(&mut fields).map_err(|flaws| invalid("group", flaws))
}

/// Reads the body of a change of a group.
pub(crate) fn group_profile(body: &[u8]) -> Result<GroupChange, Flaw> {
    let mut fields = super::object(body)?;
    read_profile(&mut fields).map_err(|flaws| invalid("profile", flaws))
}

/// Reads the body of a new membership.
pub(crate) fn member(body: &[u8]) -> Result<String, Flaw> {
    let mut fields = super::object(body)?;
    id(&mut fields, "memberExternalId", MAX_EXTERNAL_ID)
        .map_err(|flaw| invalid("memberExternalId", vec![flaw]))
}

fn invalid(what: &str, flaws: Vec<String>) -> Flaw {
    let violation = flaws.join("; ");
    Flaw::new(Refusal::validation(what, flaws), violation)
}
