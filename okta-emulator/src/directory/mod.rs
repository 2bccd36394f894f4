//! The users that Okta has, and what an import does to one of them.

mod search;
mod user;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
    sync::Arc,
    time::SystemTime,
};

pub(crate) use search::{Found, Search};
pub use user::{DirectoryUser, Happened, Outcome, UserStatus};

use crate::{
    ids::Ids,
    options::{BASE_ATTRIBUTES, Options},
};

/// What a client sends of a user: a null clears an attribute, and one that is
/// not sent stays as it is.
pub(crate) type Attributes = BTreeMap<String, Option<String>>;

/// Names are shared with the app's profile, which keeps a million users small.
type Profile = BTreeMap<Arc<str>, Box<str>>;

/// All users, and who holds which login.
#[derive(Debug)]
pub(crate) struct Directory {
    users: BTreeMap<String, Record>,
    /// The logins of active users, in lower case.
    logins: HashMap<String, String>,
    active: usize,
    app: BTreeSet<Arc<str>>,
    reactivate: bool,
    ids: Ids,
}

#[derive(Debug)]
struct Record {
    id: String,
    status: UserStatus,
    profile: Profile,
    created: SystemTime,
    last_updated: SystemTime,
}

impl Directory {
    pub(crate) fn new(options: &Options) -> Self {
        let custom = options.custom_attributes.iter().map(String::as_str);
        Self {
            users: BTreeMap::new(),
            logins: HashMap::new(),
            active: 0,
            app: BASE_ATTRIBUTES
                .into_iter()
                .chain(custom)
                .map(Arc::from)
                .collect(),
            reactivate: options.reactivate,
            ids: Ids::default(),
        }
    }

    /// Whether this id was ever imported, whatever became of the user.
    pub(crate) fn knows(&self, external_id: &str) -> bool {
        self.users.contains_key(external_id)
    }

    pub(crate) fn len(&self) -> usize {
        self.users.len()
    }

    pub(crate) fn active(&self) -> usize {
        self.active
    }

    pub(crate) fn user(&self, external_id: &str) -> Option<DirectoryUser> {
        self.users
            .get_key_value(external_id)
            .map(|(external_id, record)| record.view(external_id))
    }

    pub(crate) fn users(&self) -> impl Iterator<Item = DirectoryUser> {
        self.users
            .iter()
            .map(|(external_id, record)| record.view(external_id))
    }

    /// Creates the user or changes what differs, as an app with auto-confirm
    /// and auto-activate does.
    pub(crate) fn upsert(
        &mut self,
        external_id: &str,
        sent: &Attributes,
        at: SystemTime,
    ) -> Outcome {
        let before = self.users.get(external_id);
        let status = before.map(|record| record.status);
        if status == Some(UserStatus::Deprovisioned) && !self.reactivate {
            return Outcome::because(
                Happened::Ignored,
                "the user is deactivated and the app does not reactivate users",
            );
        }

        let mut profile = before.map_or_else(Profile::new, |record| record.profile.clone());
        let (changed, foreign) = merge(&mut profile, sent, &self.app);
        // Okta makes an empty user of an empty profile.
        let must_be_complete = before.is_none() && !sent.is_empty();
        if let Err(why) = self.acceptable(external_id, &profile, must_be_complete) {
            return Outcome::because(Happened::Failed, why);
        }

        let happened = match status {
            None => Happened::Created,
            Some(UserStatus::Deprovisioned) => Happened::Reactivated,
            Some(UserStatus::Active) if changed => Happened::Updated,
            Some(UserStatus::Active) => Happened::Unchanged,
        };
        if happened != Happened::Unchanged {
            self.put(external_id, profile, UserStatus::Active, at);
        }
        let why = (!foreign.is_empty()).then(|| {
            format!(
                "dropped, as the app's profile has no such attribute: {}",
                foreign.join(", ")
            )
        });
        Outcome::new(happened, why)
    }

    /// Deactivates the user; Okta deletes nobody.
    pub(crate) fn delete(&mut self, external_id: &str, at: SystemTime) -> Outcome {
        let Some(record) = self.users.get(external_id) else {
            return Outcome::because(Happened::Ignored, "Okta does not know this externalId");
        };
        if record.status == UserStatus::Deprovisioned {
            return Outcome::because(Happened::Unchanged, "the user was deactivated already");
        }
        let profile = record.profile.clone();
        self.put(external_id, profile, UserStatus::Deprovisioned, at);
        Outcome::new(Happened::Deactivated, None)
    }

    /// Puts a user there as it is, past every check.
    pub(crate) fn put_as_is(
        &mut self,
        external_id: &str,
        profile: impl IntoIterator<Item = (String, String)>,
        status: UserStatus,
        at: SystemTime,
    ) {
        let profile = profile
            .into_iter()
            .map(|(name, value)| (Arc::from(name), value.into_boxed_str()))
            .collect();
        self.put(external_id, profile, status, at);
    }

    fn acceptable(
        &self,
        external_id: &str,
        profile: &Profile,
        must_be_complete: bool,
    ) -> Result<(), String> {
        let value = |name| {
            profile
                .get(name)
                .map(Box::as_ref)
                .filter(|value: &&str| !value.is_empty())
        };
        if must_be_complete {
            for required in ["userName", "email"] {
                if value(required).is_none() {
                    return Err(format!("{required}: a new user needs one"));
                }
            }
        }
        for address in ["email", "secondEmail"] {
            if value(address).is_some_and(|value| !looks_like_an_address(value)) {
                return Err(format!("{address}: not in the form of an email address"));
            }
        }
        let holder = value("userName").and_then(|login| self.logins.get(&login.to_lowercase()));
        match holder {
            Some(holder) if holder != external_id => Err(
                "login: An object with this field already exists in the current organization"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }

    fn put(&mut self, external_id: &str, profile: Profile, status: UserStatus, at: SystemTime) {
        let before = self.users.get(external_id);
        if let Some(before) = before.filter(|before| before.status == UserStatus::Active) {
            self.active -= 1;
            if let Some(login) = before.login()
                && let Entry::Occupied(held) = self.logins.entry(login)
                && held.get() == external_id
            {
                held.remove();
            }
        }
        let record = Record {
            id: before.map_or_else(|| self.ids.user(), |before| before.id.clone()),
            status,
            profile,
            created: before.map_or(at, |before| before.created),
            last_updated: at,
        };
        if status == UserStatus::Active {
            self.active += 1;
            if let Some(login) = record.login() {
                self.logins
                    .entry(login)
                    .or_insert_with(|| external_id.to_owned());
            }
        }
        self.users.insert(external_id.to_owned(), record);
    }
}

impl Record {
    fn login(&self) -> Option<String> {
        self.profile
            .get("userName")
            .filter(|login| !login.is_empty())
            .map(|login| login.to_lowercase())
    }

    fn view(&self, external_id: &str) -> DirectoryUser {
        DirectoryUser {
            id: self.id.clone(),
            external_id: external_id.to_owned(),
            status: self.status,
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

/// Lays what was sent over the profile. Returns whether anything changed, and
/// the attributes that the app does not have.
fn merge<'sent>(
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

fn looks_like_an_address(value: &str) -> bool {
    value
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
        && !value.contains(char::is_whitespace)
}
