//! The users that Okta has, and what an import does to one of them.

mod action;
mod admin;
mod listing;
mod logins;
mod past;
mod record;
mod search;
mod user;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::SystemTime,
};

pub(crate) use action::Action;
pub(crate) use listing::Listing;
use logins::Logins;
use past::Past;
pub(crate) use record::Attributes;
use record::{Profile, Record, merge};
pub(crate) use search::{Found, Search};
pub use user::{DirectoryUser, Happened, Outcome, Refused, UserStatus};

use crate::{ids::Ids, options::Options};

/// All users, and who holds which login.
#[derive(Debug)]
pub(crate) struct Directory {
    users: BTreeMap<String, Record>,
    logins: Logins,
    /// Whether deactivation frees a login.
    deactivation_frees_logins: bool,
    active: usize,
    app: BTreeSet<Arc<str>>,
    reactivate: bool,
    past: Past,
    ids: Ids,
}

impl Directory {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            users: BTreeMap::new(),
            logins: Logins::default(),
            deactivation_frees_logins: options.deactivation_frees_logins,
            active: 0,
            app: options.attributes().map(Arc::from).collect(),
            reactivate: options.reactivate,
            past: Past::new(options.listing_lag),
            ids: Ids::default(),
        }
    }

    /// Whether the source has this user, active or not.
    pub(crate) fn knows(&self, external_id: &str) -> bool {
        self.users
            .get(external_id)
            .is_some_and(|record| record.assigned)
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
        let assigned = before.is_none_or(|record| record.assigned);
        if status == Some(UserStatus::Deprovisioned) && !self.reactivate {
            return Outcome::because(
                Happened::Ignored,
                "the user is deactivated and the app does not reactivate users",
            );
        }

        let mut profile = before.map_or_else(Profile::new, |record| record.profile.clone());
        let (changed, foreign) = merge(&mut profile, sent, &self.app);
        // Okta makes an empty user from an empty profile.
        let must_be_complete = before.is_none() && !sent.is_empty();
        if let Err(refused) = self.acceptable(external_id, &profile, must_be_complete) {
            return Outcome::refused(refused);
        }

        let happened = match status {
            None => Happened::Created,
            Some(UserStatus::Deprovisioned) => Happened::Reactivated,
            Some(UserStatus::Active) if changed || !assigned => Happened::Updated,
            Some(UserStatus::Active) => Happened::Unchanged,
        };
        if happened != Happened::Unchanged {
            self.put(external_id, profile, UserStatus::Active, true, at);
        }
        let dropped = (!foreign.is_empty()).then(|| {
            format!(
                "dropped, because the app's profile has no such attribute: {}",
                foreign.join(", ")
            )
        });
        let again = (!assigned).then(|| "matched, and assigned to the app again".to_owned());
        Outcome::new(happened, again.or(dropped))
    }

    /// Deactivates the user. Okta never deletes users.
    pub(crate) fn delete(&mut self, external_id: &str, at: SystemTime) -> Outcome {
        let known = self.users.get(external_id).filter(|user| user.assigned);
        let Some(record) = known else {
            return Outcome::because(Happened::Ignored, "Okta does not know this externalId");
        };
        if record.status == UserStatus::Deprovisioned {
            return Outcome::because(Happened::Unchanged, "the user was already deactivated");
        }
        let profile = record.profile.clone();
        self.put(external_id, profile, UserStatus::Deprovisioned, true, at);
        Outcome::new(Happened::Deactivated, None)
    }

    /// Stores a user as it is, without any check.
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
        self.put(external_id, profile, status, true, at);
    }

    fn acceptable(
        &self,
        external_id: &str,
        profile: &Profile,
        must_be_complete: bool,
    ) -> Result<(), Refused> {
        let value = |name| {
            profile
                .get(name)
                .map(Box::as_ref)
                .filter(|value: &&str| !value.is_empty())
        };
        if must_be_complete {
            for required in ["userName", "email"] {
                if value(required).is_none() {
                    return Err(Refused::new(required, "blank", "a new user needs one"));
                }
            }
        }
        for address in ["email", "secondEmail"] {
            if value(address).is_some_and(|value| !looks_like_an_address(value)) {
                let why = "not in the form of an email address";
                return Err(Refused::new(address, "pattern", why));
            }
        }
        if value("userName").is_some_and(|login| self.logins.taken_from(external_id, login)) {
            return Err(Refused::login_taken());
        }
        Ok(())
    }

    fn put(
        &mut self,
        external_id: &str,
        profile: Profile,
        status: UserStatus,
        assigned: bool,
        at: SystemTime,
    ) {
        let before = self.forget(external_id, at);
        let (id, created) = match before {
            Some(before) => (before.id, before.created),
            None => (self.ids.user(), at),
        };
        let record = Record {
            id,
            status,
            assigned,
            profile,
            created,
            last_updated: at,
        };
        self.active += usize::from(status == UserStatus::Active);
        if let Some(login) = record.login()
            && (status == UserStatus::Active || !self.deactivation_frees_logins)
        {
            self.logins.hold(login, external_id);
        }
        self.users.insert(external_id.to_owned(), record);
    }

    fn forget(&mut self, external_id: &str, at: SystemTime) -> Option<Record> {
        let record = self.users.remove(external_id);
        self.past.remember(external_id, record.as_ref(), at);
        let record = record?;
        self.active -= usize::from(record.status == UserStatus::Active);
        if let Some(login) = record.login() {
            self.logins.release(login, external_id);
        }
        Some(record)
    }
}

fn looks_like_an_address(value: &str) -> bool {
    value
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
        && !value.contains(char::is_whitespace)
}
