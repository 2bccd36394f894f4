//! One user as the directory keeps it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::SystemTime,
};

use super::{DirectoryUser, UserStatus};

/// Names are shared with the app's profile, which keeps a million users small.
pub(super) type Profile = BTreeMap<Arc<str>, Box<str>>;

#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) status: UserStatus,
    /// Whether the user has the app. Without it, the source has no such user.
    pub(super) assigned: bool,
    pub(super) profile: Profile,
    pub(super) created: SystemTime,
    pub(super) last_updated: SystemTime,
}

impl Record {
    /// In lower case, for comparing logins.
    pub(super) fn login(&self) -> Option<String> {
        self.profile
            .get("userName")
            .filter(|login| !login.is_empty())
            .map(|login| login.to_lowercase())
    }

    pub(super) fn view(&self, external_id: &str) -> DirectoryUser {
        DirectoryUser {
            id: self.id.clone(),
            external_id: external_id.to_owned(),
            status: self.status,
            assigned: self.assigned,
            profile: self
                .profile
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            created: self.created,
            last_updated: self.last_updated,
        }
    }
}

/// What a client sends about a user. A null clears an attribute, and one that is
/// not sent stays as it is.
pub(crate) type Attributes = BTreeMap<String, Option<String>>;

/// Merges what was sent into the profile. Returns whether anything changed, and
/// the attributes that the app does not have.
pub(super) fn merge<'sent>(
    profile: &mut Profile,
    sent: &'sent Attributes,
    app: &BTreeSet<Arc<str>>,
) -> (bool, Vec<&'sent str>) {
    let mut changed = false;
    let mut foreign = Vec::new();
    for (name, value) in sent {
        let Some(name) = app.get(name.as_str()) else {
            foreign.push(name.as_str());
            continue;
        };
        changed |= match value {
            None => profile.remove(name).is_some(),
            Some(value) if profile.get(name).is_some_and(|old| **old == **value) => false,
            Some(value) => {
                profile.insert(Arc::clone(name), value.as_str().into());
                true
            }
        };
    }
    (changed, foreign)
}
